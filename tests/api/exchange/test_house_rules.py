"""An import is held to what the register's own routes hold everybody to, and tells the clerk why."""

from typing import Any

import pytest

from services.core.exchange import regions
from services.core.kit.uow import SYSTEM
from services.core.projects.rules import MAX_ITEMS
from tests.api.exchange.sheets import EN, Clerk, csv, xlsx
from tests.api.exchange.test_files import BOOK, changed
from tests.api.selection.world import MakeStaff
from tests.support.people import Region

HEAD = "小区编号,小区名称,所属区域,户数"
QUANTITIES = "项目编号,改造内容,类别,工程量,单位,造价（元）"
CHANGED_CODE = """
INSERT INTO region_change (id, region_id, act, effective_on, old_code, new_code, old_name, new_name, document, decided_at)
SELECT gen_random_uuid(), id, 'recode', DATE '2026-06-01', $2, code, name, name, '民函〔2026〕1号', now() FROM region WHERE id = $1
"""


async def project(clerk: Clerk, at: Region) -> tuple[dict[str, Any], dict[str, Any]]:
    """A compound of a community, and the project that renovates it."""
    await clerk.bring(csv(HEAD, f",南岳,{at.name},120"))
    compound = (await clerk.compounds())["南岳"]
    body = {"title": "改造", "region_id": str(at.id), "compound_ids": [compound["id"]]}
    made = await clerk.client.post("/v1/projects", json=body)
    assert made.status_code == 201, made.text
    return compound, made.json()


async def test_a_compound_stays_in_the_region_of_its_project(clerk: Clerk, communities: list[Region]) -> None:
    compound, of = await project(clerk, communities[0])
    moving = csv(HEAD, f"{compound['no']},南岳,文昌社区,120")
    refused = await clerk.bring(moving)
    assert await clerk.places(refused["id"]) == [(2, "C", "compound-of-project")]
    assert (await clerk.compounds())["南岳"]["region_name"] == "何家社区"
    district = await clerk.client.get(f"/v1/projects/{of['id']}")
    assert [one["id"] for one in district.json()["compounds"]] == [compound["id"]]


async def test_a_compound_of_no_project_moves(clerk: Clerk) -> None:
    await clerk.bring(csv(HEAD, ",南岳,何家社区,120"))
    compound = (await clerk.compounds())["南岳"]
    done = await clerk.bring(csv(HEAD, f"{compound['no']},南岳,文昌社区,120"))
    assert (done["state"], done["changed"]) == ("done", 1)
    assert (await clerk.compounds())["南岳"]["region_name"] == "文昌社区"


async def test_nobody_poses_as_the_system(clerk: Clerk) -> None:
    refused = await clerk.bring(csv(f"{HEAD},数据来源", ",南岳,何家社区,120,compound.facilities"))
    assert await clerk.places(refused["id"]) == [(2, "E", "source-ours")]
    whole = await clerk.client.post(
        "/v1/imports",
        data={"kind": "compounds", "region": str(clerk.at.id), "source": "project.plan"},
        files={"file": ("小区.csv", csv(HEAD, ",南岳,何家社区,120"))},
    )
    assert (whole.status_code, whole.json()["errors"][0]["pointer"]) == (422, "/source")


async def test_no_figure_is_of_a_day_to_come(clerk: Clerk) -> None:
    refused = await clerk.bring(csv(f"{HEAD},数据日期", ",南岳,何家社区,120,2099-01-01", ",龙泉,何家社区,1,2026-01-01"))
    assert await clerk.places(refused["id"]) == [(2, "E", "date-to-come")]


async def test_what_nobody_sees_makes_no_other_name(clerk: Clerk) -> None:
    refused = await clerk.bring(csv(HEAD, ",南岳,何家社区,1", ",南\u200b岳,何家社区,2", ",\u202e南岳,何家社区,3"))
    assert await clerk.places(refused["id"]) == [(3, "B", "text-control"), (4, "B", "text-control")]


async def test_a_nul_is_told_and_no_failure(clerk: Clerk) -> None:
    refused = await clerk.bring(csv(HEAD, ",南\0岳,何家社区,120"))
    assert (refused["state"], await clerk.places(refused["id"])) == ("refused", [(2, "B", "text-control")])
    assert (await clerk.client.get(f"/v1/imports/{refused['id']}/errors.xlsx")).status_code == 200


@pytest.mark.parametrize("name", ["凤冈县老旧小区" * 6, "一/二[三]:四?", "'", "''南岳''", "History"])
async def test_bad_rows_come_back_whatever_their_sheet_is_called(clerk: Clerk, name: str) -> None:
    body = xlsx([["小区名称", "所属区域", "户数"], ["南岳", "何家社区", "很多"]])
    refused = await clerk.bring(changed(body, BOOK, 'name="小区"'.encode(), f'name="{name}"'.encode()), name="a.xlsx")
    answer = await clerk.client.get(f"/v1/imports/{refused['id']}/errors.xlsx")
    assert (refused["sheet"], answer.status_code) == (name, 200)


async def test_a_plan_has_no_more_rows_than_by_hand(clerk: Clerk, communities: list[Region]) -> None:
    _, of = await project(clerk, communities[0])
    no = (await clerk.client.get(f"/v1/projects/{of['id']}")).json()["no"]
    rows = [f"{no},道路{number},基础类,1,米,100" for number in range(MAX_ITEMS + 1)]
    refused = await clerk.bring(csv(QUANTITIES, *rows), kind="quantities")
    assert (refused["state"], refused["rows_bad"]) == ("refused", MAX_ITEMS + 1)
    assert (await clerk.errors(refused["id"], EN))[0]["detail"] == f"A project may have at most {MAX_ITEMS} rows"
    assert (await clerk.bring(csv(QUANTITIES, *rows[1:]), kind="quantities"))["state"] == "done"


async def test_projects_go_out_and_come_in_though_a_compound_was_merged(
    clerk: Clerk, communities: list[Region], staff: MakeStaff
) -> None:
    compound, _ = await project(clerk, communities[0])
    await clerk.bring(csv(HEAD, ",龙泉,何家社区,80"))
    district = await staff("district", clerk.at)
    merged = await district.post(
        f"/v1/compounds/{compound['id']}/merge",
        json={"compound_ids": [(await clerk.compounds())["龙泉"]["id"]], "name": "合", "document": "d", "reason": "r"},
        headers={"If-Match": f'"{compound["version"]}"'},
    )
    assert merged.status_code == 201, merged.text
    again = await clerk.bring(await clerk.export("projects"), kind="projects")
    assert (again["state"], again["unchanged"]) == ("done", 1)
    other = await clerk.bring(
        csv("项目编号,项目名称,所属区域,小区编号", f"P-{compound['no']},新,何家社区,{compound['no']}"), kind="projects"
    )
    (told,) = await clerk.errors(other["id"], EN)
    assert told["detail"] == "The project is not valid: the compound was merged or split"


async def test_a_former_code_of_two_regions_is_asked_about(clerk: Clerk, communities: list[Region]) -> None:
    async with clerk.database.begin(SYSTEM) as uow:
        for one in communities:
            await uow.driver.execute(CHANGED_CODE, one.id, "999999")
    refused = await clerk.bring(csv(HEAD, ",南岳,999999,120"))
    assert await clerk.places(refused["id"]) == [(2, "C", "region-ambiguous")]


async def test_a_region_abolished_meanwhile_takes_nothing(
    clerk: Clerk, communities: list[Region], staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    city, load = await staff("city", clerk.at), regions.load

    async def loaded(*given: Any, **named: Any) -> regions.Regions:
        found = await load(*given, **named)
        version = (await city.get(f"/v1/regions/{communities[0].id}")).headers["etag"]
        gone = await city.post(
            f"/v1/regions/{communities[0].id}/abolish",
            json={"effective_on": "2026-01-02", "document": "民函〔2026〕2号"},
            headers={"If-Match": version},
        )
        assert gone.status_code == 200, gone.text
        return found

    monkeypatch.setattr(regions, "load", loaded)
    refused = await clerk.bring(csv(HEAD, ",南岳,何家社区,120", ",龙泉,文昌社区,80"))
    assert await clerk.places(refused["id"]) == [(2, "C", "region-unknown")]


async def test_an_abolished_region_is_still_read_and_takes_nothing(
    clerk: Clerk, communities: list[Region], staff: MakeStaff
) -> None:
    city, one = await staff("city", clerk.at), communities[0]
    version = (await city.get(f"/v1/regions/{one.id}")).headers["etag"]
    gone = await city.post(
        f"/v1/regions/{one.id}/abolish",
        json={"effective_on": "2026-01-02", "document": "民函〔2026〕2号"},
        headers={"If-Match": version},
    )
    assert gone.status_code == 200, gone.text
    for kind in ("compounds", "projects", "quantities", "discrepancies"):
        answer = await clerk.client.get(f"/v1/exports/{kind}", params={"region": str(one.id), "format": "csv"})
        assert (answer.status_code, len(answer.text.splitlines())) == (200, 1)
    refused = await clerk.bring(csv("小区名称,户数", "南岳,120"), region=str(one.id))
    assert await clerk.places(refused["id"]) == [(2, None, "region-unknown")]
