"""Warranty tickets and household visits.

Revision ID: 0023
Revises: 0022
"""

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the work that follows."""


def downgrade() -> None:
    """Filled by the work that follows."""
