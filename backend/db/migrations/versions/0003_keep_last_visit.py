"""Keep the day of each patient's newest visit with the patient, so that lists sort by it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patients", sa.Column("last_visit_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE patients SET last_visit_on = (SELECT max(visited_on) FROM visits "
        "WHERE visits.patient_id = patients.id AND visits.voided_at IS NULL)"
    )


def downgrade() -> None:
    op.drop_column("patients", "last_visit_on")
