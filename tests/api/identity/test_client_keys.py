"""Long-lived keys of clients: told once, two live at once, gone the moment they are revoked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from services.core.identity import keys
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


class Department:
    """A client and who manages it."""

    def __init__(self, manager: Client, client_id: str) -> None:
        self.manager, self.id, self.version = manager, client_id, 1

    async def do(self, path: str) -> httpx.Response:
        """A write on its keys, in the version that it has now."""
        answer = await self.manager.post(f"/v1/clients/{self.id}{path}", headers={"If-Match": f'"{self.version}"'})
        if answer.is_success:
            self.version = answer.json()["version"]
        return answer

    async def key(self) -> dict[str, Any]:
        """A new key."""
        answer = await self.do("/keys")
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def listed(self) -> list[dict[str, Any]]:
        """Its keys as they are shown."""
        answer = await self.manager.get(f"/v1/clients/{self.id}/keys")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


async def department(region: MakeRegion, staff: MakeStaff) -> Department:
    """A client of a city of its own."""
    at = await region("city")
    manager = await staff("city", at)
    body = {"name": "随手拍", "organisation": "城管局", "region_ids": [str(at.id)]}
    return Department(manager, (await manager.post("/v1/clients", json=body)).json()["id"])


async def test_a_key_is_told_once_and_kept_as_its_digest(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    of = await department(region, staff)
    made = await of.do("/keys")
    key = made.json()["api_key"]
    assert (made.status_code, made.headers["cache-control"], made.headers["etag"]) == (201, "no-store", '"2"')
    assert key.startswith("jgk_")
    assert len(key) > 40
    (shown,) = await of.listed()
    assert (shown["id"], shown["used_on"], shown["revoked_at"]) == (made.json()["id"], None, None)
    async with database.read() as reader:
        kept = await reader.fetchval("SELECT string_agg(k::text, ' ') FROM client_key k")
        audited = await reader.fetchval(
            "SELECT details->>'key_id' FROM audit_entry WHERE action = 'client.key_made' AND target_id = $1", of.id
        )
    assert key not in kept
    assert key.removeprefix("jgk_") not in kept
    assert audited == made.json()["id"]


async def test_the_same_request_again_does_not_tell_the_key(region: MakeRegion, staff: MakeStaff) -> None:
    of = await department(region, staff)
    headers = {"If-Match": '"1"', "Idempotency-Key": "once"}
    one = await of.manager.post(f"/v1/clients/{of.id}/keys", headers=headers)
    two = await of.manager.post(f"/v1/clients/{of.id}/keys", headers=headers)
    assert (one.status_code, two.status_code, two.json()["type"]) == (201, 409, "/problems/secret-told-once")
    assert two.json()["id"] == one.json()["id"]
    assert one.json()["api_key"] not in two.text


async def test_two_keys_live_and_the_old_one_goes(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    of = await department(region, staff)
    old, new = await of.key(), await of.key()
    full = await of.do("/keys")
    assert (full.status_code, full.json()["type"], full.json()["most"]) == (409, "/problems/client-keys-full", 2)
    assert (await of.do(f"/keys/{old['id']}/revoke")).status_code == 200
    again = await of.do(f"/keys/{old['id']}/revoke")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/client-key-revoked")
    async with database.read() as reader:
        found = [await keys.holder(reader, one["api_key"]) for one in (old, new)]
    assert found[0] is None
    assert found[1] is not None
    assert (str(found[1][0]), str(found[1][1].id)) == (new["id"], of.id)
    assert [one["revoked_at"] is None for one in await of.listed()] == [False, True]
    assert (await of.key())["id"] != new["id"], "there is room again"


async def test_two_at_once_make_one(region: MakeRegion, staff: MakeStaff) -> None:
    of = await department(region, staff)
    await of.key()
    answers = await asyncio.gather(*(of.do("/keys") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412, 412]


async def test_a_disabled_client_s_key_opens_nothing(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    of = await department(region, staff)
    made = await of.key()
    await of.do("/disable")
    async with database.read() as reader:
        assert await keys.holder(reader, made["api_key"]) is None
        assert await keys.holder(reader, "jgk_") is None


async def test_somebody_elses_key_is_not_found(region: MakeRegion, staff: MakeStaff) -> None:
    mine, theirs = await department(region, staff), await department(region, staff)
    foreign = await theirs.key()
    assert (await mine.do(f"/keys/{foreign['id']}/revoke")).status_code == 404
    assert (await mine.manager.get(f"/v1/clients/{theirs.id}/keys")).status_code == 404
    assert (await theirs.listed())[0]["revoked_at"] is None


async def test_the_day_of_its_use_is_remembered(region: MakeRegion, staff: MakeStaff, database: Database) -> None:
    of = await department(region, staff)
    made = await of.key()
    async with database.begin(SYSTEM) as uow:
        found = await keys.holder(uow.driver, made["api_key"])
        assert found is not None
        await keys.mark_used(uow, key_id=found[0])
    (shown,) = await of.listed()
    assert shown["used_on"] is not None
