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
TABLES = ("organisation", "desk", "desk_member", "routing_rule", "routing_rule_version")


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


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
