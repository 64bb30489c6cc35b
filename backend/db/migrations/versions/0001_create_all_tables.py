"""Create all tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_type", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_action"), "audit_entries", ["action"], unique=False)
    op.create_index(op.f("ix_audit_entries_actor_id"), "audit_entries", ["actor_id"], unique=False)
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"], unique=False)
    op.create_index(
        op.f("ix_audit_entries_object_id"), "audit_entries", ["object_id"], unique=False
    )
    op.create_index(
        op.f("ix_audit_entries_patient_id"), "audit_entries", ["patient_id"], unique=False
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(
        op.f("ix_sign_in_attempts_account_at"), "sign_in_attempts", ["account", "at"], unique=False
    )
    op.create_index(op.f("ix_sign_in_attempts_at"), "sign_in_attempts", ["at"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_check", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_table(
        "users",
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("roles", sa.String(2000), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_users_created_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "queues", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"], unique=False)
    op.create_table(
        "one_time_links",
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "setup",
                "password",
                "totp",
                name="linkpurpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_one_time_links_created_by_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_links_token_hash")),
    )
    op.create_index(op.f("ix_one_time_links_user_id"), "one_time_links", ["user_id"], unique=False)
    op.create_table(
        "patients",
        sa.Column("pseudonym", sa.String(length=32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("mrn_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("mrn_hash", sa.LargeBinary(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("notes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column(
            "sex",
            sa.Enum(
                "female",
                "male",
                "other",
                "unknown",
                name="sex",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("voided_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_patients_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["patients.id"], name=op.f("fk_patients_merged_into_id")
        ),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["users.id"], name=op.f("fk_patients_voided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_patients_pseudonym")),
    )
    op.create_index(
        op.f("ix_patients_merged_into_id"), "patients", ["merged_into_id"], unique=False
    )
    op.create_index(op.f("ix_patients_mrn_hash"), "patients", ["mrn_hash"], unique=False)
    op.create_table(
        "protocol_versions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("comment", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_protocol_versions_created_by_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_protocol_versions")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    op.create_table(
        "retention_rules",
        sa.Column("data_class", sa.String(length=64), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_retention_rules_updated_by_id")
        ),
        sa.PrimaryKeyConstraint("data_class", name=op.f("pk_retention_rules")),
    )
    op.create_table(
        "teams",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_teams_created_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "user_sessions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("object_name", sa.String(length=255), nullable=False),
        sa.Column("context", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_blobs_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blobs")),
        sa.UniqueConstraint("object_name", name=op.f("uq_blobs_object_name")),
        sa.UniqueConstraint("patient_id", "digest", name=op.f("uq_blobs_patient_id_digest")),
    )
    op.create_index(op.f("ix_blobs_created_at"), "blobs", ["created_at"], unique=False)
    op.create_index(op.f("ix_blobs_patient_id"), "blobs", ["patient_id"], unique=False)
    op.create_table(
        "break_glass",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"], ["users.id"], name=op.f("fk_break_glass_acknowledged_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_break_glass_patient_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_break_glass_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index(op.f("ix_break_glass_patient_id"), "break_glass", ["patient_id"], unique=False)
    op.create_index(op.f("ix_break_glass_user_id"), "break_glass", ["user_id"], unique=False)
    op.create_table(
        "episodes",
        sa.Column(
            "affected_side",
            sa.Enum(
                "left",
                "right",
                "both",
                "none",
                name="affectedside",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("notes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("voided_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_episodes_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_episodes_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["users.id"], name=op.f("fk_episodes_voided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
    )
    op.create_index(op.f("ix_episodes_patient_id"), "episodes", ["patient_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_invitations_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_invitations_patient_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_invitations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_patient_id"), "invitations", ["patient_id"], unique=False)
    op.create_index(op.f("ix_invitations_user_id"), "invitations", ["user_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_memberships_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "patient_merges",
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column(
            "moved", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by_id", sa.Uuid(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["patients.id"], name=op.f("fk_patient_merges_kept_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_by_id"], ["users.id"], name=op.f("fk_patient_merges_merged_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["patients.id"], name=op.f("fk_patient_merges_merged_id")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["users.id"], name=op.f("fk_patient_merges_undone_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_merges")),
    )
    op.create_index(op.f("ix_patient_merges_kept_id"), "patient_merges", ["kept_id"], unique=False)
    op.create_index(
        op.f("ix_patient_merges_merged_id"), "patient_merges", ["merged_id"], unique=False
    )
    op.create_table(
        "patient_search_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_search_tokens_patient_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", "patient_id", name=op.f("pk_patient_search_tokens")),
    )
    op.create_index(
        op.f("ix_patient_search_tokens_patient_id"),
        "patient_search_tokens",
        ["patient_id"],
        unique=False,
    )
    op.create_table(
        "patient_teams",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_teams_patient_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_patient_teams_team_id")),
        sa.PrimaryKeyConstraint("patient_id", "team_id", name=op.f("pk_patient_teams")),
        sa.UniqueConstraint(
            "team_id", "patient_id", name=op.f("uq_patient_teams_team_id_patient_id")
        ),
    )
    op.create_table(
        "consents",
        sa.Column(
            "purpose",
            sa.Enum(
                "care",
                "research",
                "teaching",
                "model_training",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signatory_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attachment_blob_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawal_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_blob_id"], ["blobs.id"], name=op.f("fk_consents_attachment_blob_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_consents_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_consents_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["users.id"], name=op.f("fk_consents_withdrawn_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_attachment_blob_id"), "consents", ["attachment_blob_id"], unique=False
    )
    op.create_index(op.f("ix_consents_patient_id"), "consents", ["patient_id"], unique=False)
    op.create_index(
        op.f("ix_consents_patient_id_purpose"), "consents", ["patient_id", "purpose"], unique=False
    )
    op.create_table(
        "episode_events",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "surgery",
                "injection",
                "therapy",
                "medication",
                "other",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("voided_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_episode_events_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_episode_events_episode_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_episode_events_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["users.id"], name=op.f("fk_episode_events_voided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode_events")),
    )
    op.create_index(
        op.f("ix_episode_events_episode_id"), "episode_events", ["episode_id"], unique=False
    )
    op.create_index(
        op.f("ix_episode_events_patient_id"), "episode_events", ["patient_id"], unique=False
    )
    op.create_table(
        "visits",
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("notes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("protocol_number", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("voided_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_visits_created_by_id")
        ),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_visits_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_visits_patient_id")),
        sa.ForeignKeyConstraint(
            ["protocol_number"],
            ["protocol_versions.number"],
            name=op.f("fk_visits_protocol_number"),
        ),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["users.id"], name=op.f("fk_visits_voided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_episode_id"), "visits", ["episode_id"], unique=False)
    op.create_index(op.f("ix_visits_patient_id"), "visits", ["patient_id"], unique=False)
    op.create_index(
        op.f("ix_visits_patient_id_visited_on"),
        "visits",
        ["patient_id", "visited_on"],
        unique=False,
    )
    op.create_table(
        "recordings",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "declared_views",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "complete",
                name="recordingstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("camera_distance_mm", sa.Double(), nullable=True),
        sa.Column("iris_mm", sa.Double(), nullable=True),
        sa.Column(
            "known_distances_mm",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "offsets_s", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("calibration_blob_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("voided_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_blob_id"], ["blobs.id"], name=op.f("fk_recordings_calibration_blob_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_recordings_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_recordings_patient_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_recordings_visit_id")),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["users.id"], name=op.f("fk_recordings_voided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
    )
    op.create_index(
        op.f("ix_recordings_calibration_blob_id"),
        "recordings",
        ["calibration_blob_id"],
        unique=False,
    )
    op.create_index(op.f("ix_recordings_patient_id"), "recordings", ["patient_id"], unique=False)
    op.create_index(op.f("ix_recordings_visit_id"), "recordings", ["visit_id"], unique=False)
    op.create_table(
        "signatures",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "signed",
                "amended",
                "entered_in_error",
                name="signaturekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("signed_by_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_signatures_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["users.id"], name=op.f("fk_signatures_signed_by_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_signatures_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
    )
    op.create_index(op.f("ix_signatures_patient_id"), "signatures", ["patient_id"], unique=False)
    op.create_index(op.f("ix_signatures_visit_id"), "signatures", ["visit_id"], unique=False)
    op.create_table(
        "recording_files",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "proxy",
                "thumbnail",
                "look",
                "observation",
                "crops",
                name="recordingfilerole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "view",
            sa.Enum(
                "left",
                "center",
                "right",
                name="view",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_recording_files_blob_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_recording_files_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_recording_files_recording_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_files")),
    )
    op.create_index(
        op.f("ix_recording_files_blob_id"), "recording_files", ["blob_id"], unique=False
    )
    op.create_index(
        op.f("ix_recording_files_patient_id"), "recording_files", ["patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_recording_files_recording_id"), "recording_files", ["recording_id"], unique=False
    )
    op.create_index(
        op.f("ix_recording_files_recording_id_role"),
        "recording_files",
        ["recording_id", "role"],
        unique=True,
        sqlite_where=sa.text("view IS NULL"),
        postgresql_where=sa.text("view IS NULL"),
    )
    op.create_index(
        op.f("ix_recording_files_recording_id_role_view"),
        "recording_files",
        ["recording_id", "role", "view"],
        unique=True,
    )
    op.create_table(
        "takes",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("movement", sa.String(length=64), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("replaced_by_id", sa.Uuid(), nullable=True),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_by_id", sa.Uuid(), nullable=True),
        sa.Column("exclusion_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "first_verdict",
            sa.Enum(
                "ok",
                "warning",
                "rejected",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "first_qc", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("voided_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name=op.f("ck_takes_span")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_takes_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["excluded_by_id"], ["users.id"], name=op.f("fk_takes_excluded_by_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_takes_patient_id")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_takes_recording_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["takes.id"], name=op.f("fk_takes_replaced_by_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_takes_visit_id")),
        sa.ForeignKeyConstraint(["voided_by_id"], ["users.id"], name=op.f("fk_takes_voided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takes")),
        sa.UniqueConstraint("visit_id", "number", name=op.f("uq_takes_visit_id_number")),
    )
    op.create_index(op.f("ix_takes_patient_id"), "takes", ["patient_id"], unique=False)
    op.create_index(op.f("ix_takes_recording_id"), "takes", ["recording_id"], unique=False)
    op.create_index(op.f("ix_takes_replaced_by_id"), "takes", ["replaced_by_id"], unique=False)
    op.create_index(op.f("ix_takes_visit_id"), "takes", ["visit_id"], unique=False)
    op.create_table(
        "uploads",
        sa.Column(
            "kind",
            sa.Enum(
                "view",
                "consent",
                "calibration",
                name="uploadkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("recording_id", sa.Uuid(), nullable=True),
        sa.Column(
            "view",
            sa.Enum(
                "left",
                "center",
                "right",
                name="view",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "received",
                "accepted",
                "refused",
                "abandoned",
                name="uploadstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("declared_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("next_step", sa.String(length=1000), nullable=True),
        sa.Column("blob_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("received_bytes <= declared_bytes", name=op.f("ck_uploads_received")),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_uploads_blob_id")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_uploads_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_uploads_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_uploads_recording_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_blob_id"), "uploads", ["blob_id"], unique=False)
    op.create_index(op.f("ix_uploads_expires_at"), "uploads", ["expires_at"], unique=False)
    op.create_index(op.f("ix_uploads_patient_id"), "uploads", ["patient_id"], unique=False)
    op.create_index(op.f("ix_uploads_recording_id"), "uploads", ["recording_id"], unique=False)
    op.create_index(op.f("ix_uploads_state"), "uploads", ["state"], unique=False)
    op.create_table(
        "jobs",
        sa.Column(
            "kind",
            sa.Enum(
                "quick_look",
                "analyze_take",
                "preview",
                "proxy",
                "overlay",
                "export",
                name="jobkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "succeeded",
                "failed",
                "parked",
                "cancelled",
                name="jobstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("deduplication_key", sa.String(length=255), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("recording_id", sa.Uuid(), nullable=True),
        sa.Column("take_id", sa.Uuid(), nullable=True),
        sa.Column(
            "request", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fencing_token", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=255), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=64), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("eta_s", sa.Double(), nullable=True),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("next_step", sa.String(length=1000), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_jobs_created_by_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_jobs_patient_id")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_jobs_recording_id")
        ),
        sa.ForeignKeyConstraint(["take_id"], ["takes.id"], name=op.f("fk_jobs_take_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_jobs_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("deduplication_key", name=op.f("uq_jobs_deduplication_key")),
    )
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"], unique=False)
    op.create_index(op.f("ix_jobs_patient_id"), "jobs", ["patient_id"], unique=False)
    op.create_index(op.f("ix_jobs_recording_id"), "jobs", ["recording_id"], unique=False)
    op.create_index(
        op.f("ix_jobs_state_lease_until"), "jobs", ["state", "lease_until"], unique=False
    )
    op.create_index(
        op.f("ix_jobs_state_queue_priority_available_at"),
        "jobs",
        ["state", "queue", "priority", "available_at"],
        unique=False,
    )
    op.create_index(op.f("ix_jobs_take_id"), "jobs", ["take_id"], unique=False)
    op.create_index(op.f("ix_jobs_visit_id"), "jobs", ["visit_id"], unique=False)
    op.create_table(
        "recording_views",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column(
            "view",
            sa.Enum(
                "left",
                "center",
                "right",
                name="view",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("container", sa.String(length=64), nullable=False),
        sa.Column("codec", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_recording_views_blob_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_recording_views_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_recording_views_recording_id")
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_recording_views_upload_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_views")),
        sa.UniqueConstraint(
            "recording_id", "view", name=op.f("uq_recording_views_recording_id_view")
        ),
    )
    op.create_index(
        op.f("ix_recording_views_blob_id"), "recording_views", ["blob_id"], unique=False
    )
    op.create_index(
        op.f("ix_recording_views_patient_id"), "recording_views", ["patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_recording_views_recording_id"), "recording_views", ["recording_id"], unique=False
    )
    op.create_index(
        op.f("ix_recording_views_upload_id"), "recording_views", ["upload_id"], unique=False
    )
    op.create_table(
        "reviews",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("take_id", sa.Uuid(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "accepted",
                "refused",
                "withdrawn",
                name="reviewstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "corrections", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decision_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_reviews_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_reviews_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_reviews_patient_id")
        ),
        sa.ForeignKeyConstraint(["take_id"], ["takes.id"], name=op.f("fk_reviews_take_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_reviews_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_patient_id"), "reviews", ["patient_id"], unique=False)
    op.create_index(op.f("ix_reviews_take_id"), "reviews", ["take_id"], unique=False)
    op.create_index(op.f("ix_reviews_visit_id"), "reviews", ["visit_id"], unique=False)
    op.create_table(
        "subject_files",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("take_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("head_model", sa.String(length=255), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.Column("scale_sigma", sa.Double(), nullable=False),
        sa.Column("scale_source", sa.String(length=255), nullable=False),
        sa.Column("fixes_scale", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_subject_files_blob_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_subject_files_patient_id")
        ),
        sa.ForeignKeyConstraint(["take_id"], ["takes.id"], name=op.f("fk_subject_files_take_id")),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_subject_files_visit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_files")),
        sa.UniqueConstraint(
            "visit_id", "version_number", name=op.f("uq_subject_files_visit_id_version_number")
        ),
    )
    op.create_index(op.f("ix_subject_files_blob_id"), "subject_files", ["blob_id"], unique=False)
    op.create_index(
        op.f("ix_subject_files_patient_id"), "subject_files", ["patient_id"], unique=False
    )
    op.create_index(op.f("ix_subject_files_take_id"), "subject_files", ["take_id"], unique=False)
    op.create_index(op.f("ix_subject_files_visit_id"), "subject_files", ["visit_id"], unique=False)
    op.create_table(
        "analyses",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("take_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "preliminary",
                "final",
                "amended",
                "entered_in_error",
                name="analysisstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("movement", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("fencing_token", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("subject_file_id", sa.Uuid(), nullable=True),
        sa.Column(
            "request", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "inputs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("code_version", sa.String(length=255), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=False),
        sa.Column("model_version", sa.String(length=255), nullable=False),
        sa.Column(
            "weights", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("topology", sa.String(length=255), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "ok",
                "warning",
                "rejected",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("qc", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "summary", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_analyses_job_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_analyses_patient_id")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_analyses_review_id")),
        sa.ForeignKeyConstraint(
            ["subject_file_id"], ["subject_files.id"], name=op.f("fk_analyses_subject_file_id")
        ),
        sa.ForeignKeyConstraint(["take_id"], ["takes.id"], name=op.f("fk_analyses_take_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_analyses_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        sa.UniqueConstraint("job_id", name=op.f("uq_analyses_job_id")),
        sa.UniqueConstraint(
            "take_id", "version_number", name=op.f("uq_analyses_take_id_version_number")
        ),
    )
    op.create_index(
        op.f("ix_analyses_model_name_model_version"),
        "analyses",
        ["model_name", "model_version"],
        unique=False,
    )
    op.create_index(op.f("ix_analyses_patient_id"), "analyses", ["patient_id"], unique=False)
    op.create_index(op.f("ix_analyses_request_hash"), "analyses", ["request_hash"], unique=False)
    op.create_index(op.f("ix_analyses_review_id"), "analyses", ["review_id"], unique=False)
    op.create_index(
        op.f("ix_analyses_subject_file_id"), "analyses", ["subject_file_id"], unique=False
    )
    op.create_index(op.f("ix_analyses_take_id"), "analyses", ["take_id"], unique=False)
    op.create_index(op.f("ix_analyses_visit_id"), "analyses", ["visit_id"], unique=False)
    op.create_index(
        op.f("ix_analyses_visit_id_superseded_at"),
        "analyses",
        ["visit_id", "superseded_at"],
        unique=False,
    )
    op.create_table(
        "doorbells",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("ring_after", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_doorbells_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doorbells")),
    )
    op.create_index(op.f("ix_doorbells_job_id"), "doorbells", ["job_id"], unique=False)
    op.create_index(op.f("ix_doorbells_ring_after"), "doorbells", ["ring_after"], unique=False)
    op.create_table(
        "exports",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column(
            "parameters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "ready",
                "failed",
                "expired",
                name="exportstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("blob_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_exports_blob_id")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_exports_created_by_id")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_exports_job_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_exports_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(op.f("ix_exports_blob_id"), "exports", ["blob_id"], unique=False)
    op.create_index(op.f("ix_exports_job_id"), "exports", ["job_id"], unique=False)
    op.create_index(op.f("ix_exports_patient_id"), "exports", ["patient_id"], unique=False)
    op.create_table(
        "job_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_events_job_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_job_events_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_events")),
        sa.UniqueConstraint("job_id", "number", name=op.f("uq_job_events_job_id_number")),
    )
    op.create_index(op.f("ix_job_events_at"), "job_events", ["at"], unique=False)
    op.create_index(op.f("ix_job_events_patient_id"), "job_events", ["patient_id"], unique=False)
    op.create_table(
        "analysis_files",
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "vertices",
                "asymmetry",
                "displacement",
                "uncertainty",
                "arrays",
                "series",
                "measures",
                "reconstruction",
                "qc",
                "subject",
                "preview",
                "overlay",
                name="filerole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "view",
            sa.Enum(
                "left",
                "center",
                "right",
                name="view",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_analysis_files_analysis_id")
        ),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_analysis_files_blob_id")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_analysis_files_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_files")),
    )
    op.create_index(
        op.f("ix_analysis_files_analysis_id"), "analysis_files", ["analysis_id"], unique=False
    )
    op.create_index(
        op.f("ix_analysis_files_analysis_id_role"),
        "analysis_files",
        ["analysis_id", "role"],
        unique=True,
        sqlite_where=sa.text("view IS NULL"),
        postgresql_where=sa.text("view IS NULL"),
    )
    op.create_index(
        op.f("ix_analysis_files_analysis_id_role_view"),
        "analysis_files",
        ["analysis_id", "role", "view"],
        unique=True,
    )
    op.create_index(op.f("ix_analysis_files_blob_id"), "analysis_files", ["blob_id"], unique=False)
    op.create_index(
        op.f("ix_analysis_files_patient_id"), "analysis_files", ["patient_id"], unique=False
    )
    op.create_table(
        "export_patients",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["exports.id"], name=op.f("fk_export_patients_export_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_export_patients_patient_id")
        ),
        sa.PrimaryKeyConstraint("export_id", "patient_id", name=op.f("pk_export_patients")),
    )
    op.create_index(
        op.f("ix_export_patients_patient_id"), "export_patients", ["patient_id"], unique=False
    )
    op.create_table(
        "measures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("take_id", sa.Uuid(), nullable=False),
        sa.Column("movement", sa.String(length=64), nullable=False),
        sa.Column("repetition", sa.Integer(), nullable=True),
        sa.Column(
            "side",
            sa.Enum(
                "left",
                "right",
                "midline",
                "both",
                "affected",
                "healthy",
                name="rowside",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("ci_lo", sa.Double(), nullable=True),
        sa.Column("ci_hi", sa.Double(), nullable=True),
        sa.Column(
            "qc",
            sa.Enum(
                "ok",
                "warning",
                "rejected",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("value IS NOT NULL OR reason <> ''", name=op.f("ck_measures_reason")),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_measures_analysis_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_measures_patient_id")
        ),
        sa.ForeignKeyConstraint(["take_id"], ["takes.id"], name=op.f("fk_measures_take_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_measures_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measures")),
    )
    op.create_index(op.f("ix_measures_analysis_id"), "measures", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_measures_patient_id"), "measures", ["patient_id"], unique=False)
    op.create_index(
        op.f("ix_measures_patient_id_measure_movement_side_region"),
        "measures",
        ["patient_id", "measure", "movement", "side", "region"],
        unique=False,
    )
    op.create_index(op.f("ix_measures_take_id"), "measures", ["take_id"], unique=False)
    op.create_index(
        op.f("ix_measures_visit_id_measure"), "measures", ["visit_id", "measure"], unique=False
    )
    op.create_table(
        "signed_analyses",
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_signed_analyses_analysis_id")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signatures.id"], name=op.f("fk_signed_analyses_signature_id")
        ),
        sa.PrimaryKeyConstraint("signature_id", "analysis_id", name=op.f("pk_signed_analyses")),
    )
    op.create_index(
        op.f("ix_signed_analyses_analysis_id"), "signed_analyses", ["analysis_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_signed_analyses_analysis_id"), table_name="signed_analyses")
    op.drop_table("signed_analyses")
    op.drop_index(op.f("ix_measures_visit_id_measure"), table_name="measures")
    op.drop_index(op.f("ix_measures_take_id"), table_name="measures")
    op.drop_index(
        op.f("ix_measures_patient_id_measure_movement_side_region"), table_name="measures"
    )
    op.drop_index(op.f("ix_measures_patient_id"), table_name="measures")
    op.drop_index(op.f("ix_measures_analysis_id"), table_name="measures")
    op.drop_table("measures")
    op.drop_index(op.f("ix_export_patients_patient_id"), table_name="export_patients")
    op.drop_table("export_patients")
    op.drop_index(op.f("ix_analysis_files_patient_id"), table_name="analysis_files")
    op.drop_index(op.f("ix_analysis_files_blob_id"), table_name="analysis_files")
    op.drop_index(op.f("ix_analysis_files_analysis_id_role_view"), table_name="analysis_files")
    op.drop_index(
        op.f("ix_analysis_files_analysis_id_role"),
        table_name="analysis_files",
        sqlite_where=sa.text("view IS NULL"),
        postgresql_where=sa.text("view IS NULL"),
    )
    op.drop_index(op.f("ix_analysis_files_analysis_id"), table_name="analysis_files")
    op.drop_table("analysis_files")
    op.drop_index(op.f("ix_job_events_patient_id"), table_name="job_events")
    op.drop_index(op.f("ix_job_events_at"), table_name="job_events")
    op.drop_table("job_events")
    op.drop_index(op.f("ix_exports_patient_id"), table_name="exports")
    op.drop_index(op.f("ix_exports_job_id"), table_name="exports")
    op.drop_index(op.f("ix_exports_blob_id"), table_name="exports")
    op.drop_table("exports")
    op.drop_index(op.f("ix_doorbells_ring_after"), table_name="doorbells")
    op.drop_index(op.f("ix_doorbells_job_id"), table_name="doorbells")
    op.drop_table("doorbells")
    op.drop_index(op.f("ix_analyses_visit_id_superseded_at"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_visit_id"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_take_id"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_subject_file_id"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_review_id"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_request_hash"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_patient_id"), table_name="analyses")
    op.drop_index(op.f("ix_analyses_model_name_model_version"), table_name="analyses")
    op.drop_table("analyses")
    op.drop_index(op.f("ix_subject_files_visit_id"), table_name="subject_files")
    op.drop_index(op.f("ix_subject_files_take_id"), table_name="subject_files")
    op.drop_index(op.f("ix_subject_files_patient_id"), table_name="subject_files")
    op.drop_index(op.f("ix_subject_files_blob_id"), table_name="subject_files")
    op.drop_table("subject_files")
    op.drop_index(op.f("ix_reviews_visit_id"), table_name="reviews")
    op.drop_index(op.f("ix_reviews_take_id"), table_name="reviews")
    op.drop_index(op.f("ix_reviews_patient_id"), table_name="reviews")
    op.drop_table("reviews")
    op.drop_index(op.f("ix_recording_views_upload_id"), table_name="recording_views")
    op.drop_index(op.f("ix_recording_views_recording_id"), table_name="recording_views")
    op.drop_index(op.f("ix_recording_views_patient_id"), table_name="recording_views")
    op.drop_index(op.f("ix_recording_views_blob_id"), table_name="recording_views")
    op.drop_table("recording_views")
    op.drop_index(op.f("ix_jobs_visit_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_take_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_state_queue_priority_available_at"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_state_lease_until"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_recording_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_patient_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_finished_at"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_index(op.f("ix_uploads_state"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_recording_id"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_patient_id"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_expires_at"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_blob_id"), table_name="uploads")
    op.drop_table("uploads")
    op.drop_index(op.f("ix_takes_visit_id"), table_name="takes")
    op.drop_index(op.f("ix_takes_replaced_by_id"), table_name="takes")
    op.drop_index(op.f("ix_takes_recording_id"), table_name="takes")
    op.drop_index(op.f("ix_takes_patient_id"), table_name="takes")
    op.drop_table("takes")
    op.drop_index(op.f("ix_recording_files_recording_id_role_view"), table_name="recording_files")
    op.drop_index(
        op.f("ix_recording_files_recording_id_role"),
        table_name="recording_files",
        sqlite_where=sa.text("view IS NULL"),
        postgresql_where=sa.text("view IS NULL"),
    )
    op.drop_index(op.f("ix_recording_files_recording_id"), table_name="recording_files")
    op.drop_index(op.f("ix_recording_files_patient_id"), table_name="recording_files")
    op.drop_index(op.f("ix_recording_files_blob_id"), table_name="recording_files")
    op.drop_table("recording_files")
    op.drop_index(op.f("ix_signatures_visit_id"), table_name="signatures")
    op.drop_index(op.f("ix_signatures_patient_id"), table_name="signatures")
    op.drop_table("signatures")
    op.drop_index(op.f("ix_recordings_visit_id"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_patient_id"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_calibration_blob_id"), table_name="recordings")
    op.drop_table("recordings")
    op.drop_index(op.f("ix_visits_patient_id_visited_on"), table_name="visits")
    op.drop_index(op.f("ix_visits_patient_id"), table_name="visits")
    op.drop_index(op.f("ix_visits_episode_id"), table_name="visits")
    op.drop_table("visits")
    op.drop_index(op.f("ix_episode_events_patient_id"), table_name="episode_events")
    op.drop_index(op.f("ix_episode_events_episode_id"), table_name="episode_events")
    op.drop_table("episode_events")
    op.drop_index(op.f("ix_consents_patient_id_purpose"), table_name="consents")
    op.drop_index(op.f("ix_consents_patient_id"), table_name="consents")
    op.drop_index(op.f("ix_consents_attachment_blob_id"), table_name="consents")
    op.drop_table("consents")
    op.drop_table("patient_teams")
    op.drop_index(op.f("ix_patient_search_tokens_patient_id"), table_name="patient_search_tokens")
    op.drop_table("patient_search_tokens")
    op.drop_index(op.f("ix_patient_merges_merged_id"), table_name="patient_merges")
    op.drop_index(op.f("ix_patient_merges_kept_id"), table_name="patient_merges")
    op.drop_table("patient_merges")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_invitations_user_id"), table_name="invitations")
    op.drop_index(op.f("ix_invitations_patient_id"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_episodes_patient_id"), table_name="episodes")
    op.drop_table("episodes")
    op.drop_index(op.f("ix_break_glass_user_id"), table_name="break_glass")
    op.drop_index(op.f("ix_break_glass_patient_id"), table_name="break_glass")
    op.drop_table("break_glass")
    op.drop_index(op.f("ix_blobs_patient_id"), table_name="blobs")
    op.drop_index(op.f("ix_blobs_created_at"), table_name="blobs")
    op.drop_table("blobs")
    op.drop_index(op.f("ix_user_sessions_user_id"), table_name="user_sessions")
    op.drop_table("user_sessions")
    op.drop_table("teams")
    op.drop_table("retention_rules")
    op.drop_index(op.f("ix_recovery_codes_user_id"), table_name="recovery_codes")
    op.drop_table("recovery_codes")
    op.drop_table("protocol_versions")
    op.drop_index(op.f("ix_patients_mrn_hash"), table_name="patients")
    op.drop_index(op.f("ix_patients_merged_into_id"), table_name="patients")
    op.drop_table("patients")
    op.drop_index(op.f("ix_one_time_links_user_id"), table_name="one_time_links")
    op.drop_table("one_time_links")
    op.drop_index(op.f("ix_api_tokens_user_id"), table_name="api_tokens")
    op.drop_table("api_tokens")
    op.drop_table("workers")
    op.drop_table("users")
    op.drop_table("site")
    op.drop_index(op.f("ix_sign_in_attempts_at"), table_name="sign_in_attempts")
    op.drop_index(op.f("ix_sign_in_attempts_account_at"), table_name="sign_in_attempts")
    op.drop_table("sign_in_attempts")
    op.drop_table("audit_head")
    op.drop_index(op.f("ix_audit_entries_patient_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_object_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_at"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_actor_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_action"), table_name="audit_entries")
    op.drop_table("audit_entries")
