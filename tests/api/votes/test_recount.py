"""Whatever was cast, corrected, confirmed or made void: the count is what the acts in the ledger say, told from the start."""

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import Actor
from services.core.votes import casting, ledger, positions
from services.core.votes.casting import Entered, Given
from services.core.votes.counting import thresholds_of
from services.core.votes.errors import (
    BallotNotPending,
    BallotOfResident,
    BallotSuperseded,
    BallotUnderReview,
    VoteSecondPersonNeeded,
)
from services.core.votes.lifecycle import Assurance, Channel
from services.core.votes.rules import Ballot, Choice, VotingOwner, VotingProperty
from services.core.votes.rules import tally as told
from tests.api.votes.owners import Estate, act, end_voting, entered, finalised, opened, sql, tally

REFUSED = (BallotNotPending, BallotOfResident, BallotSuperseded, BallotUnderReview, NotFound, VoteSecondPersonNeeded)


def counted(lines: list[Mapping[str, Any]]) -> dict[UUID, str]:
    """What each head counts with, from the acts alone: neither `positions` nor `standing` of a line is looked at."""
    said: dict[UUID, dict[UUID, tuple[int, UUID, str]]] = {}
    by_id = {line["id"]: line for line in lines}
    for line in lines:
        of_head = said.setdefault(line["owner_id"], {})
        caster = line["caster_id"]
        if line["entry"] == "cast" and not line["pending"]:
            of_head[caster] = (line["n"], line["id"], line["choices"][0])
        elif line["entry"] == "confirm" and by_id[line["of_id"]]["entry"] == "void":
            if caster in of_head and of_head[caster][1] == by_id[line["of_id"]]["of_id"]:
                del of_head[caster]
        elif line["entry"] == "confirm":
            read = by_id[line["of_id"]]
            if caster not in of_head or of_head[caster][0] < read["n"]:
                of_head[caster] = (read["n"], read["id"], read["choices"][0])
    agreed = {head: {choice for _, _, choice in people.values()} for head, people in said.items()}
    return {head: next(iter(choices)) for head, choices in agreed.items() if len(choices) == 1}


@pytest.mark.parametrize("seed", range(3))
async def test_the_count_is_what_the_lines_say(estate: Estate, seed: int) -> None:
    chance = random.Random(seed)
    heads = [await estate.head(f"{chance.randint(30, 150)}.{chance.randint(0, 99):02}", people=2) for _ in range(6)]
    residents = [await estate.resident(head, person) for head in heads for person in range(2)]
    staff = [estate.world.street.staff_id, estate.world.city.staff_id]
    vote = await opened(estate)
    vote_id, scope = UUID(vote["id"]), Scope((estate.at.path,))
    done: list[UUID] = []

    def choices() -> dict[str, Choice]:
        return {"1": chance.choice(list(Choice))}

    for _ in range(120):
        actor = Actor("staff", chance.choice(staff))
        try:
            match chance.randrange(6):
                case 0 | 1:
                    actor = Actor("resident", chance.choice(residents).resident_id)
                    async with estate.database.begin(actor) as uow:
                        cast = await casting.cast(uow, vote_id=vote_id, given=Given(None, choices()))
                    done.append(cast.ballot_id)
                case 2 | 3:
                    head = chance.choice(heads)
                    paper = Entered(
                        head.id,
                        choices(),
                        chance.choice([Channel.PAPER, Channel.DOOR]),
                        Assurance.ON_SITE,
                        chance.choice(head.people),
                        None,
                    )
                    async with estate.database.begin(actor) as uow:
                        done.append((await casting.enter(uow, scope=scope, vote_id=vote_id, entered=paper)).ballot_id)
                case 4 if done:
                    ballot_id = chance.choice(done)
                    async with estate.database.begin(actor) as uow:
                        read = await uow.driver.fetchval("SELECT choices[1] FROM ballot WHERE id = $1", ballot_id)
                        given = None if read is None else {"1": Choice(read)}
                        await ledger.confirm(uow, scope=scope, vote_id=vote_id, ballot_id=ballot_id, choices=given)
                case 5 if done:
                    ballot_id = chance.choice(done)
                    async with estate.database.begin(actor) as uow:
                        if chance.random() < 0.5:
                            line = await ledger.void(
                                uow, scope=scope, vote_id=vote_id, ballot_id=ballot_id, reason="重复"
                            )
                        else:
                            line = await ledger.correct(
                                uow, scope=scope, vote_id=vote_id, ballot_id=ballot_id, choices=choices(), reason="误录"
                            )
                        done.append(line)
        except REFUSED:
            continue
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    async with estate.database.read() as reader:
        lines = await reader.fetch("SELECT * FROM ballot WHERE vote_id = $1 ORDER BY owner_id, n", vote_id)
    assert {line["entry"] for line in lines} == {"cast", "confirm", "correct", "void"}
    for line in lines:
        assert positions.standing(line["positions"]) == line["standing"]
    shown = await tally(estate, vote)
    roll = [
        VotingOwner(str(head.id), (VotingProperty(str(head.id), await area_of(estate, head.id)),)) for head in heads
    ]
    ballots = [Ballot(str(head), Choice(choice)) for head, choice in counted(lines).items()]
    expected = told(thresholds_of(shown["thresholds"]), roll, ballots)
    assert shown["taking_part"]["heads"] == expected.taking_part.heads > 0
    assert Decimal(shown["taking_part"]["area"]) == expected.taking_part.area
    assert shown["in_favour"]["heads"] == expected.in_favour.heads
    assert Decimal(shown["in_favour"]["area"]) == expected.in_favour.area
    assert shown["passed"] == expected.passed


async def area_of(estate: Estate, owner_id: UUID) -> Decimal:
    async with estate.database.read() as reader:
        area: Decimal = await reader.fetchval("SELECT area FROM roll_owner WHERE owner_id = $1", owner_id)
    return area


async def test_a_recount_tells_what_was_meddled_with(estate: Estate) -> None:
    head = await estate.head("80")
    vote = await opened(estate)
    await entered(estate, vote, head, "approve")
    await finalised(estate, vote)
    path = f"/v1/votes/{vote['id']}/recount"
    found = (await estate.world.street.get(path)).json()
    assert (found["equal"], found["roll_intact"]) == (True, True)
    assert found["ledger_digest"] == found["published_digest"]
    async with estate.database.begin(Actor("system")) as uow:
        await uow.driver.execute(
            "SET LOCAL session_replication_role = 'replica'"
        )  # past every trigger but the ledger's
        await uow.driver.execute("UPDATE roll_owner SET area = area + 1 WHERE vote_id = $1", UUID(vote["id"]))
        await uow.driver.execute("UPDATE roll_property SET area = area + 1 WHERE vote_id = $1", UUID(vote["id"]))
    with pytest.raises(Exception, match="append-only"):
        await sql(estate, "UPDATE ballot SET standing = '{reject}' WHERE vote_id = $1", UUID(vote["id"]))
    found = (await estate.world.street.get(path)).json()
    assert (found["equal"], found["roll_intact"]) == (False, False)
