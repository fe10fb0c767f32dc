"""Factories of the access matrix for the hotline: organisations, desks, who is on duty, routing rules, assignments."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.foreign import World


async def organisation(world: "World") -> str:
    """An organisation of the region."""
    body = {"region_id": str(world.at.id), "name": "城投建设集团", "kind": "contractor"}
    return str((await world.post("/v1/organisations", body))["id"])


async def desk(world: "World") -> str:
    """A desk of the region."""
    body = {"region_id": str(world.at.id), "title": "街道城建办"}
    return str((await world.post("/v1/desks", body))["id"])


async def desk_member(world: "World") -> str:
    """Somebody on duty at that desk."""
    staff = (await world.person("street")).staff_id
    made = await world.post(f"/v1/desks/{await world.get('desk_id')}/members", {"staff_id": str(staff)})
    return str(made["id"])


async def routing_rule(world: "World") -> str:
    """A rule that sends to that desk."""
    body = {
        "region_id": str(world.at.id),
        "title": "漏水",
        "conditions": {"categories": ["leak"]},
        "desk_id": await world.get("desk_id"),
    }
    return str((await world.post("/v1/routing-rules", body))["id"])


async def assignment(world: "World") -> str:
    """That desk's part of a complaint."""
    path = f"/v1/complaints/{await world.get('complaint_id')}"
    city = await world.person("city")
    version = (await city.get(path)).json()["version"]
    await world.post(f"{path}/assign", {"desk_id": await world.get("desk_id")}, version=version)
    made = await city.get(f"{path}/assignments")
    return str(made.json()["items"][0]["id"])


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "organisation_id": organisation,
    "desk_id": desk,
    "desk_member_id": desk_member,
    "routing_rule_id": routing_rule,
    "assignment_id": assignment,
}
