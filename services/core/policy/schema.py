"""The form of a city policy (one version), checked when it is loaded and in the same way by whoever sends one.

Numbers are exact and written as text; every part may carry its `source`, and `illustrative: true` where its numbers are ours.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from services.core.kit.exact import digest
from services.core.policy.consulting import Consultation, Duties, Lift
from services.core.policy.form import (
    Bonus,
    Comparison,
    Condition,
    FactKey,
    Form,
    FormInvalid,
    Name,
    Share,
    Title,
    refuse_all,
    refuse_repeated,
)
from services.core.policy.hotline import Hotline
from services.core.policy.law import MatterKind, Threshold, Thresholds, laxities
from services.core.policy.leaves import (
    CostSharing,
    Duration,
    Eligibility,
    Funding,
    Inspections,
    Menu,
    Phase,
    Progress,
    Rebuild,
    Supplements,
    YearCalendar,
)
from services.core.policy.rubric import Rubric
from services.core.policy.works import Works

__all__ = ["Condition", "Gate", "Policy", "Rubric", "canonical", "json_schema", "policy_digest"]

VOTE_FACTS = {"menu": "vote.menu.passed", "renovation_plan": "vote.plan.passed"}
"""The fact that says whether a vote has passed."""

SELECTION_STAGES = frozenset({"inclusion", "application", "plan", "selection"})
"""What a gate may hold the way to, up to the choice of a year's projects. Works and acceptance come after it."""


class Gate(Comparison):
    """A condition on the way to a stage: a vote that must have passed, or a fact. A soft one lets a recorded exception pass."""

    id: Name
    title: Title | None = None
    vote: Literal["menu", "renovation_plan"] | None = None
    fact: FactKey | None = None
    hard: StrictBool = True
    gates: Literal["inclusion", "application", "plan", "selection", "works", "acceptance"] = "selection"

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.vote is None) == (self.fact is None):
            raise FormInvalid("vote 与 fact 须恰有其一", "needs exactly one of vote and fact")
        compares = any(given is not None for given in (self.flag, self.at_least, self.at_most))
        if self.vote is not None and compares:
            raise FormInvalid("表决类关口不写比较值", "compares nothing when it asks for a vote")
        self.condition  # noqa: B018 - refuses a comparison that does not fit the fact
        return self

    @property
    def condition(self) -> Condition:
        """What has to hold, on the fact that tells."""
        if self.vote is not None:
            return Condition(VOTE_FACTS[self.vote], flag=True)
        return self.condition_on(str(self.fact))

    @property
    def holds_back_selection(self) -> bool:
        """Whether a round asks this gate; one that leads to works or acceptance comes after the choice."""
        return self.gates in SELECTION_STAGES


class Priority(Comparison):
    """Projects that meet it rank before those that do not. A flag alone asks for true."""

    fact: FactKey

    @model_validator(mode="after")
    def _fits_its_fact(self) -> Self:
        self.condition  # noqa: B018 - refuses a comparison that does not fit the fact
        return self

    @property
    def condition(self) -> Condition:
        """What has to hold."""
        if self.flag is None and self.at_least is None and self.at_most is None:
            return Comparison.model_validate({"is": True}).condition_on(self.fact)
        return self.condition_on(self.fact)


class Shares(Form):
    """Shares by heads and by area; `strict` asks for more than, not for at least."""

    heads: Share
    area: Share
    strict: StrictBool = False


class VoteRule(Form):
    """Thresholds of a vote; never laxer than the law for its kind. `assurance` is the least proof of who votes.

    `interim`: whether it is told, before the vote has closed, how many took part; what they chose never is.
    """

    kind: MatterKind
    quorum: Shares
    approval: Shares
    assurance: Literal["phone", "code", "on_site", "face", "e_signature"] | None = None
    interim: Literal["participation", "nothing"] | None = None

    @model_validator(mode="after")
    def _keeps_the_law(self) -> Self:
        found = laxities(self.kind, self.thresholds)
        refuse_all([FormInvalid(laxer.zh, laxer.en, laxer.pointer.split("/")[1:]) for laxer in found])
        return self

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds as the rules of votes take them."""
        quorum, approval = self.quorum, self.approval
        return Thresholds(
            Threshold(quorum.heads, quorum.area, quorum.strict),
            Threshold(approval.heads, approval.area, approval.strict),
        )


class CarryOver(Form):
    """How a project that was not chosen and has improved since comes first, at most `rounds` times in a row.

    `tier` ranks before others within `share` of each cap; `bonus` adds `points`; `tie_break` is the first tie-break.
    """

    kind: Literal["tier", "bonus", "tie_break"]
    share: Share | None = None
    points: Bonus | None = None
    rounds: Annotated[int, Field(strict=True, ge=1, le=20)]

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if (self.kind == "tier") != (self.share is not None) or (self.kind == "bonus") != (self.points is not None):
            raise FormInvalid(
                "tier 须且只须写 share，bonus 须且只须写 points",
                "gives a share exactly for tier, points exactly for bonus",
            )
        return self


class Selection(Form):
    """How a round chooses: what it is partitioned by, what becomes of a project that does not fit, and carry-over."""

    partition: Literal["province", "city", "county", "street"]
    over_cap: Literal["skip", "stop"]
    carry_over: CarryOver | None = None


class Policy(Form):
    """One version of a city's policy. What a year decides (caps, dates) belongs to the round, not here."""

    id: Name
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    title: Title
    eligibility: Eligibility | None = None
    rebuild: Rebuild | None = None
    rubric: Rubric | None = None
    gates: Annotated[tuple[Gate, ...], Field(max_length=100)] = ()
    priority: Annotated[tuple[Priority, ...], Field(max_length=20)] = ()
    votes: dict[Name, VoteRule] | None = None
    consultation: Consultation | None = None
    duties: Duties | None = None
    lift: Lift | None = None
    selection: Selection | None = None
    supplements: Supplements | None = None
    round: YearCalendar | None = None
    notices: dict[Name, Duration] | None = None
    menu: Menu | None = None
    phases: Annotated[tuple[Phase, ...], Field(max_length=50)] = ()
    funding: Funding | None = None
    cost_sharing: Annotated[tuple[CostSharing, ...], Field(max_length=200)] = ()
    progress: Progress | None = None
    hotline: Hotline | None = None
    inspections: Inspections | None = None
    works: Works | None = None

    @field_validator("gates")
    @classmethod
    def _has_distinct_gates(cls, gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
        parts = [(gate.id, (index, "id")) for index, gate in enumerate(gates)]
        refuse_repeated(parts, "关口的 id 重复", "is the id of another gate too")
        return gates

    @property
    def selection_gates(self) -> tuple[Gate, ...]:
        """The gates that a round asks, in the policy's order."""
        return tuple(gate for gate in self.gates if gate.holds_back_selection)


def canonical(policy: Policy) -> dict[str, Any]:
    """The one plain form of a policy: absent parts left out, numbers as text. Loading it again gives the same policy."""
    plain: dict[str, Any] = policy.model_dump(mode="json", by_alias=True, exclude_none=True)
    return plain


def policy_digest(policy: Policy) -> str:
    """SHA-256 of the policy's canonical JSON: two policies of the same meaning have the same."""
    return digest(canonical(policy))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the form (draft 2020-12), for whoever writes a policy."""
    return Policy.model_json_schema(by_alias=True)
