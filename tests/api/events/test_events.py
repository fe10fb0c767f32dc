"""The feed of events: one's own regions, in order, from where one left off."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from uuid import UUID

import httpx
import pytest

from services.core.kit import sequencer
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Actor, Database
from tests.support.people import Client, Region

Staff = Callable[..., Awaitable[Client]]
Regions = Callable[..., Awaitable[Region]]


class Seen(Event):
    """An event of these tests."""

    kind: ClassVar[str] = "trial.seen"
    schema_version: ClassVar[int] = 3
    n: int


class Heard(Event):
    """Another one."""

    kind: ClassVar[str] = "trial.heard"
    n: int


async def happen(database: Database, *events: Event, at: Region, by: Actor = SYSTEM) -> UUID:
    """Events of one subject, committed and numbered."""
    subject = new_id()
    for event in events:
        async with database.begin(by) as uow:
            uow.record(event, subject="trial", subject_id=subject, region_path=at.path)
    waiting = True
    while waiting:
        async with database.engine.begin() as connection:
            await sequencer.number(connection, "event")
        async with database.read() as reader:
            waiting = await reader.fetchval("SELECT EXISTS (SELECT FROM event WHERE seq IS NULL)")
    return subject


async def pull(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/events", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def seen(page: dict[str, Any]) -> list[int]:
    return [item["data"]["n"] for item in page["items"]]


async def test_an_event_whole(database: Database, staff: Staff, region: Regions) -> None:
    at = await region("county")
    reader = await staff("district", at)
    actor = Actor("staff", new_id(), "request-42")
    subject = await happen(database, Seen(n=1), at=at, by=actor)
    (item,) = (await pull(reader))["items"]
    assert isinstance(item.pop("seq"), int)
    UUID(item.pop("id"))
    assert item.pop("occurred_at").endswith("Z")
    assert item == {
        "kind": "trial.seen", "schema_version": 3, "subject": {"type": "trial", "id": str(subject)},
        "region_path": at.path, "data": {"n": 1}, "actor": {"kind": "staff", "id": str(actor.id)},
        "request_id": "request-42",
    }  # fmt: skip


async def test_pages_go_on_where_the_last_one_ended(database: Database, staff: Staff, region: Regions) -> None:
    at = await region("county")
    reader = await staff("auditor", at)
    await happen(database, *(Seen(n=n) for n in range(5)), at=at)
    found, query = [], {"limit": 2}
    for more in (True, True, False):
        page = await pull(reader, **query)
        assert page["has_more"] is more
        assert page["next_cursor"]
        found += seen(page)
        query["cursor"] = page["next_cursor"]
    assert found == [0, 1, 2, 3, 4]

    for _ in range(2):
        page = await pull(reader, **query)
        assert (seen(page), page["has_more"]) == ([], False)
        query["cursor"] = page["next_cursor"]
    await happen(database, Seen(n=5), at=at)
    assert seen(await pull(reader, **query)) == [5]


async def test_numbers_grow(database: Database, staff: Staff, region: Regions) -> None:
    at = await region("county")
    reader = await staff("district", at)
    await happen(database, *(Seen(n=n) for n in range(6)), at=at)
    numbers = [item["seq"] for item in (await pull(reader))["items"]]
    assert numbers == sorted(set(numbers))


async def test_only_ones_own_regions(database: Database, staff: Staff, region: Regions) -> None:
    county = await region("county")
    street, sibling = [await region("street", county) for _ in range(2)]
    for n, at in enumerate((county, street, sibling)):
        await happen(database, Seen(n=n), at=at)
    assert seen(await pull(await staff("district", county))) == [0, 1, 2]
    assert seen(await pull(await staff("street", street))) == [1]
    assert seen(await pull(await staff("community", sibling))) == [2]
    assert seen(await pull(await staff("district", await region("county")))) == []


async def test_an_event_without_number_is_not_there_yet(database: Database, staff: Staff, region: Regions) -> None:
    at = await region("county")
    reader = await staff("district", at)
    async with database.begin(SYSTEM) as uow:
        uow.record(Seen(n=1), subject="trial", subject_id=new_id(), region_path=at.path)
    page = await pull(reader)
    assert seen(page) == []
    await happen(database, Seen(n=2), at=at)
    assert seen(await pull(reader, cursor=page["next_cursor"])) == [1, 2]


async def test_kinds_can_be_chosen(database: Database, staff: Staff, region: Regions) -> None:
    at = await region("county")
    reader = await staff("district", at)
    await happen(database, Seen(n=1), Heard(n=2), Seen(n=3), at=at)
    assert seen(await pull(reader, kind="trial.heard")) == [2]
    assert seen(await pull(reader, kind=["trial.heard", "trial.seen"])) == [1, 2, 3]
    page = await pull(reader, kind="trial.unknown")
    assert (seen(page), page["has_more"]) == ([], False)
    assert seen(await pull(reader, cursor=page["next_cursor"])) == [], "what was looked at is behind the reader"


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "WyItMSJd"},
        {"cursor": "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OSJd"},
        {"limit": 0},
        {"limit": 501},
    ],
)
async def test_bad_queries(staff: Staff, region: Regions, query: dict[str, Any]) -> None:
    reader = await staff("district", await region("county"))
    refusal = await reader.get("/v1/events", params=query)
    assert (refusal.status_code, refusal.headers["content-type"]) == (422, "application/problem+json")


async def test_who_may_read(api: httpx.AsyncClient, staff: Staff, region: Regions) -> None:
    assert (await api.get("/v1/events")).status_code == 401
    expert = await staff("expert", await region("county"))
    assert (await expert.get("/v1/events")).status_code == 403
