"""Factories of the access matrix for works: a site, an organisation on it, somebody who acts for it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
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


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "site_organisation_id": site_organisation,
    "site_person_id": site_person,
    "commitment_id": commitment,
    "start_exception_id": start_exception,
    "review_id": review,
    "review_part_id": review_part,
}
