"""Factories of what follows a renovation, beside those of `foreign`."""

from uuid import UUID, uuid4

from services.core.kit.uow import SYSTEM
from tests.support.foreign import World, makes
from tests.support.register import Register

HAND_OVER = "UPDATE project SET stage = 'handed_over' WHERE id = $1"


async def handed_over(world: World) -> tuple[str, str]:
    """A compound with one household, and the project that renovated it; each call makes its own."""
    body = {"region_id": str(world.at.id), "name": "新村", "no": f"C-{uuid4().hex[:12]}"}
    compound = str((await world.post("/v1/compounds", body))["id"])
    await Register(world.database, UUID(compound), world.at).homes(1)
    given = {"title": "改造项目", "region_id": str(world.at.id), "compound_ids": [compound]}
    project = str((await world.post("/v1/projects", given))["id"])
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(HAND_OVER, UUID(project))
    return compound, project


@makes("campaign_id")
async def _campaign(world: World) -> str:
    compound, project = await handed_over(world)
    body = {
        "compound_id": compound,
        "project_id": project,
        "title": "改造后走访",
        "bodies": [{"kind": "trade_union", "title": "总工会"}],
        "questions": [{"id": "words", "kind": "text", "title": "意见"}],
    }
    return str((await world.post("/v1/visit-campaigns", body))["id"])
