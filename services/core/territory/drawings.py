"""The drawings of a compound: which kinds of the list are at hand, which are missing or drawn anew (domain.md S17, 补测补绘)."""

from uuid import UUID

from services.core.facts import service as facts
from services.core.facts.rules import Kind
from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import queries, rules
from services.core.territory.events import DrawingRecorded
from services.core.territory.rules import DrawingKind, DrawingState

SOURCE = "compound.drawings"
MISSING = "compound.drawings_missing"

REPLACE = """
WITH former AS (
  UPDATE drawing SET superseded_at = $8 WHERE compound_id = $2 AND kind = $3 AND superseded_at IS NULL RETURNING 1)
INSERT INTO drawing (id, compound_id, kind, state, archive_place, source, document, recorded_at, recorded_by)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM former) >= 0
"""


async def record_drawing(
    uow: UnitOfWork,
    *,
    scope: Scope,
    compound_id: UUID,
    kind: DrawingKind,
    state: DrawingState,
    archive_place: str | None,
    source: str,
    document: str | None,
) -> None:
    """Records what is known of one kind of drawings; what was known before becomes history. The same again changes nothing.

    InputInvalid when a drawing that is not at hand has a place in the archive; NotFound outside the scope; CompoundClosed. In the
    same transaction `compound.drawings_missing` is pushed as counted: kinds of the list that are not at hand.
    """
    compound = await queries.locked(uow.driver, scope=scope, compound_id=compound_id)
    if archive_place is not None and state not in rules.AT_HAND:
        raise InputInvalid.at("/archive_place", zh="没有图纸则无卷宗号", en="is for a drawing that is at hand")
    held = {row["kind"]: row for row in await queries.DRAWINGS.all(uow.driver, compound_id=compound_id)}
    said = {"state": state, "archive_place": archive_place, "source": source, "document": document}
    if kind in held and said == {name: held[kind][name] for name in said}:
        return
    drawing_id = new_id()
    await uow.driver.execute(
        REPLACE, drawing_id, compound_id, kind, state, archive_place, source, document, uow.now, uow.actor.id
    )
    rows = await queries.DRAWINGS.all(uow.driver, compound_id=compound_id)
    missing = rules.missing_drawings({row["kind"]: row["state"] for row in rows})
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type="compound",
                subject_id=compound_id,
                region_path=compound["region_path"],
                key=MISSING,
                value=str(len(missing)),
                kind=Kind.COUNTED,
                source=SOURCE,
                source_rows=[
                    {"drawing_id": str(row["id"]), "kind": row["kind"], "state": row["state"]} for row in rows
                ],
            )
        ],
    )
    uow.record(
        DrawingRecorded(drawing_id=drawing_id, missing=len(missing)),
        subject="compound",
        subject_id=compound_id,
        region_path=compound["region_path"],
    )
