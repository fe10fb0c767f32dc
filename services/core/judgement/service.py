"""What a chair does with a panel of experts: opening, closing, cancelling. What the experts do is in `judging`.

Closing holds the panel's row; scoring shares it. So no score slips in while the means are taken, and of two who close one does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from secrets import SystemRandom
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Uuid, bindparam, update

from services.core.facts import service as facts
from services.core.facts.catalogue import CATALOGUE, Subject, text_of
from services.core.facts.rules import Kind
from services.core.judgement import queries, rules
from services.core.judgement.errors import (
    ChairIsExpert,
    PanelCancelled,
    PanelClosed,
    PanelExists,
    PanelIncomplete,
    PanelInputInvalid,
    PanelOpen,
)
from services.core.judgement.events import (
    PanelOpened,
    PanelReviewed,
    PanelWasCancelled,
    PanelWasClosed,
)
from services.core.judgement.models import Panel, PanelExpert
from services.core.judgement.rules import PanelStatus, Score, Terms
from services.core.kit.calendar import day_of, has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy.queries import lineage
from services.core.selection import queries as rounds
from services.core.selection import service as selection
from services.core.selection.errors import RoundPublished
from services.core.selection.models import RoundStatus

if TYPE_CHECKING:
    from asyncpg import Record

SOURCE = "selection.panel"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_JUDGEMENTS = 50_000
"""Most judgements of one panel: projects times experts."""

COLUMNS = ("panel_id", "project_id", "staff_id")
OPEN_TO_PANELS = frozenset({RoundStatus.DRAFT, RoundStatus.FROZEN, RoundStatus.REOPENED})

REVIEWING = Statement(
    update(Panel)
    .where(Panel.id == bindparam("panel_id", type_=Uuid()))
    .values(status=PanelStatus.REVIEWING, review_until=bindparam("until", type_=Panel.review_until.type))
)
CLOSED = Statement(
    update(Panel)
    .where(Panel.id == bindparam("panel_id", type_=Uuid()))
    .values(
        status=PanelStatus.CLOSED,
        closed_by=bindparam("by", type_=Panel.closed_by.type),
        closed_at=bindparam("at", type_=Panel.closed_at.type),
    )
)
CANCELLED = Statement(
    update(Panel)
    .where(Panel.id == bindparam("panel_id", type_=Uuid()))
    .values(
        status=PanelStatus.CANCELLED,
        cancel_reason=bindparam("reason"),
        closed_by=bindparam("by", type_=Panel.closed_by.type),
        closed_at=bindparam("at", type_=Panel.closed_at.type),
    )
)
FLAG = """
UPDATE judgement j SET flagged = true FROM unnest($2::uuid[], $3::uuid[]) AS far(project_id, staff_id)
WHERE j.panel_id = $1 AND j.project_id = far.project_id AND j.staff_id = far.staff_id
"""
LETTER = """
UPDATE panel_expert e SET letter = drawn.letter FROM unnest($2::uuid[], $3::text[]) AS drawn(staff_id, letter)
WHERE e.panel_id = $1 AND e.staff_id = drawn.staff_id
"""


@dataclass(frozen=True, slots=True)
class PanelTerms:
    """How a panel judges. `assignments`: by project its experts; None: everybody judges every project of the round."""

    fact_key: str
    experts: Sequence[UUID]
    deadline: date
    scale: int
    least: int
    drops_extremes: bool
    deviation_limit: Decimal | None
    review_days: int
    assignments: Mapping[UUID, Sequence[UUID]] | None


async def open_panel(uow: UnitOfWork, *, scope: Scope, round_id: UUID, terms: PanelTerms) -> UUID:
    """A panel for one judged fact of the round's projects, as they stand in its stage now; its id. Until it has closed nothing is
    recorded of that fact: a freeze names it as missing.

    NotFound for a round outside `scope`, RoundPublished once its facts no longer change, PanelExists for a second one of the same
    fact (but when an upheld objection has reopened the round, a new one may judge again), ChairIsExpert, PanelInputInvalid naming
    a wrong term.
    """
    found = await selection.locked(uow, scope=scope, round_id=round_id)
    if found["status"] not in OPEN_TO_PANELS:
        raise RoundPublished
    if uow.actor.id in terms.experts:
        raise ChairIsExpert
    applicants = await rounds.APPLICANTS.all(
        uow.driver, stage=found["filter"]["stage"], **Scope((found["region_path"],)).parameters
    )
    # Under the round's lock, so that of two who open the same panel at once one does.
    if await queries.OF_FACT.first(uow.driver, round_id=round_id, fact_key=terms.fact_key) is not None:
        raise PanelExists
    await _check(uow, found["region_path"], terms, {row["id"] for row in applicants})
    assigned = terms.assignments if terms.assignments is not None else {row["id"]: terms.experts for row in applicants}
    pairs = [(project, expert) for project, experts in assigned.items() for expert in experts]
    if not pairs or len(pairs) > MOST_JUDGEMENTS:
        raise PanelInputInvalid.at(
            "/assignments",
            zh=f"须有 1 至 {MOST_JUDGEMENTS} 项评审（项目数乘专家数）",
            en=f"there must be 1 to {MOST_JUDGEMENTS} judgements: projects times experts",
        )
    panel_id = new_id()
    uow.session.add(
        Panel(
            id=panel_id,
            round_id=round_id,
            region_path=found["region_path"],
            fact_key=terms.fact_key,
            scale=terms.scale,
            least=terms.least,
            deadline=terms.deadline,
            drops_extremes=terms.drops_extremes,
            deviation_limit=terms.deviation_limit,
            review_days=terms.review_days,
            status=PanelStatus.OPEN,
            opened_by=uow.actor.id,
            opened_at=uow.now,
        )
    )
    await uow.session.flush()
    uow.session.add_all(PanelExpert(panel_id=panel_id, staff_id=expert) for expert in terms.experts)
    await uow.session.flush()
    await uow.driver.copy_records_to_table(
        "judgement", records=[(panel_id, project, expert) for project, expert in pairs], columns=list(COLUMNS)
    )
    # What an earlier panel said stands in neither while this one judges nor for what this one cannot say.
    await facts.withdraw(uow, subject_ids=list(assigned), source=SOURCE, keys=[terms.fact_key])
    uow.record(
        PanelOpened(round_id=round_id, key=terms.fact_key, experts=len(terms.experts), projects=len(assigned)),
        subject="panel",
        subject_id=panel_id,
        region_path=found["region_path"],
    )
    return panel_id


async def _check(uow: UnitOfWork, region_path: str, terms: PanelTerms, applicants: set[UUID]) -> None:
    """PanelInputInvalid naming every wrong term."""
    wrong: list[FieldError] = []
    entry = CATALOGUE.get(terms.fact_key)
    if entry is None or not entry.is_judged:
        wrong.append(FieldError("/fact_key", "不是由专家评定的事实", "is no fact that experts judge"))
    if has_ended(terms.deadline, uow.now):
        wrong.append(FieldError("/deadline", "期限已过", "has ended already"))
    if terms.least > len(terms.experts):
        wrong.append(FieldError("/least", "多于专家人数", "is more than there are experts"))
    if terms.deviation_limit is not None and terms.deviation_limit > terms.scale:
        wrong.append(FieldError("/deviation_limit", "大于满分", "is more than the scale"))
    rows = await queries.QUALIFIED.all(uow.driver, staff_ids=list(terms.experts), lineage=lineage(region_path))
    qualified = {row["principal_id"] for row in rows}
    for index, expert in enumerate(terms.experts):
        if expert not in qualified or expert in terms.experts[:index]:
            wrong.append(
                FieldError(
                    f"/experts/{index}",
                    "不是该区域的评审专家，或重复列出",
                    "is no expert for this region, or comes twice",
                )
            )
    for project, experts in (terms.assignments or {}).items():
        if project not in applicants:
            wrong.append(FieldError(f"/assignments/{project}", "不是本轮次的申报项目", "is no project of this round"))
        elif len(set(experts)) < max(len(experts), terms.least) or not set(experts) <= set(terms.experts):
            wrong.append(
                FieldError(
                    f"/assignments/{project}",
                    "须为本评审组的专家，不重复，且不少于最低人数",
                    "takes distinct experts of the panel, at least as many as the panel needs",
                )
            )
    if wrong:
        raise PanelInputInvalid(errors=wrong[:100])


async def close(uow: UnitOfWork, *, scope: Scope, panel_id: UUID) -> None:
    """The means become counted facts; or, where scores lie further from the mean than the panel's limit, their experts look again
    first, and the next closing takes what they say.

    Before its day has ended a panel closes only when nothing waits (PanelIncomplete). A flagged score that nobody looked at again
    by then does not count. NotFound, PanelClosed, ChairIsExpert.
    """
    panel = await queries.LOCKED.first(uow.driver, panel_id=panel_id, **scope.parameters)
    if panel is None:
        raise NotFound
    refuse_ended(panel)
    experts = [row["staff_id"] for row in await queries.EXPERTS.all(uow.driver, panel_id=panel_id)]
    if uow.actor.id in experts:
        raise ChairIsExpert
    rows = await queries.ALL.all(uow.driver, panel_id=panel_id)
    reviewing = panel["status"] == PanelStatus.REVIEWING
    waiting = sum(_waits(row, reviewing=reviewing) for row in rows)
    if waiting and not has_ended(panel["review_until"] if reviewing else panel["deadline"], uow.now):
        raise PanelIncomplete(waiting=waiting)
    scores: dict[UUID, dict[UUID, Score]] = defaultdict(dict)
    for row in rows:
        given = scores[row["project_id"]]
        if row["score"] is not None:
            given[row["staff_id"]] = Score(Fraction(row["score"]), row["flagged"], row["reviewed_at"] is not None)
    terms = terms_of(panel)
    if not reviewing and (far := [(p, e) for p, given in scores.items() for e in rules.to_review(terms, given)]):
        await _ask_again(uow, panel, far)
        return
    await _finish(uow, panel, experts, {row["project_id"]: row["region_path"] for row in rows}, scores)


async def cancel(uow: UnitOfWork, *, scope: Scope, panel_id: UUID, reason: str) -> None:
    """The panel judges no more, and another may be opened for the same fact; what was given stays on record, told to nobody.

    NotFound, PanelClosed, PanelCancelled.
    """
    panel = await queries.LOCKED.first(uow.driver, panel_id=panel_id, **scope.parameters)
    if panel is None:
        raise NotFound
    refuse_ended(panel)
    await CANCELLED.all(uow.driver, panel_id=panel_id, reason=reason, by=uow.actor.id, at=uow.now)
    uow.record(
        PanelWasCancelled(round_id=panel["round_id"]),
        subject="panel",
        subject_id=panel_id,
        region_path=panel["region_path"],
    )


def refuse_ended(panel: "Record") -> None:
    """PanelClosed, PanelCancelled for a panel at which nothing is done any more."""
    if panel["status"] == PanelStatus.CLOSED:
        raise PanelClosed
    if panel["status"] == PanelStatus.CANCELLED:
        raise PanelCancelled


def terms_of(panel: Mapping[str, object]) -> Terms:
    """The terms of a stored panel as the rules take them."""
    limit = panel["deviation_limit"]
    return Terms(
        scale=int(str(panel["scale"])),
        least=int(str(panel["least"])),
        drops_extremes=bool(panel["drops_extremes"]),
        deviation_limit=None if limit is None else Fraction(str(limit)),
    )


def _waits(row: "Record", *, reviewing: bool) -> bool:
    if row["conflict_reason"] is not None:
        return False
    return row["flagged"] and row["reviewed_at"] is None if reviewing else row["score"] is None


async def _ask_again(uow: UnitOfWork, panel: "Record", far: Sequence[tuple[UUID, UUID]]) -> None:
    await uow.driver.execute(FLAG, panel["id"], [project for project, _ in far], [expert for _, expert in far])
    until = day_of(uow.now) + timedelta(days=panel["review_days"])
    await REVIEWING.all(uow.driver, panel_id=panel["id"], until=until)
    uow.record(
        PanelReviewed(flagged=len(far)), subject="panel", subject_id=panel["id"], region_path=panel["region_path"]
    )


async def _finish(
    uow: UnitOfWork,
    panel: "Record",
    experts: Sequence[UUID],
    places: Mapping[UUID, str],
    scores: Mapping[UUID, Mapping[UUID, Score]],
) -> None:
    terms = terms_of(panel)
    verdicts = {project: rules.verdict(terms, scores[project]) for project in places}
    judged = {project: one for project, one in verdicts.items() if one.share is not None}
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type=Subject.PROJECT,
                subject_id=project,
                region_path=places[project],
                key=panel["fact_key"],
                value=text_of(one.share),
                kind=Kind.COUNTED,
                source=SOURCE,
                source_rows=({"panel_id": str(panel["id"]), "scores": one.standing},),
            )
            for project, one in judged.items()
            if one.share is not None
        ],
    )
    letters = list(LETTERS[: len(experts)])
    SystemRandom().shuffle(letters)
    await uow.driver.execute(LETTER, panel["id"], list(experts), letters)
    await CLOSED.all(uow.driver, panel_id=panel["id"], by=uow.actor.id, at=uow.now)
    uow.record(
        PanelWasClosed(key=panel["fact_key"], judged=len(judged), missing=len(places) - len(judged)),
        subject="panel",
        subject_id=panel["id"],
        region_path=panel["region_path"],
    )


async def identify(uow: UnitOfWork, *, scope: Scope, panel_id: UUID) -> "tuple[list[Record], list[Record]]":
    """The experts of a closed panel with their letters, and the conflicts that they declared; who reads this is on record.

    NotFound outside `scope`, PanelOpen before it has closed.
    """
    panel = await queries.panel_of(uow.driver, scope=scope, panel_id=panel_id)
    if panel["status"] != PanelStatus.CLOSED:
        raise PanelOpen
    uow.audit("panel.identified", target="panel", target_id=panel_id, region_path=panel["region_path"])
    experts = await queries.EXPERTS.all(uow.driver, panel_id=panel_id)
    return experts, await queries.CONFLICTS.all(uow.driver, panel_id=panel_id)
