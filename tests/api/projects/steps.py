"""What tests of projects have people do: follow a policy of one's own, attest, take a step."""

from typing import Any
from uuid import uuid4

import httpx

from services.core.kit.uow import SYSTEM
from services.core.policy.models import PolicyVersion
from services.core.policy.schema import Policy, canonical, policy_digest
from tests.api.selection.world import World


async def follow(world: World, gates: list[dict[str, Any]], *, after: str | None = None) -> str:
    """Puts the city under a policy of its own with these gates; its id. `after`: the id of one that this supersedes."""
    number = 1 if after is None else 2
    body = {"id": after or f"p{uuid4().hex}", "version": number, "title": "示例", "gates": gates}
    policy = Policy.model_validate(body)
    async with world.database.begin(SYSTEM) as uow:
        uow.session.add(
            PolicyVersion(
                policy_id=policy.id,
                number=number,
                title=policy.title,
                digest=policy_digest(policy),
                body=canonical(policy),
                loaded_at=uow.now,
            )
        )
    assigned = await world.city.post(
        f"/v1/regions/{world.root.id}/policy", json={"policy_id": policy.id, "number": number}
    )
    assert assigned.status_code == 201, assigned.text
    return policy.id


async def attest(world: World, project: str, said: dict[str, str]) -> None:
    """What the street says of a project."""
    facts = [{"key": key, "value": value, "source": "街道", "document": "d"} for key, value in said.items()]
    answer = await world.city.post(f"/v1/projects/{project}/facts", json={"facts": facts})
    assert answer.status_code == 201, answer.text


async def step(world: World, project: str, action: str, body: dict[str, str] | None) -> httpx.Response:
    """An action of the district on the project as it is now."""
    version = (await world.district.get(f"/v1/projects/{project}")).headers["etag"]
    return await world.district.post(f"/v1/projects/{project}/{action}", json=body, headers={"If-Match": version})
