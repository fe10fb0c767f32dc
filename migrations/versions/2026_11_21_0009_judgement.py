"""Who competes in a round and who does not, and why; panels of experts.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("selection_round", sa.Column("apply_until", sa.Date(), nullable=True))
    op.add_column("selection_round", sa.Column("apply_until_document", sa.String(length=300), nullable=True))
    # The default lets the previous program go on freezing; what it froze excluded nobody that it could name.
    op.add_column(
        "round_freeze",
        sa.Column(
            "excluded", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
    )
    op.create_table(
        "freeze_exclusion",
        sa.Column("freeze_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["freeze_id"], ["round_freeze.id"], name=op.f("fk_freeze_exclusion_freeze_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_freeze_exclusion_project_id")),
        sa.PrimaryKeyConstraint("freeze_id", "project_id", name=op.f("pk_freeze_exclusion")),
    )
    op.create_table(
        "panel",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("fact_key", sa.String(length=80, collation="C"), nullable=False),
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("drops_extremes", sa.Boolean(), nullable=False),
        sa.Column("deviation_limit", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("review_days", sa.Integer(), nullable=False),
        sa.Column("review_until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'reviewing', 'closed', 'cancelled')", name=op.f("ck_panel_status")),
        sa.ForeignKeyConstraint(["round_id"], ["selection_round.id"], name=op.f("fk_panel_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
    )
    op.create_index(
        "uq_panel_round_id_fact_key",
        "panel",
        ["round_id", "fact_key"],
        unique=True,
        postgresql_where=sa.text("status <> 'cancelled'"),
    )
    op.create_index("ix_panel_region_path", "panel", ["region_path", "id"], unique=False)
    op.create_table(
        "panel_expert",
        sa.Column("panel_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=True),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_expert_panel_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_panel_expert_staff_id")),
        sa.PrimaryKeyConstraint("panel_id", "staff_id", name=op.f("pk_panel_expert")),
        sa.UniqueConstraint("panel_id", "letter", name=op.f("uq_panel_expert_panel_id_letter")),
    )
    op.create_table(
        "judgement",
        sa.Column("panel_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("first_score", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("conflict_reason", sa.Text(), nullable=True),
        sa.Column("flagged", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("score IS NULL OR conflict_reason IS NULL", name=op.f("ck_judgement_score")),
        sa.ForeignKeyConstraint(
            ["panel_id", "staff_id"],
            ["panel_expert.panel_id", "panel_expert.staff_id"],
            name=op.f("fk_judgement_panel_id_staff_id"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_judgement_project_id")),
        sa.PrimaryKeyConstraint("panel_id", "project_id", "staff_id", name=op.f("pk_judgement")),
    )
    op.create_index("ix_judgement_staff_id", "judgement", ["staff_id", "panel_id", "project_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_judgement_staff_id", table_name="judgement")
    op.drop_table("judgement")
    op.drop_table("panel_expert")
    op.drop_index("ix_panel_region_path", table_name="panel")
    op.drop_index(
        "uq_panel_round_id_fact_key", table_name="panel", postgresql_where=sa.text("status <> 'cancelled'")
    )
    op.drop_table("panel")
    op.drop_table("freeze_exclusion")
    op.drop_column("round_freeze", "excluded")
    op.drop_column("selection_round", "apply_until_document")
    op.drop_column("selection_round", "apply_until")
