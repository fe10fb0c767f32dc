"""Compounds whose register holds owners, residents bound to them, and votes brought to a stage, for one test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.api.selection.world import World
from tests.support.people import Client, Region, sign_in_resident

Json = dict[str, Any]

ADD_BUILDING = """
INSERT INTO building (id, compound_id, region_path, no, version, created_at) VALUES ($1, $2, $3, $4, 1, now())
"""
ADD_PERSON = """
INSERT INTO person (id, compound_id, region_path, name_sealed, name_index, surname_index, index_key, version, created_at)
VALUES ($1, $2, $3, 'x', 'x', 'x', 'test', 1, now())
"""
ADD_OWNER = """
INSERT INTO voting_owner (id, compound_id, region_path, kind, title, set_key, version, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, now())
"""
ADD_MEMBER = "INSERT INTO owner_member (voting_owner_id, person_id) VALUES ($1, $2)"
ADD_PROPERTY = """
INSERT INTO property (id, compound_id, region_path, building_id, door_no, kind, area_by_register, voting_owner_id, version,
                      created_at)
VALUES ($1, $2, $3, $4, $5, 'dwelling', $6::text::numeric, $7, 1, now())
"""
ADD_BINDING = """
INSERT INTO binding (id, resident_id, property_id, person_id, kind, assurance, since)
VALUES ($1, $2, $3, $4, 'owner', $5, now())
"""


@dataclass(slots=True)
class Head:
    """A voting owner of the register, its people and its properties."""

    id: UUID
    people: list[UUID]
    properties: list[UUID] = field(default_factory=list)


@dataclass(slots=True)
class Estate:
    """A compound with a project, and the heads of its register."""

    app: FastAPI | None
    database: Database
    world: World
    at: Region
    compound_id: UUID
    project: Json
    building_id: UUID
    heads: list[Head] = field(default_factory=list)

    async def head(self, *areas: str, people: int | Sequence[UUID] = 1, kind: str = "persons") -> Head:
        """One more head, with a flat of each area."""
        ids = [new_id() for _ in range(people)] if isinstance(people, int) else list(people)
        made = Head(new_id(), ids if kind == "persons" else [])
        title = None if kind in ("persons", "unknown") else "单位"
        async with self.database.begin(SYSTEM) as uow:
            run = uow.driver.execute
            if isinstance(people, int):
                for one in made.people:
                    await run(ADD_PERSON, one, self.compound_id, self.at.path)
            await run(ADD_OWNER, made.id, self.compound_id, self.at.path, kind, title, uuid4().hex)
            for one in made.people:
                await run(ADD_MEMBER, made.id, one)
        for area in areas:
            await self.flat(made, area)
        self.heads.append(made)
        return made

    async def flat(self, owner: Head, area: str | None) -> UUID:
        """One more flat of a head."""
        flat = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(
                ADD_PROPERTY, flat, self.compound_id, self.at.path, self.building_id, uuid4().hex[:8], area, owner.id
            )
        owner.properties.append(flat)
        return flat

    async def resident(self, head: Head, person: int = 0, *, assurance: str = "phone") -> Client:
        """Somebody of a head, signed in and bound to all its flats."""
        made = await sign_in_resident(self.app, self.database)
        await self.bind(made, head, person, assurance=assurance)
        return made

    async def bind(self, resident: Client, head: Head, person: int = 0, *, assurance: str = "phone") -> None:
        """A resident stands for a head's flats as one of its people."""
        async with self.database.begin(SYSTEM) as uow:
            for flat in head.properties:
                await uow.driver.execute(
                    ADD_BINDING, new_id(), resident.resident_id, flat, head.people[person], assurance
                )

    async def transfer(self, flat: UUID, to: Head) -> None:
        """The register says that a flat has another owner now."""
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute("UPDATE property SET voting_owner_id = $2 WHERE id = $1", flat, to.id)


async def estate(app: FastAPI | None, world: World, at: Region | None = None, **over: Any) -> Estate:
    """A compound with a project and a plan, and nobody in its register yet."""
    region = at or world.streets[0]
    compound_id = await world.compound(region)
    project = await world.project(region, compounds=[compound_id], attested={}, apply=False, **over)
    building_id = new_id()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_BUILDING, building_id, compound_id, region.path, "1")
    return Estate(app, world.database, world, region, compound_id, project, building_id)


PLAN_VOTE = [{"title": "改造方案", "rule": "renovation_plan"}]


async def drawn(estate: Estate, **over: Any) -> Json:
    """A vote as it was drawn up."""
    body = {
        "project_id": estate.project["id"],
        "title": "改造方案表决",
        "plan_version": 1,
        "matters": PLAN_VOTE,
        "roll_days": 5,
        "result_days": 5,
        **over,
    }
    made = await estate.world.street.post("/v1/votes", json=body)
    assert made.status_code == 201, made.text
    vote: Json = made.json()
    return vote


async def act(estate: Estate, vote: Json, name: str, body: Json | None = None, *, by: Client | None = None) -> Json:
    """An act on a vote as it stands, which has to succeed."""
    answer = await attempt(estate, vote, name, body, by=by)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def attempt(
    estate: Estate, vote: Json, name: str, body: Json | None = None, *, by: Client | None = None
) -> httpx.Response:
    """An act on a vote as it stands."""
    client = by or estate.world.street
    version = (await estate.world.city.get(f"/v1/votes/{vote['id']}")).json()["version"]
    return await client.post(f"/v1/votes/{vote['id']}/{name}", json=body, headers={"If-Match": f'"{version}"'})


async def sql(estate: Estate, statement: str, *values: Any) -> None:
    """Lets time go by, in the database."""
    async with estate.database.begin(SYSTEM) as uow:
        await uow.driver.execute(statement, *values)


async def rolled(estate: Estate, **over: Any) -> Json:
    """A vote whose roll is on notice."""
    return await act(estate, await drawn(estate, **over), "roll/publish")


async def end_roll_notice(estate: Estate, vote: Json) -> None:
    await sql(estate, "UPDATE vote SET roll_until = '2026-01-05' WHERE id = $1", UUID(vote["id"]))


def days(from_now: int) -> str:
    return (today() + timedelta(days=from_now)).isoformat()


def today() -> date:
    return day_of(datetime.now(UTC))


async def opened(estate: Estate, **over: Any) -> Json:
    """A vote that takes ballots."""
    vote = await rolled(estate, **over)
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", {"opens_on": days(0), "closes_on": days(10)})
    return await act(estate, vote, "open")


async def end_voting(estate: Estate, vote: Json) -> None:
    await sql(estate, "UPDATE vote SET closes_at = now() - interval '1 second' WHERE id = $1", UUID(vote["id"]))


async def published(estate: Estate, vote: Json) -> Json:
    """The same, closed and its result on notice."""
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    return await act(estate, vote, "publish")


async def end_result_notice(estate: Estate, vote: Json) -> None:
    await sql(estate, "UPDATE vote_result SET notice_until = '2026-01-05' WHERE vote_id = $1", UUID(vote["id"]))


async def finalised(estate: Estate, vote: Json) -> Json:
    """The same, from open to final."""
    await published(estate, vote)
    await end_result_notice(estate, vote)
    return await act(estate, vote, "finalise")


async def cast(client: Client, vote: Json, *choices: str, **more: Any) -> httpx.Response:
    """A ballot with a choice for every matter."""
    return await client.post(f"/v1/votes/{vote['id']}/ballots", json={"choices": said(*choices), **more})


def said(*choices: str) -> Json:
    return {str(no): choice for no, choice in enumerate(choices, 1)}


async def entered(estate: Estate, vote: Json, head: Head, *choices: str, **more: Any) -> Json:
    """A ballot that staff took at the door."""
    body = {"channel": "door", "owner_id": str(head.id), **more}
    answer = await cast(estate.world.street, vote, *choices, **body)
    assert answer.status_code in (200, 201), answer.text
    ballot: Json = answer.json()
    return ballot


async def tally(estate: Estate, vote: Json) -> Mapping[str, Any]:
    """The only matter's figures as staff see them."""
    answer = await estate.world.street.get(f"/v1/votes/{vote['id']}/tally")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return {**found["matters"][0], **{key: found[key] for key in ("sealed", "contradicting", "unconfirmed")}}
