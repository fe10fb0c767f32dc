"""Quotas: how many answers a survey wants of a building, and, where it says so, that it takes no more of it than that.

Whoever takes a place holds its building's quota, after the households that he answers for: of two for the last place one is
refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import FieldError
from services.core.kit.uow import UnitOfWork
from services.core.surveys.errors import SurveyInputInvalid

if TYPE_CHECKING:
    import asyncpg

# Answers that count in a building, of a quota `q`; and in each building of a survey ($1).
_ANSWERED_THERE = """
(SELECT count(*) FROM property w JOIN survey_unit v ON v.property_id = w.id AND v.survey_id = q.survey_id
 JOIN survey_response a ON a.survey_id = v.survey_id AND a.unit_id = v.unit_id AND a.state = 'counted'
 WHERE w.building_id = q.building_id)
"""
_ANSWERED = """
answered AS (
  SELECT w.building_id, count(*) AS people
  FROM survey_response a JOIN survey_unit v ON v.survey_id = a.survey_id AND v.unit_id = a.unit_id
  JOIN property w ON w.id = v.property_id WHERE a.survey_id = $1 AND a.state = 'counted' GROUP BY w.building_id)
"""
# Whether a unit `u` lives where the quota is full.
IS_FULL = f"""
EXISTS (SELECT FROM survey_quota q JOIN property home ON home.building_id = q.building_id
        WHERE home.id = u.property_id AND q.survey_id = u.survey_id AND q.target <= {_ANSWERED_THERE})
"""
REACHED = f"""
WITH {_ANSWERED}
SELECT q.building_id, b.no AS building, q.target, coalesce(a.people, 0) AS counted
FROM survey_quota q JOIN building b ON b.id = q.building_id LEFT JOIN answered a ON a.building_id = q.building_id
WHERE q.survey_id = $1 ORDER BY b.no, q.building_id
"""
LEFT = f"""
SELECT q.building_id, q.target - {_ANSWERED_THERE} AS places FROM survey_quota q
WHERE q.survey_id = $1 AND q.building_id = ANY ($2::uuid[])
"""
# Whether anybody may still answer for the first time; $2: whether quotas stop the survey.
AWAITED = f"""
WITH {_ANSWERED}
SELECT EXISTS (
  SELECT FROM survey_unit u JOIN property home ON home.id = u.property_id
  LEFT JOIN survey_quota q ON $2 AND q.survey_id = u.survey_id AND q.building_id = home.building_id
  LEFT JOIN answered a ON a.building_id = q.building_id
  WHERE u.survey_id = $1 AND (q.target IS NULL OR q.target > coalesce(a.people, 0))
    AND NOT EXISTS (SELECT FROM survey_response r
                    WHERE r.survey_id = u.survey_id AND r.unit_id = u.unit_id AND r.state = 'counted'))
"""
BUILDINGS_OF = """
SELECT u.unit_id, q.building_id
FROM survey_unit u JOIN property p ON p.id = u.property_id
JOIN survey_quota q ON q.survey_id = u.survey_id AND q.building_id = p.building_id
WHERE u.survey_id = $1 AND u.unit_id = ANY ($2::uuid[])
"""
HOLD = """
SELECT building_id FROM survey_quota WHERE survey_id = $1 AND building_id = ANY ($2::uuid[]) ORDER BY building_id FOR NO KEY UPDATE
"""
TOO_HIGH = """
SELECT q.building_id FROM survey_quota q
WHERE q.survey_id = $1 AND q.target > (SELECT count(*) FROM survey_unit u JOIN property p ON p.id = u.property_id
                                       WHERE u.survey_id = q.survey_id AND p.building_id = q.building_id)
"""
DROP = "DELETE FROM survey_quota WHERE survey_id = $1"
ADD = "INSERT INTO survey_quota (survey_id, building_id, target) SELECT $1::uuid, * FROM unnest($2::uuid[], $3::integer[])"


@dataclass(frozen=True, slots=True)
class Quota:
    """So many answers are wanted of a building."""

    building_id: UUID
    target: int


class Places:
    """What is left in the buildings of some units. A unit of a building without a quota always finds a place."""

    def __init__(self, building_of: Mapping[UUID, UUID], left: Mapping[UUID, int]) -> None:
        self._building_of, self._left = building_of, dict(left)

    def are_gone(self, unit_id: UUID) -> bool:
        """Whether a unit that has not answered comes too late."""
        building_id = self._building_of.get(unit_id)
        return building_id is not None and self._left[building_id] <= 0

    def take(self, unit_id: UUID) -> None:
        """A unit answers that has not answered before."""
        building_id = self._building_of.get(unit_id)
        if building_id is not None:
            self._left[building_id] -= 1


async def places(uow: UnitOfWork, survey: "asyncpg.Record", unit_ids: Iterable[UUID]) -> Places:
    """The places of some units, which are locked: their buildings' quotas are held until the transaction ends. Everywhere free
    where the survey goes on past its quotas.
    """
    if not survey["quotas_stop"]:
        return Places({}, {})
    rows = await uow.driver.fetch(BUILDINGS_OF, survey["id"], list(unit_ids))
    building_of = {row["unit_id"]: row["building_id"] for row in rows}
    buildings = list(set(building_of.values()))
    await uow.driver.fetch(HOLD, survey["id"], buildings)
    left = await uow.driver.fetch(LEFT, survey["id"], buildings)
    return Places(building_of, {row["building_id"]: row["places"] for row in left})


def quota_errors(quotas: Sequence[Quota], *, stop: bool) -> list[FieldError]:
    """What is wrong with quotas by themselves."""
    wrong = [
        FieldError(f"/quotas/{index}/building_id", "同一楼栋重复列出", "is listed twice")
        for index, quota in enumerate(quotas)
        if any(quota.building_id == other.building_id for other in quotas[:index])
    ]
    if stop and not quotas:
        wrong.append(FieldError("/quotas", "须先设定各楼栋的样本数", "are needed where the survey stops at them"))
    return wrong


async def put(uow: UnitOfWork, survey_id: UUID, quotas: Sequence[Quota]) -> None:
    """The quotas of a draft, in place of those before."""
    await uow.driver.execute(DROP, survey_id)
    buildings, targets = [one.building_id for one in quotas], [one.target for one in quotas]
    await uow.driver.execute(ADD, survey_id, buildings, targets)


async def refuse_too_high(uow: UnitOfWork, survey: "asyncpg.Record") -> None:
    """SurveyInputInvalid for a building of which more is wanted than is asked there; units are frozen."""
    high = {row["building_id"] for row in await uow.driver.fetch(TOO_HIGH, survey["id"])}
    if high:
        raise SurveyInputInvalid(
            errors=[
                FieldError(
                    f"/quotas/{index}/target", "超过该楼栋的调查对象数", "is more than are asked in the building"
                )
                for index, row in enumerate(await uow.driver.fetch(REACHED, survey["id"]))
                if row["building_id"] in high
            ]
        )
