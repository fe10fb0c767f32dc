"""More of residents and surveys: merging two people of different numbers takes two of the staff.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A proposal is a verdict that waits. Surveys get quotas by building, and close by themselves where they are told to."""
    op.add_column("person", sa.Column("number_changed_by", sa.Uuid(), nullable=True))
    op.add_column("person_match", sa.Column("keep_id", sa.Uuid(), nullable=True))
    op.add_column("person_match", sa.Column("proposed_by", sa.Uuid(), nullable=True))
    op.drop_constraint(op.f("ck_person_match_verdict"), "person_match", type_="check")
    op.create_check_constraint(
        op.f("ck_person_match_verdict"), "person_match", "verdict IN ('proposed', 'merged', 'apart')"
    )
    op.create_check_constraint(
        op.f("ck_person_match_keep_id"), "person_match", "(verdict = 'proposed') = (keep_id IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_person_match_keep_one"), "person_match", "keep_id IN (first_id, second_id)")
    op.create_check_constraint(op.f("ck_person_match_second_person"), "person_match", "proposed_by <> decided_by")
    for name in ("closes_itself", "quotas_stop"):
        op.add_column("survey", sa.Column(name, sa.Boolean(), server_default="false", nullable=False))
    op.create_check_constraint(op.f("ck_survey_closes_itself"), "survey", "closes_on IS NOT NULL OR NOT closes_itself")
    op.create_table(
        "survey_quota",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("building_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.CheckConstraint("target > 0", name=op.f("ck_survey_quota_target")),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_survey_quota_building_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_quota_survey_id")),
        sa.PrimaryKeyConstraint("survey_id", "building_id", name=op.f("pk_survey_quota")),
    )


def downgrade() -> None:
    """Proposals and quotas are forgotten."""
    op.drop_table("survey_quota")
    op.drop_constraint(op.f("ck_survey_closes_itself"), "survey", type_="check")
    op.drop_column("survey", "quotas_stop")
    op.drop_column("survey", "closes_itself")
    op.execute("DELETE FROM person_match WHERE verdict = 'proposed'")
    for name in ("second_person", "keep_one", "keep_id", "verdict"):
        op.drop_constraint(op.f(f"ck_person_match_{name}"), "person_match", type_="check")
    op.create_check_constraint(op.f("ck_person_match_verdict"), "person_match", "verdict IN ('merged', 'apart')")
    op.drop_column("person_match", "proposed_by")
    op.drop_column("person_match", "keep_id")
    op.drop_column("person", "number_changed_by")
