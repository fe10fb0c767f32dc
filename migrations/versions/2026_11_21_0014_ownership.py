"""Buildings, entrances, properties, people and owners; imports of a roll, whose rows are sealed.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = "'compounds', 'projects', 'quantities'"
TABLES = (
    "title_transfer",
    "tenancy",
    "property",
    "person_match",
    "owner_member",
    "entrance",
    "voting_owner",
    "person",
    "building",
)


def upgrade() -> None:
    op.create_unique_constraint(op.f("uq_compound_id_region_path"), "compound", ["id", "region_path"])
    op.create_table(
        "building",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("no", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_building_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
    )
    op.create_index("ix_building_compound_id", "building", ["compound_id", "id"], unique=False)
    op.create_index(
        "uq_building_open",
        "building",
        ["compound_id", "no"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "person",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("surname_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_last4", sa.String(length=4, collation="C"), nullable=True),
        sa.Column("identity_index", sa.LargeBinary(), nullable=True),
        sa.Column("index_key", sa.String(length=8, collation="C"), nullable=False),
        sa.Column("synthetic", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(identity_sealed IS NULL) = (identity_index IS NULL)", name=op.f("ck_person_identity")),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name=op.f("ck_person_phone")),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_last4 IS NULL)", name=op.f("ck_person_phone_last4")),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_person_merged_into_id")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_person_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["merged_into_id"], ["person.id"], name=op.f("fk_person_merged_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_compound_id", "person", ["compound_id", "id"], unique=False)
    op.create_index("ix_person_identity", "person", ["compound_id", "identity_index"], unique=False)
    op.create_index("ix_person_index_key", "person", ["index_key"], unique=False)
    op.create_index(
        "ix_person_merged_into_id",
        "person",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index("ix_person_name", "person", ["compound_id", "name_index"], unique=False)
    op.create_index("ix_person_phone_index", "person", ["phone_index"], unique=False)
    op.create_index("ix_person_synthetic", "person", ["compound_id"], unique=False, postgresql_where=sa.text("synthetic"))
    op.create_index("ix_person_surname", "person", ["compound_id", "surname_index", "phone_last4"], unique=False)
    op.create_table(
        "voting_owner",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("set_key", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(title IS NOT NULL) = (kind IN ('company', 'public', 'developer'))", name=op.f("ck_voting_owner_title")
        ),
        sa.CheckConstraint(
            "kind IN ('persons', 'company', 'public', 'developer', 'unknown')", name=op.f("ck_voting_owner_kind")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_voting_owner_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voting_owner")),
        sa.UniqueConstraint("compound_id", "set_key", name=op.f("uq_voting_owner_compound_id_set_key")),
    )
    op.create_index("ix_voting_owner_compound_id", "voting_owner", ["compound_id", "id"], unique=False)
    op.create_table(
        "entrance",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("building_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_entrance_building_id")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_entrance_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entrance")),
        sa.UniqueConstraint("id", "building_id", name=op.f("uq_entrance_id_building_id")),
    )
    op.create_index("ix_entrance_compound_id", "entrance", ["compound_id", "id"], unique=False)
    op.create_index(
        "uq_entrance_open",
        "entrance",
        ["building_id", "no"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "owner_member",
        sa.Column("voting_owner_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_owner_member_person_id")),
        sa.ForeignKeyConstraint(["voting_owner_id"], ["voting_owner.id"], name=op.f("fk_owner_member_voting_owner_id")),
        sa.PrimaryKeyConstraint("voting_owner_id", "person_id", name=op.f("pk_owner_member")),
    )
    op.create_index(op.f("ix_owner_member_person_id"), "owner_member", ["person_id"], unique=False)
    op.create_table(
        "person_match",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("verdict IN ('merged', 'apart')", name=op.f("ck_person_match_verdict")),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_person_match_order")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_person_match_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["first_id"], ["person.id"], name=op.f("fk_person_match_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["person.id"], name=op.f("fk_person_match_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_match")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_person_match_first_id_second_id")),
    )
    op.create_index("ix_person_match_compound_id", "person_match", ["compound_id", "id"], unique=False)
    op.create_index("ix_person_match_second_id", "person_match", ["second_id"], unique=False)
    op.create_table(
        "property",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("building_id", sa.Uuid(), nullable=True),
        sa.Column("entrance_id", sa.Uuid(), nullable=True),
        sa.Column("door_no", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("area_by_register", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("area_by_survey", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("area_by_contract", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column(
            "exclusive_area",
            sa.Numeric(precision=14, scale=2),
            sa.Computed("coalesce(area_by_register, area_by_survey, area_by_contract)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "exclusive_area_source",
            sa.String(length=10),
            sa.Computed(
                "CASE WHEN area_by_register IS NOT NULL THEN 'register'::text WHEN area_by_survey IS NOT NULL THEN 'survey'::text WHEN area_by_contract IS NOT NULL THEN 'contract'::text ELSE NULL::text END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("registered_area", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("voting_owner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('dwelling', 'shop', 'garage', 'other')", name=op.f("ck_property_kind")),
        sa.CheckConstraint(
            "area_by_register > 0 AND area_by_survey > 0 AND area_by_contract > 0 AND registered_area > 0",
            name=op.f("ck_property_area"),
        ),
        sa.CheckConstraint("entrance_id IS NULL OR building_id IS NOT NULL", name=op.f("ck_property_entrance_id")),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_property_building_id")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_property_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["entrance_id", "building_id"],
            ["entrance.id", "entrance.building_id"],
            name=op.f("fk_property_entrance_id_building_id"),
        ),
        sa.ForeignKeyConstraint(["voting_owner_id"], ["voting_owner.id"], name=op.f("fk_property_voting_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_property")),
    )
    op.create_index("ix_property_building_id", "property", ["building_id"], unique=False)
    op.create_index("ix_property_compound_id", "property", ["compound_id", "id"], unique=False)
    op.create_index("ix_property_entrance_id", "property", ["entrance_id"], unique=False)
    op.create_index("ix_property_voting_owner_id", "property", ["voting_owner_id"], unique=False)
    op.create_index(
        "uq_property_open",
        "property",
        ["compound_id", "building_id", "entrance_id", "door_no"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "tenancy",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_tenancy_until")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_tenancy_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tenancy_person_id")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_tenancy_property_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenancy")),
    )
    op.create_index("ix_tenancy_compound_id", "tenancy", ["compound_id"], unique=False)
    op.create_index("ix_tenancy_person_id", "tenancy", ["person_id"], unique=False)
    op.create_index("ix_tenancy_property_id", "tenancy", ["property_id", "id"], unique=False)
    op.create_index(
        "uq_tenancy_open",
        "tenancy",
        ["property_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "title_transfer",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("from_owner_id", sa.Uuid(), nullable=False),
        sa.Column("to_owner_id", sa.Uuid(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(length=300), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(document IS NULL) = (act IN ('merge', 'reshape'))", name=op.f("ck_title_transfer_document")),
        sa.CheckConstraint(
            "(effective_on IS NOT NULL) = (act = 'transfer')", name=op.f("ck_title_transfer_effective_on")
        ),
        sa.CheckConstraint("act IN ('transfer', 'correction', 'merge', 'reshape')", name=op.f("ck_title_transfer_act")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_title_transfer_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["from_owner_id"], ["voting_owner.id"], name=op.f("fk_title_transfer_from_owner_id")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_title_transfer_property_id")),
        sa.ForeignKeyConstraint(["to_owner_id"], ["voting_owner.id"], name=op.f("fk_title_transfer_to_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_title_transfer")),
    )
    op.create_index("ix_title_transfer_compound_id", "title_transfer", ["compound_id", "recorded_at"], unique=False)
    op.create_index("ix_title_transfer_property_id", "title_transfer", ["property_id", "id"], unique=False)
    op.alter_column("import_bad_row", "cells", nullable=True)
    op.add_column("import_bad_row", sa.Column("cells_sealed", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_import_bad_row_cells"), "import_bad_row", "(cells IS NULL) <> (cells_sealed IS NULL)"
    )
    op.drop_constraint(op.f("ck_data_import_kind"), "data_import", type_="check")
    op.create_check_constraint(op.f("ck_data_import_kind"), "data_import", f"kind IN ({KINDS}, 'properties')")


def downgrade() -> None:
    op.execute("DELETE FROM import_bad_row WHERE cells IS NULL")
    for table in ("import_finding", "import_bad_row", "import_file"):
        op.execute(f"DELETE FROM {table} USING data_import d WHERE d.id = import_id AND d.kind = 'properties'")
    op.execute("DELETE FROM data_import WHERE kind = 'properties'")
    op.drop_constraint(op.f("ck_data_import_kind"), "data_import", type_="check")
    op.create_check_constraint(op.f("ck_data_import_kind"), "data_import", f"kind IN ({KINDS})")
    op.drop_constraint(op.f("ck_import_bad_row_cells"), "import_bad_row", type_="check")
    op.drop_column("import_bad_row", "cells_sealed")
    op.alter_column("import_bad_row", "cells", nullable=False)
    for table in TABLES:
        op.drop_table(table)
    op.drop_constraint(op.f("uq_compound_id_region_path"), "compound", type_="unique")
