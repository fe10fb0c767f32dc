"""Factories of the access matrix for works: a site, an organisation on it, somebody who acts for it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM

if TYPE_CHECKING:
    from tests.support.foreign import World

OPEN_SITE = """
INSERT INTO site (project_id, region_path, state, planned_start, planned_end, version, opened_at)
SELECT id, region_path, 'preparing', DATE '2027-03-15', DATE '2027-10-31', 1, now() FROM project WHERE id = $1
"""
ASK_EXCEPTION = """
INSERT INTO start_exception (id, project_id, requirement, state, reason, document, asked_at)
VALUES ($1, $2, 'review', 'asked', '工期', '会议纪要1号', now())
"""


async def open_site(world: "World", project_id: str) -> None:
    """The project has a site, whatever stage it stands at: how it comes to one is tested where it belongs."""
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(OPEN_SITE, UUID(project_id))


async def site_organisation(world: "World") -> str:
    """The client, a department."""
    body = {"organisation_id": await world.get("organisation_id"), "role": "client"}
    path = f"/v1/projects/{await world.get('project_id')}/site/organisations"
    return str((await world.post(path, body))["id"])


async def site_person(world: "World") -> str:
    """Somebody who acts for the client."""
    body = {
        "site_organisation_id": await world.get("site_organisation_id"),
        "staff_id": str((await world.person("site")).staff_id),
        "position": "项目负责人",
    }
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/site/people", body))["id"])


async def commitment(world: "World") -> str:
    """The signature of the client's project leader."""
    body = {
        "site_organisation_id": await world.get("site_organisation_id"),
        "signer": "project_leader",
        "name": "王伟",
        "signed_on": "2026-01-05",
        "document": "承诺书第1号",
        "file_ids": [await world.get("file_id")],
    }
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/commitments", body))["id"])


async def start_exception(world: "World") -> str:
    """Works are to start without something; what may be excepted is the policy's, so it is written as it would be."""
    made = new_id()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ASK_EXCEPTION, made, UUID(await world.get("project_id")))
    return str(made)


async def review(world: "World") -> str:
    """A round of the joint review that asks the region's desk."""
    body = {"title": "联合审查", "departments": [{"desk_id": await world.get("desk_id")}]}
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/reviews", body))["id"])


async def review_part(world: "World") -> str:
    """The part of that desk."""
    path = f"/v1/projects/{await world.get('project_id')}/reviews/{await world.get('review_id')}"
    return str((await (await world.person("city")).get(path)).json()["parts"][0]["id"])


async def blackout(world: "World") -> str:
    """Days of rest of the region."""
    body = {
        "region_id": str(world.at.id),
        "kind": "examination",
        "title": "高考期间",
        "starts_on": "2037-06-07",
        "ends_on": "2037-06-10",
        "forbids": "machines",
        "document": "教考1号",
    }
    return str((await world.post("/v1/blackouts", body))["id"])


async def utility_task(world: "World") -> str:
    """A utility that was told of the site."""
    project = f"/v1/projects/{await world.get('project_id')}"
    joined = {"organisation_id": await world.get("organisation_id"), "role": "utility"}
    utility = (await world.post(f"{project}/site/organisations", joined))["id"]
    body = {"site_organisation_id": utility, "kind": "gas", "title": "管线确认"}
    return str((await world.post(f"{project}/utility-tasks", body))["id"])


async def material(world: "World") -> str:
    """A material of the site."""
    body = {"title": "防水卷材", "specification": "3 mm", "unit": "m²"}
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/materials", body))["id"])


async def _of_material(world: "World", what: str, body: dict[str, Any]) -> str:
    path = f"/v1/projects/{await world.get('project_id')}/materials/{await world.get('material_id')}/{what}"
    return str((await world.post(path, {**body, "file_ids": [await world.get("file_id")]}))["id"])


async def material_record(world: "World") -> str:
    """Its certificate."""
    return await _of_material(
        world, "records", {"kind": "certificate", "document": "合格证1号", "dated_on": "2026-01-05"}
    )


async def material_batch(world: "World") -> str:
    """A batch that arrived."""
    arrived = {"batch_no": "1", "quantity": "10", "arrived_on": "2026-01-05", "certificate": "合格证1号"}
    return await _of_material(world, "batches", arrived)


async def purchase(world: "World") -> str:
    """What sites of the region buy together."""
    body = {
        "region_id": str(world.at.id),
        "organisation_id": await world.get("organisation_id"),
        "title": "集中采购",
        "document": "合同1号",
        "ordered_on": "2026-01-05",
    }
    return str((await world.post("/v1/purchases", body))["id"])


async def method_board(world: "World") -> str:
    """A board on the site."""
    body = {
        "title": "屋面防水施工工艺",
        "work": "屋面防水",
        "place": "东侧围挡",
        "put_up_on": "2026-01-05",
        "file_ids": [await world.get("file_id")],
    }
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/method-boards", body))["id"])


async def site_notice(world: "World") -> str:
    """A notice at the site."""
    body = {"title": "施工公告", "content": "自即日起封闭施工", "posted_on": "2026-01-05"}
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/notices", body))["id"])


async def site_objection(world: "World") -> str:
    """An objection to the works."""
    body = {"what": "夜间施工扰民", "received_on": "2026-01-05"}
    return str((await world.post(f"/v1/projects/{await world.get('project_id')}/objections", body))["id"])


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "site_organisation_id": site_organisation,
    "site_person_id": site_person,
    "commitment_id": commitment,
    "start_exception_id": start_exception,
    "review_id": review,
    "review_part_id": review_part,
    "blackout_id": blackout,
    "utility_task_id": utility_task,
    "material_id": material,
    "material_record_id": material_record,
    "material_batch_id": material_batch,
    "purchase_id": purchase,
    "method_board_id": method_board,
    "site_notice_id": site_notice,
    "site_objection_id": site_objection,
}
