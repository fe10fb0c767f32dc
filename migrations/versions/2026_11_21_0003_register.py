"""register

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("compound", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("report_total", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("report_total", sa.Column("document", sa.String(length=300), nullable=True))
    op.add_column("report_total", sa.Column("resolved_by", sa.Uuid(), nullable=True))
    op.add_column("report_total", sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "region_change",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("old_code", sa.String(length=12, collation="C"), nullable=True),
        sa.Column("new_code", sa.String(length=12, collation="C"), nullable=True),
        sa.Column("old_name", sa.String(length=100), nullable=False),
        sa.Column("new_name", sa.String(length=100), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.String(length=300), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act IN ('recode', 'abolish')", name=op.f("ck_region_change_act")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_region_change_region_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["region.id"], name=op.f("fk_region_change_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_change")),
        sa.UniqueConstraint("region_id", "effective_on", name=op.f("uq_region_change_region_id_effective_on")),
    )
    op.create_index("ix_region_change_old_code", "region_change", ["old_code", "region_id"], unique=False)
    op.create_table(
        "reshaping",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('merge', 'split')", name=op.f("ck_reshaping_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reshaping")),
    )
    op.create_table(
        "compound_descent",
        sa.Column("predecessor_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.Column("reshaping_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["compound.id"], name=op.f("fk_compound_descent_predecessor_id")
        ),
        sa.ForeignKeyConstraint(["successor_id"], ["compound.id"], name=op.f("fk_compound_descent_successor_id")),
        sa.ForeignKeyConstraint(["reshaping_id"], ["reshaping.id"], name=op.f("fk_compound_descent_reshaping_id")),
        sa.PrimaryKeyConstraint("predecessor_id", "successor_id", name=op.f("pk_compound_descent")),
    )
    op.create_index("ix_compound_descent_reshaping_id", "compound_descent", ["reshaping_id"], unique=False)
    op.create_index("ix_compound_descent_successor_id", "compound_descent", ["successor_id"], unique=False)
    op.create_table(
        "facility",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("area", sa.String(length=10), nullable=False),
        sa.Column("category", sa.String(length=10), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("condition", sa.String(length=10), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("improvement", sa.String(length=20), nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("area IN ('buildings', 'public')", name=op.f("ck_facility_area")),
        sa.CheckConstraint("category IN ('basic', 'improved', 'upgraded')", name=op.f("ck_facility_category")),
        sa.CheckConstraint("tier IN ('must', 'optional')", name=op.f("ck_facility_tier")),
        sa.CheckConstraint(
            "condition IN ('sound', 'worn', 'broken', 'missing')", name=op.f("ck_facility_condition")
        ),
        sa.CheckConstraint(
            "improvement IN ('housing', 'infrastructure', 'services', 'environment')",
            name=op.f("ck_facility_improvement"),
        ),
        sa.CheckConstraint(
            "severity BETWEEN 0 AND 3 AND (severity = 0) = (condition = 'sound')", name=op.f("ck_facility_severity")
        ),
        sa.ForeignKeyConstraint(["compound_id"], ["compound.id"], name=op.f("fk_facility_compound_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
    )
    op.create_index("ix_facility_compound_id", "facility", ["compound_id", "id"], unique=False)
    op.create_index(
        "uq_facility_current",
        "facility",
        ["compound_id", "area", "name"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "drawing",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("archive_place", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('architecture', 'structure', 'water', 'electricity', 'gas', 'as_built', 'pipelines')",
            name=op.f("ck_drawing_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('present', 'missing', 'resurvey_ordered', 'resurveyed')", name=op.f("ck_drawing_state")
        ),
        sa.ForeignKeyConstraint(["compound_id"], ["compound.id"], name=op.f("fk_drawing_compound_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawing")),
    )
    op.create_index("ix_drawing_compound_id", "drawing", ["compound_id", "id"], unique=False)
    op.create_index(
        "uq_drawing_current",
        "drawing",
        ["compound_id", "kind"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "rebuild_comparison",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("renovate_cost", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("rebuild_cost", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("floor_area", sa.String(length=60), nullable=True),
        sa.Column("close_share", sa.String(length=70), nullable=True),
        sa.Column("policy_digest", sa.String(length=64), nullable=True),
        sa.Column("appraisal_grade", sa.String(length=1), nullable=False),
        sa.Column("remaining_years", sa.Integer(), nullable=False),
        sa.Column("conclusion", sa.String(length=10), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "appraisal_grade IN ('A', 'B', 'C', 'D')", name=op.f("ck_rebuild_comparison_appraisal_grade")
        ),
        sa.CheckConstraint("conclusion IN ('renovate', 'rebuild')", name=op.f("ck_rebuild_comparison_conclusion")),
        sa.CheckConstraint("rebuild_cost > 0", name=op.f("ck_rebuild_comparison_rebuild_cost")),
        sa.ForeignKeyConstraint(["compound_id"], ["compound.id"], name=op.f("fk_rebuild_comparison_compound_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebuild_comparison")),
    )
    op.create_index("ix_rebuild_comparison_compound_id", "rebuild_comparison", ["compound_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("rebuild_comparison")
    op.drop_table("drawing")
    op.drop_table("facility")
    op.drop_table("compound_descent")
    op.drop_table("reshaping")
    op.drop_table("region_change")
    for column in ("resolved_at", "resolved_by", "document", "reason"):
        op.drop_column("report_total", column)
    op.drop_column("compound", "closed_at")
