"""Residents of the mini-program, what binds them to properties, consents.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# The first wordings, which a city replaces by its own versions.
ADD_TEXT = """
INSERT INTO consent_text (id, topic, number, title_zh, title_en, body_zh, body_en, published_at)
VALUES (CAST(:id AS uuid), :topic, 1, :title_zh, :title_en, :body_zh, :body_en, '2026-11-21T00:00:00+08:00')
"""
TEXTS = (
    {
        "id": "019aa000-0000-7000-8000-000000000001",
        "topic": "privacy",
        "title_zh": "个人信息处理告知",
        "title_en": "What is kept about you",
        "body_zh": (
            "为办理老旧小区改造的调查、征询和业主表决，本系统保存：微信为本小程序提供的账号标识（加密），您与房屋的绑定关系，"
            "您的答复和表决。手机号仅用于与业主名册比对，不保存。调查、表决记录按档案规定保存；其余信息在您注销账号时删除。"
            "您可随时查阅、导出、更正，撤回同意或注销账号。"
        ),
        "body_en": (
            "For surveys, consultations and owners' votes on the renovation of old compounds this system keeps: the account"
            " identifier that WeChat gives this mini-program (encrypted), which properties you are bound to, your answers and"
            " ballots. Your phone number is compared with the register of owners and not kept. Records of surveys and votes are"
            " kept as archives; everything else is erased with your account. You may see, export and correct your data, withdraw"
            " consent and erase your account at any time."
        ),
    },
    {
        "id": "019aa000-0000-7000-8000-000000000002",
        "topic": "phone_matching",
        "title_zh": "手机号与业主名册比对",
        "title_en": "Comparing your phone number with the register",
        "body_zh": "同意将微信提供的手机号与业主名册登记的手机号比对，以确认您的房屋。不同意的，可使用社区发放的绑定码，或向社区申请。",
        "body_en": (
            "The phone number that WeChat gives is compared with those of the register of owners, to find your properties."
            " Without your consent, use a printed code from the community, or ask the community."
        ),
    },
)


def upgrade() -> None:
    op.create_table(
        "resident",
        sa.Column("openid", sa.LargeBinary(), nullable=True),
        sa.Column("openid_digest", sa.LargeBinary(), nullable=True),
        sa.Column("index_key", sa.String(length=8, collation="C"), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("lock_count", sa.Integer(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.Column("erase_asked_at", TIME, nullable=True),
        sa.Column("erase_digest", sa.String(length=64), nullable=True),
        sa.Column("erased_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(openid IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_resident_openid_until_erased")
        ),
        sa.CheckConstraint("(openid IS NULL) = (openid_digest IS NULL)", name=op.f("ck_resident_openid_with_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
        sa.UniqueConstraint("openid_digest", name=op.f("uq_resident_openid_digest")),
    )
    op.create_index(op.f("ix_resident_index_key"), "resident", ["index_key"])
    op.create_table(
        "binding",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("assurance", sa.String(length=10), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('owner', 'tenant', 'family')", name=op.f("ck_binding_kind")),
        sa.CheckConstraint("assurance IN ('phone', 'code', 'on_site')", name=op.f("ck_binding_assurance")),
        sa.CheckConstraint("(kind = 'family') = (person_id IS NULL)", name=op.f("ck_binding_person_unless_family")),
        sa.CheckConstraint("(kind = 'family') = (invited_by IS NOT NULL)", name=op.f("ck_binding_invited_when_family")),
        sa.ForeignKeyConstraint(["invited_by"], ["binding.id"], name=op.f("fk_binding_invited_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_binding_person_id")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_binding_property_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_binding_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding")),
    )
    op.create_index(op.f("ix_binding_invited_by"), "binding", ["invited_by"])
    op.create_index(op.f("ix_binding_person_id"), "binding", ["person_id"])
    op.create_index(op.f("ix_binding_property_id"), "binding", ["property_id"])
    op.create_index(
        "uq_binding_live",
        "binding",
        ["resident_id", "property_id", "kind"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "binding_code",
        sa.Column("locator", sa.String(length=8, collation="C"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("voided_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('owner', 'tenant', 'family')", name=op.f("ck_binding_code_kind")),
        sa.CheckConstraint(
            "(kind = 'family') = (person_id IS NULL)", name=op.f("ck_binding_code_person_unless_family")
        ),
        sa.CheckConstraint(
            "(kind = 'family') = (invited_by IS NOT NULL)", name=op.f("ck_binding_code_invited_when_family")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["binding.id"], name=op.f("fk_binding_code_invited_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_binding_code_person_id")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_binding_code_property_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_code")),
    )
    op.create_index(op.f("ix_binding_code_locator"), "binding_code", ["locator"])
    op.create_index(op.f("ix_binding_code_person_id"), "binding_code", ["person_id"])
    op.create_index(
        "uq_binding_code_printed",
        "binding_code",
        ["property_id", "person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND voided_at IS NULL AND invited_by IS NULL"),
    )
    op.create_index(
        "uq_binding_code_invitation",
        "binding_code",
        ["invited_by"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND voided_at IS NULL AND invited_by IS NOT NULL"),
    )
    op.create_table(
        "binding_request",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("building", sa.String(length=64), nullable=False),
        sa.Column("door", sa.String(length=64), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("binding_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'refused', 'withdrawn')", name=op.f("ck_binding_request_state")
        ),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_binding_request_decided_at")),
        sa.CheckConstraint(
            "state = 'refused' OR reason_sealed IS NULL", name=op.f("ck_binding_request_reason")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id", "region_path"],
            ["compound.id", "compound.region_path"],
            name=op.f("fk_binding_request_compound_id_region_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["binding_id"], ["binding.id"], name=op.f("fk_binding_request_binding_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_binding_request_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_request")),
    )
    op.create_index("ix_binding_request_compound_id", "binding_request", ["compound_id", "id"])
    op.create_index(
        "uq_binding_request_open",
        "binding_request",
        ["resident_id", "compound_id", "building", "door"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "consent_text",
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("topic IN ('privacy', 'phone_matching')", name=op.f("ck_consent_text_topic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_text")),
        sa.UniqueConstraint("topic", "number", name=op.f("uq_consent_text_topic_number")),
    )
    op.create_table(
        "consent_answer",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("answer IN ('given', 'refused', 'withdrawn')", name=op.f("ck_consent_answer_answer")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_consent_answer_resident_id")),
        sa.ForeignKeyConstraint(["text_id"], ["consent_text.id"], name=op.f("fk_consent_answer_text_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_answer")),
    )
    op.create_index("ix_consent_answer_resident_id", "consent_answer", ["resident_id", "id"])
    for text in TEXTS:
        op.execute(sa.text(ADD_TEXT).bindparams(**text))


def downgrade() -> None:
    op.drop_table("consent_answer")
    op.drop_table("consent_text")
    op.drop_table("binding_request")
    op.drop_table("binding_code")
    op.drop_table("binding")
    op.drop_table("resident")
