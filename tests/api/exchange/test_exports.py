"""What goes out comes in again: the same form both ways, no formula in it, and nobody else's region."""

import csv as csv_module
import io
import zipfile
from uuid import uuid4

import pytest

from services.core.exchange.delimited import guarded
from services.core.exchange.forms import FORMS, ImportKind
from services.core.exchange.tables import open_table
from services.core.facts.catalogue import CATALOGUE
from services.core.kit.uow import SYSTEM
from tests.api.exchange.sheets import Clerk, csv, xlsx
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Region

FORMULAS = ["=1+1", "+86", "-5", "@SUM(A1)", "'=1", "''-x", "＝1+1"]


def lines(content: bytes) -> list[list[str]]:
    """The rows of a CSV file, as any program reads them."""
    return list(csv_module.reader(io.StringIO(content.decode("utf-8-sig"))))


async def filled(clerk: Clerk) -> None:
    """Compounds with figures of two sources, fractions, long numbers, synthetic ones, and names that look like formulas."""
    mark = uuid4().hex[:6]
    done = await clerk.bring(
        csv(
            "小区编号,小区名称,所属区域,地址,户数,建筑面积,自建住房占比,党组织,数据来源,文号,数据日期,演示数据",
            *(f"0{mark}-{number},{name},何家社区,{name},,,,,,,," for number, name in enumerate(map(guarded, FORMULAS))),
            f"00{mark},南岳,何家社区,,120,8000.5,1/3,是,房管局,建〔2026〕1号,2026-03-01,",
            f"00{mark},南岳,何家社区,,121,,,,街道,,,",
            f"{mark},龙泉,文昌社区,,12345678901234567,0.000000001,,,演示,,,是",
        )
    )
    assert done["state"] == "done", await clerk.errors(done["id"])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_an_export_sent_back_changes_nothing(clerk: Clerk, form: str) -> None:
    await filled(clerk)
    before = await clerk.compounds()
    exported = await clerk.export(form=form)
    again = await clerk.bring(exported)
    assert again["state"] == "done", await clerk.errors(again["id"])
    assert (again["created"], again["changed"]) == (0, 0)
    assert again["unchanged"] == len(FORMULAS) + 3
    assert await clerk.compounds() == before
    assert set(FORMULAS) <= set(before)


async def test_an_export_restores_an_empty_register(clerk: Clerk) -> None:
    """The control of the test above: what is said to change nothing does carry everything."""
    await filled(clerk)
    before = await clerk.compounds()
    exported = (await clerk.export()).decode("utf-8-sig")
    async with clerk.database.begin(SYSTEM) as uow:
        await uow.driver.execute("DELETE FROM fact WHERE region_path LIKE $1", f"{clerk.at.path}%")
        await uow.driver.execute("DELETE FROM compound WHERE region_path LIKE $1", f"{clerk.at.path}%")
    assert await clerk.compounds() == {}
    done = await clerk.bring(exported.encode())
    assert done["created"] == len(FORMULAS) + 2
    after = await clerk.compounds()
    for name, found in before.items():
        assert (after[name]["no"], after[name]["region_name"]) == (found["no"], found["region_name"])
        for key, fact in found["facts"].items():
            same = after[name]["facts"][key]
            assert (same["value"], same["kind"], same["conflict"] == []) == (
                fact["value"],
                fact["kind"],
                fact["conflict"] == [],
            )


async def test_no_cell_of_an_export_is_a_formula(clerk: Clerk) -> None:
    await filled(clerk)
    for row in lines(await clerk.export()):
        assert not [cell for cell in row if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
    with zipfile.ZipFile(io.BytesIO(await clerk.export(form="xlsx"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=1+1" in sheet


@pytest.mark.parametrize("kind", list(FORMS))
@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_template_is_a_form_without_rows(clerk: Clerk, kind: str, form: str) -> None:
    answer = await clerk.client.get(f"/v1/imports/templates/{kind}", params={"format": form})
    assert answer.status_code == 200
    table = open_table(answer.content, FORMS[ImportKind(kind)])
    assert [column.key for column in table.known.values()] == [column.key for column in FORMS[ImportKind(kind)].columns]
    assert list(table.rows) == []
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert ("dataValidation" in sheet) == any(column.offered for column in FORMS[ImportKind(kind)].columns)


async def test_every_figure_of_the_catalogue_has_its_column() -> None:
    keys = {column.key for column in FORMS[ImportKind.COMPOUNDS].columns}
    assert {entry.key for entry in CATALOGUE.values() if entry.subject == "compound"} <= keys


async def test_an_export_shows_no_other_region(clerk: Clerk, region: MakeRegion, staff: MakeStaff) -> None:
    await filled(clerk)
    other = await staff("street", await region("street"))
    for kind in ("compounds", "projects", "quantities", "discrepancies"):
        answer = await other.get(f"/v1/exports/{kind}", params={"region": str(clerk.at.id)})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_discrepancies_as_a_table(clerk: Clerk) -> None:
    await filled(clerk)
    rows = lines(await clerk.export("discrepancies"))
    conflict = [row for row in rows if row[0].startswith("来源不一致")]
    assert [(row[2], row[3]) for row in conflict] == [("南岳", "户数")]
    assert set(conflict[0][-1].split("；")) == {"房管局：120", "街道：121"}


async def test_projects_and_quantities_go_both_ways(clerk: Clerk) -> None:
    mark = uuid4().hex[:6]
    await clerk.bring(csv("小区编号,小区名称,所属区域", f"{mark}-1,南岳,何家社区", f"{mark}-2,龙泉,文昌社区"))
    projects = csv("项目编号,项目名称,小区编号,建设单位", f"P-{mark},南岳片区改造,{mark}-1、{mark}-2,龙泉街道办")
    made = await clerk.bring(projects, kind="projects")
    assert (made["state"], made["created"]) == ("done", 1), await clerk.errors(made["id"])
    quantities = xlsx(
        [
            ["项目编号", "改造内容", "类别", "工程量", "单位", "造价（元）"],
            [f"P-{mark}", "雨污管网", "基础类", "1,200", "米", "12.5万元"],
            [f"P-{mark}", "停车位", "完善类", 40.0, "个", 80000.0],
        ]
    )
    planned = await clerk.bring(quantities, kind="quantities")
    assert (planned["state"], planned["created"]) == ("done", 2), await clerk.errors(planned["id"])
    project = (await clerk.client.get("/v1/projects", params={"region": str(clerk.at.id)})).json()["items"][0]
    plans = (await clerk.client.get(f"/v1/projects/{project['id']}/plans")).json()["items"]
    assert [(plan["number"], plan["budget"]) for plan in plans] == [(1, "205000.00")]
    for kind in ("projects", "quantities"):
        again = await clerk.bring(await clerk.export(kind, "xlsx"), kind=kind)
        assert (again["state"], again["created"], again["changed"]) == ("done", 0, 0), await clerk.errors(again["id"])
    dearer = await clerk.bring(
        csv("项目编号,改造内容,类别,工程量,单位,造价", f"P-{mark},雨污管网,基础类,1200,米,130000"), kind="quantities"
    )
    assert dearer["changed"] == 1
    plans = (await clerk.client.get(f"/v1/projects/{project['id']}/plans")).json()["items"]
    assert sorted((plan["number"], plan["budget"]) for plan in plans) == [(1, "205000.00"), (2, "130000.00")]


async def test_quantities_brought_back_keep_what_becomes_of_each_building(clerk: Clerk) -> None:
    mark = uuid4().hex[:6]
    await clerk.bring(csv("小区编号,小区名称,所属区域", f"{mark}-1,南岳,何家社区"))
    await clerk.bring(csv("项目编号,项目名称,小区编号", f"P-{mark},改造,{mark}-1"), kind="projects")
    project = (await clerk.client.get("/v1/projects", params={"region": str(clerk.at.id)})).json()["items"][0]["id"]
    [compound] = (await clerk.client.get(f"/v1/projects/{project}")).json()["compounds"]
    made = await clerk.client.post(f"/v1/compounds/{compound['id']}/buildings", json={"no": "3"})
    choice = {"building_id": made.json()["id"], "option": "pit_ready"}
    lift = {"title": "加装电梯", "category": "improved", "quantity": "1", "unit": "部", "cost": "100"}
    plan = {"items": [{**lift, "buildings": [choice]}], "budget": "100"}
    assert (await clerk.client.post(f"/v1/projects/{project}/plans", json=plan)).status_code == 201
    again = await clerk.bring(await clerk.export("quantities", "xlsx"), kind="quantities")
    assert (again["state"], again["changed"]) == ("done", 0)
    dearer = f"P-{mark},加装电梯,完善类,1,部,200"
    assert (await clerk.bring(csv("项目编号,改造内容,类别,工程量,单位,造价", dearer), kind="quantities"))[
        "changed"
    ] == 1
    plans = (await clerk.client.get(f"/v1/projects/{project}/plans")).json()["items"]
    assert [plan["items"][0]["buildings"] for plan in plans] == [[choice], [choice]]


async def test_one_wrong_row_of_a_project_keeps_its_whole_plan_out(clerk: Clerk) -> None:
    mark = uuid4().hex[:6]
    await clerk.bring(csv("小区编号,小区名称,所属区域", f"{mark}-1,南岳,何家社区"))
    await clerk.bring(csv("项目编号,项目名称,小区编号", f"P-{mark},改造,{mark}-1"), kind="projects")
    torn = await clerk.bring(
        csv(
            "项目编号,改造内容,类别,工程量,单位,造价",
            f"P-{mark},管网,基础类,1,米,100",
            f"P-{mark},车位,豪华类,1,个,100",
            f"Q-{mark},管网,基础类,1,米,100",
        ),
        kind="quantities",
        mode="good_rows",
    )
    assert (torn["state"], torn["rows_bad"]) == ("done", 3)
    assert await clerk.places(torn["id"]) == [
        (2, None, "project-torn"),
        (3, "C", "choice"),
        (4, "A", "project-unknown"),
    ]


async def test_a_row_without_its_number_keeps_the_plan_above_it_out(clerk: Clerk) -> None:
    """The number written once, its cells not merged: half a plan would stand for the whole."""
    mark = uuid4().hex[:6]
    await clerk.bring(csv("小区编号,小区名称,所属区域", f"{mark}-1,南岳,何家社区", f"{mark}-2,龙泉,何家社区"))
    await clerk.bring(
        csv("项目编号,项目名称,小区编号", f"P-{mark},改造,{mark}-1", f"R-{mark},改造,{mark}-2"), kind="projects"
    )
    torn = await clerk.bring(
        csv(
            "项目编号,改造内容,类别,工程量,单位,造价",
            f"P-{mark},管网,基础类,1,米,100",
            ",车位,完善类,1,个,50",
            f"R-{mark},管网,基础类,1,米,100",
            "合计,,,,,250",
        ),
        kind="quantities",
        mode="good_rows",
    )
    assert (torn["state"], torn["rows_bad"], torn["created"]) == ("done", 3, 1)
    assert await clerk.places(torn["id"]) == [
        (2, None, "project-torn"),
        (3, "A", "required"),
        (5, None, "row-total"),
    ]
    projects = (await clerk.client.get("/v1/projects", params={"region": str(clerk.at.id)})).json()["items"]
    assert {one["no"][0]: one["plan_number"] for one in projects} == {"P": None, "R": 1}


async def test_the_library_refuses_a_row_by_its_own_rules(clerk: Clerk) -> None:
    """A project of one community with a compound of the other; a compound that nobody knows."""
    mark = uuid4().hex[:6]
    await clerk.bring(csv("小区编号,小区名称,所属区域", f"{mark}-1,南岳,何家社区"))
    refused = await clerk.bring(
        csv(
            "项目编号,项目名称,小区编号,所属区域",
            f"P-{mark},改造,{mark}-1,文昌社区",
            f"R-{mark},改造,{mark}-9,何家社区",
        ),
        kind="projects",
    )
    assert await clerk.places(refused["id"]) == [(2, None, "project-input-invalid"), (3, "C", "compound-unknown")]
    assert (await clerk.errors(refused["id"]))[0]["detail"] == "项目内容有误：小区不在项目所属区域内"


async def test_who_may_not_write_projects_imports_none(
    clerk: Clerk, staff: MakeStaff, communities: list[Region]
) -> None:
    person = await staff("community", communities[0])
    sent = {"kind": "projects", "region": str(communities[0].id)}
    answer = await person.post("/v1/imports", data=sent, files={"file": ("x.csv", b"x")})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")
