"""Files: originals, renditions, what was checked; the distance between two points.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = "('pending', 'passed', 'review', 'refused')"

# Points are (longitude, latitude) in degrees of WGS-84; the answer is metres over a sphere of the mean radius. Written so that
# PostgreSQL puts it into the statement that asks.
METRES_BETWEEN = """
CREATE FUNCTION metres_between(point, point) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT 2 * 6371008.8 * asin(least(1, sqrt(
  power(sind(($2[1] - $1[1]) / 2), 2) + cosd($1[1]) * cosd($2[1]) * power(sind(($2[0] - $1[0]) / 2), 2)
)))
$$
"""


def upgrade() -> None:
    op.execute(METRES_BETWEEN)
    op.create_table(
        "file",
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("taken_at", TIME, nullable=True),
        sa.Column("taken_lat", sa.Double(), nullable=True),
        sa.Column("taken_lon", sa.Double(), nullable=True),
        sa.Column("check_state", sa.String(length=20), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("owner_kind IN ('staff', 'client', 'resident')", name=op.f("ck_file_owner_kind")),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')",
            name=op.f("ck_file_media_type"),
        ),
        sa.CheckConstraint(f"check_state IN {STATES}", name=op.f("ck_file_check_state")),
        sa.CheckConstraint("num_nulls(taken_lat, taken_lon) IN (0, 2)", name=op.f("ck_file_taken_place")),
        sa.CheckConstraint(
            "num_nulls(width, height) = CASE media_type WHEN 'application/pdf' THEN 2 ELSE 0 END",
            name=op.f("ck_file_size"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    op.create_index(
        "uq_file_owner_sha256",
        "file",
        ["owner_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_file_owner_created_at", "file", ["owner_id", "created_at"])
    op.create_index(
        "ix_file_expires_at",
        "file",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_table(
        "file_part",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=120, collation="C"), nullable=False),
        sa.Column("sha256", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.CheckConstraint("part IN ('original', 'rendition', 'thumbnail')", name=op.f("ck_file_part_part")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_part_file_id")),
        sa.PrimaryKeyConstraint("file_id", "part", name=op.f("pk_file_part")),
        sa.UniqueConstraint("key", name=op.f("uq_file_part_key")),
    )
    op.create_table(
        "file_use",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.String(length=50), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("attached_by_kind", sa.String(length=20), nullable=False),
        sa.Column("attached_by", sa.Uuid(), nullable=True),
        sa.Column("attached_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_use_file_id")),
        sa.PrimaryKeyConstraint("file_id", "subject_type", "subject_id", name=op.f("pk_file_use")),
    )
    op.create_index("ix_file_use_subject", "file_use", ["subject_type", "subject_id", "position"])
    op.create_table(
        "content_check",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_type", sa.String(length=50), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("look_at", TIME, nullable=True),
        sa.Column("trace_id", sa.String(length=128, collation="C"), nullable=True),
        sa.Column("link", sa.String(length=64, collation="C"), nullable=True),
        sa.Column("label", sa.Integer(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('text', 'image')", name=op.f("ck_content_check_kind")),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_content_check_state")),
        sa.CheckConstraint("(state = 'pending') = (look_at IS NOT NULL)", name=op.f("ck_content_check_look_at")),
        sa.CheckConstraint("kind = 'text' OR text_sealed IS NULL", name=op.f("ck_content_check_text")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_content_check_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_check")),
        sa.UniqueConstraint(
            "subject_type", "subject_id", name=op.f("uq_content_check_subject_type_subject_id")
        ),
    )
    op.create_index(
        "ix_content_check_look_at",
        "content_check",
        ["look_at"],
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index("ix_content_check_state", "content_check", ["state", "region_path", "id"])
    op.create_index(
        "uq_content_check_trace_id",
        "content_check",
        ["trace_id"],
        unique=True,
        postgresql_where=sa.text("trace_id IS NOT NULL"),
    )
    op.create_index(
        "uq_content_check_link",
        "content_check",
        ["link"],
        unique=True,
        postgresql_where=sa.text("link IS NOT NULL"),
    )


def downgrade() -> None:
    for table in ("content_check", "file_use", "file_part", "file"):
        op.drop_table(table)
    op.execute("DROP FUNCTION metres_between(point, point)")
