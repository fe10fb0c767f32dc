"""Objections to a supplement that another one has withdrawn already are upheld as moot.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

MOOT = "NOT moot OR (status = 'upheld' AND supplement_id IS NOT NULL)"


def upgrade() -> None:
    """The mark, false for all that is on record."""
    op.add_column("round_objection", sa.Column("moot", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(op.f("ck_round_objection_moot"), "round_objection", MOOT)


def downgrade() -> None:
    """Without the mark; such objections stay upheld."""
    op.drop_constraint(op.f("ck_round_objection_moot"), "round_objection", type_="check")
    op.drop_column("round_objection", "moot")
