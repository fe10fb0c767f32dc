"""The audit by HTTP: auditors find who did what in their regions."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.core.kit import sequencer
from services.core.kit.ids import new_id
from services.core.kit.uow import Actor, Database
from tests.support.people import Client, Region

Staff = Callable[..., Awaitable[Client]]
Regions = Callable[..., Awaitable[Region]]


async def number(database: Database) -> None:
    waiting = True
    while waiting:
        async with database.engine.begin() as connection:
            await sequencer.number(connection, "audit_entry")
        async with database.read() as reader:
            waiting = await reader.fetchval("SELECT EXISTS (SELECT FROM audit_entry WHERE seq IS NULL)")


async def write(
    database: Database, action: str, region_path: str, *, by: UUID | None = None, target_id: UUID | None = None
) -> None:
    async with database.begin(Actor("staff", by or new_id(), "request-9")) as uow:
        uow.audit(action, target="thing", target_id=target_id, region_path=region_path, details={"n": 1})
    await number(database)


async def read(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def actions(page: dict[str, Any]) -> list[str]:
    return [item["action"] for item in page["items"]]


async def test_an_entry_whole(database: Database, staff: Staff, region: Regions) -> None:
    at, actor, target = await region("county"), new_id(), new_id()
    auditor = await staff("auditor", at)
    await write(database, "thing.done", at.path, by=actor, target_id=target)
    (item,) = (await read(auditor, actor_id=str(actor)))["items"]
    assert isinstance(item.pop("seq"), int)
    UUID(item.pop("id"))
    assert item.pop("at").endswith("Z")
    assert item == {
        "actor_kind": "staff", "actor_id": str(actor), "action": "thing.done", "outcome": "done", "target_type": "thing",
        "target_id": str(target), "region_path": at.path, "details": {"n": 1}, "request_id": "request-9",
    }  # fmt: skip


async def test_newest_first_page_by_page_and_filtered(database: Database, staff: Staff, region: Regions) -> None:
    county = await region("county")
    at = await region("street", county)
    auditor = await staff("auditor", at)
    target = new_id()
    for n in range(5):
        await write(database, f"thing.done_{n}", at.path, target_id=target if n % 2 else None)
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    for more in (True, True, False):
        page = await read(auditor, **query)
        assert page["has_more"] is more
        found += actions(page)
        query["cursor"] = page["next_cursor"]
    assert found == [f"thing.done_{n}" for n in (4, 3, 2, 1, 0)]
    assert actions(await read(auditor, action="thing.done_2")) == ["thing.done_2"]
    assert actions(await read(auditor, target_type="thing", target_id=str(target))) == ["thing.done_3", "thing.done_1"]
    assert actions(await read(auditor, outcome="refused")) == []


async def test_only_ones_own_regions(database: Database, staff: Staff, region: Regions) -> None:
    county = await region("county")
    street, sibling = [await region("street", county) for _ in range(2)]
    action = f"thing.{uuid4().hex}"
    for at in (county, street, sibling):
        await write(database, action, at.path)
    assert len((await read(await staff("auditor", county), action=action))["items"]) == 3
    assert len((await read(await staff("city", street), action=action))["items"]) == 1
    assert (await read(await staff("auditor", await region("county")), action=action))["items"] == []


async def test_what_belongs_to_no_region_is_for_auditors_of_a_whole_tree(
    database: Database, staff: Staff, region: Regions
) -> None:
    root = await region("nation")
    below = await region("county", root)
    action = f"thing.{uuid4().hex}"
    await write(database, action, "")
    assert actions(await read(await staff("auditor", root), action=action)) == [action]
    assert actions(await read(await staff("auditor", below), action=action)) == []


async def test_a_refusal_is_on_record(
    database: Database, staff: Staff, region: Regions, api: httpx.AsyncClient
) -> None:
    root = await region("nation")
    street = await staff("street", root)
    assert (await api.get("/v1/audit")).status_code == 401
    assert (await street.get("/v1/audit")).status_code == 403
    await number(database)
    page = await read(await staff("auditor", root), actor_id=str(street.staff_id), outcome="refused")
    assert actions(page) == ["audit:read"]


async def test_bad_queries(staff: Staff, region: Regions) -> None:
    auditor = await staff("auditor", await region("county"))
    for query in ({"cursor": "nonsense"}, {"limit": 101}, {"target_id": "1"}, {"actor_id": "x"}, {"action": "a" * 101}):
        assert (await auditor.get("/v1/audit", params=query)).status_code == 422
