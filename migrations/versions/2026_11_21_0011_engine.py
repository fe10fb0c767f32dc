"""Selection on a whole country: frozen facts lie in the canonical JSON that a run hashes and reads, not in a form of the database's own.

A freeze that the former program still takes is read as well; its facts are hashed as that program wrote them.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


CANONICAL = """
UPDATE freeze_candidate SET facts = (
  SELECT ('{' || coalesce(string_agg(to_json(key)::text || ':' || value::text, ',' ORDER BY key COLLATE "C"), '') || '}')::json
  FROM json_each(facts))
"""


def upgrade() -> None:
    op.execute("ALTER TABLE freeze_candidate ALTER COLUMN facts TYPE json USING facts::text::json")
    op.execute(CANONICAL)


def downgrade() -> None:
    op.execute("ALTER TABLE freeze_candidate ALTER COLUMN facts TYPE jsonb USING facts::text::jsonb")
