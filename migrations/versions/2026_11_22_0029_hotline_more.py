"""More of the hotline: matters that come again after they were closed, what visits found as complaints.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A complaint is tied to the time before. None of those that are there is: what came again is counted from now on."""
    op.add_column("complaint", sa.Column("repeat_of_id", sa.Uuid(), nullable=True))
    op.add_column("complaint", sa.Column("repeat_by", sa.String(length=20), nullable=True))
    op.add_column("complaint", sa.Column("came_again", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_foreign_key(
        op.f("fk_complaint_repeat_of_id"), "complaint", "complaint", ["repeat_of_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_complaint_repeat_by"), "complaint", "repeat_by IN ('reporter', 'place')")
    op.create_check_constraint(
        op.f("ck_complaint_repeat_of_id"), "complaint", "(repeat_of_id IS NULL) = (repeat_by IS NULL)"
    )
    op.create_check_constraint(op.f("ck_complaint_came_again"), "complaint", "repeat_of_id IS NULL OR came_again > 0")
    op.create_index(
        "ix_complaint_repeat_of_id",
        "complaint",
        ["repeat_of_id"],
        postgresql_where=sa.text("repeat_of_id IS NOT NULL"),
    )


def downgrade() -> None:
    """What came again is forgotten."""
    op.drop_index("ix_complaint_repeat_of_id", table_name="complaint")
    for name in ("came_again", "repeat_of_id", "repeat_by"):
        op.drop_constraint(op.f(f"ck_complaint_{name}"), "complaint", type_="check")
    op.drop_constraint(op.f("fk_complaint_repeat_of_id"), "complaint", type_="foreignkey")
    for name in ("came_again", "repeat_by", "repeat_of_id"):
        op.drop_column("complaint", name)
