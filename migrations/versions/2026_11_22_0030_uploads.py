"""Uploads in pieces, what a device says beside a file, files that records expect.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OWNER = "owner_kind IN ('staff', 'client', 'resident')"
CRS = "fix_crs IN ('wgs84', 'gcj02', 'cgcs2000', 'bd09')"
FIX = "num_nulls(fix_lat, fix_lon, fix_crs) IN (0, 3)"
ACCURACY = "fix_accuracy IS NULL OR (fix_accuracy >= 0 AND fix_lat IS NOT NULL)"


def told() -> list[sa.Column]:
    return [
        sa.Column("device_taken_at", TIME, nullable=True),
        sa.Column("fix_lat", sa.Double(), nullable=True),
        sa.Column("fix_lon", sa.Double(), nullable=True),
        sa.Column("fix_crs", sa.String(length=10), nullable=True),
        sa.Column("fix_accuracy", sa.Double(), nullable=True),
    ]


def upgrade() -> None:
    for column in told():
        op.add_column("file", column)
    op.add_column("file", sa.Column("project_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_file_project_id"), "file", "project", ["project_id"], ["id"])
    op.create_check_constraint(op.f("ck_file_fix_crs"), "file", CRS)
    op.create_check_constraint(op.f("ck_file_fix"), "file", FIX)
    op.create_check_constraint(op.f("ck_file_fix_accuracy"), "file", ACCURACY)
    op.create_index(
        "ix_file_project_id",
        "file",
        ["project_id"],
        postgresql_include=["size"],
        postgresql_where=sa.text("project_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_table(
        "upload",
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("metadata_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("suffix", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64, collation="C"), nullable=True),
        *told(),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("refused_zh", sa.String(length=200), nullable=True),
        sa.Column("refused_en", sa.String(length=200), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(OWNER, name=op.f("ck_upload_owner_kind")),
        sa.CheckConstraint(
            "state IN ('receiving', 'examining', 'done', 'refused', 'terminated')", name=op.f("ck_upload_state")
        ),
        sa.CheckConstraint("received BETWEEN 0 AND length", name=op.f("ck_upload_received")),
        sa.CheckConstraint("(state = 'done') = (file_id IS NOT NULL)", name=op.f("ck_upload_file_id")),
        sa.CheckConstraint(
            "num_nulls(refused_zh, refused_en) = CASE state WHEN 'refused' THEN 0 ELSE 2 END",
            name=op.f("ck_upload_refused"),
        ),
        sa.CheckConstraint(CRS, name=op.f("ck_upload_fix_crs")),
        sa.CheckConstraint(FIX, name=op.f("ck_upload_fix")),
        sa.CheckConstraint(ACCURACY, name=op.f("ck_upload_fix_accuracy")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_upload_project_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_upload_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_owner_created_at", "upload", ["owner_id", "created_at"])
    op.create_index(
        "ix_upload_project_id", "upload", ["project_id"], postgresql_where=sa.text("project_id IS NOT NULL")
    )
    op.create_index("ix_upload_expires_at", "upload", ["expires_at"])
    op.create_table(
        "upload_piece",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=120, collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_piece_upload_id")),
        sa.PrimaryKeyConstraint("upload_id", "start", name=op.f("pk_upload_piece")),
        sa.UniqueConstraint("key", name=op.f("uq_upload_piece_key")),
    )
    op.create_table(
        "file_expected",
        sa.Column("subject_type", sa.String(length=50), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("region_path", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("expected_at", TIME, nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("met_at", TIME, nullable=True),
        sa.CheckConstraint(OWNER, name=op.f("ck_file_expected_owner_kind")),
        sa.CheckConstraint("(file_id IS NULL) = (met_at IS NULL)", name=op.f("ck_file_expected_met")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_expected_file_id")),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", "sha256", name=op.f("pk_file_expected")),
    )
    op.create_index(
        "ix_file_expected_owner",
        "file_expected",
        ["owner_id", "sha256"],
        postgresql_where=sa.text("file_id IS NULL"),
    )


def downgrade() -> None:
    for table in ("file_expected", "upload_piece", "upload"):
        op.drop_table(table)
    op.drop_index("ix_file_project_id", table_name="file")
    for column in ("project_id", "fix_accuracy", "fix_crs", "fix_lon", "fix_lat", "device_taken_at"):
        op.drop_column("file", column)
