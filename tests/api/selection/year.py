"""From a published round to the plan of the year, through the API; only the legal terms are moved, in the database."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.core.kit.calendar import day_of
from services.core.kit.uow import SYSTEM
from tests.api.selection.world import World

RULING = {"reason": "经核实", "document": "甬建函〔2026〕8号"}


async def publish(world: World, round_id: str) -> dict[str, Any]:
    """The round frozen, run and published, as if applications had ended in between."""
    await world.freeze(round_id)
    run = await world.run(round_id)
    until = await _apply_until(world, round_id, date(2020, 10, 31))
    made = await world.city.post(f"/v1/runs/{run['id']}/publish")
    await _apply_until(world, round_id, until)
    assert made.status_code == 201, made.text
    published: dict[str, Any] = made.json()
    return published


async def _apply_until(world: World, round_id: str, day: date | None) -> date | None:
    """Moves a round's last day of applications, where it has one; the day that it was."""
    async with world.database.begin(SYSTEM) as uow:
        was: date | None = await uow.driver.fetchval(
            "SELECT apply_until FROM selection_round WHERE id = $1", UUID(round_id)
        )
        await uow.driver.execute(
            "UPDATE selection_round SET apply_until = $2 WHERE id = $1 AND apply_until IS NOT NULL", UUID(round_id), day
        )
    return was


async def today(world: World) -> date:
    """Today in Asia/Shanghai, by the database's clock."""
    async with world.database.read() as reader:
        return day_of(await reader.fetchval("SELECT now()"))


async def end_notice(world: World, round_id: str) -> None:
    """What stands published of a round was published thirty days earlier, and its notice has ended."""
    async with world.database.begin(SYSTEM) as uow:
        moved = await uow.driver.execute(
            """UPDATE publication SET published_at = published_at - interval '30 days', notice_until = notice_until - 30
               WHERE round_id = $1 AND superseded_at IS NULL""",
            UUID(round_id),
        )
    assert moved == "UPDATE 1"


async def end_supplement_notice(world: World, supplement_id: str) -> None:
    """A supplement was published thirty days earlier, and its notice has ended."""
    async with world.database.begin(SYSTEM) as uow:
        moved = await uow.driver.execute(
            """UPDATE supplement SET published_at = published_at - interval '30 days', notice_until = notice_until - 30
               WHERE id = $1 AND status = 'published'""",
            UUID(supplement_id),
        )
    assert moved == "UPDATE 1"


async def object_to(world: World, round_id: str, by: Any = None, **over: Any) -> dict[str, Any]:
    """An objection received today."""
    body = {"ground": "facts", "what": "建成年代登记有误", "received_on": (await today(world)).isoformat(), **over}
    made = await (by or world.city).post(f"/v1/rounds/{round_id}/objections", json=body)
    assert made.status_code == 201, made.text
    objection: dict[str, Any] = made.json()
    return objection


def days_before(day: date, count: int) -> str:
    """A day as the API takes it."""
    return (day - timedelta(days=count)).isoformat()


async def confirm(world: World, run_id: str, **over: Any) -> Any:
    """The answer to a confirmation issued today."""
    body = {"issued_on": (await today(world)).isoformat(), **over}
    return await world.city.post(f"/v1/runs/{run_id}/confirm", json=body)


async def plan_of_year(world: World, round_id: str) -> dict[str, Any]:
    """A round published, its notice over, confirmed."""
    published = await publish(world, round_id)
    await end_notice(world, round_id)
    made = await confirm(world, published["run_id"])
    assert made.status_code == 201, made.text
    confirmation: dict[str, Any] = made.json()
    return confirmation


async def plan(world: World, year: int = 2027, *, by: Any = None, **query: Any) -> dict[str, Any]:
    """The plan of the city as somebody reads it."""
    params = {"region": str(world.root.id), "limit": "100", **query}
    answer = await (by or world.city).get(f"/v1/plans/{year}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
