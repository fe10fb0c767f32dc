"""After publication: notices of supplements, bureaus of departments, one ledger of a project and year, pinned policies

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PLACE = "status IN ('proposed', 'published') OR status = 'confirmed' AND added_project_id IS NOT NULL"

# A county's plan and its city's had numbered a project's entries apart: from now on they are one sequence a year.
RENUMBER = (
    "ALTER TABLE plan_entry DISABLE TRIGGER plan_entry_content_stays",
    """
    UPDATE plan_entry e SET number = o.number
    FROM (SELECT id, row_number() OVER (PARTITION BY project_id, year ORDER BY at, number, id) AS number FROM plan_entry) o
    WHERE o.id = e.id AND o.number <> e.number
    """,
    "ALTER TABLE plan_entry ENABLE ALWAYS TRIGGER plan_entry_content_stays",
)

# What a round has chosen goes on under the version that the round is pinned to; those are as many as plans implement.
PIN = """
UPDATE project p SET policy_version_id = r.policy_version_id
FROM (
  SELECT DISTINCT ON (project_id) project_id, round_id FROM project_stage_entry
  WHERE action IN ('choose', 'supplement') ORDER BY project_id, id DESC) s
JOIN selection_round r ON r.id = s.round_id
WHERE p.id = s.project_id AND p.stage IN ('planned', 'works', 'accepted')
"""

# An exception was made to a gate as it then stood: of the newest version stored by that time.
VERSION_OF_EXCEPTION = """
UPDATE gate_exception e SET policy_number = coalesce(
  (SELECT max(v.number) FROM policy_version v WHERE v.policy_id = e.policy_id AND v.loaded_at <= e.decided_at), 1)
"""


def upgrade() -> None:
    op.add_column("gate_exception", sa.Column("policy_number", sa.Integer(), nullable=True))
    op.execute(VERSION_OF_EXCEPTION)
    op.alter_column("gate_exception", "policy_number", nullable=False)
    op.drop_constraint(op.f("uq_gate_exception_project_id_policy_id_gate_id"), "gate_exception", type_="unique")
    op.create_unique_constraint(
        op.f("uq_gate_exception_project_id_policy_id_policy_number_gate_id"),
        "gate_exception",
        ["project_id", "policy_id", "policy_number", "gate_id"],
    )

    op.add_column("role_grant", sa.Column("bureau", sa.String(length=64, collation="C"), nullable=True))
    op.create_check_constraint(op.f("ck_role_grant_bureau"), "role_grant", "bureau IS NULL OR role = 'department'")

    op.add_column("project", sa.Column("policy_version_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_project_policy_version_id"), "project", "policy_version", ["policy_version_id"], ["id"]
    )
    op.execute(PIN)

    op.drop_constraint(op.f("uq_plan_entry_plan_id_project_id_number"), "plan_entry", type_="unique")
    for statement in RENUMBER:
        op.execute(statement)
    op.create_unique_constraint(
        op.f("uq_plan_entry_project_id_year_number"), "plan_entry", ["project_id", "year", "number"]
    )

    op.add_column("supplement", sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("supplement", sa.Column("published_by", sa.Uuid(), nullable=True))
    op.add_column("supplement", sa.Column("decision_document", sa.String(length=300), nullable=True))
    for name in ("status", "decided", "published"):
        op.drop_constraint(op.f(f"ck_supplement_{name}"), "supplement", type_="check")
    # Until now one act published and confirmed.
    op.execute(
        """
        UPDATE supplement SET published_at = decided_at, published_by = decided_by, decision_document = document
        WHERE status = 'confirmed'
        """
    )
    op.create_check_constraint(
        op.f("ck_supplement_status"),
        "supplement",
        "status IN ('proposed', 'published', 'confirmed', 'withdrawn', 'cancelled')",
    )
    op.create_check_constraint(
        op.f("ck_supplement_decided"), "supplement", "(status IN ('proposed', 'published')) = (decided_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_supplement_published"),
        "supplement",
        "(status IN ('published', 'confirmed', 'withdrawn')) = (content IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_supplement_second_person"),
        "supplement",
        "published_by IS DISTINCT FROM proposed_by OR published_at IS NULL",
    )
    op.drop_index("uq_supplement_open_round_id_dropped_project_id", table_name="supplement")
    op.create_index(
        "uq_supplement_place",
        "supplement",
        ["round_id", "dropped_project_id"],
        unique=True,
        postgresql_where=sa.text(PLACE),
    )
    op.create_index(
        "uq_supplement_on_notice_added_project_id",
        "supplement",
        ["added_project_id"],
        unique=True,
        postgresql_where=sa.text("status = 'published'"),
    )

    op.add_column("round_objection", sa.Column("supplement_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_round_objection_supplement_id"), "round_objection", "supplement", ["supplement_id"], ["id"]
    )
    op.alter_column("round_objection", "publication_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_round_objection_against"), "round_objection", "num_nonnulls(publication_id, supplement_id) = 1"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_round_objection_against"), "round_objection", type_="check")
    # The former program knows objections to publications alone.
    op.execute("DELETE FROM round_objection WHERE supplement_id IS NOT NULL")
    op.alter_column("round_objection", "publication_id", nullable=False)
    op.drop_constraint(op.f("fk_round_objection_supplement_id"), "round_objection", type_="foreignkey")
    op.drop_column("round_objection", "supplement_id")

    op.drop_index("uq_supplement_on_notice_added_project_id", table_name="supplement")
    op.drop_index("uq_supplement_place", table_name="supplement")
    for name in ("second_person", "published", "decided", "status"):
        op.drop_constraint(op.f(f"ck_supplement_{name}"), "supplement", type_="check")
    # It knows no supplement on notice: one that is, or was withdrawn, has stopped its project and brought nobody in.
    op.execute(
        """
        UPDATE supplement SET status = 'confirmed', added_project_id = NULL,
          decided_at = coalesce(decided_at, published_at), decided_by = published_by
        WHERE status IN ('published', 'withdrawn')
        """
    )
    op.create_check_constraint(
        op.f("ck_supplement_status"), "supplement", "status IN ('proposed', 'confirmed', 'cancelled')"
    )
    op.create_check_constraint(
        op.f("ck_supplement_decided"), "supplement", "(status = 'proposed') = (decided_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_supplement_published"), "supplement", "(status = 'confirmed') = (content IS NOT NULL)"
    )
    op.create_index(
        "uq_supplement_open_round_id_dropped_project_id",
        "supplement",
        ["round_id", "dropped_project_id"],
        unique=True,
        postgresql_where=sa.text("status = 'proposed'"),
    )
    op.drop_column("supplement", "decision_document")
    op.drop_column("supplement", "published_by")
    op.drop_column("supplement", "published_at")

    op.drop_constraint(op.f("uq_plan_entry_project_id_year_number"), "plan_entry", type_="unique")
    op.create_unique_constraint(
        op.f("uq_plan_entry_plan_id_project_id_number"), "plan_entry", ["plan_id", "project_id", "number"]
    )

    op.drop_constraint(op.f("fk_project_policy_version_id"), "project", type_="foreignkey")
    op.drop_column("project", "policy_version_id")

    op.drop_constraint(op.f("ck_role_grant_bureau"), "role_grant", type_="check")
    op.drop_column("role_grant", "bureau")

    op.drop_constraint(
        op.f("uq_gate_exception_project_id_policy_id_policy_number_gate_id"), "gate_exception", type_="unique"
    )
    # The former program knows one exception to a gate, whichever version it was made to: the first stays.
    op.execute(
        """
        DELETE FROM gate_exception e USING gate_exception former
        WHERE former.project_id = e.project_id AND former.policy_id = e.policy_id AND former.gate_id = e.gate_id
          AND former.policy_number < e.policy_number
        """
    )
    op.create_unique_constraint(
        op.f("uq_gate_exception_project_id_policy_id_gate_id"), "gate_exception", ["project_id", "policy_id", "gate_id"]
    )
    op.drop_column("gate_exception", "policy_number")
