"""Complaints, their reporters, texts and history.

Revision ID: 0021
Revises: 0020
"""

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the work that follows."""


def downgrade() -> None:
    """Filled by the work that follows."""
