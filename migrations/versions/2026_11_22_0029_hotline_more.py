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

CHANNELS = "'mini_program', 'phone', 'site_code', 'transfer_12345', 'open311'"


def upgrade() -> None:
    """A complaint is tied to the time before and to the visit that found it. None of those that are there is: what came again is counted from now on."""
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
    op.add_column("complaint", sa.Column("visit_attempt_id", sa.Uuid(), nullable=True))
    op.add_column("complaint", sa.Column("visit_finding", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_complaint_visit_finding"), "complaint", "(visit_attempt_id IS NULL) = (visit_finding IS NULL)"
    )
    op.create_index(
        "uq_complaint_visit_finding",
        "complaint",
        ["visit_attempt_id", "visit_finding"],
        unique=True,
        postgresql_where=sa.text("visit_attempt_id IS NOT NULL"),
    )
    op.drop_constraint(op.f("ck_complaint_channel"), "complaint", type_="check")
    op.create_check_constraint(op.f("ck_complaint_channel"), "complaint", f"channel IN ({CHANNELS}, 'visit')")
    op.drop_constraint(op.f("ck_message_recipient_kind"), "message", type_="check")
    op.create_check_constraint(
        op.f("ck_message_recipient_kind"), "message", "recipient_kind IN ('staff', 'resident')"
    )
    op.create_index(
        "ix_complaint_repeat_of_id",
        "complaint",
        ["repeat_of_id"],
        postgresql_where=sa.text("repeat_of_id IS NOT NULL"),
    )


def downgrade() -> None:
    """What came again is forgotten, what was found by visits counts as told by telephone, residents lose their messages."""
    op.execute("DELETE FROM message WHERE recipient_kind = 'resident'")
    op.drop_constraint(op.f("ck_message_recipient_kind"), "message", type_="check")
    op.create_check_constraint(op.f("ck_message_recipient_kind"), "message", "recipient_kind IN ('staff')")
    op.execute("UPDATE complaint SET channel = 'phone' WHERE channel = 'visit'")
    op.drop_constraint(op.f("ck_complaint_channel"), "complaint", type_="check")
    op.create_check_constraint(op.f("ck_complaint_channel"), "complaint", f"channel IN ({CHANNELS})")
    op.drop_index("uq_complaint_visit_finding", table_name="complaint")
    op.drop_constraint(op.f("ck_complaint_visit_finding"), "complaint", type_="check")
    op.drop_column("complaint", "visit_finding")
    op.drop_column("complaint", "visit_attempt_id")
    op.drop_index("ix_complaint_repeat_of_id", table_name="complaint")
    for name in ("came_again", "repeat_of_id", "repeat_by"):
        op.drop_constraint(op.f(f"ck_complaint_{name}"), "complaint", type_="check")
    op.drop_constraint(op.f("fk_complaint_repeat_of_id"), "complaint", type_="foreignkey")
    for name in ("came_again", "repeat_by", "repeat_of_id"):
        op.drop_column("complaint", name)
