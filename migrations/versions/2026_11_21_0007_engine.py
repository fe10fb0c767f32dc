"""Frozen rows hold what the rules read, their evidence lies aside; results hold points as whole ten-thousandths

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())

APART = """
INSERT INTO freeze_evidence (freeze_id, project_id, facts, conflicts, exceptions)
SELECT freeze_id, project_id,
       (SELECT coalesce(jsonb_object_agg(key, value - 'value'), '{}') FROM jsonb_each(facts)), conflicts, exceptions
FROM freeze_candidate
"""
NARROW = """
UPDATE freeze_candidate SET
  synthetic = (SELECT coalesce(jsonb_agg(key ORDER BY key) FILTER (WHERE value ->> 'kind' = 'synthetic'), '[]')
               FROM jsonb_each(facts)),
  facts = (SELECT coalesce(jsonb_object_agg(key, value -> 'value') FILTER (WHERE value ->> 'value' IS NOT NULL), '{}')
           FROM jsonb_each(facts)),
  conflicts = (SELECT coalesce(jsonb_agg(DISTINCT value -> 'key'), '[]') FROM jsonb_array_elements(conflicts)),
  exceptions = (SELECT coalesce(jsonb_agg(gate ORDER BY gate), '[]') FROM jsonb_object_keys(exceptions) AS gate)
"""
UNITS = """
UPDATE run_result SET
  units = ARRAY(SELECT (10000 * (one.value ->> 'points')::numeric)::bigint
                FROM jsonb_array_elements(points -> 'indicators') WITH ORDINALITY AS one ORDER BY one.ordinality),
  dimensions = points -> 'dimensions'
"""
POINTS = """
UPDATE run_result r SET points = jsonb_build_object('dimensions', r.dimensions, 'indicators', (
  SELECT jsonb_agg(jsonb_build_object(
           'indicator', one.indicator ->> 'id', 'fact', one.indicator ->> 'fact', 'value', c.facts -> (one.indicator ->> 'fact'),
           'points', trim_scale(one.units::numeric / 10000)::text,
           'share', CASE WHEN one.indicator ->> 'points' IN ('0', '0/1') THEN '0'
                         ELSE trim_scale(round(one.units::numeric / 10000 / one.most, 4))::text END
         ) ORDER BY one.place)
  FROM (SELECT row_number() OVER (ORDER BY d.ordinality, i.ordinality) AS place, i.value AS indicator,
               r.units[row_number() OVER (ORDER BY d.ordinality, i.ordinality)] AS units,
               split_part(i.value ->> 'points', '/', 1)::numeric
                 / coalesce(nullif(split_part(i.value ->> 'points', '/', 2), '')::numeric, 1) AS most
        FROM jsonb_array_elements(v.body -> 'rubric' -> 'dimensions') WITH ORDINALITY AS d,
             jsonb_array_elements(d.value -> 'indicators') WITH ORDINALITY AS i) AS one))
FROM run n, selection_round s, policy_version v, freeze_candidate c
WHERE n.id = r.run_id AND s.id = n.round_id AND v.id = s.policy_version_id
  AND c.freeze_id = n.freeze_id AND c.project_id = r.project_id
"""
WIDE = """
UPDATE freeze_candidate c SET
  facts = (SELECT coalesce(jsonb_object_agg(key, value || jsonb_build_object('value', c.facts -> key)), '{}')
           FROM jsonb_each(e.facts)),
  conflicts = e.conflicts, exceptions = e.exceptions
FROM freeze_evidence e WHERE e.freeze_id = c.freeze_id AND e.project_id = c.project_id
"""


def upgrade() -> None:
    op.create_table(
        "freeze_evidence",
        sa.Column("freeze_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("conflicts", JSONB, nullable=False),
        sa.Column("exceptions", JSONB, nullable=False),
        sa.Column("carry_over", JSONB, nullable=True),
        sa.ForeignKeyConstraint(["freeze_id"], ["round_freeze.id"], name=op.f("fk_freeze_evidence_freeze_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_freeze_evidence_project_id")),
        sa.PrimaryKeyConstraint("freeze_id", "project_id", name=op.f("pk_freeze_evidence")),
    )
    op.execute(APART)
    op.add_column("freeze_candidate", sa.Column("synthetic", JSONB, nullable=True))
    op.add_column("freeze_candidate", sa.Column("carry_over", sa.Integer(), nullable=True))
    op.execute(NARROW)
    op.alter_column("freeze_candidate", "synthetic", nullable=False)
    op.create_index(
        "ix_freeze_candidate_partition", "freeze_candidate", ["freeze_id", "partition", "no"], unique=True
    )
    op.add_column("run_result", sa.Column("units", postgresql.ARRAY(sa.BigInteger()), nullable=True))
    op.add_column("run_result", sa.Column("dimensions", JSONB, nullable=True))
    op.execute(UNITS)
    op.alter_column("run_result", "units", nullable=False)
    op.alter_column("run_result", "dimensions", nullable=False)
    op.drop_column("run_result", "points")


def downgrade() -> None:
    op.add_column("run_result", sa.Column("points", JSONB, nullable=True))
    op.execute(POINTS)
    op.alter_column("run_result", "points", nullable=False)
    op.drop_column("run_result", "dimensions")
    op.drop_column("run_result", "units")
    op.drop_index("ix_freeze_candidate_partition", table_name="freeze_candidate")
    op.execute(WIDE)
    op.drop_column("freeze_candidate", "carry_over")
    op.drop_column("freeze_candidate", "synthetic")
    op.drop_table("freeze_evidence")
