"""Enters rows of paper ballots, and gives out the rolls that they are filled in on.

Each row is entered as by hand: it waits for a second person, and a file sent again adds nothing. What is chosen is never given out.
"""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.exchange.projects import tried
from services.core.exchange.writing import Importing, Line, Outcome
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.votes import casting
from services.core.votes.casting import Entered
from services.core.votes.lifecycle import Assurance, Channel
from services.core.votes.rules import Choice

if TYPE_CHECKING:
    from services.core.exchange.pages import Reading, Value

DOORS = """
SELECT p.vote_id, p.door, p.owner_id FROM roll_property p JOIN vote v ON v.id = p.vote_id
WHERE p.vote_id = ANY ($1::uuid[]) AND v.opened_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
              WHERE v.region_path >= scope.low AND v.region_path < scope.high)
"""
NEXT_VOTE = """
SELECT id FROM vote WHERE region_path >= $1 AND region_path < $2 AND id > $3 AND status = 'open' ORDER BY id LIMIT 1
"""
HEADS = """
SELECT string_agg(door, '、' ORDER BY door) AS doors FROM roll_property
WHERE vote_id = $1 GROUP BY owner_id ORDER BY min(door), owner_id
"""


class BallotWriter:
    """See `writing.Writer`."""

    def __init__(self, uow: UnitOfWork, importing: Importing) -> None:
        self._uow, self._importing = uow, importing
        self._heads: dict[UUID, dict[str, set[UUID]]] = {}
        self._rows: dict[tuple[UUID, UUID], int] = {}

    async def write(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Enters a batch row by row; what the vote refuses, the line says. A row without a choice is a paper that never came."""
        await self._open({line.values["vote"] for line in lines if "vote" in line.values})
        for line in lines:
            if not line.findings and "choices" in line.values:
                await self._one(line)
        return lines

    async def finish(self) -> Sequence[Line]:
        """Every line was settled when it was entered."""
        return ()

    async def _open(self, wanted: set[UUID]) -> None:
        """Whose door is whose, by the rolls that these votes have frozen."""
        missing = sorted(wanted - self._heads.keys())
        if not missing:
            return
        self._heads |= {vote_id: {} for vote_id in missing}
        scope = self._importing.scope
        for row in await self._uow.driver.fetch(DOORS, missing, scope.lows, scope.highs):
            self._heads[row["vote_id"]].setdefault(row["door"], set()).add(row["owner_id"])

    async def _one(self, line: Line) -> None:
        vote_id: UUID = line.values["vote"]
        by_door = self._heads[vote_id]
        if not by_door:
            line.wrong("vote-unknown", "vote")
            return
        of_doors = [by_door.get(door or "", set()) for door in line.values["doors"]]
        if not all(of_doors):
            line.wrong("door-unknown", "doors")
            return
        owners = set.intersection(*of_doors)
        if len(owners) != 1:
            line.wrong("doors-apart", "doors")
            return
        (owner_id,) = owners
        first = self._rows.setdefault((vote_id, owner_id), line.row)
        if first != line.row:
            line.wrong("row-repeated", "doors", row=first)
            return
        if None in line.values["choices"]:
            line.wrong("required", "choices")
            return
        entered = Entered(
            owner_id=owner_id,
            choices={str(no): Choice(one) for no, one in enumerate(line.values["choices"], 1)},
            channel=Channel(line.values.get("channel", Channel.PAPER)),
            assurance=Assurance.ON_SITE,
            person_id=None,
            evidence=line.values.get("evidence"),
        )
        await tried(self._uow, [line], self._enter(line, vote_id, entered))

    async def _enter(self, line: Line, vote_id: UUID, entered: Entered) -> None:
        cast = await casting.enter(self._uow, scope=self._importing.scope, vote_id=vote_id, entered=entered)
        if cast.changed:
            line.outcome = Outcome.CREATED


async def pages(reading: "Reading", region_path: str) -> "AsyncIterator[list[list[Value]]]":
    """The heads of every vote that is open below a region, a vote at a time, by door; nothing of what anybody chose."""
    within, after = Scope((region_path,)), UUID(int=0)
    while True:
        async with reading() as connection:
            vote_id = await connection.fetchval(NEXT_VOTE, within.lows[0], within.highs[0], after)
            rows = [] if vote_id is None else await connection.fetch(HEADS, vote_id)
        if vote_id is None:
            return
        after = vote_id
        yield [[str(vote_id), row["doors"], None, None, None] for row in rows]
