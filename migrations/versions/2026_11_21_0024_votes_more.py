"""More of the owner votes.

Revision ID: 0024
Revises: 0023
"""

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the work that follows."""


def downgrade() -> None:
    """Filled by the work that follows."""
