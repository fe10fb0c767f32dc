"""Factories of the access matrix for what follows a renovation: household visits, warranty, supervision."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from services.core.kit.calendar import day_of
from services.core.kit.uow import SYSTEM
from tests.support.register import Register

if TYPE_CHECKING:
    from tests.support.foreign import World

BODY_AND_DOOR = """
SELECT b.id, v.property_id FROM visit_body b JOIN household_visit v USING (campaign_id) WHERE campaign_id = $1 LIMIT 1
"""
HAND_OVER = "UPDATE project SET stage = 'handed_over' WHERE id = $1"


async def _handed_over(world: "World") -> tuple[str, str]:
    """A compound with one household, and the project that renovated it; each call makes its own."""
    body = {"region_id": str(world.at.id), "name": "新村", "no": f"C-{uuid4().hex[:12]}"}
    compound = str((await world.post("/v1/compounds", body))["id"])
    await Register(world.database, UUID(compound), world.at).homes(1)
    given = {"title": "改造项目", "region_id": str(world.at.id), "compound_ids": [compound]}
    project = str((await world.post("/v1/projects", given))["id"])
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(HAND_OVER, UUID(project))
    return compound, project


async def campaign(world: "World") -> str:
    """Visits under way."""
    compound, project = await _handed_over(world)
    body = {
        "compound_id": compound,
        "project_id": project,
        "title": "改造后走访",
        "bodies": [{"kind": "trade_union", "title": "总工会"}],
        "questions": [{"id": "words", "kind": "text", "title": "意见"}],
    }
    return str((await world.post("/v1/visit-campaigns", body))["id"])


async def attempt(world: "World") -> str:
    """Nobody was at home."""
    campaign_id = await world.get("campaign_id")
    async with world.database.begin(SYSTEM) as uow:
        body_id, property_id = await uow.driver.fetchrow(BODY_AND_DOOR, UUID(campaign_id))
        today = day_of(uow.now).isoformat()
    body = {"body_id": str(body_id), "property_id": str(property_id), "made_on": today, "outcome": "not_home"}
    made = await world.post(f"/v1/visit-campaigns/{campaign_id}/attempts", {"attempts": [body]})
    return str(made["attempt_ids"][0])


async def warranty_term(world: "World") -> str:
    """A warranty that has not expired."""
    compound, project = await _handed_over(world)
    body = {
        "compound_id": compound,
        "project_id": project,
        "work": "waterproofing",
        "item": "屋面防水",
        "organisation_id": await world.get("organisation_id"),
        "accepted_on": "2026-01-05",
        "months": 60,
        "document": "保修书第1号",
    }
    return str((await world.post("/v1/warranty-terms", body))["id"])


async def warranty_ticket(world: "World") -> str:
    """A defect that was reported."""
    body = {"term_id": await world.get("term_id"), "place": "3 号楼顶层", "defect": "屋面渗漏"}
    return str((await world.post("/v1/warranty-tickets", body))["id"])


async def supervision(world: "World") -> str:
    """What a dissatisfied resident has a supervisor look into."""
    body = {"category": "noise", "description": "夜间施工", "compound_id": await world.get("compound_id")}
    resident, city = await world.person("resident"), await world.person("city")
    made = (await resident.post("/v1/me/complaints", json=body)).json()["id"]
    version = (await city.get(f"/v1/complaints/{made}")).json()["version"]
    await world.post(f"/v1/complaints/{made}/reply", {"text": "已要求停工。"}, version=version)
    rated = {"score": 1, "resolved": False, "text": "仍在施工"}
    answer = await resident.post(f"/v1/me/complaints/{made}/rate", json=rated)
    assert answer.status_code == 200, answer.text
    listed = (await city.get("/v1/complaint-supervisions", params={"limit": 100})).json()["items"]
    return str(next(one["id"] for one in listed if one["complaint_id"] == made))


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "campaign_id": campaign,
    "attempt_id": attempt,
    "term_id": warranty_term,
    "ticket_id": warranty_ticket,
    "supervision_id": supervision,
}
