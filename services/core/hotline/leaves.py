"""What the policy version of a case says of the hotline, and what holds where it says nothing."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.policy import queries as policies
from services.core.policy.hotline import Hotline, Refusing, Repeating
from services.core.policy.leaves import Duration
from services.core.policy.schema import Policy

if TYPE_CHECKING:
    import asyncpg

REFUSING = Refusing(within=Duration(days=1, unit="workday"), times=2)
REPEATING = Repeating(days=90, metres=50)
"""Ours, both (docs/adr/0034): no source of the mechanisms gives a number."""

_KNOWN: dict[UUID, Hotline | None] = {}
"""A version never changes, and there are few."""


async def of_version(driver: "asyncpg.Connection", policy_version_id: UUID | None) -> Hotline | None:
    """What a version says of the hotline; None for none, and for one that says nothing."""
    if policy_version_id is None:
        return None
    if policy_version_id not in _KNOWN:
        stored = await policies.by_id(driver, version_id=policy_version_id)
        _KNOWN[policy_version_id] = Policy.model_validate(stored.body).hotline
    return _KNOWN[policy_version_id]


async def refusing(driver: "asyncpg.Connection", policy_version_id: UUID | None) -> Refusing:
    """Until when and how often a case is sent back."""
    hotline = await of_version(driver, policy_version_id)
    return REFUSING if hotline is None or hotline.refuse is None else hotline.refuse


def repeating(hotline: Hotline | None) -> Repeating:
    """What is the same matter again."""
    return REPEATING if hotline is None or hotline.repeat is None else hotline.repeat
