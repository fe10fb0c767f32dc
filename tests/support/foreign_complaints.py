"""Factories of the access matrix for complaints."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.foreign import World


async def _said(world: "World") -> dict[str, Any]:
    return {"category": "leak", "description": "楼道漏水", "compound_id": await world.get("compound_id")}


async def complaint(world: "World") -> str:
    """A complaint taken by telephone."""
    said = {**await _said(world), "contact": {"phone": "13800001234"}}
    return str((await world.post("/v1/complaints", said))["id"])


async def own_complaint(world: "World") -> str:
    """A complaint of the region's resident."""
    answer = await (await world.person("resident")).post("/v1/me/complaints", json=await _said(world))
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


async def template(world: "World") -> str:
    """Words that the region sends again and again."""
    body = {"region_id": str(world.at.id), "title": "已修复", "body": "您反映的问题已于 {today} 修复。"}
    return str((await world.post("/v1/reply-templates", body))["id"])


FACTORIES: "dict[str, Callable[[World], Awaitable[str]]]" = {
    "complaint_id": complaint,
    "own_complaint_id": own_complaint,
    "template_id": template,
}
