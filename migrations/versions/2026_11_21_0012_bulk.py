"""Imports and roll-ups: what bulk work needs.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_import", sa.Column("file_deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_project_stage", "project", ["stage", "region_path", "no"])
    op.create_index("ix_data_import_state", "data_import", ["state", "id"])
    op.create_index(
        "ix_data_import_kept", "data_import", ["made_at"], postgresql_where=sa.text("file_deleted_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_data_import_kept", table_name="data_import")
    op.drop_index("ix_data_import_state", table_name="data_import")
    op.drop_index("ix_project_stage", table_name="project")
    op.drop_column("data_import", "file_deleted_at")
