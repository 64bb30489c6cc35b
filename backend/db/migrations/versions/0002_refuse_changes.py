"""Let the database itself refuse to change what is immutable: the audit log and results."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What may change of a result: its state, whether a newer one is there, and whose it is when two
# records of one person are made one.
ANALYSIS_COLUMNS = (
    "id, take_id, version_number, movement, job_id, fencing_token, review_id, subject_file_id, "
    "request, request_hash, inputs, code_version, model_name, model_version, weights, topology, "
    "verdict, qc, summary, frames, fps, published_at"
)
MEASURE_COLUMNS = (
    "id, analysis_id, take_id, movement, repetition, side, region, measure, value, unit, ci_lo, "
    "ci_hi, qc, reason, model"
)
# trigger, event, table
REFUSED = (
    ("audit_entries_not_changed", "UPDATE", "audit_entries"),
    ("audit_entries_not_removed", "DELETE", "audit_entries"),
    ("analyses_not_changed", f"UPDATE OF {ANALYSIS_COLUMNS}", "analyses"),
    ("measures_not_changed", f"UPDATE OF {MEASURE_COLUMNS}", "measures"),
)


def upgrade() -> None:
    on_postgres = op.get_bind().dialect.name == "postgresql"
    if on_postgres:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is immutable', TG_TABLE_NAME; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entries_not_emptied BEFORE TRUNCATE ON audit_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for name, event, table in REFUSED:
        head = f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
        if on_postgres:
            op.execute(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        else:
            op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")


def downgrade() -> None:
    on_postgres = op.get_bind().dialect.name == "postgresql"
    for name, _event, table in REFUSED:
        op.execute(f"DROP TRIGGER {name} ON {table}" if on_postgres else f"DROP TRIGGER {name}")
    if on_postgres:
        op.execute("DROP TRIGGER audit_entries_not_emptied ON audit_entries")
        op.execute("DROP FUNCTION refuse_change()")
