"""documents

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policy_version", sa.Column("region_id", sa.Uuid(), nullable=True))
    op.add_column("policy_version", sa.Column("stored_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_policy_version_region_id"), "policy_version", "region", ["region_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_policy_version_region_id"), "policy_version", type_="foreignkey")
    op.drop_column("policy_version", "stored_by")
    op.drop_column("policy_version", "region_id")
