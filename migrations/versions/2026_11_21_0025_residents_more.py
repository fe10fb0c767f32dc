"""More of residents and surveys.

Revision ID: 0025
Revises: 0024
"""

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the work that follows."""


def downgrade() -> None:
    """Filled by the work that follows."""
