"""Owner votes: matters, rolls, the ledger of ballots, results, objections. A ledger is added to alone, a frozen roll stays

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TABLES = (
    "vote_objection",
    "vote_result",
    "ballot",
    "vote_service",
    "roll_property",
    "roll_owner",
    "vote_roll",
    "vote_matter",
    "vote",
)

# Takes the vote's lock, which closing takes exclusively, and only then looks: a volatile function sees what is committed by then,
# where the statement that calls it would still see the vote open.
VOTE_STATUS = """
CREATE FUNCTION vote_status(asked uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(asked::text, 17));
    RETURN (SELECT status FROM vote WHERE id = asked);
END $$
"""
REFUSE_FROZEN = """
CREATE FUNCTION refuse_frozen_roll() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM vote WHERE id = coalesce(NEW.vote_id, OLD.vote_id)) NOT IN ('draft', 'roll') THEN
        RAISE EXCEPTION 'the roll is frozen: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$
"""
GUARDS = (
    "CREATE TRIGGER ballot_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE ballot ENABLE ALWAYS TRIGGER ballot_stays",
    "CREATE TRIGGER roll_owner_frozen BEFORE INSERT OR UPDATE OR DELETE ON roll_owner"
    " FOR EACH ROW EXECUTE FUNCTION refuse_frozen_roll()",
    "CREATE TRIGGER roll_property_frozen BEFORE INSERT OR UPDATE OR DELETE ON roll_property"
    " FOR EACH ROW EXECUTE FUNCTION refuse_frozen_roll()",
)


def upgrade() -> None:
    op.create_table(
        "vote",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("building_id", sa.Uuid(), nullable=True),
        sa.Column("entrance_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("plan_number", sa.Integer(), nullable=True),
        sa.Column("plan_digest", sa.String(length=64), nullable=True),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("assurance", sa.String(length=20), nullable=False),
        sa.Column("interim", sa.String(length=20), nullable=False),
        sa.Column("matters", sa.Integer(), nullable=False),
        sa.Column("roll_days", sa.Integer(), nullable=True),
        sa.Column("result_days", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("roll_revision", sa.Integer(), nullable=False),
        sa.Column("roll_digest", sa.String(length=64), nullable=True),
        sa.Column("roll_until", sa.Date(), nullable=True),
        sa.Column("heads", sa.Integer(), nullable=True),
        sa.Column("area", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result_revision", sa.Integer(), nullable=False),
        sa.Column("finalised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("certificate_digest", sa.String(length=64), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(building_id IS NOT NULL) = (scope = 'building')", name=op.f("ck_vote_building")),
        sa.CheckConstraint("(cancel_reason IS NOT NULL) = (status = 'cancelled')", name=op.f("ck_vote_cancel_reason")),
        sa.CheckConstraint("(certificate IS NOT NULL) = (status = 'final')", name=op.f("ck_vote_certificate")),
        sa.CheckConstraint("(entrance_id IS NOT NULL) = (scope = 'entrance')", name=op.f("ck_vote_entrance")),
        sa.CheckConstraint(
            "assurance IN ('phone', 'code', 'on_site', 'face', 'e_signature')", name=op.f("ck_vote_assurance")
        ),
        sa.CheckConstraint("interim IN ('participation', 'nothing')", name=op.f("ck_vote_interim")),
        sa.CheckConstraint("scope IN ('compound', 'building', 'entrance')", name=op.f("ck_vote_scope")),
        sa.CheckConstraint(
            "status IN ('draft', 'roll', 'noticed', 'open', 'closed', 'preliminary', 'final', 'cancelled')",
            name=op.f("ck_vote_status"),
        ),
        sa.CheckConstraint("(plan_number IS NULL) = (plan_digest IS NULL)", name=op.f("ck_vote_plan")),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_vote_building_id")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_vote_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["entrance_id"], ["entrance.id"], name=op.f("fk_vote_entrance_id")),
        sa.ForeignKeyConstraint(["policy_version_id"], ["policy_version.id"], name=op.f("fk_vote_policy_version_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_vote_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
    )
    op.create_index("ix_vote_compound_id", "vote", ["compound_id", "id"], unique=False)
    op.create_index("ix_vote_project_id", "vote", ["project_id", "id"], unique=False)
    op.create_index("ix_vote_region_path", "vote", ["region_path", "id"], unique=False)
    op.create_table(
        "vote_matter",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=64, collation="C"), nullable=True),
        sa.Column("area", sa.String(length=10), nullable=True),
        sa.Column("item", sa.String(length=100), nullable=True),
        sa.Column("thresholds", JSONB, nullable=False),
        sa.CheckConstraint(
            "kind IN ('ordinary', 'use_repair_fund', 'raise_repair_fund', 'alter_or_rebuild', 'common_parts_use_or_business')",
            name=op.f("ck_vote_matter_kind"),
        ),
        sa.CheckConstraint("(item IS NULL) = (area IS NULL)", name=op.f("ck_vote_matter_item")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_vote_matter_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "no", name=op.f("pk_vote_matter")),
    )
    op.create_table(
        "vote_roll",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("properties", sa.Integer(), nullable=False),
        sa.Column("area", sa.Numeric(precision=20, scale=2), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("notice_until", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_vote_roll_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "revision", name=op.f("pk_vote_roll")),
    )
    op.create_table(
        "roll_owner",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("area", sa.Numeric(precision=20, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["voting_owner.id"], name=op.f("fk_roll_owner_owner_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_roll_owner_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "owner_id", name=op.f("pk_roll_owner")),
    )
    op.create_table(
        "roll_property",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("door", sa.String(length=220, collation="C"), nullable=False),
        sa.Column("area", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_roll_property_property_id")),
        sa.ForeignKeyConstraint(
            ["vote_id", "owner_id"],
            ["roll_owner.vote_id", "roll_owner.owner_id"],
            name=op.f("fk_roll_property_vote_id_owner_id"),
        ),
        sa.PrimaryKeyConstraint("vote_id", "property_id", name=op.f("pk_roll_property")),
    )
    op.create_index("ix_roll_property_door", "roll_property", ["vote_id", "door", "property_id"], unique=False)
    op.create_index("ix_roll_property_property_id", "roll_property", ["property_id"], unique=False)
    op.create_index("ix_roll_property_owner", "roll_property", ["vote_id", "owner_id"], unique=False)
    op.create_table(
        "vote_service",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "how IN ('posted', 'door', 'phone', 'sms', 'wechat', 'mail', 'meeting')", name=op.f("ck_vote_service_how")
        ),
        sa.ForeignKeyConstraint(
            ["vote_id", "owner_id"],
            ["roll_owner.vote_id", "roll_owner.owner_id"],
            name=op.f("fk_vote_service_vote_id_owner_id"),
        ),
        sa.PrimaryKeyConstraint("vote_id", "owner_id", "how", name=op.f("pk_vote_service")),
    )
    op.create_table(
        "ballot",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("entry", sa.String(length=10), nullable=False),
        sa.Column("of_id", sa.Uuid(), nullable=True),
        sa.Column("caster_id", sa.Uuid(), nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("positions", JSONB, nullable=False),
        sa.Column("standing", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("assurance", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.String(length=300), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by_kind", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(choices IS NOT NULL) = (entry IN ('cast', 'correct'))", name=op.f("ck_ballot_choices")),
        sa.CheckConstraint("(of_id IS NULL) = (entry = 'cast')", name=op.f("ck_ballot_of_id")),
        sa.CheckConstraint("(reason IS NOT NULL) = (entry IN ('correct', 'void'))", name=op.f("ck_ballot_reason")),
        sa.CheckConstraint(
            "assurance IN ('phone', 'code', 'on_site', 'face', 'e_signature')", name=op.f("ck_ballot_assurance")
        ),
        sa.CheckConstraint("channel IN ('phone', 'paper', 'proxy', 'door', 'meeting')", name=op.f("ck_ballot_channel")),
        sa.CheckConstraint("entry IN ('cast', 'confirm', 'correct', 'void')", name=op.f("ck_ballot_entry")),
        sa.ForeignKeyConstraint(["of_id"], ["ballot.id"], name=op.f("fk_ballot_of_id")),
        sa.ForeignKeyConstraint(
            ["vote_id", "owner_id"],
            ["roll_owner.vote_id", "roll_owner.owner_id"],
            name=op.f("fk_ballot_vote_id_owner_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("vote_id", "owner_id", "n", name=op.f("uq_ballot_vote_id_owner_id_n")),
    )
    op.create_index(
        "ix_ballot_of_id", "ballot", ["of_id"], unique=False, postgresql_where=sa.text("of_id IS NOT NULL")
    )
    op.create_index("ix_ballot_pending", "ballot", ["vote_id"], unique=False, postgresql_where=sa.text("pending"))
    op.create_table(
        "vote_result",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("matters", JSONB, nullable=False),
        sa.Column("ledger_digest", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("notice_until", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_vote_result_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "revision", name=op.f("pk_vote_result")),
    )
    op.create_table(
        "vote_objection",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decision_document", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_vote_objection_decided")),
        sa.CheckConstraint("about IN ('roll', 'result')", name=op.f("ck_vote_objection_about")),
        sa.CheckConstraint("status IN ('open', 'upheld', 'rejected')", name=op.f("ck_vote_objection_status")),
        sa.CheckConstraint(
            "decided_by IS DISTINCT FROM recorded_by OR decided_at IS NULL", name=op.f("ck_vote_objection_two_people")
        ),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_vote_objection_vote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_objection")),
    )
    op.create_index("ix_vote_objection_vote_id", "vote_objection", ["vote_id", "id"], unique=False)
    op.execute(VOTE_STATUS)
    op.execute(REFUSE_FROZEN)
    for guard in GUARDS:
        op.execute(guard)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_frozen_roll()")
    op.execute("DROP FUNCTION vote_status(uuid)")
