"""Use cases of facts: pushing what sources say, and deciding where they differ."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.core.facts import catalogue, queries, rules
from services.core.facts.errors import (
    DiscrepancyNotOpen,
    FactNotContending,
    FactsChanging,
    SourceAttested,
    SourceCounts,
    SourceOfAnother,
)
from services.core.facts.events import DiscrepancyAdjudicated, FactPushed
from services.core.facts.statements import ADD_FIRST, LAPSE, PUSH, WITHDRAW
from services.core.kit.calendar import day_of
from services.core.kit.errors import DomainError, FieldError, InputInvalid, NotFound
from services.core.kit.ids import new_id, new_id_text
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

NOWHERE = Scope()
REFUSALS: dict[str, type[DomainError]] = {
    "counted": SourceCounts,
    "attested": SourceAttested,
    "another": SourceOfAnother,
}
ATTEMPTS = 60  # each one more that is lost means that another push of the same facts was committed meanwhile


@dataclass(frozen=True, slots=True)
class NewFact:
    """What one source says about one key. `value` is canonical (`catalogue.parse_value`).

    `pointer`: where the input says it (JSON Pointer), named when the figure is refused.
    """

    subject_type: str
    subject_id: UUID
    region_path: str
    key: str
    value: str
    kind: str
    source: str
    document: str | None = None
    source_rows: Sequence[Any] = ()
    observed_on: date | None = None
    pointer: str = ""


class FirstSaid(NamedTuple):
    """What a source says, all at once, about a subject that was just made; values are canonical."""

    subject_id: UUID
    region_path: str
    kind: str
    source: str
    document: str | None
    source_rows: list[Any]
    observed_on: date | None
    figures: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a person or a department says about a subject, as given: value not yet parsed."""

    key: str
    value: object
    source: str
    kind: str
    document: str | None = None
    observed_on: date | None = None
    source_rows: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Attested:
    """A source's current figure after a push; `changed` says whether the push made it so."""

    fact_id: UUID
    key: str
    value: str
    kind: str
    source: str
    document: str | None
    observed_on: date | None
    recorded_at: datetime
    changed: bool


async def push(uow: UnitOfWork, facts: Sequence[NewFact], *, deciding: Scope = NOWHERE) -> int:
    """Records what sources say, in one statement for all; how many figures are new or changed.

    The same push again changes nothing. A changed figure supersedes its source's former one, which stays as history. All
    facts are of one subject type, no source says two things about one key (ValueError). The caller records the event.

    A source's current figure is replaced only by who recorded it, by somebody who may decide between sources there (`deciding`:
    when the one who recorded it has left, the district corrects), or by the system's own count. Else SourceOfAnother;
    SourceCounts for one that the system counted, SourceAttested for a synthetic figure in an attested one's place.
    """
    if not facts:
        return 0
    subject_type = facts[0].subject_type
    distinct = {(fact.subject_id, fact.key, fact.source) for fact in facts if fact.subject_type == subject_type}
    if len(distinct) < len(facts):
        raise ValueError("a push is about one subject type, and a source says one thing about a key")
    given = [
        _record(fact, fact.value) | {"subject_id": str(fact.subject_id), "region_path": fact.region_path}
        for fact in facts
    ]
    records = json.dumps(given, ensure_ascii=False)
    recorded: int = 0
    for _ in range(ATTEMPTS):
        row = await uow.driver.fetchrow(
            PUSH, records, uow.now, uow.actor.id, subject_type, deciding.lows, deciding.highs
        )
        if row["refused"]:
            places = {record["id"]: (fact.pointer, fact.key) for record, fact in zip(given, facts, strict=True)}
            raise _refusal({places[str(one)]: why for one, why in zip(row["refused"], row["refusals"], strict=True)})
        recorded += row["inserted"]
        if not row["missed"]:
            return recorded
    raise FactsChanging(headers={"Retry-After": "1"})


async def withdraw(uow: UnitOfWork, *, subject_ids: Collection[UUID], source: str, keys: Collection[str]) -> None:
    """The system no longer counts these: its figures become history, and what they had replaced holds again."""
    await uow.driver.execute(WITHDRAW, list(subject_ids), source, list(keys), uow.now)


def first_figures(said: Iterable[FirstSaid]) -> tuple[object, ...]:
    """What `add_first` takes, made beforehand: of many figures it is half of the work, and none of the database's."""
    rows = list(said)
    positions: list[str] = []
    keys: list[str] = []
    values: list[str] = []
    for position, one in enumerate(rows, start=1):
        positions += [str(position)] * len(one.figures)
        for key, value in one.figures:
            keys.append(key)
            values.append(value)
    return (
        [one.subject_id for one in rows],
        [one.region_path for one in rows],
        [one.kind for one in rows],
        [one.source for one in rows],
        [one.document for one in rows],
        json.dumps([one.source_rows for one in rows], ensure_ascii=False),
        [one.observed_on for one in rows],
        # Lists of six per subject as one text each: the driver encodes an array element by element.
        " ".join([new_id_text() for _ in keys]),
        " ".join(positions),
        " ".join(keys),
        json.dumps(values, ensure_ascii=False),
    )


async def add_first(uow: UnitOfWork, subject_type: str, figures: tuple[object, ...]) -> None:
    """Records `first_figures` about subjects that this very transaction has made: nobody else can have stated any of them.

    No source says two things about one key, not in an earlier call either (the unique index fails the transaction).
    """
    await uow.driver.execute(ADD_FIRST, subject_type, uow.now, uow.actor.id, *figures)


async def attest(
    uow: UnitOfWork,
    *,
    sql: str,
    subject_type: str,
    scope: Scope,
    deciding: Scope,
    subject_id: UUID,
    claims: Sequence[Claim],
) -> list[Attested]:
    """Records what people or departments say about one subject; the current figure of each source named.

    `sql` is `statements.attest_sql` of the subject's table: check and write are one round trip. NotFound outside the scope,
    InputInvalid naming the place, and the refusals of `push`, where `deciding` is told: a source's name is free text, so that
    whoever may attest could otherwise make a conflict vanish by speaking for the other office. One event a push, none when
    nothing changed.
    """
    given = _checked(subject_type, claims, today=day_of(uow.now))
    records = json.dumps(given, ensure_ascii=False)
    changed: set[UUID] = set()
    for _ in range(ATTEMPTS):
        rows = await uow.driver.fetch(
            sql,
            records,
            uow.now,
            uow.actor.id,
            subject_type,
            deciding.lows,
            deciding.highs,
            subject_id,
            scope.lows,
            scope.highs,
        )
        if not rows:
            raise NotFound
        refused = {str(row["given_id"]): row["refusal"] for row in rows if row["refusal"]}
        if refused:
            raise _refusal(
                {
                    (f"/facts/{position}/source", record["key"]): refused[record["id"]]
                    for position, record in enumerate(given)
                    if record["id"] in refused
                }
            )
        changed.update(row["fact_id"] for row in rows if row["changed"] and not row["missed"])
        if not any(row["missed"] for row in rows):
            break
    else:
        raise FactsChanging(headers={"Retry-After": "1"})
    if changed:
        new = [row for row in rows if row["fact_id"] in changed]
        uow.record(
            FactPushed(keys=sorted({row["key"] for row in new}), fact_ids=[row["fact_id"] for row in new]),
            subject=subject_type,
            subject_id=subject_id,
            region_path=rows[0]["region_path"],
        )
    return [
        Attested(
            fact_id=row["fact_id"],
            key=row["key"],
            value=row["value"],
            kind=row["kind"],
            source=row["source"],
            document=row["document"],
            observed_on=row["observed_on"],
            recorded_at=row["recorded_at"],
            changed=row["fact_id"] in changed,
        )
        for row in rows
    ]


async def lapse(uow: UnitOfWork, *, subject_id: UUID, keys: Sequence[str]) -> int:
    """What sources said about these keys of a subject no longer holds; it stays as history. How many figures lapsed.

    The caller records the event that tells why.
    """
    return len(await uow.driver.fetch(LAPSE, subject_id, list(keys), uow.now))


async def adjudicate(
    uow: UnitOfWork,
    *,
    subject_type: str,
    subject_id: UUID,
    region_path: str,
    key: str,
    fact_id: UUID,
    reason: str,
    document: str | None,
) -> rules.EffectiveFact:
    """A person decides which of the differing current figures holds. It stands until a new differing value is pushed.

    DiscrepancyNotOpen when sources agree or the matter is decided (the unique index decides between two who decide at once),
    FactNotContending when the chosen figure is not among those that differ now. The caller has checked the subject's scope.
    """
    found = (await queries.effective(uow.driver, [subject_id])).get(subject_id, {}).get(key)
    if found is None or not found.conflict:
        raise DiscrepancyNotOpen
    if fact_id not in {figure.fact_id for figure in found.conflict}:
        raise FactNotContending
    adjudication_id = new_id()
    try:
        await uow.driver.execute(
            queries.ADJUDICATE,
            adjudication_id,
            subject_id,
            key,
            fact_id,
            rules.values_digest(found.conflict),
            reason,
            document,
            uow.actor.id,
            uow.now,
        )
    except asyncpg.UniqueViolationError as decided:
        raise DiscrepancyNotOpen from decided
    uow.record(
        DiscrepancyAdjudicated(adjudication_id=adjudication_id, key=key, fact_id=fact_id),
        subject=subject_type,
        subject_id=subject_id,
        region_path=region_path,
    )
    chosen = next(figure for figure in found.conflict if figure.fact_id == fact_id)
    decision = rules.Decision(chosen.source, chosen.value, rules.values_digest(found.conflict))
    return rules.effective([*found.conflict, *found.replaced], decision)


def _checked(subject_type: str, claims: Sequence[Claim], *, today: date) -> list[dict[str, Any]]:
    """The records to push; InputInvalid names every wrong place."""
    wrong: list[FieldError] = []
    records, seen = [], set()
    for position, claim in enumerate(claims):
        entry = catalogue.entry(claim.key)
        if entry is None or entry.subject != subject_type:
            wrong.append(
                FieldError(f"/facts/{position}/key", "目录中没有这一项", "is not in the catalogue for this subject")
            )
            continue
        if entry.is_judged:
            wrong.append(
                FieldError(
                    f"/facts/{position}/key",
                    "由专家评审组评定，不能填报",
                    "is judged by a panel of experts, not attested",
                )
            )
            continue
        if (claim.key, claim.source) in seen:
            wrong.append(
                FieldError(f"/facts/{position}", "同一来源对同一项重复填报", "repeats a key of the same source")
            )
        seen.add((claim.key, claim.source))
        if entry.needs_document and claim.kind == rules.Kind.ATTESTED and claim.document is None:
            wrong.append(
                FieldError(
                    f"/facts/{position}/document",
                    "表决、调查、公示的结果须写明依据文件",
                    "the outcome of a vote, a survey or a notice needs its document",
                )
            )
        if claim.observed_on is not None and claim.observed_on > today:
            wrong.append(FieldError(f"/facts/{position}/observed_on", "不得晚于今天", "must not lie in the future"))
            continue
        try:
            value = catalogue.parse_value(entry, claim.value)
        except catalogue.ValueInvalid as invalid:
            wrong.append(FieldError(f"/facts/{position}/value", invalid.zh, invalid.en))
            continue
        records.append(_record(claim, value))
    if wrong:
        raise InputInvalid(errors=wrong)
    return records


def _refusal(refused: Mapping[tuple[str, str], str]) -> DomainError:
    """The refusal of figures by place (pointer, key). The gravest reason gives the code; the source's name is not repeated."""
    why = next(reason for reason in REFUSALS if reason in refused.values())
    titles = REFUSALS[why]
    return titles(
        errors=[
            FieldError(pointer, f"{key}：{titles.title_zh}", f"{key}: {titles.title_en}")
            for (pointer, key), reason in refused.items()
            if reason == why
        ]
    )


def _record(said: NewFact | Claim, value: str) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "key": said.key,
        "value": value,
        "kind": said.kind,
        "source": said.source,
        "document": said.document,
        "source_rows": list(said.source_rows),
        "observed_on": None if said.observed_on is None else said.observed_on.isoformat(),
    }
