"""Surveys with their versions and answers.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey",
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("compound_id", sa.Uuid(), nullable=True),
        sa.Column("building_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("entrance_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("tenants", sa.Boolean(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("target", sa.String(length=40), nullable=True),
        sa.Column("decisive", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("questionnaire", sa.Integer(), nullable=False),
        sa.Column("compound_ids", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("purpose IN ('join', 'plan', 'satisfaction', 'other')", name=op.f("ck_survey_purpose")),
        sa.CheckConstraint("status IN ('draft', 'open', 'closed', 'published')", name=op.f("ck_survey_status")),
        sa.CheckConstraint("unit IN ('household', 'person')", name=op.f("ck_survey_unit")),
        sa.CheckConstraint("project_id IS NOT NULL OR compound_id IS NOT NULL", name=op.f("ck_survey_subject")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_survey_project_id")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_survey_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
    )
    op.create_index("ix_survey_region_path", "survey", ["region_path", "id"])
    op.create_index("ix_survey_project_id", "survey", ["project_id", "id"])
    op.create_index("ix_survey_compound_id", "survey", ["compound_id", "id"])
    op.create_table(
        "survey_questionnaire",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("questions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_questionnaire_survey_id")),
        sa.PrimaryKeyConstraint("survey_id", "number", name=op.f("pk_survey_questionnaire")),
    )
    op.create_table(
        "survey_extension",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extended_by", sa.Uuid(), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_extension_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_extension")),
    )
    op.create_index("ix_survey_extension_survey_id", "survey_extension", ["survey_id", "id"])
    op.create_table(
        "survey_unit",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_unit_survey_id")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_survey_unit_property_id")),
        sa.PrimaryKeyConstraint("survey_id", "unit_id", name=op.f("pk_survey_unit")),
    )
    op.create_index("ix_survey_unit_unit_id", "survey_unit", ["unit_id"])
    op.create_index("ix_survey_unit_property_id", "survey_unit", ["property_id"])
    op.create_table(
        "survey_response",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("standing", sa.String(length=10), nullable=True),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('phone', 'door', 'paper', 'telephone', 'meeting')", name=op.f("ck_survey_response_channel")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'counted', 'superseded', 'refused', 'void')", name=op.f("ck_survey_response_state")
        ),
        sa.CheckConstraint("entered_by <> confirmed_by", name=op.f("ck_survey_response_second_person")),
        sa.CheckConstraint(
            "channel = 'phone' OR state <> 'counted' OR confirmed_by IS NOT NULL",
            name=op.f("ck_survey_response_confirmed"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "unit_id"],
            ["survey_unit.survey_id", "survey_unit.unit_id"],
            name=op.f("fk_survey_response_survey_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "questionnaire"],
            ["survey_questionnaire.survey_id", "survey_questionnaire.number"],
            name=op.f("fk_survey_response_survey_id_questionnaire"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_response")),
    )
    op.create_index(
        "uq_survey_response_counted",
        "survey_response",
        ["survey_id", "unit_id"],
        unique=True,
        postgresql_where=sa.text("state = 'counted'"),
    )
    op.create_index(
        "uq_survey_response_pending",
        "survey_response",
        ["survey_id", "unit_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_survey_response_survey_id", "survey_response", ["survey_id", "id"])
    op.create_table(
        "survey_publication",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.String(length=66), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_publication_survey_id")),
        sa.PrimaryKeyConstraint("survey_id", name=op.f("pk_survey_publication")),
    )


def downgrade() -> None:
    for table in (
        "survey_publication",
        "survey_response",
        "survey_unit",
        "survey_extension",
        "survey_questionnaire",
        "survey",
    ):
        op.drop_table(table)
