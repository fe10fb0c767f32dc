"""Clocks of promises: pauses, extensions, steps to be done once, lasting breaches, urgings.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TABLES = ("clock", "clock_pause", "clock_extension", "clock_step", "clock_breach", "clock_urging")

# As of the audit (0002): whoever writes, also in replica mode.
BREACHES_STAY = (
    "CREATE TRIGGER clock_breach_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON clock_breach "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
)
ALSO_IN_REPLICA_MODE = "ALTER TABLE clock_breach ENABLE ALWAYS TRIGGER clock_breach_stays"


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("subject_type", sa.String(length=30), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("terms", JSONB, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("skipped", sa.ARRAY(sa.Date()), nullable=False),
        sa.Column("calendar", sa.String(length=30), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_clock_cancelled_at")),
        sa.CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name=op.f("ck_clock_met_at")),
        sa.CheckConstraint("state IN ('running', 'paused', 'met', 'missed', 'cancelled')", name=op.f("ck_clock_state")),
        sa.ForeignKeyConstraint(["policy_version_id"], ["policy_version.id"], name=op.f("fk_clock_policy_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index(
        "ix_clock_provisional",
        "clock",
        ["id"],
        unique=False,
        postgresql_where=sa.text("provisional AND state = 'running'"),
    )
    op.create_index("ix_clock_subject_id", "clock", ["subject_id", "id"], unique=False)
    op.create_index(
        "uq_clock_open",
        "clock",
        ["subject_id", "kind", "subject_type"],
        unique=True,
        postgresql_where=sa.text("state IN ('running', 'paused', 'missed')"),
    )
    op.create_table(
        "clock_pause",
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_clock_pause_ended_at")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_pause_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    op.create_index("ix_clock_pause_clock_id", "clock_pause", ["clock_id", "id"], unique=False)
    op.create_index(
        "uq_clock_pause_open", "clock_pause", ["clock_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "clock_extension",
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("ground", sa.String(length=500), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("due_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(decision = 'approved') = (due_after IS NOT NULL)", name=op.f("ck_clock_extension_due_after")
        ),
        sa.CheckConstraint("(decision = 'asked') = (decided_at IS NULL)", name=op.f("ck_clock_extension_decided_at")),
        sa.CheckConstraint(
            "decision IN ('asked', 'approved', 'refused', 'lapsed')", name=op.f("ck_clock_extension_decision")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_clock_extension_decided_by")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_extension_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_extension")),
    )
    op.create_index("ix_clock_extension_clock_id", "clock_extension", ["clock_id", "id"], unique=False)
    op.create_index(
        "uq_clock_extension_asked",
        "clock_extension",
        ["clock_id"],
        unique=True,
        postgresql_where=sa.text("decision = 'asked'"),
    )
    op.create_table(
        "clock_step",
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("joined", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reminder', 'breach', 'overdue', 'escalation', 'urge')", name=op.f("ck_clock_step_kind")
        ),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_step_clock_id")),
        sa.PrimaryKeyConstraint("clock_id", "revision", "kind", "number", name=op.f("pk_clock_step")),
    )
    op.create_index(
        "ix_clock_step_due", "clock_step", ["due_at"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "clock_breach",
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_breach_clock_id")),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_clock_breach")),
    )
    op.create_index("ix_clock_breach_region_path", "clock_breach", ["region_path", "due_at"], unique=False)
    op.create_table(
        "clock_urging",
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("urged_on", sa.Date(), nullable=False),
        sa.Column("urged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urged_by_kind", sa.String(length=20), nullable=False),
        sa.Column("urged_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_urging_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_urging")),
    )
    op.create_index("ix_clock_urging_clock_id", "clock_urging", ["clock_id", "urged_on"], unique=False)
    op.execute(BREACHES_STAY)
    op.execute(ALSO_IN_REPLICA_MODE)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
