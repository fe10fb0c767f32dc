"""A notice that rests on a provisional calendar is computed anew when the holidays are announced, and nobody loses a day."""

from datetime import date, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.kit.calendar import DAY, WorkCalendar
from services.core.kit.uow import SYSTEM
from services.core.selection import renoticing
from tests.api.selection.stopping import planned
from tests.api.selection.world import MakeStaff, World
from tests.api.selection.year import confirm, end_notice, object_to, publish, today

PROVISIONAL = "UPDATE {} SET provisional = true WHERE id = $1"


def announced(first: date, *, off: int, known: bool = True) -> WorkCalendar:
    """A calendar in which so many days from one on are holidays; confirmed far beyond them, or not even to them."""
    holidays = {first + DAY * number: False for number in range(off)}
    until = first + timedelta(days=400) if known else first - timedelta(days=30)
    return WorkCalendar(MappingProxyType(holidays), date(2020, 1, 1), until)


async def on_notice(world: World, table: str, published_id: str) -> date:
    """Its last day is provisional from now on."""
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(PROVISIONAL.format(table), UUID(published_id))
        until: date = await uow.driver.fetchval(f"SELECT notice_until FROM {table} WHERE id = $1", UUID(published_id))
    return until


async def recompute(world: World, calendar: WorkCalendar) -> None:
    async with world.database.begin(SYSTEM) as uow:
        await renoticing.recompute(uow, calendar=calendar)


async def recorded(world: World, round_id: str) -> list[dict[str, Any]]:
    """What the ledger of events tells of it."""
    async with world.database.read() as reader:
        rows = await reader.fetch(
            "SELECT data FROM event WHERE subject_id = $1 AND kind = 'round.notice_recomputed' ORDER BY id",
            UUID(round_id),
        )
    return [row["data"] for row in rows]


async def test_holidays_announced_in_between_move_the_last_day_with_a_record(
    world: World, api: httpx.AsyncClient
) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    published = await publish(world, found["id"])
    before = await on_notice(world, "publication", published["id"])
    shown = await api.get(f"/public/rounds/{found['id']}/ranking")
    await api.get(f"/public/rounds/{found['id']}/notice")

    await recompute(world, announced(await today(world) + DAY, off=10))
    [told] = await recorded(world, found["id"])
    after = date.fromisoformat(told["notice_until"])
    assert (told["supplement_id"], told["publication_id"], told["before"], told["provisional"]) == (
        None, published["id"], before.isoformat(), False,
    )  # fmt: skip
    assert after > before
    [listed] = (await api.get(f"/public/rounds/{found['id']}/publications")).json()["items"]
    assert (listed["notice_until"], listed["provisional"]) == (after.isoformat(), False)
    page = await api.get(f"/public/rounds/{found['id']}/notice", headers={"Accept-Language": "en"})
    assert after.isoformat() in page.text
    assert (await api.get(f"/public/rounds/{found['id']}/ranking")).content == shown.content
    await recompute(world, announced(await today(world) + DAY, off=20))  # settled is settled
    assert len(await recorded(world, found["id"])) == 1


async def test_nobody_loses_a_day_that_he_was_told(world: World) -> None:
    found = await world.round()
    published = await publish(world, found["id"])
    before = await on_notice(world, "publication", published["id"])
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE publication SET notice_until = notice_until + 9 WHERE id = $1", published["id"]
        )
    await recompute(world, announced(await today(world), off=0))
    [told] = await recorded(world, found["id"])
    assert (told["notice_until"], told["provisional"]) == ((before + DAY * 9).isoformat(), False)


async def test_nothing_is_told_while_nothing_is_announced_nor_of_what_is_confirmed(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    published = await publish(world, found["id"])
    await on_notice(world, "publication", published["id"])
    await recompute(world, announced(await today(world), off=0, known=False))
    assert await recorded(world, found["id"]) == []
    await end_notice(world, found["id"])
    assert (await confirm(world, published["run_id"])).status_code == 201
    await recompute(world, announced(await today(world), off=0))
    assert await recorded(world, found["id"]) == []


@pytest.mark.parametrize("off", [0, 60])
async def test_an_objection_that_seemed_late_may_have_come_in_time(world: World, off: int) -> None:
    found = await world.round()
    published = await publish(world, found["id"])
    await end_notice(world, found["id"])
    await on_notice(world, "publication", published["id"])
    late = await object_to(world, found["id"])
    assert late["late"] is True
    await recompute(world, announced(await today(world) - DAY * 29, off=off))
    again = (await world.city.get(f"/v1/objections/{late['id']}")).json()
    assert again["late"] is (off == 0)


async def test_the_same_holds_for_a_supplement(world: World, staff: MakeStaff, api: httpx.AsyncClient) -> None:
    year = await planned(world, staff, ["100", "100", "100"], ready="3")
    supplement_id = (await year.stop(1)).json()["id"]
    assert (await year.publish(supplement_id)).status_code == 200
    before = await on_notice(world, "supplement", supplement_id)
    await recompute(world, announced(await today(world) + DAY, off=10))
    made = (await world.city.get(f"/v1/supplements/{supplement_id}")).json()
    assert (made["notice_until"] > before.isoformat(), made["provisional"]) == (True, False)
    page = await api.get(f"/public/supplements/{supplement_id}/notice", headers={"Accept-Language": "en"})
    assert made["notice_until"] in page.text
