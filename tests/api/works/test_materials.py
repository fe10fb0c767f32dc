"""Materials (I5): the register, samples and certificates with pictures, batches that a second person checks, joint purchases."""

import asyncio
from typing import Any

import httpx

from tests.support.people import Client, sign_in
from tests.support.works import Building, ok, photo, problem

FELT = {"title": "SBS 防水卷材", "specification": "3 mm 聚酯胎", "unit": "m²", "standard": "GB 18242"}


async def material(site: Building, by: Client | None = None, **changed: Any) -> dict[str, Any]:
    """A material of the register."""
    path = f"/v1/projects/{site.project}/materials"
    return ok(await (by or site.street).post(path, json={**FELT, **changed}), 201)


async def batch(site: Building, of: dict[str, Any], by: Client, **changed: Any) -> httpx.Response:
    """A batch arrived."""
    body = {"batch_no": "20260105-3", "quantity": "120.5", "arrived_on": "2026-01-05", "certificate": "合格证1号"}
    return await by.post(f"/v1/projects/{site.project}/materials/{of['id']}/batches", json={**body, **changed})


def at(site: Building, of: dict[str, Any]) -> str:
    """Where a material is found."""
    return f"/v1/projects/{site.project}/materials/{of['id']}"


class TestRegister:
    async def test_each_material_once_and_put_right(self, site: Building) -> None:
        supplier = await site.join("supplier")
        made = await material(site)
        assert (made["accepted"], made["shown"]) == ("0", [])
        again = await site.street.post(f"/v1/projects/{site.project}/materials", json=FELT)
        problem(again, 409, "material-exists")
        new = {**FELT, "site_organisation_id": supplier}
        changed = ok(await site.street.put(at(site, made), json=new, headers={"If-Match": '"1"'}))
        assert changed["supplier"] == "城投建设集团"
        problem(await site.street.put(at(site, made), json=new, headers={"If-Match": '"1"'}), 412, "version-stale")
        foreign = {**FELT, "site_organisation_id": made["id"]}
        answer = await site.street.put(at(site, made), json=foreign, headers={"If-Match": '"2"'})
        problem(answer, 422, "material-invalid", "/site_organisation_id")

    async def test_people_of_the_site_write_it_and_of_another_do_not(self, site: Building) -> None:
        foreman, other = await site.person("contractor"), await site.another()
        made = await material(site, foreman)
        assert ok(await foreman.get(at(site, made)))["title"] == FELT["title"]
        problem(await foreman.post(f"/v1/projects/{other}/materials", json=FELT), 404, "not-found")
        problem(await foreman.get(f"/v1/projects/{other}/materials/{made['id']}"), 404, "not-found")
        designer = await site.person("designer")
        answer = await designer.post(f"/v1/projects/{site.project}/materials", json={**FELT, "title": "砖"})
        problem(answer, 403, "not-allowed")


class TestRecords:
    async def test_samples_and_certificates_come_with_pictures(self, site: Building) -> None:
        made = await material(site)
        scan = await photo(site.street)
        body = {"kind": "sample", "document": "封样单1号", "dated_on": "2026-01-05", "file_ids": [scan]}
        path = f"{at(site, made)}/records"
        shown = ok(await site.street.post(path, json=body), 201)
        assert shown["file_ids"] == [scan]
        problem(await site.street.post(path, json={**body, "file_ids": []}), 422, "input-invalid")
        late = {**body, "dated_on": "2999-01-01"}
        problem(await site.street.post(path, json=late), 422, "material-invalid", "/dated_on")
        assert ok(await site.street.get(at(site, made)))["shown"] == ["sample"]
        foreman = await site.person("contractor")
        assert (await foreman.get(f"/v1/files/{scan}")).status_code == 200
        register = f"/v1/projects/{site.project}/materials"
        assert len(ok(await site.street.get(register, params={"lacks": "certificate"}))["items"]) == 1
        assert ok(await site.street.get(register, params={"lacks": "sample"}))["items"] == []

    async def test_a_wrong_one_is_withdrawn_and_stays_to_be_read(self, site: Building) -> None:
        made = await material(site)
        body = {
            "kind": "certificate",
            "document": "合格证1号",
            "dated_on": "2026-01-05",
            "file_ids": [await photo(site.street)],
        }
        path = f"{at(site, made)}/records"
        shown = ok(await site.street.post(path, json=body), 201)
        gone = ok(await site.street.post(f"{path}/{shown['id']}/withdraw", json={"reason": "批次有误"}))
        assert gone["withdrawn_reason"] == "批次有误"
        again = await site.street.post(f"{path}/{shown['id']}/withdraw", json={"reason": "批次有误"})
        problem(again, 409, "material-record-withdrawn")
        assert len(ok(await site.street.get(path))["items"]) == 1
        assert ok(await site.street.get(at(site, made)))["shown"] == []


class TestBatches:
    async def test_a_second_person_checks_them(self, site: Building) -> None:
        foreman, supervisor = await site.person("contractor"), await site.person("supervisor")
        made = await material(site, foreman)
        arrived = ok(await batch(site, made, foreman), 201)
        assert (arrived["state"], arrived["quantity"]) == ("arrived", "120.5")
        path = f"{at(site, made)}/batches/{arrived['id']}"
        problem(await foreman.post(f"{path}/check", json={"accepted": True}), 409, "site-second-person-needed")
        checked = ok(await supervisor.post(f"{path}/check", json={"accepted": True}))
        assert (checked["state"], checked["decided_by"]) == ("accepted", str(supervisor.staff_id))
        problem(await supervisor.post(f"{path}/check", json={"accepted": True}), 409, "material-batch-decided")
        assert ok(await foreman.get(at(site, made)))["accepted"] == "120.5"

    async def test_one_is_rejected_with_a_reason_and_counts_for_nothing(self, site: Building) -> None:
        foreman = await site.person("contractor")
        made = await material(site, foreman)
        arrived = ok(await batch(site, made, foreman), 201)
        path = f"{at(site, made)}/batches/{arrived['id']}/check"
        problem(await site.street.post(path, json={"accepted": False}), 422, "material-invalid", "/reason")
        ok(await site.street.post(path, json={"accepted": False, "reason": "厚度不足"}))
        assert ok(await foreman.get(at(site, made)))["accepted"] == "0"
        listed = ok(await foreman.get(f"{at(site, made)}/batches", params={"state": "rejected"}))["items"]
        assert [one["decision_reason"] for one in listed] == ["厚度不足"]

    async def test_who_recorded_one_wrongly_withdraws_it(self, site: Building) -> None:
        foreman = await site.person("contractor")
        made = await material(site, foreman)
        arrived = ok(await batch(site, made, foreman), 201)
        path = f"{at(site, made)}/batches/{arrived['id']}/withdraw"
        assert ok(await foreman.post(path, json={"reason": "重复录入"}))["state"] == "withdrawn"

    async def test_a_number_is_there_once(self, site: Building) -> None:
        made = await material(site)
        answers = await asyncio.gather(*(batch(site, made, site.street) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        problem(await batch(site, made, site.street, batch_no="2", quantity="0"), 422, "input-invalid", "/quantity")
        late = await batch(site, made, site.street, batch_no="2", arrived_on="2999-01-01")
        problem(late, 422, "material-invalid", "/arrived_on")

    async def test_of_a_purchase_of_several_sites(self, site: Building, region: Any) -> None:
        firm = await site.firm("other", "建材公司")
        order = {"organisation_id": firm, "title": "集中采购", "document": "合同1号", "ordered_on": "2026-01-05"}
        bought = ok(await site.district.post("/v1/purchases", json={**order, "region_id": str(site.county.id)}), 201)
        made = await material(site)
        ok(await batch(site, made, site.street, purchase_id=bought["id"]), 201)
        assert ok(await site.street.get(f"/v1/purchases/{bought['id']}"))["sites"] == 1
        elsewhere = await region("county")
        stranger = await sign_in(site.app, site.database, "district", elsewhere)
        problem(await stranger.get(f"/v1/purchases/{bought['id']}"), 404, "not-found")
        wrong = await stranger.post("/v1/purchases", json={**order, "region_id": str(elsewhere.id)})
        problem(wrong, 422, "material-invalid", "/organisation_id")
        body = {"region_id": str(elsewhere.id), "name": "外地公司", "kind": "other"}
        theirs = ok(await stranger.post("/v1/organisations", json=body), 201)["id"]
        foreign = ok(
            await stranger.post(
                "/v1/purchases", json={**order, "organisation_id": theirs, "region_id": str(elsewhere.id)}
            ),
            201,
        )
        answer = await batch(site, made, site.street, batch_no="2", purchase_id=foreign["id"])
        problem(answer, 422, "material-invalid", "/purchase_id")


async def test_method_boards_hang_until_they_are_taken_down(site: Building) -> None:
    body = {
        "title": "屋面防水施工工艺",
        "work": "屋面防水",
        "place": "3 号楼东侧围挡",
        "put_up_on": "2026-01-05",
        "file_ids": [await photo(site.street)],
    }
    path = f"/v1/projects/{site.project}/method-boards"
    late = {**body, "put_up_on": "2999-01-01"}
    problem(await site.street.post(path, json=late), 422, "material-invalid", "/put_up_on")
    board = ok(await site.street.post(path, json=body), 201)
    assert len(ok(await site.street.get(path, params={"up": True}))["items"]) == 1
    ok(await site.street.post(f"{path}/{board['id']}/take-down"))
    problem(await site.street.post(f"{path}/{board['id']}/take-down"), 409, "method-board-taken-down")
    assert ok(await site.street.get(path, params={"up": True}))["items"] == []
