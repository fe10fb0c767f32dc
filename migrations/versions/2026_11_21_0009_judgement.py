"""Who competes in a round and who does not, and why.

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


def downgrade() -> None:
    op.drop_table("freeze_exclusion")
    op.drop_column("round_freeze", "excluded")
    op.drop_column("selection_round", "apply_until_document")
    op.drop_column("selection_round", "apply_until")
