"""Renovating compared with rebuilding: recorded with both costs, so that where they come close it is seen (domain.md S18)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.core.facts.queries import effective
from services.core.kit.calendar import day_of
from services.core.kit.errors import FieldError, InputInvalid
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.projects.eligibility import number
from services.core.territory import queries as territory
from services.core.territory.events import ComparisonRecorded
from services.core.territory.models import RebuildComparison
from services.core.territory.rules import Conclusion, Grade

FLOOR_AREA = "compound.floor_area"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What somebody assessed: costs in yuan, the appraisal, what it came to, on which paper."""

    renovate_cost: Decimal
    rebuild_cost: Decimal
    appraisal_grade: Grade
    remaining_years: int
    conclusion: Conclusion
    assessed_on: date
    source: str
    document: str


async def compare(uow: UnitOfWork, *, scope: Scope, compound_id: UUID, assessment: Assessment) -> RebuildComparison:
    """Records a comparison with the floor area that holds now and the policy's `rebuild.close_share`, where it has one.

    InputInvalid for a rebuilding that costs nothing and a day to come; NotFound outside the scope; CompoundClosed.
    """
    compound = await territory.standing(uow.driver, scope=scope, compound_id=compound_id)
    errors = []
    if not assessment.rebuild_cost:
        errors.append(FieldError("/rebuild_cost", "应大于 0", "must be more than 0"))
    if assessment.assessed_on > day_of(uow.now):
        errors.append(FieldError("/assessed_on", "不得晚于今日", "is a day to come"))
    if errors:
        raise InputInvalid(errors=errors)
    fact = (await effective(uow.driver, [compound_id]))[compound_id].get(FLOOR_AREA)
    area = number(FLOOR_AREA, fact)
    policy = await policies.in_force(uow.driver, region_path=compound["region_path"])
    rebuild = None if policy is None else Policy.model_validate(policy.body).rebuild
    recorded = RebuildComparison(
        id=new_id(),
        compound_id=compound_id,
        renovate_cost=assessment.renovate_cost,
        rebuild_cost=assessment.rebuild_cost,
        floor_area=decimal_text(area) if area else None,
        close_share=None if rebuild is None else decimal_text(rebuild.close_share),
        policy_digest=None if rebuild is None or policy is None else policy.digest,
        appraisal_grade=assessment.appraisal_grade,
        remaining_years=assessment.remaining_years,
        conclusion=assessment.conclusion,
        assessed_on=assessment.assessed_on,
        source=assessment.source,
        document=assessment.document,
        recorded_at=uow.now,
        recorded_by=uow.actor.id,
    )
    uow.session.add(recorded)
    uow.record(
        ComparisonRecorded(comparison_id=recorded.id),
        subject="compound",
        subject_id=compound_id,
        region_path=compound["region_path"],
    )
    return recorded
