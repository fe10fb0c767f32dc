"""The staff inbox: one's own messages, newest first, in both languages."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region

Staff = Callable[..., Awaitable[Client]]
Regions = Callable[..., Awaitable[Region]]

ADD = """
INSERT INTO message (recipient_kind, recipient_id, event_id, event_seq, kind, title_zh, title_en, body_zh, body_en, link,
                     created_at)
VALUES ('staff', $1, $2, $3, 'project.applied', '项目申报', 'A project applied', $4, 'body', '/v1/projects/1', now())
RETURNING id
"""


async def tell(database: Database, staff_id: UUID, count: int) -> list[str]:
    """Messages of events numbered from 1, the newest first."""
    async with database.begin(SYSTEM) as uow:
        ids = [await uow.driver.fetchval(ADD, staff_id, new_id(), n, f"第{n}条") for n in range(1, count + 1)]
    return [str(message_id) for message_id in reversed(ids)]


@pytest.fixture
async def somebody(staff: Staff, region: Regions) -> Client:
    """Somebody signed in."""
    return await staff("street", await region("street"))


async def inbox(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/messages", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def unread(client: httpx.AsyncClient) -> int:
    answer = await client.get("/v1/messages/unread-count")
    assert answer.status_code == 200
    count: int = answer.json()["unread"]
    return count


async def test_newest_first_page_by_page(database: Database, somebody: Client) -> None:
    ids = await tell(database, somebody.staff_id, 7)
    found: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    for more in (True, True, False):
        page = await inbox(somebody, **query)
        found += [item["id"] for item in page["items"]]
        assert (page["has_more"], page["next_cursor"] is not None) == (more, more)
        query["cursor"] = page["next_cursor"]
    assert found == ids


async def test_a_message_says_what_happened_in_both_languages(database: Database, somebody: Client) -> None:
    (message_id,) = await tell(database, somebody.staff_id, 1)
    (item,) = (await inbox(somebody))["items"]
    assert item.pop("created_at")
    UUID(item.pop("event_id"))
    assert item == {
        "id": message_id, "kind": "project.applied", "title_zh": "项目申报", "title_en": "A project applied",
        "body_zh": "第1条", "body_en": "body", "link": "/v1/projects/1", "read_at": None,
    }  # fmt: skip


async def test_reading_counts_once_and_filters(database: Database, somebody: Client) -> None:
    ids = await tell(database, somebody.staff_id, 3)
    assert await unread(somebody) == 3
    first = await somebody.post(f"/v1/messages/{ids[1]}/read")
    assert first.status_code == 200
    assert first.json()["read_at"] is not None
    again = await somebody.post(f"/v1/messages/{ids[1]}/read")
    assert again.json() == first.json()
    assert await unread(somebody) == 2
    assert [item["id"] for item in (await inbox(somebody, unread="true"))["items"]] == [ids[0], ids[2]]
    assert [item["id"] for item in (await inbox(somebody, unread="false"))["items"]] == ids


async def test_reading_all_leaves_what_came_meanwhile(database: Database, somebody: Client) -> None:
    ids = await tell(database, somebody.staff_id, 5)
    answer = await somebody.post("/v1/messages/read-all", json={"up_to": ids[1]})
    assert (answer.status_code, answer.json()) == (200, {"marked": 4})
    assert [item["id"] for item in (await inbox(somebody, unread="true"))["items"]] == [ids[0]]
    assert (await somebody.post("/v1/messages/read-all", json={"up_to": ids[1]})).json() == {"marked": 0}


async def test_nobody_sees_or_reads_another_ones(database: Database, staff: Staff, region: Regions) -> None:
    at = await region("street")
    one, other = [await staff("street", at) for _ in range(2)]
    (foreign,) = await tell(database, one.staff_id, 1)
    assert (await inbox(other))["items"] == []
    assert await unread(other) == 0
    for path, body in ((f"/v1/messages/{foreign}/read", None), ("/v1/messages/read-all", {"up_to": foreign})):
        refusal = await other.post(path, json=body)
        assert (refusal.status_code, refusal.json()["type"]) == (404, "/problems/not-found")
    assert await unread(one) == 1


async def test_unknown_and_malformed(somebody: Client, api: httpx.AsyncClient) -> None:
    assert (await somebody.post(f"/v1/messages/{uuid4()}/read")).status_code == 404
    assert (await somebody.post("/v1/messages/1/read")).status_code == 422
    assert (await somebody.post("/v1/messages/read-all", json={})).status_code == 422
    assert (await somebody.post("/v1/messages/read-all", json={"up_to": str(uuid4()), "more": 1})).status_code == 422
    for query in ({"cursor": "nonsense"}, {"limit": 0}, {"limit": 101}, {"unread": "perhaps"}):
        assert (await somebody.get("/v1/messages", params=query)).status_code == 422
    for path in ("/v1/messages", "/v1/messages/unread-count"):
        assert (await api.get(path)).status_code == 401


async def test_reading_at_once_from_two_devices(database: Database, somebody: Client) -> None:
    ids = await tell(database, somebody.staff_id, 20)
    answers = await asyncio.gather(
        *(somebody.post(f"/v1/messages/{message_id}/read") for message_id in ids),
        *(somebody.post("/v1/messages/read-all", json={"up_to": ids[0]}) for _ in range(5)),
    )
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert (await somebody.post("/v1/messages/read-all", json={"up_to": ids[0]})).status_code == 200
    assert await unread(somebody) == 0
