"""Handing out: everybody who hears of an event is told once, whatever happens to the worker."""

import asyncio
import importlib
import pkgutil
import string
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from services import core
from services.core.kit import sequencer
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Actor, Database
from services.core.notifications import rules
from services.core.notifications.rules import Subscription
from services.core.notifications.service import hand_out
from services.core.notifications.subscriptions import BY_KIND, SUBSCRIPTIONS
from services.worker.handout import hand_out_once
from tests.support.people import ADD_GRANT, ADD_STAFF, Region, make_region


class Applied(Event):
    """As the domain's own: street, community and the district above hear it."""

    kind: ClassVar[str] = "project.applied"
    plan_number: int


class Opened(Event):
    """As the domain's own: heard above by city and district, below by streets and communities, too."""

    kind: ClassVar[str] = "round.opened"
    year: int


async def hire(database: Database, *roles: tuple[str, Region]) -> UUID:
    """A member of staff with these roles."""
    staff_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_STAFF, staff_id, uuid4().hex, "somebody")
        for role, region in roles:
            await uow.driver.execute(ADD_GRANT, new_id(), staff_id, role, region.id, region.path, None)
    return staff_id


async def happen(database: Database, event: Event, at: str, *, by: Actor = SYSTEM) -> None:
    async with database.begin(by) as uow:
        uow.record(event, subject="trial", subject_id=new_id(), region_path=at)


async def number(database: Database) -> None:
    for _ in range(2):
        async with database.engine.begin() as connection:
            await sequencer.number(connection, "event")


async def told(database: Database) -> list[tuple[UUID, str]]:
    """Everybody who was told, and of what."""
    async with database.read() as connection:
        rows = await connection.fetch("SELECT recipient_id, kind FROM message ORDER BY event_seq, recipient_id")
    return [(row["recipient_id"], row["kind"]) for row in rows]


async def family(database: Database) -> tuple[Region, Region, Region, Region]:
    """A county with two streets, one of which has a community."""
    county = await make_region(database, "county", None)
    street, sibling = [await make_region(database, "street", county) for _ in range(2)]
    return county, street, sibling, await make_region(database, "community", street)


async def test_who_hears_an_event_of_a_region(fresh_database: Database) -> None:
    county, street, sibling, community = await family(fresh_database)
    elsewhere = await make_region(fresh_database, "county", None)
    hears = {
        await hire(fresh_database, ("district", county)),
        await hire(fresh_database, ("street", street)),
        await hire(fresh_database, ("street", street), ("district", county), ("community", sibling)),
    }
    for roles in (
        [("expert", county)], [("auditor", street)], [("city", county)], [("street", sibling)], [("community", community)],
        [("district", elsewhere)], [],
    ):  # fmt: skip
        await hire(fresh_database, *roles)
    await happen(fresh_database, Applied(plan_number=2), street.path)
    await number(fresh_database)
    assert await hand_out_once(fresh_database) == 1
    assert await told(fresh_database) == [(staff_id, "project.applied") for staff_id in sorted(hears)]


async def test_some_events_are_heard_below(fresh_database: Database) -> None:
    county, street, sibling, community = await family(fresh_database)
    near = await make_region(fresh_database, "county", None)
    hears = {
        await hire(fresh_database, (role, region))
        for role, region in (
            ("city", county), ("district", county), ("street", street), ("street", sibling), ("community", community)
        )
    }  # fmt: skip
    for roles in ([("expert", county)], [("street", near)], [("city", street)]):
        await hire(fresh_database, *roles)
    await happen(fresh_database, Opened(year=2026), county.path)
    await number(fresh_database)
    await hand_out_once(fresh_database)
    assert {staff_id for staff_id, _ in await told(fresh_database)} == hears


async def test_who_acts_who_left_and_whose_role_ended_are_not_told(fresh_database: Database) -> None:
    county, street, _, _ = await family(fresh_database)
    actor, gone, ended, client, hears = [await hire(fresh_database, ("district", county)) for _ in range(5)]
    async with fresh_database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE staff SET disabled_at = now() WHERE id = $1", gone)
        await uow.driver.execute("UPDATE role_grant SET ended_at = now() WHERE principal_id = $1", ended)
        await uow.driver.execute("UPDATE role_grant SET principal_kind = 'client' WHERE principal_id = $1", client)
    await happen(fresh_database, Applied(plan_number=1), street.path, by=Actor("staff", actor))
    await number(fresh_database)
    await hand_out_once(fresh_database)
    assert await told(fresh_database) == [(hears, "project.applied")]


async def test_only_numbered_events_are_handed_out_and_none_is_skipped(fresh_database: Database) -> None:
    county, street, _, _ = await family(fresh_database)
    await hire(fresh_database, ("district", county))
    await happen(fresh_database, Applied(plan_number=1), street.path)
    assert await hand_out_once(fresh_database) == 0
    await number(fresh_database)
    await happen(fresh_database, Applied(plan_number=2), street.path)
    assert await hand_out_once(fresh_database) == 1
    await number(fresh_database)
    assert await hand_out_once(fresh_database) == 1
    assert await hand_out_once(fresh_database) == 0
    assert len(await told(fresh_database)) == 2


async def test_a_crash_repeats_nothing_and_leaves_nothing_out(fresh_database: Database) -> None:
    county, street, _, _ = await family(fresh_database)
    hears = await hire(fresh_database, ("district", county))
    for n in range(7):
        await happen(fresh_database, Applied(plan_number=n), street.path)
    await number(fresh_database)

    async def crash() -> None:
        async with fresh_database.begin(SYSTEM) as uow:
            assert await hand_out(uow, limit=3) == 3
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            await crash()
        assert await told(fresh_database) == []
    async with fresh_database.begin(SYSTEM) as uow:
        assert await hand_out(uow, limit=3) == 3
    assert await hand_out_once(fresh_database) == 4
    assert await told(fresh_database) == [(hears, "project.applied")] * 7


async def test_many_workers_tell_everybody_once(fresh_database: Database) -> None:
    county, street, _, _ = await family(fresh_database)
    staff_ids = [await hire(fresh_database, ("district", county)) for _ in range(3)]
    for n in range(40):
        await happen(fresh_database, Applied(plan_number=n), street.path)
    await number(fresh_database)

    messages = 40 * len(staff_ids)

    async def work() -> None:
        while len(await told(fresh_database)) < messages:  # one who finds the place held comes again
            async with fresh_database.begin(SYSTEM) as uow:
                await hand_out(uow, limit=2)

    async with asyncio.timeout(60):
        await asyncio.gather(*(work() for _ in range(4)))
    assert len(await told(fresh_database)) == messages
    async with fresh_database.read() as connection:
        assert await connection.fetchval("SELECT count(DISTINCT (recipient_id, event_id)) FROM message") == 120


async def test_a_worker_that_is_at_it_does_not_hold_up_the_others(fresh_database: Database) -> None:
    county, street, _, _ = await family(fresh_database)
    await hire(fresh_database, ("district", county))
    await happen(fresh_database, Applied(plan_number=1), street.path)
    await number(fresh_database)
    assert await hand_out_once(fresh_database) == 1
    await happen(fresh_database, Applied(plan_number=2), street.path)
    await number(fresh_database)
    async with fresh_database.begin(SYSTEM) as busy:
        assert await hand_out(busy) == 1
        async with asyncio.timeout(5):
            assert await hand_out_once(fresh_database) == 0


def test_words_name_what_happened() -> None:
    texts = rules.word(
        BY_KIND["project.applied"][0],
        subject="万利小区 {region}",
        region="凤冈县",
        fields={"plan_number": 2, "subject_id": "0190"},
    )
    assert texts.body_zh == "凤冈县的项目“万利小区 {region}”以第2版方案申报参加竞争比选。"
    assert texts.body_en == "凤冈县: project “万利小区 {region}” applied with plan version 2."
    assert texts.link == "/v1/projects/0190"


def test_an_older_event_without_a_field_is_told_all_the_same() -> None:
    texts = rules.word(BY_KIND["project.applied"][0], subject=None, region=None, fields={})
    assert texts.body_en == "—: project “—” applied with plan version —."


def test_regions_around_a_region() -> None:
    assert rules.regions_above("1.23.456.") == ["1.", "1.23.", "1.23.456."]
    assert rules.regions_above("7.") == ["7."]


def _events() -> dict[str, type[Event]]:
    """Every kind of event that the domains declare."""
    for module in pkgutil.walk_packages(core.__path__, "services.core."):
        if module.name.endswith(".events"):
            importlib.import_module(module.name)
    found, stack = {}, [Event]
    while stack:
        event = stack.pop()
        stack.extend(event.__subclasses__())
        if event.__module__.startswith("services."):
            found[getattr(event, "kind", "")] = event
    return found


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS, ids=lambda subscription: subscription.kind)
def test_each_subscription_is_to_a_real_event_and_names_only_what_it_has(subscription: Subscription) -> None:
    assert subscription.kind in _events()
    known = {"subject", "region", "subject_type", "subject_id", *_events()[subscription.kind].model_fields}
    if subscription.kind.startswith("clock."):
        known |= {"promise_zh", "promise_en", "until", "case_type", "case_id", "case_zh", "case_en"}
    for text in (subscription.body_zh, subscription.body_en, subscription.link):
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= known
    assert (
        subscription.above
        or subscription.below
        or (subscription.desk and subscription.otherwise)
        or subscription.climbs
        or subscription.reporter
    )
