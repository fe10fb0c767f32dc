"""What a round would come to with other weights, caps or facts, told as the difference to what it comes to. Nothing is stored.

The frozen facts are ranked twice by the rules that decide, once as they are and once as supposed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE, ValueInvalid, text_of, value_of
from services.core.kit.errors import FieldError
from services.core.kit.exact import decimal_text
from services.core.kit.invalid import pointer_to
from services.core.kit.scope import Scope
from services.core.policy import queries as policies
from services.core.policy.rubric import BandsCurve, CountCurve, Curve, Indicator, Rubric
from services.core.policy.schema import Policy
from services.core.selection import frozen, queries, run_queries, service
from services.core.selection.candidates import Candidate, Caps, Outcome, Result, RoundParameters
from services.core.selection.choice import MEASURES, Amount, amount_text, demand_of, limits_of
from services.core.selection.errors import RoundInputInvalid
from services.core.selection.rules import RULES_VERSION, run
from services.core.selection.sentences import Sentences
from services.core.selection.service import CapRow

if TYPE_CHECKING:
    import asyncpg

MOST_CANDIDATES = 1000
"""Most candidates that are computed at once; a larger round is asked about one partition at a time."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is supposed; what is absent stays as the round has it.

    `weights`: points by indicator; its curve gives in proportion. `caps` replace all of the round's. `facts`: by project and key
    the value, None for what nobody would have recorded; a supposed fact is no longer in conflict.
    """

    weights: Mapping[str, Fraction] = field(default_factory=dict)
    caps: Sequence[CapRow] | None = None
    reserve: int | None = None
    over_cap: Literal["skip", "stop"] | None = None
    facts: Mapping[UUID, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A round as it was frozen, and what is supposed about it."""

    policy: Policy
    parameters: RoundParameters
    rows: "Sequence[asyncpg.Record]"
    supposed: Supposition
    freeze: int
    run_id: UUID | None


async def question(
    driver: "asyncpg.Connection",
    *,
    scope: Scope,
    round_id: UUID,
    freeze: int | None,
    partition: str | None,
    supposed: Supposition,
) -> Question:
    """What `answer` needs: the newest freeze of the round, or the one of that number; all of it, or one partition.

    NotFound outside the scope, NotFrozen before the first freeze, RoundInputInvalid for caps of no partition of the round, for a
    partition without candidates, and for more than MOST_CANDIDATES of them.
    """
    found = await queries.round_of(driver, scope=scope, round_id=round_id)
    stored = await policies.by_id(driver, version_id=found["policy_version_id"])
    if supposed.caps is not None:
        await service.check_caps(driver, found["region_path"], stored, supposed.caps)
    frozen_at = await run_queries.freeze_of(driver, round_id=round_id, number=freeze)
    rows = await run_queries.SOME_CANDIDATES.all(
        driver, freeze_id=frozen_at["id"], partition=partition, limit=MOST_CANDIDATES + 1
    )
    if len(rows) > MOST_CANDIDATES:
        raise RoundInputInvalid.at(
            "/partition",
            zh=f"候选项目超过 {MOST_CANDIDATES} 个，请指定一个分区",
            en=f"there are more than {MOST_CANDIDATES} candidates; name one partition",
        )
    if partition is not None and not rows:
        raise RoundInputInvalid.at("/partition", zh="该分区没有候选项目", en="has no candidates")
    same = await run_queries.RUN_OF_FREEZE.first(driver, freeze_id=frozen_at["id"], rules_version=RULES_VERSION)
    return Question(
        policy=Policy.model_validate(stored.body),
        parameters=frozen.parameters_of(found),
        rows=rows,
        supposed=supposed,
        freeze=frozen_at["number"],
        run_id=None if same is None else same["id"],
    )


def answer(asked: Question) -> dict[str, Any]:
    """The difference, as plain data. Pure and slow: for a thread. RoundInputInvalid names what cannot be supposed.

    `run_id`: the finished run that found what is told as `before`; None when there is none. `changes`: every project whose rank,
    total or outcome differs, by partition and new rank.
    """
    policy, parameters = asked.policy, asked.parameters
    given = list(map(frozen.candidate_of, asked.rows))
    supposed = _supposed_candidates(given, asked.supposed.facts)
    other_policy = _supposed_policy(policy, asked.supposed)
    other_parameters = _supposed_parameters(parameters, asked.supposed)
    before, after = run(policy, parameters, given), run(other_policy, other_parameters, supposed)
    changes = _changes(before, after, Sentences(other_policy))
    return {
        "freeze": asked.freeze,
        "run_id": asked.run_id,
        "candidates": len(given),
        "entered": [one["project_id"] for one in changes if one["after"]["outcome"] is Outcome.IN and one["moved"]],
        "left": [one["project_id"] for one in changes if one["before"]["outcome"] is Outcome.IN and one["moved"]],
        "changes": changes,
        "caps": _caps(_taken(before, parameters), _taken(after, other_parameters)),
    }


def _supposed_policy(policy: Policy, supposed: Supposition) -> Policy:
    rubric, selection = policy.rubric, policy.selection
    if rubric is not None and supposed.weights:
        rubric = _reweighted(rubric, supposed.weights)
    if selection is not None and supposed.over_cap is not None:
        selection = selection.model_copy(update={"over_cap": supposed.over_cap})
    return policy.model_copy(update={"rubric": rubric, "selection": selection})


def _reweighted(rubric: Rubric, weights: Mapping[str, Fraction]) -> Rubric:
    """The rubric with other points for some indicators; they still add up to its scale, or RoundInputInvalid."""
    known = {one.id: one for one in rubric.indicators}
    wrong = [
        FieldError(pointer_to("weights", name), "评分细则没有这项指标", "is no indicator of the rubric")
        for name in weights
        if name not in known
    ]
    if wrong:
        raise RoundInputInvalid(errors=wrong)
    total = sum((weights.get(name, one.points) for name, one in known.items()), Fraction(0))
    if total != rubric.scale:
        ours, wanted = decimal_text(total), decimal_text(rubric.scale)
        raise RoundInputInvalid.at(
            "/weights",
            zh=f"各指标分值合计 {ours}，不等于满分 {wanted}",
            en=f"the points of all indicators add up to {ours}, not to the scale of {wanted}",
        )
    dimensions = tuple(
        dimension.model_copy(
            update={
                "indicators": tuple(
                    _weighing(one, weights[one.id]) if one.id in weights else one for one in dimension.indicators
                )
            }
        )
        for dimension in rubric.dimensions
    )
    return rubric.model_copy(update={"dimensions": dimensions})


def _weighing(indicator: Indicator, points: Fraction) -> Indicator:
    """The indicator with other points, its curve in proportion: where bands and counts give points of their own, those grow too."""
    curve: Curve = indicator.curve
    if isinstance(curve, BandsCurve | CountCurve):
        if not indicator.points:
            raise RoundInputInvalid.at(
                pointer_to("weights", indicator.id),
                zh="该指标原分值为 0，无法按比例调整",
                en="has no points now, so its curve gives no proportion",
            )
        by = points / indicator.points
        if isinstance(curve, CountCurve):
            curve = curve.model_copy(update={"each": curve.each * by})
        else:
            bands = tuple(band.model_copy(update={"points": band.points * by}) for band in curve.bands)
            curve = curve.model_copy(update={"bands": bands, "otherwise": curve.otherwise * by})
    return indicator.model_copy(update={"points": points, "curve": curve})


def _supposed_parameters(parameters: RoundParameters, supposed: Supposition) -> RoundParameters:
    caps = parameters.caps
    if supposed.caps is not None:
        caps = tuple(
            Caps(
                None if row.partition is None else str(row.partition),
                row.count,
                None if row.budget is None else Fraction(row.budget),
                None if row.floor_area is None else Fraction(row.floor_area),
            )
            for row in supposed.caps
        )
    reserve = parameters.reserve if supposed.reserve is None else supposed.reserve
    return replace(parameters, caps=caps, reserve=reserve)


def _supposed_candidates(given: Sequence[Candidate], facts: Mapping[UUID, Mapping[str, object]]) -> list[Candidate]:
    by_id = {one.project_id: one for one in given}
    wrong: list[FieldError] = []
    for project_id, said in facts.items():
        candidate = by_id.get(str(project_id))
        if candidate is None:
            place = pointer_to("facts", str(project_id))
            wrong.append(FieldError(place, "不是此次冻结的候选项目", "is no candidate of this freeze"))
            continue
        texts = dict(candidate.facts)
        for key, value in said.items():
            texts.pop(key, None)
            try:
                texts |= {} if value is None else {key: _text(key, value)}
            except ValueInvalid as invalid:
                wrong.append(FieldError(pointer_to("facts", str(project_id), key), invalid.zh, invalid.en))
        conflicts = tuple(key for key in candidate.conflicts if key not in said)
        by_id[candidate.project_id] = candidate._replace(facts=texts, conflicts=conflicts)
    if wrong:
        raise RoundInputInvalid(errors=wrong)
    return list(by_id.values())


def _text(key: str, value: object) -> str:
    entry = CATALOGUE.get(key)
    if entry is None:
        raise ValueInvalid("目录中没有这一项", "is not in the catalogue")
    return text_of(value_of(entry, value))


def _changes(before: Iterable[Result], after: Iterable[Result], words: Sentences) -> list[dict[str, Any]]:
    was = {one.project_id: one for one in before}
    return [
        {
            "project_id": one.project_id,
            "no": one.no,
            "title": one.title,
            "partition": one.partition,
            "moved": one.outcome is not was[one.project_id].outcome,
            "before": _place(was[one.project_id]),
            "after": _place(one),
            "sentence_zh": (told := words.of(one))[0],
            "sentence_en": told[1],
        }
        for one in after
        if _place(one) != _place(was[one.project_id])
    ]


def _place(result: Result) -> dict[str, Any]:
    return {"rank": result.rank, "total": decimal_text(result.total), "outcome": result.outcome}


def _taken(results: Iterable[Result], parameters: RoundParameters) -> dict[tuple[str, str], dict[str, str | None]]:
    """By partition and cap: its limit (None: there is none) and what those in take of it, as far as it was recorded."""
    rows = {row.partition: row for row in parameters.caps}
    used: dict[str, dict[str, Amount]] = {}
    for one in results:
        sums = used.setdefault(one.partition, dict.fromkeys(MEASURES, 0))
        if one.outcome is Outcome.IN:
            for cap, asks in zip(MEASURES, demand_of(one.scored.candidate.facts), strict=True):
                sums[cap] += asks or 0
    return {
        (partition, cap): {"limit": None if limit is None else decimal_text(limit), "used": amount_text(sums[cap])}
        for partition, sums in used.items()
        for cap, limit in limits_of(rows.get(partition) or rows.get(None) or Caps(partition)).items()
    }


def _caps(
    before: Mapping[tuple[str, str], dict[str, str | None]], after: Mapping[tuple[str, str], dict[str, str | None]]
) -> list[dict[str, Any]]:
    return [
        {"partition": partition, "cap": cap, "before": before[partition, cap], "after": taken}
        for (partition, cap), taken in after.items()
    ]
