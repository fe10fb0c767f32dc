"""Cases handled together: many complaints of one thing, one handling, and for each reporter his own reply, clock and rating.

What was merged keeps its reporter, its words, its promise and its code to itself; it shares what is done and the answer.

Locks: complaints that are not merged first, by their ids; then those merged into them. So two merges, a merge and an answer, or an
answer and an unmerging wait for each other and never in a circle.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.clocks import service as clocks
from services.core.hotline import assigning, desk_queries, promises, rules, steps
from services.core.hotline.desk_errors import AssignmentInputInvalid
from services.core.hotline.desk_rules import Part, Standing
from services.core.hotline.errors import ActNotAllowed
from services.core.hotline.promises import COMPLAINT, CONTACT, REPLY
from services.core.hotline.rules import Act, By, State
from services.core.kit.errors import InputInvalid, NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from asyncpg import Record

PLACES = "SELECT id, region_path, merged_into_id FROM complaint WHERE id = ANY ($1::uuid[])"
LOCK_UNMERGED = f"""
SELECT {steps.HELD} FROM complaint WHERE id = ANY ($1::uuid[]) AND state <> 'merged' ORDER BY id FOR NO KEY UPDATE
"""
LOCK_MERGED = f"""
SELECT {steps.HELD} FROM complaint WHERE merged_into_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY id FOR NO KEY UPDATE
"""
FOLLOW = "UPDATE complaint SET merged_into_id = $2, version = version + 1 WHERE merged_into_id = $1"
ANSWERED = "UPDATE complaint SET answered_at = $2, reopened = reopened + $3, version = version + 1 WHERE id = $1"
# The answer was to the group.
APART = "UPDATE complaint SET answered_at = NULL WHERE id = $1"
TAKES_ITS_PLACE = "原并案诉求已了结，由本件继续办理。The case it was handled with is over: this one goes on."
CLOCK_RUNS = """
SELECT EXISTS (SELECT FROM clock WHERE subject_type = 'complaint' AND subject_id = $1 AND kind = 'reply'
                                   AND state IN ('running', 'paused', 'missed'))
"""


async def merge(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, others: Sequence[UUID], text: str | None
) -> None:
    """Others are handled with this one from now on; what was merged into them comes along. Their own desks are rid of them.

    NotFound, VersionStale, ActNotAllowed where one of them is answered or over; AssignmentInputInvalid for one that is not there,
    comes twice, or was merged a moment ago.
    """
    wanted = [complaint_id, *others]
    places = {row["id"]: row["region_path"] for row in await uow.driver.fetch(PLACES, wanted)}
    if complaint_id not in places or not scope.covers(places[complaint_id]):
        raise NotFound
    for index, one in enumerate(others):
        if one in wanted[: index + 1] or one not in places or not scope.covers(places[one]):
            raise _not_one(index)
    held = {row["id"]: row for row in await uow.driver.fetch(LOCK_UNMERGED, wanted)}
    into = held.get(complaint_id)
    if into is None or into["version"] != version:
        raise VersionStale
    state = State(into["state"])
    if rules.transition(Act.MERGE, state) is None:
        raise ActNotAllowed(state=state, allowed=rules.allowed(state, By.STAFF))
    for index, one in enumerate(others):
        if one not in held:
            raise _not_one(index)
        await promises.run_again(uow, held[one])
        await steps.step(uow, held[one], Act.MERGE, into=complaint_id, text=text, public=False)
        await assigning.end(uow, complaint_id=one, state=Standing.ENDED)
        await uow.driver.execute(FOLLOW, one, complaint_id)
    await steps.step(uow, into, Act.MERGE, text=text, moves=False)


async def unmerge(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, text: str) -> None:
    """It is handled by itself again: sent to a desk by the rules; its promise is as old as it is, and renewed if it was answered.

    NotFound, VersionStale, ActNotAllowed.
    """
    found = await uow.driver.fetch(PLACES, [complaint_id])
    if not found or not scope.covers(found[0]["region_path"]):
        raise NotFound
    into = found[0]["merged_into_id"]
    held = None
    if into is not None:
        await uow.driver.fetch(LOCK_UNMERGED, [into])
        held = await uow.driver.fetchrow(LOCK_MERGED, into, complaint_id)
    if held is None:
        held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    if held["version"] != version:
        raise VersionStale
    await steps.step(uow, held, Act.UNMERGE, text=text)
    await uow.driver.execute(APART, complaint_id)
    row = await uow.driver.fetchrow(desk_queries.TO_ROUTE, complaint_id)
    if not await uow.driver.fetchval(CLOCK_RUNS, complaint_id):
        await promises.begin(uow, {**row, "partner_due_at": None})
    await assigning.route_in(uow, row)


async def answered(uow: UnitOfWork, held: "Record", *, say: "Callable[[Record], str]") -> None:
    """The case was answered: its leading desk is done, its promises are kept, and so are those of what was merged into it.

    Who answers has also made contact. Each of their reporters reads the same answer in the history of his own (`say`: with the
    number and the days of his own), and nothing else of the group. Whoever had an answer before the case was taken up again is in
    the next round with it, and rates this one too; an answer that is put right is of the same round.
    """
    taken_up = State(held["state"]) is not State.ANSWERED
    await assigning.end(uow, complaint_id=held["id"], state=Standing.DONE, part=Part.LEAD)
    await _keep(uow, held["id"])
    for one in await uow.driver.fetch(LOCK_MERGED, held["id"], None):
        await _keep(uow, one["id"])
        again = int(taken_up and one["answered_at"] is not None)
        await uow.driver.execute(ANSWERED, one["id"], uow.now, again)
        await steps.step(uow, one, Act.REPLY, text=say(one), public=True, moves=False)


async def _keep(uow: UnitOfWork, complaint_id: UUID) -> None:
    for kind in (CONTACT, REPLY):
        await clocks.meet(uow, subject_type=COMPLAINT, subject_id=complaint_id, kind=kind)


async def gone(uow: UnitOfWork, held: "Record") -> None:
    """The case is over: no desk has it, nothing is promised any more. Of those merged into it that have no answer yet the oldest
    takes its place.
    """
    await clocks.cancel(uow, subject_type=COMPLAINT, subject_id=held["id"])
    await assigning.end(uow, complaint_id=held["id"], state=Standing.ENDED)
    merged = await uow.driver.fetch(LOCK_MERGED, held["id"], None)
    first = next((one for one in merged if one["answered_at"] is None), None)
    if first is None:
        return
    await steps.step(uow, first, Act.UNMERGE, by=By.RULES, text=TAKES_ITS_PLACE)
    await uow.driver.execute(APART, first["id"])
    await uow.driver.execute(FOLLOW, held["id"], first["id"])
    await assigning.route_in(uow, await uow.driver.fetchrow(desk_queries.TO_ROUTE, first["id"]))


def _not_one(index: int) -> InputInvalid:
    return AssignmentInputInvalid.at(
        f"/others/{index}",
        zh="没有这件诉求、重复，或已并入他案",
        en="is no complaint of yours, comes twice, or was merged already",
    )
