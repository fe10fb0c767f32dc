"""A reopened round may judge again: one panel of a fact is under way at a time.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = ["round_id", "fact_key"]


def upgrade() -> None:
    op.create_index(
        "uq_panel_under_way_round_id_fact_key",
        "panel",
        COLUMNS,
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'reviewing')"),
    )
    op.drop_index("uq_panel_round_id_fact_key", table_name="panel")


def downgrade() -> None:
    op.create_index(
        "uq_panel_round_id_fact_key", "panel", COLUMNS, unique=True, postgresql_where=sa.text("status <> 'cancelled'")
    )
    op.drop_index("uq_panel_under_way_round_id_fact_key", table_name="panel")
