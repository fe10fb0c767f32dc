"""Photographs as answers: files that whoever answers has sent, held by the answer, let go with the account."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.api.surveys.world import MakeRegion, MakeStaff, World
from tests.support.people import Client
from tests.support.pictures import png

Json = dict[str, Any]
PICTURE: Json = {"id": "picture", "kind": "photo", "title": "屋面渗漏处", "required": True}
SENT = """
INSERT INTO file (id, owner_kind, owner_id, sha256, size, media_type, width, height, check_state, created_at, expires_at)
VALUES ($1, $2, $3, $4, 1000, $5, $6, $6, $7, now(), now() + interval '1 day')
"""
USES = "SELECT subject_id, public FROM file_use WHERE file_id = $1 AND subject_type = 'survey_response' ORDER BY subject_id"


async def sent(database: Database, kind: str, owner: UUID, media: str = "image/jpeg") -> str:
    """A photograph (or a document) that somebody sent and has used for nothing yet."""
    made = new_id()
    side = None if media == "application/pdf" else 800
    async with database.begin(SYSTEM) as uow:
        state = "pending" if kind == "resident" else "passed"
        await uow.driver.execute(SENT, made, kind, owner, uuid4().hex * 2, media, side, state)
    return str(made)


async def uses(database: Database, file_id: str) -> list[tuple[str, bool]]:
    """Which answers hold a file, and whether it is public."""
    async with database.read() as reader:
        return [(str(row["subject_id"]), row["public"]) for row in await reader.fetch(USES, UUID(file_id))]


async def expires(database: Database, file_id: str) -> datetime | None:
    async with database.read() as reader:
        found: datetime | None = await reader.fetchval("SELECT expires_at FROM file WHERE id = $1", UUID(file_id))
        return found


async def answered(client: Client, survey: Json, home: UUID, *files: str) -> Any:
    body = {"property_id": str(home), "answers": {"picture": list(files)}}
    return await client.post(f"/v1/surveys/{survey['id']}/responses", json=body)


async def test_a_residents_photograph_belongs_to_his_answer_and_goes_with_his_account(
    world: World, owner_of: Any
) -> None:
    me, home, _ = await owner_of()
    first, second = [await sent(world.database, "resident", me.resident_id) for _ in range(2)]
    survey = await world.opened(PICTURE)
    given = await answered(me, survey, home, first, second)
    assert (given.status_code, given.json()["answers"]) == (201, {"picture": [first, second]})
    assert await uses(world.database, first) == [(given.json()["id"], False)]
    assert await expires(world.database, first) is None
    later = await answered(me, survey, home, first)
    assert await uses(world.database, first) == sorted([(given.json()["id"], False), (later.json()["id"], False)])
    taken_along = (await me.post("/v1/me/export")).json()["files"]
    assert [one["file_id"] for one in taken_along] == sorted([first, second])
    asked = (await me.post("/v1/me/erase", json={})).json()["confirmation"]
    assert (await me.post("/v1/me/erase", json={"confirmation": asked})).status_code == 204
    for one in (first, second):
        assert await uses(world.database, one) == []
        gone = await expires(world.database, one)
        assert gone is not None
        assert gone <= datetime.now(UTC)
    kept = (await world.clerk.get(f"/v1/surveys/{survey['id']}/results")).json()
    assert kept["counted"] == 1


@pytest.mark.parametrize("whose", ["another", "document", "unknown", "words"])
async def test_what_is_no_photograph_of_his_is_refused_at_its_question(world: World, owner_of: Any, whose: str) -> None:
    me, home, _ = await owner_of()
    other, _, _ = await owner_of()
    wrong = {
        "another": await sent(world.database, "resident", other.resident_id),
        "document": await sent(world.database, "resident", me.resident_id, "application/pdf"),
        "unknown": str(uuid4()),
        "words": "档案 3-1",
    }[whose]
    survey = await world.opened(PICTURE)
    refused = await answered(me, survey, home, wrong)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/answers/picture")
    if whose == "another":
        assert await uses(world.database, wrong) == []


async def test_of_a_batch_that_staff_key_each_photograph_is_theirs_or_its_row_is_refused(world: World) -> None:
    homes = await world.register.homes(2)
    assert world.clerk.staff_id is not None
    mine = await sent(world.database, "staff", world.clerk.staff_id)
    foreign = await sent(world.database, "staff", uuid4())
    survey = await world.opened(PICTURE)
    rows = [
        {"property_id": str(home), "channel": "door", "answers": {"picture": [one]}}
        for home, one in zip(homes, (mine, foreign), strict=True)
    ]
    outcomes = (await world.clerk.post(f"/v1/surveys/{survey['id']}/responses/batch", json={"responses": rows})).json()
    good, bad = outcomes["items"]
    assert await uses(world.database, mine) == [(good["response_id"], False)]
    assert bad["refusal"]["errors"][0]["pointer"] == "/answers/picture"
    assert await uses(world.database, foreign) == []


async def test_whoever_may_compare_an_answer_sees_its_photographs_and_nobody_else(
    world: World, region: MakeRegion, staff: MakeStaff, owner_of: Any
) -> None:
    _, home, _ = await owner_of()
    neighbour, _, _ = await owner_of()
    uploaded = await world.clerk.post("/v1/files", files={"file": ("a.png", png())})
    assert uploaded.status_code == 201, uploaded.text
    path = f"/v1/files/{uploaded.json()['id']}"
    assert (await world.second.get(path)).status_code == 404, "nothing uses it yet"
    survey = await world.opened(PICTURE)
    answers = {"picture": [uploaded.json()["id"]]}
    assert (await world.enter(survey, home, answers, channel="door")).status_code == 201
    assert (await world.second.get(path)).status_code == 200
    foreign = await staff("community", await region("community"))
    for client in (foreign, neighbour):
        assert (await client.get(path)).status_code == 404
