"""Long-lived keys of clients (Open311's `api_key`), and the list of what came in by Open311.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table, and an index over the complaints of one channel alone."""
    op.create_table(
        "client_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_client_key_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_client_key_digest")),
    )
    op.create_index("ix_client_key_client_id", "client_key", ["client_id", "id"])
    op.create_index(
        "ix_complaint_open311",
        "complaint",
        ["created_at", "id"],
        postgresql_where=sa.text("channel = 'open311'"),
    )


def downgrade() -> None:
    """Keys are forgotten."""
    op.drop_index("ix_complaint_open311", table_name="complaint")
    op.drop_table("client_key")
