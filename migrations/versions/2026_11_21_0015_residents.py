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


def upgrade() -> None:
    op.create_table(
        "resident",
        sa.Column("openid", sa.LargeBinary(), nullable=True),
        sa.Column("openid_digest", sa.LargeBinary(), nullable=True),
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


def downgrade() -> None:
    op.drop_table("binding")
    op.drop_table("resident")
