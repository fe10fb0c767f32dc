"""More of the owner votes: extensions on record, objections by owners themselves, a roll corrected until the vote opens, ballots as a
kind of import.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KINDS = "'compounds', 'projects', 'quantities', 'properties'"

REFUSE_FROZEN = """
CREATE OR REPLACE FUNCTION refuse_frozen_roll() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM vote WHERE id = coalesce(NEW.vote_id, OLD.vote_id)) NOT IN ({open}) THEN
        RAISE EXCEPTION 'the roll is frozen: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$
"""


def upgrade() -> None:
    op.create_table(
        "vote_extension",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("closes_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extended_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_vote_extension_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "no", name=op.f("pk_vote_extension")),
    )
    op.add_column(
        "vote_objection", sa.Column("by_kind", sa.String(length=10), server_default="staff", nullable=False)
    )
    op.create_check_constraint(op.f("ck_vote_objection_by_kind"), "vote_objection", "by_kind IN ('staff', 'resident')")
    op.create_index(
        "ix_vote_objection_resident",
        "vote_objection",
        ["recorded_by", "id"],
        unique=False,
        postgresql_where=sa.text("by_kind = 'resident'"),
    )
    op.execute(REFUSE_FROZEN.format(open="'draft', 'roll', 'noticed'"))
    op.drop_constraint(op.f("ck_data_import_kind"), "data_import", type_="check")
    op.create_check_constraint(op.f("ck_data_import_kind"), "data_import", f"kind IN ({KINDS}, 'ballots')")


def downgrade() -> None:
    for table in ("import_file", "import_finding", "import_bad_row"):
        op.execute(f"DELETE FROM {table} USING data_import d WHERE d.id = import_id AND d.kind = 'ballots'")
    op.execute("DELETE FROM data_import WHERE kind = 'ballots'")
    op.drop_constraint(op.f("ck_data_import_kind"), "data_import", type_="check")
    op.create_check_constraint(op.f("ck_data_import_kind"), "data_import", f"kind IN ({KINDS})")
    op.execute(REFUSE_FROZEN.format(open="'draft', 'roll'"))
    op.drop_index("ix_vote_objection_resident", table_name="vote_objection")
    op.drop_constraint(op.f("ck_vote_objection_by_kind"), "vote_objection", type_="check")
    op.drop_column("vote_objection", "by_kind")
    op.drop_table("vote_extension")
