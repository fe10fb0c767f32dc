"""Residents' accounts: their token, what it may do, how it ends."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from services.core.identity.access import RESIDENT
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]


async def test_a_resident_is_told_who_he_is_and_may_do_nothing_of_staff(resident: MakeResident) -> None:
    me = await resident()
    told = (await me.get("/v1/me")).json()
    assert (told["kind"], told["id"], told["username"], told["grants"]) == ("resident", str(me.resident_id), None, [])
    assert {"me", "resident:act"} <= set(told["permissions"]) == set(RESIDENT)
    assert (await me.get("/v1/compounds")).status_code == 403
    assert (await me.put("/v1/me/password", json={"current_password": "x", "new_password": "y"})).status_code == 403


async def test_sign_out_ends_the_session(resident: MakeResident) -> None:
    me = await resident()
    assert (await me.get("/v1/me/sessions")).json()["items"][0]["current"] is True
    assert (await me.post("/v1/auth/sign-out")).status_code == 204
    assert (await me.get("/v1/me")).status_code == 401


async def test_a_disabled_account_opens_nothing(resident: MakeResident, database: Database) -> None:
    me = await resident()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE resident SET disabled_at = $2 WHERE id = $1", me.resident_id, datetime(2026, 1, 1, tzinfo=UTC)
        )
    assert (await me.get("/v1/me")).status_code == 401
