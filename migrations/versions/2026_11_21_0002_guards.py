"""The audit is append-only, whoever writes: triggers refuse every change but the sequencer's number

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# ENABLE ALWAYS: the triggers fire for sessions in replica mode, too. Row triggers decide in their WHEN clause, without a call.
STATEMENTS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_entry_stays BEFORE DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_content_stays
    BEFORE UPDATE OF id, at, actor_kind, actor_id, action, outcome, target_type, target_id, region_path, details, request_id
    ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_numbered_once BEFORE UPDATE OF seq ON audit_entry
    FOR EACH ROW WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_starts_unnumbered BEFORE INSERT ON audit_entry
    FOR EACH ROW WHEN (NEW.seq IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_batch_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_batch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_content_stays;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_numbered_once;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_starts_unnumbered;
ALTER TABLE audit_batch ENABLE ALWAYS TRIGGER audit_batch_stays;
"""


def upgrade() -> None:
    for statement in _split(STATEMENTS):
        op.execute(statement)


def downgrade() -> None:
    for name in ("stays", "content_stays", "numbered_once", "starts_unnumbered"):
        op.execute(f"DROP TRIGGER audit_entry_{name} ON audit_entry")
    op.execute("DROP TRIGGER audit_batch_stays ON audit_batch")
    op.execute("DROP FUNCTION refuse_change()")


def _split(statements: str) -> list[str]:
    """One at a time: the driver prepares each. The function body ends its lines with semicolons, too."""
    head, body, tail = statements.partition("END $$;")
    return [head + body, *(part for part in tail.split(";") if part.strip())]
