"""What the hotline tells everybody: telephones of desks, contact boards, cases made public; complaints found by their day.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from services.core.kit.nearby import Point

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SHOWN = "withdrawn_at IS NULL"


def upgrade() -> None:
    op.add_column("desk", sa.Column("phone", sa.String(length=20, collation="C"), nullable=True))
    op.create_index("ix_complaint_created_at", "complaint", ["created_at"], unique=False)
    op.create_table(
        "contact_board",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=True),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_contact_board_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_contact_board")),
    )
    op.create_table(
        "contact_board_line",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=100), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=True),
        sa.Column("desk_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=op.f("fk_contact_board_line_desk_id")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["contact_board.project_id"], name=op.f("fk_contact_board_line_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "position", name=op.f("pk_contact_board_line")),
    )
    op.create_table(
        "complaint_publication",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("spot", Point(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_complaint_publication_answered_at")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_publication_complaint_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_complaint_publication_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_publication")),
        sa.UniqueConstraint("complaint_id", name=op.f("uq_complaint_publication_complaint_id")),
    )
    op.create_index(
        "ix_complaint_publication_spot",
        "complaint_publication",
        ["spot"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text(SHOWN),
    )
    op.create_index(
        "ix_complaint_publication_answers",
        "complaint_publication",
        ["project_id", "answered_at", "id"],
        unique=False,
        postgresql_where=sa.text(f"{SHOWN} AND answered_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("complaint_publication")
    op.drop_table("contact_board_line")
    op.drop_table("contact_board")
    op.drop_index("ix_complaint_created_at", table_name="complaint")
    op.drop_column("desk", "phone")
