"""One step of a complaint: the table of transitions asked, the row changed, the line of history written, the event recorded.

Whoever does something with a complaint, in whichever module, does it through here, holding the complaint's row.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.hotline import rules, sealing
from services.core.hotline.errors import ActNotAllowed, ComplaintInputInvalid
from services.core.hotline.events import ComplaintMoved, ComplaintRouted, ReporterActed
from services.core.hotline.rules import Act, By, State
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import SYSTEM, UnitOfWork
from services.core.ownership.rules import holds_personal_number

if TYPE_CHECKING:
    import asyncpg

HELD = """
id, no, code, channel, category, kind, hazard, anonymous, state, region_path, compound_id, project_id, plan_number, plan_item,
organisation_id, partner_id, partner_ref, partner_due_at, policy_version_id, merged_into_id, parent_id, created_at,
first_promise_at, answered_at, closed_at, reopened, version
"""
LOCK = f"""
SELECT {HELD} FROM complaint
WHERE id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                          WHERE complaint.region_path >= scope.low AND complaint.region_path < scope.high)
FOR NO KEY UPDATE
"""
LOCK_BY_CODE = f"SELECT {HELD} FROM complaint WHERE code = $1 FOR NO KEY UPDATE"
LOCK_OF_RESIDENT = f"""
SELECT {HELD} FROM complaint
WHERE id = $1 AND EXISTS (SELECT 1 FROM complaint_reporter r WHERE r.complaint_id = $1 AND r.resident_id = $2)
FOR NO KEY UPDATE
"""
ENDED = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(set(State) - rules.OPEN)))
# What comes back to life is told from nothing by its words: whoever sent the same again meanwhile has his newer one.
MOVE = f"""
UPDATE complaint SET state = $2::text, version = version + 1,
  content_index = CASE WHEN NOT ({ENDED}) THEN content_index END,
  merged_into_id = CASE WHEN $2::text = 'merged' THEN $4::uuid END,
  answered_at = CASE $2::text WHEN 'answered' THEN $3::timestamptz WHEN 'reopened' THEN NULL ELSE answered_at END,
  closed_at = CASE WHEN $2::text = 'closed' THEN $3::timestamptz END,
  reopened = reopened + ($2::text = 'reopened')::int
WHERE id = $1
"""
TO_FORGET = "UPDATE complaint SET to_forget = true WHERE id = $1 AND NOT to_forget"
WRITE = """
INSERT INTO complaint_entry (id, complaint_id, at, act, state, public, text, text_sealed, actor_kind, actor_id, desk_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def locked(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int | None = None) -> "asyncpg.Record":
    """A complaint inside the scope, its row held; NotFound otherwise. VersionStale where a version is given and it has another."""
    row = await uow.driver.fetchrow(LOCK, complaint_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    if version is not None and row["version"] != version:
        raise VersionStale
    return row


async def locked_by_code(uow: UnitOfWork, *, code: str) -> "asyncpg.Record":
    """The complaint that a code opens, however it was typed, its row held; NotFound otherwise."""
    row = await uow.driver.fetchrow(LOCK_BY_CODE, rules.typed(code))
    if row is None:
        raise NotFound
    return row


async def locked_of_resident(uow: UnitOfWork, *, resident_id: UUID, complaint_id: UUID) -> "asyncpg.Record":
    """A complaint that a resident made, its row held; NotFound for anybody else's."""
    row = await uow.driver.fetchrow(LOCK_OF_RESIDENT, complaint_id, resident_id)
    if row is None:
        raise NotFound
    return row


async def step(
    uow: UnitOfWork,
    held: "asyncpg.Record",
    act: Act,
    *,
    by: By = By.STAFF,
    text: str | None = None,
    public: bool = False,
    desk_id: UUID | None = None,
    into: UUID | None = None,
    moves: bool = True,
) -> UUID:
    """Does `act` with a complaint whose row the caller holds; the id of the line in its history.

    A reporter's `text` is sealed; staff's may hold no personal number (ComplaintInputInvalid) and is shown to the reporter where
    `public`. `into`: what it is merged into. What the rules of routing do is nobody's act. `moves`: else only a line is written, of
    what happens to a part of the case or to its group. ActNotAllowed, telling what may be done instead.
    """
    state = State(held["state"])
    found = rules.transition(act, state) if moves else None
    if moves and (found is None or by not in found.by):
        raise ActNotAllowed(state=state, allowed=rules.allowed(state, by))
    if found is not None and found.text_needed and text is None:
        raise ComplaintInputInvalid.at("/text", zh="须写明", en="say why")
    entry_id = new_id()
    sealed = None
    if by is By.REPORTER:
        text, sealed = None, sealing.seal(uow.vault, sealing.ENTRY, sealing.TEXT, entry_id, text)
        await uow.driver.execute(TO_FORGET, held["id"])
    else:
        check_words(text)
    target = (found and found.target) or state
    if found is not None and found.target is not None:
        await uow.driver.execute(MOVE, held["id"], target, uow.now, into)
    await uow.driver.execute(
        WRITE,
        entry_id,
        held["id"],
        uow.now,
        act,
        target,
        public,
        text,
        sealed,
        SYSTEM.kind if by is By.RULES else uow.actor.kind,
        None if by is By.RULES else uow.actor.id,
        desk_id,
    )
    told: dict[str, Any] = {"act": act, "state": target, "entry_id": entry_id, "partner_ref": held["partner_ref"]}
    happened: Event
    match by:
        case By.REPORTER:
            happened = ReporterActed(**told)
        case By.RULES:
            happened = ComplaintRouted(**told, desk_id=desk_id)
        case By.STAFF:
            happened = ComplaintMoved(**told, desk_id=desk_id)
    uow.record(happened, subject="complaint", subject_id=held["id"], region_path=held["region_path"])
    return entry_id


def check_words(text: str | None, pointer: str = "/text") -> None:
    """Staff's own words are kept as they are written: ComplaintInputInvalid where they hold a mobile or an identity number."""
    if text is not None and holds_personal_number(text):
        raise ComplaintInputInvalid.at(
            pointer, zh="不得含有手机号或身份证号", en="may not hold a mobile or an identity number"
        )
