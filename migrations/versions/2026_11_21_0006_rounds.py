"""What follows a publication: objections, approvals, confirmations, the annual plan's ledger, supplements

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The ledger of a plan is append-only, whoever writes. A region's path may change with the tree: it is no part of what was decided.
GUARD = (
    """
    CREATE TRIGGER plan_entry_stays BEFORE DELETE OR TRUNCATE ON plan_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER plan_entry_content_stays
        BEFORE UPDATE OF id, plan_id, year, project_id, run_id, number, kind, list, partition, rank, budget, floor_area,
                         client_unit, carried_times, supplement_id, ground, document, at, by
        ON plan_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "ALTER TABLE plan_entry ENABLE ALWAYS TRIGGER plan_entry_stays",
    "ALTER TABLE plan_entry ENABLE ALWAYS TRIGGER plan_entry_content_stays",
)


def upgrade() -> None:
    op.drop_constraint(op.f("ck_selection_round_status"), "selection_round", type_="check")
    op.create_check_constraint(
        op.f("ck_selection_round_status"),
        "selection_round",
        "status IN ('draft', 'frozen', 'published', 'reopened', 'confirmed')",
    )
    op.create_table(
        "annual_plan",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_annual_plan_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_plan")),
        sa.UniqueConstraint("region_id", "year", name=op.f("uq_annual_plan_region_id_year")),
    )
    op.create_table(
        "supplement",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("dropped_project_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("candidates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("added_project_id", sa.Uuid(), nullable=True),
        sa.Column("notice_until", sa.Date(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("etag", sa.String(length=80), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'confirmed') = (content IS NOT NULL)", name=op.f("ck_supplement_published")),
        sa.CheckConstraint("(status = 'proposed') = (decided_at IS NULL)", name=op.f("ck_supplement_decided")),
        sa.CheckConstraint(
            "status <> 'confirmed' OR decided_by IS DISTINCT FROM proposed_by", name=op.f("ck_supplement_two_people")
        ),
        sa.CheckConstraint("status IN ('proposed', 'confirmed', 'cancelled')", name=op.f("ck_supplement_status")),
        sa.ForeignKeyConstraint(["added_project_id"], ["project.id"], name=op.f("fk_supplement_added_project_id")),
        sa.ForeignKeyConstraint(["dropped_project_id"], ["project.id"], name=op.f("fk_supplement_dropped_project_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["annual_plan.id"], name=op.f("fk_supplement_plan_id")),
        sa.ForeignKeyConstraint(["round_id"], ["selection_round.id"], name=op.f("fk_supplement_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplement")),
    )
    op.create_index("ix_supplement_plan_id", "supplement", ["plan_id", "id"], unique=False)
    op.create_index(
        "uq_supplement_open_round_id_dropped_project_id",
        "supplement",
        ["round_id", "dropped_project_id"],
        unique=True,
        postgresql_where=sa.text("status = 'proposed'"),
    )
    op.create_table(
        "plan_entry",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("list", sa.String(length=20), nullable=True),
        sa.Column("partition", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Numeric(), nullable=True),
        sa.Column("floor_area", sa.Numeric(), nullable=True),
        sa.Column("client_unit", sa.String(length=200), nullable=True),
        sa.Column("carried_times", sa.Integer(), nullable=False),
        sa.Column("supplement_id", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.String(length=64, collation="C"), nullable=True),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(kind = 'dropped') = (list IS NULL)", name=op.f("ck_plan_entry_dropped")),
        sa.CheckConstraint(
            "kind IN ('confirmed', 'dropped', 'supplemented', 'adjusted')", name=op.f("ck_plan_entry_kind")
        ),
        sa.CheckConstraint("list IN ('implement', 'reserve', 'later')", name=op.f("ck_plan_entry_list")),
        sa.ForeignKeyConstraint(["plan_id"], ["annual_plan.id"], name=op.f("fk_plan_entry_plan_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_plan_entry_project_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_plan_entry_run_id")),
        sa.ForeignKeyConstraint(["supplement_id"], ["supplement.id"], name=op.f("fk_plan_entry_supplement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_entry")),
        sa.UniqueConstraint("plan_id", "project_id", "number", name=op.f("uq_plan_entry_plan_id_project_id_number")),
    )
    op.create_index("ix_plan_entry_project_id", "plan_entry", ["project_id", "id"], unique=False)
    op.create_index("ix_plan_entry_year_region_path", "plan_entry", ["year", "region_path"], unique=False)
    op.create_index(
        "uq_plan_entry_confirmed_run_id_project_id",
        "plan_entry",
        ["run_id", "project_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'confirmed'"),
    )
    op.create_table(
        "round_approval",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("bureau", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("opinion", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("fixed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("opinion IN ('approve', 'return')", name=op.f("ck_round_approval_opinion")),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name=op.f("fk_round_approval_publication_id")),
        sa.ForeignKeyConstraint(["round_id"], ["selection_round.id"], name=op.f("fk_round_approval_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_approval")),
        sa.UniqueConstraint("publication_id", "bureau", name=op.f("uq_round_approval_publication_id_bureau")),
    )
    op.create_index("ix_round_approval_round_id", "round_approval", ["round_id", "id"], unique=False)
    op.create_table(
        "round_confirmation",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["annual_plan.id"], name=op.f("fk_round_confirmation_plan_id")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_round_confirmation_publication_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["selection_round.id"], name=op.f("fk_round_confirmation_round_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_round_confirmation_run_id")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_round_confirmation")),
    )
    op.create_index(
        "ix_round_confirmation_region_path", "round_confirmation", ["region_path", "confirmed_at"], unique=False
    )
    op.create_table(
        "round_objection",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decision_document", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_round_objection_decided")),
        sa.CheckConstraint(
            "ground IN ('facts', 'points', 'gate', 'procedure', 'withdrawn', 'other')",
            name=op.f("ck_round_objection_ground"),
        ),
        sa.CheckConstraint("status IN ('open', 'upheld', 'rejected')", name=op.f("ck_round_objection_status")),
        sa.CheckConstraint(
            "decided_by IS DISTINCT FROM recorded_by OR decided_at IS NULL", name=op.f("ck_round_objection_two_people")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_round_objection_project_id")),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name=op.f("fk_round_objection_publication_id")),
        sa.ForeignKeyConstraint(["round_id"], ["selection_round.id"], name=op.f("fk_round_objection_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_objection")),
    )
    op.create_index("ix_round_objection_round_id", "round_objection", ["round_id", "id"], unique=False)
    for statement in GUARD:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_round_objection_round_id", table_name="round_objection")
    op.drop_table("round_objection")
    op.drop_index("ix_round_confirmation_region_path", table_name="round_confirmation")
    op.drop_table("round_confirmation")
    op.drop_index("ix_round_approval_round_id", table_name="round_approval")
    op.drop_table("round_approval")
    op.drop_index(
        "uq_plan_entry_confirmed_run_id_project_id",
        table_name="plan_entry",
        postgresql_where=sa.text("kind = 'confirmed'"),
    )
    op.drop_index("ix_plan_entry_year_region_path", table_name="plan_entry")
    op.drop_index("ix_plan_entry_project_id", table_name="plan_entry")
    op.drop_table("plan_entry")
    op.drop_index(
        "uq_supplement_open_round_id_dropped_project_id",
        table_name="supplement",
        postgresql_where=sa.text("status = 'proposed'"),
    )
    op.drop_index("ix_supplement_plan_id", table_name="supplement")
    op.drop_table("supplement")
    op.drop_table("annual_plan")
    # The former program knows published rounds alone.
    op.execute("UPDATE selection_round SET status = 'published' WHERE status IN ('reopened', 'confirmed')")
    op.drop_constraint(op.f("ck_selection_round_status"), "selection_round", type_="check")
    op.create_check_constraint(
        op.f("ck_selection_round_status"), "selection_round", "status IN ('draft', 'frozen', 'published')"
    )
