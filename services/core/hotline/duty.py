"""Whose case it is: who may write in its history, put it right, close it, and read who made it.

Those of its desks, of a merged one those of the case that it is handled with; while no desk has it, who takes in; and whoever sends
cases or supervises there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.core.desks import queries as desks
from services.core.hotline.desk_errors import NotOnDuty
from services.core.hotline.desk_rules import Standing
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

# Who has a part of it; whose part was sent back, for the arbiter; and who answered it, while nobody else leads.
HANDS = """
WITH part AS (SELECT id, desk_id, part, state FROM assignment WHERE complaint_id = $1)
SELECT desk_id, state FROM part WHERE state IN ('assigned', 'signed_in', 'refused')
UNION ALL
(SELECT desk_id, state FROM part WHERE part = 'lead' AND state = 'done'
   AND NOT EXISTS (SELECT FROM part o WHERE o.part = 'lead' AND o.state IN ('assigned', 'signed_in', 'refused'))
 ORDER BY id DESC LIMIT 1)
"""
CALL_DUE = "SELECT EXISTS (SELECT FROM call_back WHERE complaint_id = $1 AND state = 'due')"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody may do what with complaints: handle them, take them in, send them or supervise."""

    handles: Scope
    takes_in: Scope
    directs: Scope


async def concerned(uow: UnitOfWork, held: Mapping[str, Any], reach: Reach) -> UUID | None:
    """The desk of the case at which the caller is on duty; None where he acts without one. NotOnDuty for anybody else."""
    rows = await uow.driver.fetch(HANDS, held["merged_into_id"] or held["id"])
    having = [row["desk_id"] for row in rows if row["state"] != Standing.REFUSED]
    assert uow.actor.id is not None  # noqa: S101 - staff sign in before they act
    here = await desks.on_duty(uow.driver, staff_id=uow.actor.id, desk_ids=having)
    own = next((desk_id for desk_id in having if desk_id in here), None)
    may = own is not None or reach.directs.covers(held["region_path"])
    if not may and (rows or not reach.takes_in.covers(held["region_path"])):
        raise NotOnDuty
    return own


async def calls_back(uow: UnitOfWork, held: Mapping[str, Any], reach: Reach) -> bool:
    """Whether the caller is of those who take in, and its reporter waits to be called: whom to call is theirs to read."""
    if not reach.takes_in.covers(held["region_path"]):
        return False
    due: bool = await uow.driver.fetchval(CALL_DUE, held["id"])
    return due
