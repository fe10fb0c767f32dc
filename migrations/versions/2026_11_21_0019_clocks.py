"""Clocks of terms: pauses, extensions, reminders, breaches.

Revision ID: 0019
Revises: 0018
"""

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the work that follows."""


def downgrade() -> None:
    """Filled by the work that follows."""
