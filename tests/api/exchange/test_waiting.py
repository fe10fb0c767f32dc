"""What may happen to an import while it waits for its turn, and long after."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from services.core.exchange.forms import FORMS, ImportKind
from services.core.exchange.jobs import ForgetImportFiles
from services.core.facts.rules import Kind
from services.core.kit.scope import Scope
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM
from services.core.projects import service as projects
from services.core.projects.rules import FundingLine, FundingSource, Plan, PlanItem
from services.core.territory.rules import Category
from services.worker import runtime
from services.worker.schedule import schedule_of
from tests.api.exchange.sheets import Clerk, csv
from tests.api.selection.world import MakeStaff
from tests.support.people import Region

ONE = csv("小区名称,所属区域,户数", "一村,何家社区,120")
WAITS_FOR = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))"
KEPT = """
SELECT (SELECT count(*) FROM import_file WHERE import_id = $1), (SELECT count(*) FROM import_bad_row WHERE import_id = $1),
       (SELECT count(*) FROM import_finding WHERE import_id = $1)
"""


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE role_grant SET ended_at = now() WHERE principal_id = $1",
        "UPDATE role_grant SET role = 'auditor' WHERE principal_id = $1",
        "UPDATE staff SET disabled_at = now() WHERE id = $1",
    ],
)
async def test_who_lost_the_right_to_import_while_the_file_waited_imports_nothing(
    clerk: Clerk, street: Region, staff: MakeStaff, meanwhile: str
) -> None:
    sent = await clerk.send(ONE)
    async with clerk.database.begin(SYSTEM) as uow:
        await uow.driver.execute(meanwhile, UUID(sent["made_by"]))
    job = await clerk.job(sent["id"])
    assert job is not None
    await runtime.perform({"database": clerk.database}, job)
    onlooker = replace(clerk, client=await staff("street", street))
    over = await onlooker.get(sent["id"])
    assert (over["state"], over["created"], over["rows_read"]) == ("refused", 0, 0)
    assert await onlooker.places(sent["id"]) == [(None, None, "sender-not-allowed")]
    assert await onlooker.compounds() == {}
    assert await clerk.job(sent["id"]) is None


async def test_who_may_no_longer_decide_between_sources_replaces_nobodys_figure(
    clerk: Clerk, street: Region, staff: MakeStaff
) -> None:
    await clerk.bring(ONE)
    district = replace(clerk, client=await staff("district", street))
    changed = ONE.replace(b"120", b"130")
    sent = await district.send(changed)
    async with clerk.database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE role_grant SET role = 'street' WHERE principal_id = $1", UUID(sent["made_by"]))
    await district.work(sent["id"])
    assert await district.places(sent["id"]) == [(2, "C", "fact-source-of-another")]
    assert (await district.bring(changed, source="另一来源"))["state"] == "done"
    figures = (await clerk.compounds())["一村"]["facts"]["compound.households"]
    assert {one["kind"] for one in figures["conflict"]} == {Kind.ATTESTED}


async def test_a_file_of_more_rows_than_its_kind_takes_is_refused(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = ImportKind.COMPOUNDS
    monkeypatch.setitem(FORMS, kind, replace(FORMS[kind], most_rows=2))
    lines = [f"{row}村,何家社区,1" for row in range(3)]
    assert (await clerk.bring(csv("小区名称,所属区域,户数", *lines[:2])))["state"] == "done"
    over = await clerk.bring(csv("小区名称,所属区域,户数", *lines))
    assert over["state"] == "refused"
    assert await clerk.places(over["id"]) == [(None, None, "too-many-rows")]
    assert len(await clerk.compounds()) == 2


async def test_files_and_their_bad_rows_go_when_their_time_is_over_and_the_import_stays(
    clerk: Clerk, settings: Settings
) -> None:
    old, new, waiting = [
        await clerk.bring(ONE.replace(b"120", b"?"), mode="good_rows"),
        await clerk.bring(ONE.replace(b"120", b"?"), mode="good_rows"),
        await clerk.send(ONE),
    ]
    async with clerk.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE data_import SET made_at = made_at - interval '2000 days' WHERE id = ANY ($1::uuid[])",
            [UUID(old["id"]), UUID(waiting["id"])],
        )
        [forget] = [one.job for one in schedule_of(settings) if isinstance(one.job, ForgetImportFiles)]
        job = uow.enqueue(forget)
    await runtime.perform({"database": clerk.database}, str(job))
    async with clerk.database.read() as reader:
        kept = [tuple(await reader.fetchrow(KEPT, UUID(one["id"]))) for one in (old, new, waiting)]
    assert kept == [(0, 0, 1), (1, 1, 1), (1, 0, 0)]
    shown = await clerk.get(old["id"])
    assert (shown["file_sha256"], shown["rows_bad"]) == (old["file_sha256"], 1)
    assert shown["file_deleted_at"] is not None
    assert (await clerk.get(new["id"]))["file_deleted_at"] is None
    assert (await clerk.work(waiting["id"]))["state"] == "done"


async def test_a_plan_added_while_quantities_come_in_keeps_its_funding(clerk: Clerk) -> None:
    mark = uuid4().hex[:6]
    await clerk.bring(csv("小区编号,小区名称,所属区域", f"{mark}-1,南岳,何家社区"))
    await clerk.bring(csv("项目编号,项目名称,小区编号", f"P-{mark},改造,{mark}-1"), kind="projects")
    project = (await clerk.client.get("/v1/projects", params={"region": str(clerk.at.id)})).json()["items"][0]["id"]
    sent = await clerk.send(
        csv("项目编号,改造内容,类别,工程量,单位,造价", f"P-{mark},管网,基础类,2,米,100"), kind="quantities"
    )
    budget = Decimal(100)
    pipes = PlanItem("管网", None, Category.BASIC, Decimal(1), "米", budget)
    async with clerk.database.begin(SYSTEM) as uow, clerk.database.read() as onlooker:
        plan = Plan((pipes,), budget, (FundingLine(FundingSource.CITY, budget),), "物业服务")
        await projects.add_plan(uow, scope=Scope((clerk.at.path,)), project_id=UUID(project), plan=plan)
        importing = asyncio.create_task(clerk.work(sent["id"]))
        async with asyncio.timeout(10):
            while not await onlooker.fetchval(WAITS_FOR, uow.driver.get_server_pid()):  # noqa: ASYNC110 - a lock tells nobody
                await asyncio.sleep(0.01)
    assert (await importing)["changed"] == 1
    plans = (await clerk.client.get(f"/v1/projects/{project}/plans")).json()["items"]
    assert [(one["management_mode"], len(one["funding"])) for one in plans] == [("物业服务", 1)] * 2
