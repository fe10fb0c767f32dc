"""stages

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project_stage_entry",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("from_stage", sa.String(length=20), nullable=False),
        sa.Column("to_stage", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("round_id", sa.Uuid(), nullable=True),
        sa.Column("applicant", sa.String(length=30), nullable=True),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "action IN ('apply', 'withdraw', 'choose', 'shelve', 'supplement', 'drop', 'start', 'accept', 'hand_over')",
            name=op.f("ck_project_stage_entry_action"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_stage_entry_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_stage_entry")),
    )
    op.create_index("ix_project_stage_entry_project_id", "project_stage_entry", ["project_id", "id"], unique=False)
    op.create_table(
        "project_rollup",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("projects", sa.Integer(), nullable=False),
        sa.Column("compounds", sa.Integer(), nullable=False),
        sa.Column("households", sa.Numeric(), nullable=False),
        sa.Column("households_unknown", sa.Integer(), nullable=False),
        sa.Column("floor_area", sa.Numeric(), nullable=False),
        sa.Column("floor_area_unknown", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Numeric(), nullable=False),
        sa.Column("without_plan", sa.Integer(), nullable=False),
        sa.Column("synthetic", sa.Integer(), nullable=False),
        sa.Column("funding", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_project_rollup_region_id")),
        sa.PrimaryKeyConstraint("region_id", "stage", "year", name=op.f("pk_project_rollup")),
    )
    op.create_table(
        "project_rollup_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_project_rollup_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_rollup_state")),
    )


def downgrade() -> None:
    op.drop_table("project_rollup_state")
    op.drop_table("project_rollup")
    op.drop_table("project_stage_entry")
