"""Selection on a whole country: facts lie in the canonical JSON that a run hashes and reads; publications have parts.

What was published before has no parts: it is read whole. A freeze that the former program still takes is read as well; its facts are hashed as that program wrote them.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
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
    op.create_table(
        "publication_part",
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.String(64, collation="C"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_publication_part_publication_id")
        ),
        sa.PrimaryKeyConstraint("publication_id", "partition", name=op.f("pk_publication_part")),
    )


def downgrade() -> None:
    op.drop_table("publication_part")
    op.execute("ALTER TABLE freeze_candidate ALTER COLUMN facts TYPE jsonb USING facts::text::jsonb")
