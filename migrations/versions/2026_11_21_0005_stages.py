"""stages

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    op.drop_table("project_stage_entry")
