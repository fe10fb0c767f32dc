"""Organisations, duty desks, routing rules, assignments.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TABLES = (
    "organisation",
    "desk",
    "desk_member",
    "routing_rule",
    "routing_rule_version",
    "assignment",
    "assignment_refusal",
)
LIVE = "state IN ('assigned', 'signed_in')"
# Where an assignment stands in its desk's list is when its reply is due: the case's own for the desk that leads, else its own. A
# clock that stands still, or is no more, comes last.
FOLLOWS = (
    """
    CREATE FUNCTION assignment_follows_clock() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      at timestamptz := CASE WHEN NEW.state IN ('running', 'missed') THEN NEW.due_at ELSE '9999-12-31Z' END;
    BEGIN
      IF NEW.subject_type = 'complaint' THEN
        UPDATE assignment SET queue_at = at
        WHERE complaint_id = NEW.subject_id AND part = 'lead' AND state IN ('assigned', 'signed_in', 'refused');
      ELSIF NEW.subject_type = 'assignment' THEN
        UPDATE assignment SET queue_at = at WHERE id = NEW.subject_id;
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER clock_leads_assignment AFTER INSERT ON clock
        FOR EACH ROW WHEN (NEW.kind = 'reply') EXECUTE FUNCTION assignment_follows_clock()
    """,
    """
    CREATE TRIGGER clock_moves_assignment AFTER UPDATE OF due_at, state ON clock
        FOR EACH ROW WHEN (NEW.kind = 'reply' AND (NEW.due_at <> OLD.due_at OR
                           (NEW.state IN ('running', 'missed')) <> (OLD.state IN ('running', 'missed'))))
        EXECUTE FUNCTION assignment_follows_clock()
    """,
)


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("uscc", sa.String(length=18, collation="C"), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('department', 'contractor', 'supervisor', 'designer', 'utility', 'property_firm', 'other')",
            name=op.f("ck_organisation_kind"),
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_organisation_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_index("ix_organisation_region_path", "organisation", ["region_path", "id"], unique=False)
    op.create_index(
        "uq_organisation_uscc",
        "organisation",
        ["uscc", "region_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "desk",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("role IN ('handling', 'supervision')", name=op.f("ck_desk_role")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_desk_region_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_desk_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk")),
    )
    op.create_index("ix_desk_organisation_id", "desk", ["organisation_id"], unique=False)
    op.create_index("ix_desk_region_path", "desk", ["region_path", "id"], unique=False)
    op.create_table(
        "desk_member",
        sa.Column("desk_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("put_by", sa.Uuid(), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_desk_member_until")),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=op.f("fk_desk_member_desk_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_desk_member_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_member")),
    )
    op.create_index("ix_desk_member_desk_id", "desk_member", ["desk_id", "id"], unique=False)
    op.create_index(
        "ix_desk_member_staff_id",
        "desk_member",
        ["staff_id"],
        unique=False,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "uq_desk_member_live",
        "desk_member",
        ["desk_id", "staff_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "routing_rule",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_routing_rule_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rule")),
    )
    op.create_index("ix_routing_rule_region_path", "routing_rule", ["region_path", "id"], unique=False)
    op.create_index(
        "uq_routing_rule_default",
        "routing_rule",
        ["region_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "routing_rule_version",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("conditions", JSONB, nullable=False),
        sa.Column("desk_id", sa.Uuid(), nullable=False),
        sa.Column("co_desk_ids", JSONB, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_routing_rule_version_valid_until")),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=op.f("fk_routing_rule_version_desk_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["routing_rule.id"], name=op.f("fk_routing_rule_version_rule_id")),
        sa.PrimaryKeyConstraint("rule_id", "number", name=op.f("pk_routing_rule_version")),
    )
    op.create_index("ix_routing_rule_version_desk_id", "routing_rule_version", ["desk_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("desk_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("rule_number", sa.Integer(), nullable=True),
        sa.Column("binding", sa.Boolean(), nullable=False),
        sa.Column("queue_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_by", sa.Uuid(), nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("part IN ('lead', 'co')", name=op.f("ck_assignment_part")),
        sa.CheckConstraint(
            "state IN ('assigned', 'signed_in', 'refused', 'done', 'ended')", name=op.f("ck_assignment_state")
        ),
        sa.CheckConstraint(
            f"({LIVE} OR state = 'refused') = (ended_at IS NULL)", name=op.f("ck_assignment_ended_at")
        ),
        sa.CheckConstraint("(rule_id IS NULL) = (rule_number IS NULL)", name=op.f("ck_assignment_rule_number")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_assignment_complaint_id")),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=op.f("fk_assignment_desk_id")),
        sa.ForeignKeyConstraint(
            ["rule_id", "rule_number"],
            ["routing_rule_version.rule_id", "routing_rule_version.number"],
            name=op.f("fk_assignment_rule_id_rule_number"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_complaint_id", "assignment", ["complaint_id", "id"], unique=False)
    op.create_index(
        "ix_assignment_queue",
        "assignment",
        ["desk_id", "queue_at", "id"],
        unique=False,
        postgresql_where=sa.text(LIVE),
    )
    op.create_index(
        "uq_assignment_desk",
        "assignment",
        ["complaint_id", "desk_id"],
        unique=True,
        postgresql_where=sa.text(LIVE),
    )
    op.create_index(
        "uq_assignment_lead",
        "assignment",
        ["complaint_id"],
        unique=True,
        postgresql_where=sa.text(f"part = 'lead' AND {LIVE}"),
    )
    op.create_table(
        "assignment_refusal",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("refused_by", sa.Uuid(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_text", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "ground IN ('not_our_duty', 'not_our_area', 'wrong_category', 'duplicate', 'lacks_information', 'other')",
            name=op.f("ck_assignment_refusal_ground"),
        ),
        sa.CheckConstraint(
            "decision IN ('asked', 'sent_back', 'rerouted')", name=op.f("ck_assignment_refusal_decision")
        ),
        sa.CheckConstraint(
            "(decision = 'asked') = (decided_at IS NULL)", name=op.f("ck_assignment_refusal_decided_at")
        ),
        sa.CheckConstraint("decided_by <> refused_by", name=op.f("ck_assignment_refusal_decided_by")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_assignment_refusal_assignment_id")
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_assignment_refusal_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_refusal")),
    )
    op.create_index("ix_assignment_refusal_complaint_id", "assignment_refusal", ["complaint_id", "id"], unique=False)
    op.create_index(
        "ix_assignment_refusal_waiting",
        "assignment_refusal",
        ["id"],
        unique=False,
        postgresql_where=sa.text("decision = 'asked'"),
    )
    op.create_index(
        "uq_assignment_refusal_asked",
        "assignment_refusal",
        ["assignment_id"],
        unique=True,
        postgresql_where=sa.text("decision = 'asked'"),
    )
    op.create_foreign_key(op.f("fk_complaint_organisation_id"), "complaint", "organisation", ["organisation_id"], ["id"])
    for statement in FOLLOWS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER clock_moves_assignment ON clock")
    op.execute("DROP TRIGGER clock_leads_assignment ON clock")
    op.execute("DROP FUNCTION assignment_follows_clock()")
    op.drop_constraint("fk_complaint_organisation_id", "complaint", type_="foreignkey")
    for table in reversed(TABLES):
        op.drop_table(table)
