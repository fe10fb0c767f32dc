"""Pure rules of consultation: what an answer is, whom a round asks, when a consultation is through, what a lift still needs.

Sources: 004_c9c5fc786dd61830.txt 三 (Yichang's rounds; lifts in Shanghai and Hangzhou), 001_d2c724e6bca81fae.txt (lifts elsewhere).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Literal

from services.core.kit.errors import FieldError
from services.core.kit.exact import decimal_text
from services.core.policy.consulting import Asker, AskingRound, Lift
from services.core.policy.schema import Policy

MOST_AT_ONCE = 200
"""Most answers or visits of one request."""

LIFT_ROUND_TITLE = "加装电梯意愿征询"


class Matter(StrEnum):
    """What residents are asked: to renovate at all, a project's plan, the duties that they take on (S7), a lift (R3)."""

    RENOVATION = "renovation"
    PLAN = "plan"
    DUTIES = "duties"
    LIFT = "lift"


OF_PROJECT = frozenset({Matter.RENOVATION, Matter.PLAN})
"""Matters that are about a project; the others are about a compound."""


class Status(StrEnum):
    """Of a consultation."""

    OPEN = "open"
    CLOSED = "closed"


class Answer(StrEnum):
    """What a door says. Silence is none of them: who has not answered does not agree."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNDECIDED = "undecided"


class Outcome(StrEnum):
    """How one attempt at a door ended."""

    NOT_HOME = "not_home"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    AGREED = "agreed"


SAID: dict[Outcome, Answer] = {
    Outcome.REFUSED: Answer.DISAGREE,
    Outcome.UNDECIDED: Answer.UNDECIDED,
    Outcome.AGREED: Answer.AGREE,
}
"""What each outcome says; nobody at home says nothing."""


class Channel(StrEnum):
    """How an answer came: at the door (with its visit), in another way that somebody entered, or from the resident's own phone."""

    DOOR = "door"
    MEETING = "meeting"
    TELEPHONE = "telephone"
    CHAT_GROUP = "chat_group"
    PAPER = "paper"
    APP = "app"


class Grade(StrEnum):
    """Appraisal grades of a house, the best first (JGJ 125)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


def rounds_of(policy: Policy, matter: Matter) -> tuple[AskingRound, ...]:
    """The rounds that the policy sets for a matter; none where it sets none. A lift is asked about once, by the policy's actors."""
    if matter is Matter.LIFT:
        lift = policy.lift
        return () if lift is None else (AskingRound(title=LIFT_ROUND_TITLE, actors=lift.actors),)
    if policy.consultation is None or (matter is Matter.DUTIES and policy.duties is None):
        return ()
    return policy.consultation.rounds


def share_wanted(policy: Policy, matter: Matter) -> Fraction | None:
    """The share of all doors that has to agree; None for a lift, which has conditions of its own."""
    if matter is Matter.DUTIES:
        return None if policy.duties is None else policy.duties.agree_at_least
    if matter is Matter.LIFT or policy.consultation is None:
        return None
    return policy.consultation.agree_at_least


def is_through(agreed: int, doors: int, wanted: Fraction) -> bool:
    """Whether enough of all doors agree, exactly; where there are no doors nobody has agreed."""
    return doors > 0 and Fraction(agreed, doors) >= wanted


def visitors_error(asking: AskingRound, visitors: Collection[Asker], at: str) -> FieldError | None:
    """What is wrong with who came to a door in this round: no actor of it, or one missing of those who go together."""
    if not set(visitors) <= set(asking.actors):
        return FieldError(at, "不是本轮的征询主体", "is no actor of this round")
    if asking.together and set(visitors) != set(asking.actors):
        return FieldError(at, "本轮须各方共同入户", "needs every actor of this round: they go together")
    return None


@dataclass(frozen=True, slots=True)
class Door:
    """One property of an entrance: whose it is, its exclusive area (m², None unknown), what it says."""

    owner: object
    area: Decimal | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Signed:
    """Of the owners of an entrance those who sign, by heads and by exclusive area. `unmeasured`: properties without an area."""

    heads: int
    heads_signed: int
    area: Decimal
    area_signed: Decimal
    unmeasured: int


def signed(doors: Iterable[Door]) -> Signed:
    """Counts signatures: a head signs when every property that it has in the entrance agrees; area counts by property."""
    of_owner: dict[object, list[Door]] = defaultdict(list)
    for door in doors:
        of_owner[door.owner].append(door)
    every = [door for own in of_owner.values() for door in own]
    return Signed(
        heads=len(of_owner),
        heads_signed=sum(all(door.answer == Answer.AGREE for door in own) for own in of_owner.values()),
        area=sum((door.area for door in every if door.area is not None), Decimal(0)),
        area_signed=sum(
            (door.area for door in every if door.area is not None and door.answer == Answer.AGREE), Decimal(0)
        ),
        unmeasured=sum(door.area is None for door in every),
    )


@dataclass(frozen=True, slots=True)
class LiftGate:
    """One condition of a lift: whether it holds, and what is missing in both languages when it does not."""

    id: str
    met: bool
    missing_zh: str | None = None
    missing_en: str | None = None

    @property
    def missing(self) -> dict[Literal["zh", "en"], str] | None:
        """What is missing, in both languages; None when nothing is."""
        if self.missing_zh is None or self.missing_en is None:
            return None
        return {"zh": self.missing_zh, "en": self.missing_en}


def lift_gates(lift: Lift, found: Signed, *, objections: int, grade: str | None) -> list[LiftGate]:
    """Every condition that the policy sets. `objections`: those of neighbours that are not settled; `grade`: None not appraised."""
    gates = [_heads_gate(found, lift.signatures.heads), _area_gate(found, lift.signatures.area)]
    if lift.no_objection:
        gates.append(
            LiftGate("no_objection", True)
            if not objections
            else LiftGate(
                "no_objection", False, f"{objections} 项异议未解决", f"{objections} objections are not settled"
            )
        )
    if lift.appraisal_at_least is not None:
        gates.append(_appraised(grade, lift.appraisal_at_least))
    return gates


def _appraised(grade: str | None, wanted: str) -> LiftGate:
    if grade is None:
        return LiftGate(
            "appraisal", False, f"房屋尚未鉴定，须 {wanted} 级及以上", f"not appraised; needs {wanted} or better"
        )
    if grade <= wanted:  # A is the best
        return LiftGate("appraisal", True)
    return LiftGate(
        "appraisal", False, f"鉴定为 {grade} 级，须 {wanted} 级及以上", f"appraised {grade}; needs {wanted} or better"
    )


def _heads_gate(found: Signed, wanted: Fraction) -> LiftGate:
    lacking = ceil(found.heads * wanted) - found.heads_signed
    if found.heads and lacking <= 0:
        return LiftGate("heads", True)
    return LiftGate("heads", False, f"还差 {lacking} 位业主签字", f"{lacking} more owners have to sign")


def _area_gate(found: Signed, wanted: Fraction) -> LiftGate:
    if found.unmeasured:
        return LiftGate(
            "area",
            False,
            f"{found.unmeasured} 处专有部分未登记面积，无法计算",
            f"{found.unmeasured} properties have no area on record: it cannot be counted",
        )
    lacking = Fraction(found.area) * wanted - Fraction(found.area_signed)
    if found.area and lacking <= 0:
        return LiftGate("area", True)
    told = decimal_text(Fraction(ceil(lacking * 100), 100))
    return LiftGate("area", False, f"还差 {told} 平方米", f"{told} m² more have to sign")
