"""Factories of the access matrix for works: a site, an organisation on it, somebody who acts for it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.uow import SYSTEM

if TYPE_CHECKING:
    from tests.support.foreign import World

OPEN_SITE = """
INSERT INTO site (project_id, region_path, state, planned_start, planned_end, version, opened_at)
SELECT id, region_path, 'preparing', DATE '2027-03-15', DATE '2027-10-31', 1, now() FROM project WHERE id = $1
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


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "site_organisation_id": site_organisation,
    "site_person_id": site_person,
    "commitment_id": commitment,
}
