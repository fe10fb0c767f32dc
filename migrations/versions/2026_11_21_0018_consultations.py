"""Consultations in rounds, lift requests, meetings.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TABLES = (
    "meeting",
    "meeting_follow_up",
    "consultation",
    "consultation_round",
    "lift_request",
    "consultation_target",
    "lift_objection",
    "consultation_visit",
    "consultation_answer",
)


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("plan_number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("attended", sa.Integer(), nullable=False),
        sa.Column("properties_represented", sa.Integer(), nullable=False),
        sa.Column("agenda", JSONB, nullable=False),
        sa.Column("decisions", JSONB, nullable=False),
        sa.Column("documents", JSONB, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('residents', 'owners', 'committee', 'entrance')", name=op.f("ck_meeting_kind")),
        sa.CheckConstraint("plan_number IS NULL OR project_id IS NOT NULL", name=op.f("ck_meeting_plan_number")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_meeting_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_meeting_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index("ix_meeting_compound_id", "meeting", ["compound_id", "id"], unique=False)
    op.create_index("ix_meeting_region_path", "meeting", ["region_path", "id"], unique=False)
    op.create_table(
        "meeting_follow_up",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_follow_up_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_follow_up")),
    )
    op.create_index("ix_meeting_follow_up_meeting_id", "meeting_follow_up", ["meeting_id", "id"], unique=False)
    op.create_table(
        "consultation",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("matter", sa.String(length=20), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("plan_number", sa.Integer(), nullable=True),
        sa.Column("entrance_id", sa.Uuid(), nullable=True),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("doors", sa.Integer(), nullable=True),
        sa.Column("agreed", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(matter = 'lift') = (entrance_id IS NOT NULL)", name=op.f("ck_consultation_entrance_id")),
        sa.CheckConstraint("(matter = 'plan') = (plan_number IS NOT NULL)", name=op.f("ck_consultation_plan_number")),
        sa.CheckConstraint(
            "(matter IN ('renovation', 'plan')) = (project_id IS NOT NULL)", name=op.f("ck_consultation_project_id")
        ),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_consultation_closed_at")),
        sa.CheckConstraint(
            "(status = 'closed') = (doors IS NOT NULL AND agreed IS NOT NULL)", name=op.f("ck_consultation_doors")
        ),
        sa.CheckConstraint("matter IN ('renovation', 'plan', 'duties', 'lift')", name=op.f("ck_consultation_matter")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_consultation_status")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_consultation_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["entrance_id"], ["entrance.id"], name=op.f("fk_consultation_entrance_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_consultation_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_consultation_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(
        "ix_consultation_project_id", "consultation", ["project_id", "matter", "compound_id", "id"], unique=False
    )
    op.create_index("ix_consultation_region_path", "consultation", ["region_path", "id"], unique=False)
    op.create_index(
        "uq_consultation_open",
        "consultation",
        ["compound_id", "matter", "project_id", "entrance_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "consultation_round",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("actors", JSONB, nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_round_consultation_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", "number", name=op.f("pk_consultation_round")),
    )
    op.create_table(
        "lift_request",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("entrance_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consultation_id", sa.Uuid(), nullable=True),
        sa.Column("appraisal_grade", sa.String(length=1), nullable=True),
        sa.Column("appraisal_document", sa.String(length=300), nullable=True),
        sa.Column("appraised_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("appraisal_grade IN ('A', 'B', 'C', 'D')", name=op.f("ck_lift_request_appraisal_grade")),
        sa.CheckConstraint(
            "(appraisal_grade IS NULL) = (appraisal_document IS NULL) AND (appraisal_grade IS NULL) = (appraised_on IS NULL)",
            name=op.f("ck_lift_request_appraisal"),
        ),
        sa.CheckConstraint("(consultation_id IS NULL) = (started_at IS NULL)", name=op.f("ck_lift_request_started_at")),
        sa.CheckConstraint("(due_at IS NULL) = (provisional IS NULL)", name=op.f("ck_lift_request_provisional")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_lift_request_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_lift_request_consultation_id")),
        sa.ForeignKeyConstraint(["entrance_id"], ["entrance.id"], name=op.f("fk_lift_request_entrance_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_lift_request_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_lift_request_property_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lift_request")),
    )
    op.create_index("ix_lift_request_compound_id", "lift_request", ["compound_id", "id"], unique=False)
    op.create_index("ix_lift_request_region_path", "lift_request", ["region_path", "id"], unique=False)
    op.create_index("uq_lift_request_consultation_id", "lift_request", ["consultation_id"], unique=True)
    op.create_index(
        "uq_lift_request_waiting",
        "lift_request",
        ["entrance_id"],
        unique=True,
        postgresql_where=sa.text("consultation_id IS NULL"),
    )
    op.create_table(
        "consultation_target",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id", "number"],
            ["consultation_round.consultation_id", "consultation_round.number"],
            name=op.f("fk_consultation_target_consultation_id_number"),
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_consultation_target_property_id")),
        sa.PrimaryKeyConstraint("consultation_id", "number", "property_id", name=op.f("pk_consultation_target")),
    )
    op.create_index("ix_consultation_target_property_id", "consultation_target", ["property_id"], unique=False)
    op.create_table(
        "lift_objection",
        sa.Column("lift_request_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(settled_at IS NULL) = (settlement IS NULL)", name=op.f("ck_lift_objection_settled_at")),
        sa.ForeignKeyConstraint(
            ["lift_request_id"], ["lift_request.id"], name=op.f("fk_lift_objection_lift_request_id")
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_lift_objection_property_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lift_objection")),
    )
    op.create_index("ix_lift_objection_lift_request_id", "lift_objection", ["lift_request_id", "id"], unique=False)
    op.create_table(
        "consultation_visit",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("visitors", JSONB, nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('not_home', 'refused', 'undecided', 'agreed')", name=op.f("ck_consultation_visit_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id", "number", "property_id"],
            ["consultation_target.consultation_id", "consultation_target.number", "consultation_target.property_id"],
            name=op.f("fk_consultation_visit_consultation_id_number_property_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_visit")),
    )
    op.create_index(
        "ix_consultation_visit_consultation_id",
        "consultation_visit",
        ["consultation_id", "property_id", "id"],
        unique=False,
    )
    op.create_table(
        "consultation_answer",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=30), nullable=True),
        sa.Column("opinion", sa.String(length=500), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(channel = 'app') = (resident_id IS NOT NULL)", name=op.f("ck_consultation_answer_resident_id")
        ),
        sa.CheckConstraint("(channel = 'door') = (visit_id IS NOT NULL)", name=op.f("ck_consultation_answer_visit_id")),
        sa.CheckConstraint(
            "(channel IN ('app', 'door')) = (asked_by IS NULL)", name=op.f("ck_consultation_answer_asked_by_channel")
        ),
        sa.CheckConstraint("answer IN ('agree', 'disagree', 'undecided')", name=op.f("ck_consultation_answer_answer")),
        sa.CheckConstraint(
            "asked_by IN ('owners_committee', 'self_management_group', 'grid_staff', 'neighbourhood_committee', 'street', 'community_planner', 'property_company')",
            name=op.f("ck_consultation_answer_asked_by"),
        ),
        sa.CheckConstraint(
            "channel IN ('door', 'meeting', 'telephone', 'chat_group', 'paper', 'app')",
            name=op.f("ck_consultation_answer_channel"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_answer_consultation_id")
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_consultation_answer_property_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["consultation_visit.id"], name=op.f("fk_consultation_answer_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_answer")),
    )
    op.create_index(
        "ix_consultation_answer_consultation_id",
        "consultation_answer",
        ["consultation_id", "property_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_consultation_answer_current",
        "consultation_answer",
        ["consultation_id", "property_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
