"""Factories of the access matrix for what residents decide: surveys, consultations, meetings, votes."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from services.core.kit.calendar import SHANGHAI
from services.core.kit.uow import SYSTEM
from tests.support.people import make_region
from tests.support.register import Register
from tests.support.rolls import Roll, bind, enter_roll

if TYPE_CHECKING:
    from tests.support.foreign import World

TAKES_BALLOTS = """
UPDATE vote SET status = 'open', opened_at = now(), opens_on = now()::date, closes_at = now() + interval '1 day' WHERE id = $1
"""


async def vote(world: "World") -> str:
    """With its roll on notice, and the region's resident on it."""
    await world.get("binding_id")
    body = {
        "project_id": await world.get("project_id"),
        "title": "业主表决",
        "matters": [{"title": "使用维修资金", "kind": "use_repair_fund"}],
        "roll_days": 5,
        "result_days": 5,
    }
    made = await world.post("/v1/votes", body)
    return str((await world.post(f"/v1/votes/{made['id']}/roll/publish", None, version=1))["id"])


async def vote_objection(world: "World") -> str:
    vote = await world.get("vote_id")
    body = {"what": "面积有误", "received_on": datetime.now(SHANGHAI).date().isoformat()}
    return str((await world.post(f"/v1/votes/{vote}/objections", body))["id"])


async def ballot(world: "World") -> str:
    vote = await world.get("vote_id")
    roll = (await (await world.person("city")).get(f"/v1/votes/{vote}/roll")).json()["items"]
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(TAKES_BALLOTS, UUID(vote))
    body = {"owner_id": roll[0]["owner_id"], "choices": {"1": "approve"}, "channel": "paper"}
    return str((await world.post(f"/v1/votes/{vote}/ballots", body))["ballot_id"])


async def survey(world: "World") -> str:
    """An open one of a compound with one household."""
    compound_id = UUID(await world.get("compound_id"))
    await Register(world.database, compound_id, world.at).homes(1)
    body = {
        "title": "调查", "purpose": "other", "compound_id": str(compound_id),
        "questions": [{"id": "advice", "kind": "text", "title": "建议"}],
    }  # fmt: skip
    made = str((await world.post("/v1/surveys", body))["id"])
    await world.post(f"/v1/surveys/{made}/open", None, version=1)
    return made


async def response(world: "World") -> str:
    survey = await world.get("survey_id")
    door = (await (await world.person("city")).get(f"/v1/surveys/{survey}/unanswered")).json()["items"][0]
    body = {"property_id": door["property_id"], "channel": "paper", "answers": {"advice": "多种树"}}
    return str((await world.post(f"/v1/surveys/{survey}/responses", body))["id"])


YICHANG = {"policy_id": "yichang", "number": 1}


async def _asked(world: "World") -> Roll:
    """A compound of a community under Yichang's policy with three entrances; the region's resident owns a flat in the first."""
    await world.under_ningbo()
    community = await make_region(world.database, "community", world.at)
    await world.post(f"/v1/regions/{community.id}/policy", YICHANG)
    body = {"region_id": str(community.id), "name": "金融小区", "no": f"C-{uuid4().hex[:12]}"}
    compound = UUID(str((await world.post("/v1/compounds", body))["id"]))
    given: dict[tuple[str, str, str], tuple[str, str | None]] = {
        ("1", str(entrance), "101"): (f"王{entrance}", "80") for entrance in (1, 2, 3)
    }
    roll = await enter_roll(world.database, compound, given)
    await bind(world.database, (await world.person("resident")).resident_id, roll.doors["1", "1", "101"])
    return roll


async def _lift(world: "World", roll: Roll, entrance: str) -> str:
    """A household of that entrance asks for a lift."""
    body = {"property_id": str(roll.doors["1", entrance, "101"].property_id)}
    return str((await world.post("/v1/lift-requests", body))["id"])


async def consultation(world: "World") -> str:
    """About a lift in the entrance where the region's resident owns a flat."""
    lift = await _lift(world, await _asked(world), "1")
    return str((await world.post(f"/v1/lift-requests/{lift}/start", None, version=1))["consultation_id"])


async def lift_request(world: "World") -> str:
    return await _lift(world, await _asked(world), "2")


async def lift_objection(world: "World") -> str:
    request = await world.get("lift_request_id")
    property_id = (await (await world.person("city")).get(f"/v1/lift-requests/{request}")).json()["property_id"]
    body = {"property_id": property_id, "reason": "遮挡采光"}
    return str((await world.post(f"/v1/lift-requests/{request}/objections", body))["id"])


async def meeting(world: "World") -> str:
    """Of a compound where the region's resident owns a flat."""
    body = {
        "compound_id": str((await _asked(world)).compound_id),
        "kind": "residents",
        "title": "居民研讨会",
        "held_on": "2026-11-01",
        "place": "社区活动室",
        "attended": 30,
        "properties_represented": 28,
        "follow_ups": [{"what": "修改停车方案", "responsible": "设计单位"}],
    }
    return str((await world.post("/v1/meetings", body))["id"])


async def follow_up(world: "World") -> str:
    meeting = (await (await world.person("city")).get(f"/v1/meetings/{await world.get('meeting_id')}")).json()
    return str(meeting["follow_ups"][0]["id"])


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "vote_id": vote,
    "vote_objection_id": vote_objection,
    "ballot_id": ballot,
    "survey_id": survey,
    "response_id": response,
    "consultation_id": consultation,
    "lift_request_id": lift_request,
    "lift_objection_id": lift_objection,
    "meeting_id": meeting,
    "follow_up_id": follow_up,
}
