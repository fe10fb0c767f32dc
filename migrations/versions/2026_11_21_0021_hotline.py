"""Complaints, their reporters, texts and history; what complaints are about, as data.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from services.core.kit.nearby import Point

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = (
    "complaint_category",
    "complaint_number",
    "complaint",
    "complaint_reporter",
    "complaint_entry",
    "reply_template",
)

# code, parent, titles, kind, hazard, anonymous. What a city adds or changes it does through the API; codes stay.
CATEGORIES = (
    ("advice", None, "咨询求助", "Advice and help", "consult", False, True),
    ("facilities", None, "基础设施", "Basic facilities", "complaint", False, True),
    ("water_supply", "facilities", "供水", "Water supply", "complaint", False, True),
    ("drainage", "facilities", "排水堵塞", "Drains and sewers", "complaint", False, True),
    ("power_supply", "facilities", "供电", "Power supply", "complaint", False, True),
    ("gas_leak", "facilities", "燃气泄漏", "Gas leak", "urgent", True, True),
    ("heating", "facilities", "供暖", "Heating", "complaint", False, True),
    ("lighting", "facilities", "公共照明", "Lighting of common parts", "complaint", False, True),
    ("roads", "facilities", "道路破损", "Broken roads and paths", "complaint", False, True),
    ("works_nuisance", None, "施工扰民", "Nuisance of works", "complaint", False, True),
    ("noise", "works_nuisance", "施工噪声", "Noise of works", "complaint", False, True),
    ("dust", "works_nuisance", "扬尘与建筑垃圾", "Dust and rubble", "complaint", False, True),
    ("service_cut", "works_nuisance", "停水停电停气未告知", "Services cut without notice", "complaint", False, True),
    ("works_quality", None, "工程质量", "Quality of works", "complaint", False, True),
    ("leak", "works_quality", "漏水渗水", "Leaks", "complaint", False, True),
    ("wall", "works_quality", "外墙保温与粉刷", "Outer walls and insulation", "complaint", False, True),
    ("materials", "works_quality", "材料不符", "Materials other than agreed", "complaint", False, True),
    ("hazard", None, "安全隐患", "Safety hazard", "urgent", True, True),
    ("falling", "hazard", "高空坠物与脚手架", "Falling objects and scaffolds", "urgent", True, True),
    ("fire", "hazard", "消防通道与电动车充电", "Fire lanes and charging of e-bikes", "urgent", True, True),
    ("structure", "hazard", "房屋开裂倾斜", "Cracks and tilting", "urgent", True, True),
    ("parking", None, "停车", "Parking", "complaint", False, True),
    ("green", None, "绿化环境", "Green and surroundings", "complaint", False, True),
    ("lift", None, "加装电梯", "Lifts", "complaint", False, True),
    ("illegal_building", None, "违章搭建", "Illegal structures", "complaint", False, True),
    ("money", None, "出资与维修资金", "Contributions and repair fund", "complaint", False, False),
    ("conduct", None, "人员作风", "Conduct of staff and crews", "complaint", False, True),
    ("other", None, "其他", "Other", "complaint", False, True),
)
# What the trigger lets through: the words of somebody whose data is erased.
STAYS = (
    """
    CREATE TRIGGER complaint_entry_stays BEFORE DELETE OR TRUNCATE ON complaint_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER complaint_entry_content_stays
        BEFORE UPDATE OF id, complaint_id, at, act, state, public, text, actor_kind, desk_id
        ON complaint_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER complaint_entry_forgets_only BEFORE UPDATE OF text_sealed, actor_id ON complaint_entry
        FOR EACH ROW WHEN (NEW.text_sealed IS DISTINCT FROM OLD.text_sealed AND NEW.text_sealed IS NOT NULL
                           OR NEW.actor_id IS DISTINCT FROM OLD.actor_id AND NEW.actor_id IS NOT NULL)
        EXECUTE FUNCTION refuse_change()
    """,
    "ALTER TABLE complaint_entry ENABLE ALWAYS TRIGGER complaint_entry_stays",
    "ALTER TABLE complaint_entry ENABLE ALWAYS TRIGGER complaint_entry_content_stays",
    "ALTER TABLE complaint_entry ENABLE ALWAYS TRIGGER complaint_entry_forgets_only",
)


def upgrade() -> None:
    op.create_table(
        "complaint_category",
        sa.Column("code", sa.String(length=40, collation="C"), nullable=False),
        sa.Column("parent", sa.String(length=40, collation="C"), nullable=True),
        sa.Column("title_zh", sa.String(length=100), nullable=False),
        sa.Column("title_en", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("hazard", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('consult', 'complaint', 'urgent')", name=op.f("ck_complaint_category_kind")),
        sa.ForeignKeyConstraint(["parent"], ["complaint_category.code"], name=op.f("fk_complaint_category_parent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_complaint_category")),
    )
    op.create_table(
        "complaint_number",
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region_path", "day", name=op.f("pk_complaint_number")),
    )
    op.create_table(
        "complaint",
        sa.Column("code", sa.String(length=20, collation="C"), nullable=False),
        sa.Column("no", sa.String(length=40, collation="C"), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=40, collation="C"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("hazard", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("plan_number", sa.Integer(), nullable=True),
        sa.Column("plan_item", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("description_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content_index", sa.LargeBinary(), nullable=True),
        sa.Column("call_ref", sa.String(length=64), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("partner_ref", sa.String(length=64, collation="C"), nullable=True),
        sa.Column("partner_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_version_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_promise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("crs", sa.String(length=10), nullable=True),
        sa.Column("point", Point(), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_complaint_closed_at")),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_complaint_merged_into_id")
        ),
        sa.CheckConstraint(
            "channel IN ('mini_program', 'phone', 'site_code', 'transfer_12345', 'open311')",
            name=op.f("ck_complaint_channel"),
        ),
        sa.CheckConstraint("crs IN ('wgs84', 'gcj02', 'cgcs2000', 'bd09')", name=op.f("ck_complaint_crs")),
        sa.CheckConstraint("kind IN ('consult', 'complaint', 'urgent')", name=op.f("ck_complaint_kind")),
        sa.CheckConstraint(
            "state IN ('received', 'assigned', 'signed_in', 'in_progress', 'waiting', 'answered', 'closed', 'reopened', 'merged', 'withdrawn', 'rejected')",
            name=op.f("ck_complaint_state"),
        ),
        sa.CheckConstraint("(partner_id IS NULL) = (partner_ref IS NULL)", name=op.f("ck_complaint_partner_ref")),
        sa.CheckConstraint("(plan_number IS NULL) = (plan_item IS NULL)", name=op.f("ck_complaint_plan_item")),
        sa.CheckConstraint("num_nulls(lat, lon, crs, point) IN (0, 4)", name=op.f("ck_complaint_place")),
        sa.CheckConstraint("plan_number IS NULL OR project_id IS NOT NULL", name=op.f("ck_complaint_plan_number")),
        sa.ForeignKeyConstraint(["category"], ["complaint_category.code"], name=op.f("fk_complaint_category")),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_complaint_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["merged_into_id"], ["complaint.id"], name=op.f("fk_complaint_merged_into_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["complaint.id"], name=op.f("fk_complaint_parent_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["client.id"], name=op.f("fk_complaint_partner_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_complaint_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_complaint_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("code", name=op.f("uq_complaint_code")),
        sa.UniqueConstraint("no", name=op.f("uq_complaint_no")),
        sa.UniqueConstraint("partner_id", "partner_ref", name=op.f("uq_complaint_partner_id_partner_ref")),
    )
    op.create_index("ix_complaint_compound_id", "complaint", ["compound_id", "id"], unique=False)
    op.create_index(
        "ix_complaint_merged_into_id",
        "complaint",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_complaint_open",
        "complaint",
        ["region_path", "id"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('received', 'assigned', 'signed_in', 'in_progress', 'waiting', 'answered', 'reopened')"
        ),
    )
    op.create_index(
        "ix_complaint_parent_id",
        "complaint",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index("ix_complaint_point", "complaint", ["point"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_complaint_project_id",
        "complaint",
        ["project_id", "id"],
        unique=False,
        postgresql_where=sa.text("project_id IS NOT NULL"),
    )
    op.create_index("ix_complaint_region_path", "complaint", ["region_path", "id"], unique=False)
    op.create_index(
        "uq_complaint_content_index",
        "complaint",
        ["content_index"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('received', 'assigned', 'signed_in', 'in_progress', 'waiting', 'answered', 'reopened')"
        ),
    )
    op.create_table(
        "complaint_reporter",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("property_id", sa.Uuid(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("index_key", sa.String(length=8), nullable=True),
        sa.CheckConstraint("(phone_index IS NULL) = (index_key IS NULL)", name=op.f("ck_complaint_reporter_index_key")),
        sa.CheckConstraint(
            "(phone_sealed IS NULL) = (phone_index IS NULL)", name=op.f("ck_complaint_reporter_phone_index")
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_reporter_complaint_id")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_complaint_reporter_property_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_complaint_reporter_resident_id")),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_complaint_reporter")),
    )
    op.create_index(
        "ix_complaint_reporter_index_key",
        "complaint_reporter",
        ["index_key"],
        unique=False,
        postgresql_where=sa.text("index_key IS NOT NULL"),
    )
    op.create_index(
        "ix_complaint_reporter_phone_index",
        "complaint_reporter",
        ["phone_index"],
        unique=False,
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_index(
        "ix_complaint_reporter_property_id",
        "complaint_reporter",
        ["property_id"],
        unique=False,
        postgresql_where=sa.text("property_id IS NOT NULL"),
    )
    op.create_index(
        "ix_complaint_reporter_resident_id", "complaint_reporter", ["resident_id", "complaint_id"], unique=False
    )
    op.create_table(
        "complaint_entry",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("desk_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "act IN ('receive', 'assign', 'refuse', 'sign_in', 'contact', 'pause', 'resume', 'reply', 'close', 'reopen', 'reject', 'withdraw', 'merge', 'unmerge', 'split', 'note', 'add', 'urge', 'extend', 'rate', 'call_back', 'correct')",
            name=op.f("ck_complaint_entry_act"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'assigned', 'signed_in', 'in_progress', 'waiting', 'answered', 'closed', 'reopened', 'merged', 'withdrawn', 'rejected')",
            name=op.f("ck_complaint_entry_state"),
        ),
        sa.CheckConstraint("text IS NULL OR text_sealed IS NULL", name=op.f("ck_complaint_entry_text")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_entry_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_entry")),
    )
    op.create_index("ix_complaint_entry_complaint_id", "complaint_entry", ["complaint_id", "id"], unique=False)
    op.create_table(
        "reply_template",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("category", sa.String(length=40, collation="C"), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["complaint_category.code"], name=op.f("fk_reply_template_category")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_reply_template_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
    )
    op.create_index("ix_reply_template_region_path", "reply_template", ["region_path", "id"], unique=False)
    op.bulk_insert(
        sa.table(
            "complaint_category",
            *(
                sa.column(name)
                for name in ("code", "parent", "title_zh", "title_en", "kind", "hazard", "anonymous", "position")
            ),
        ),
        [
            dict(
                zip(
                    ("code", "parent", "title_zh", "title_en", "kind", "hazard", "anonymous", "position"),
                    (*one, position),
                    strict=True,
                )
            )
            for position, one in enumerate(CATEGORIES, start=1)
        ],
    )
    for statement in STAYS:
        op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
