"""Whether a compound may be renovated under the policy in force: by year of completion and self-built share (domain.md S18)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE, value_of
from services.core.facts.queries import effective
from services.core.facts.rules import EffectiveFact
from services.core.kit.scope import Scope
from services.core.policy import queries as policies
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.queries import StoredPolicy
from services.core.policy.schema import Policy
from services.core.territory import queries as territory
from services.core.territory.rules import Verdict, all_of, at_most

if TYPE_CHECKING:
    import asyncpg

BUILT_YEAR = "compound.built_year"
SELF_BUILT = "compound.self_built_share"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of the policy: the fact's figure must be at most the limit. `source`: where the policy has it from."""

    id: str
    key: str
    limit: Fraction
    source: str | None
    fact: EffectiveFact | None
    met: Verdict


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The answer of a policy about a compound; a policy that asks nothing says yes."""

    policy: StoredPolicy
    eligible: Verdict
    criteria: tuple[Criterion, ...]


async def eligibility(driver: "asyncpg.Connection", *, scope: Scope, compound_id: UUID) -> Eligibility:
    """Every criterion with its figure, limit and source. NotFound outside the scope; NoPolicyInForce."""
    compound = await territory.compound_in(driver, compound_id=compound_id, scope=scope)
    policy = await policies.in_force(driver, region_path=compound["region_path"])
    if policy is None:
        raise NoPolicyInForce
    known = (await effective(driver, [compound_id]))[compound_id]
    form = Policy.model_validate(policy.body).eligibility
    criteria = []
    if form is not None and form.built_before is not None:
        limit, source = Fraction(form.built_before.year), form.built_before.source or form.source
        criteria.append(_criterion("built_before", BUILT_YEAR, limit, source, known.get(BUILT_YEAR)))
    if form is not None and form.self_built_share_at_most is not None:
        limit, source = form.self_built_share_at_most.share, form.self_built_share_at_most.source or form.source
        criteria.append(_criterion("self_built_share_at_most", SELF_BUILT, limit, source, known.get(SELF_BUILT)))
    return Eligibility(policy, all_of([criterion.met for criterion in criteria]), tuple(criteria))


def _criterion(
    criterion_id: str, key: str, limit: Fraction, source: str | None, fact: EffectiveFact | None
) -> Criterion:
    return Criterion(criterion_id, key, limit, source, fact, at_most(number(key, fact), limit))


def number(key: str, fact: EffectiveFact | None) -> Fraction | None:
    """The figure that holds, None when nobody recorded it or the sources differ."""
    if fact is None or fact.value is None:
        return None
    value = value_of(CATALOGUE[key], fact.value)
    return value if isinstance(value, Fraction) else None
