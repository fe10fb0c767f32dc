"""What is left to forget of a complaint is told by a column of its own: also where its words went before all else did.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ENDED = "state IN ('closed', 'merged', 'withdrawn', 'rejected')"
FORGOTTEN = """
UPDATE complaint c SET to_forget = false
WHERE EXISTS (SELECT FROM complaint_tombstone t WHERE t.complaint_id = c.id)
  AND NOT EXISTS (SELECT FROM complaint_entry e
                  WHERE e.complaint_id = c.id AND (e.text_sealed IS NOT NULL OR (e.actor_kind = 'resident' AND e.actor_id IS NOT NULL)))
  AND NOT EXISTS (SELECT FROM complaint_reporter r WHERE r.complaint_id = c.id AND r.phone_sealed IS NOT NULL)
  AND NOT EXISTS (SELECT FROM complaint_contact_change n WHERE n.complaint_id = c.id AND n.phone_sealed IS NOT NULL)
"""


def upgrade() -> None:
    op.add_column("complaint", sa.Column("to_forget", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.execute(FORGOTTEN)
    _index(f"{ENDED} AND to_forget")


def downgrade() -> None:
    _index(f"{ENDED} AND description_sealed IS NOT NULL")
    op.drop_column("complaint", "to_forget")


def _index(where: str) -> None:
    op.drop_index("ix_complaint_to_forget", table_name="complaint")
    op.create_index(
        "ix_complaint_to_forget",
        "complaint",
        ["policy_version_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text(where),
    )
