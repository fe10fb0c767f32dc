"""Freezing: the facts of every candidate of a round are copied as they stand at one instant, with their sources."""

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, update

from services.core.facts.rules import Kind
from services.core.kit.database import Statement
from services.core.kit.errors import VersionStale
from services.core.kit.exact import canonical_json
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.queries import StoredPolicy, lineage
from services.core.projects import queries as projects
from services.core.selection import queries, run_queries, service
from services.core.selection.bundle import facts_json
from services.core.selection.carry_over import carry_overs
from services.core.selection.events import RoundFrozen
from services.core.selection.filtering import Exclusion, Filter, Why
from services.core.selection.models import Freeze, RoundStatus, SelectionRound

if TYPE_CHECKING:
    import asyncpg

COLUMNS = (
    "freeze_id",
    "project_id",
    "no",
    "title",
    "partition",
    "compounds",
    "facts",
    "synthetic",
    "conflicts",
    "exceptions",
    "carry_over",
)
EVIDENCE_COLUMNS = ("freeze_id", "project_id", "facts", "conflicts", "exceptions", "carry_over")
EXCLUSION_COLUMNS = ("freeze_id", "project_id", "no", "title", "reasons")

PART = 500
"""How many projects are read at a time."""

FROZEN = Statement(
    update(SelectionRound)
    .where(SelectionRound.id == bindparam("round_id"))
    .values(status=RoundStatus.FROZEN, version=SelectionRound.version + 1)
)


async def freeze(uow: UnitOfWork, *, scope: Scope, round_id: UUID, version: int) -> Freeze:
    """Copies the facts of every candidate: the projects of the round's region in the stage that its filter names.

    Those that the filter or the last day of applications keeps out are listed with the reasons (`run_queries.EXCLUDED`).
    All facts are read from one snapshot, so an edit of several facts is in the freeze wholly or not at all; and some hundred
    projects at a time, so that memory does not grow with their number. May be done again, under
    the next number, until the round is published (RoundPublished), and again once it was reopened.
    """
    found = await service.locked(uow, scope=scope, round_id=round_id)
    service.refuse_published(found)
    if found["version"] != version:
        raise VersionStale
    last = await run_queries.NEWEST_FREEZE.first(uow.driver, round_id=round_id)
    taken = Freeze(
        id=new_id(),
        round_id=round_id,
        number=(last["number"] if last else 0) + 1,
        taken_at=uow.now,
        taken_by=uow.actor.id,
    )
    # Written before what it holds, and completed when that is known.
    taken.digest, taken.candidates, taken.excluded = "", 0, {}
    uow.session.add(taken)
    await uow.session.flush()
    hashed, why = hashlib.sha256(), Counter[str]()
    async with uow.snapshot() as reader:
        async for candidates, excluded in _parts(reader, found):
            await _store(uow.driver, taken.id, candidates, excluded)
            hashed.update(b"".join(canonical_json(one) + b"\n" for one in candidates))
            why.update(reason["why"] for one in excluded for reason in one["reasons"])
            taken.candidates += len(candidates)
    taken.digest, taken.excluded = hashed.hexdigest(), dict(why)
    await uow.session.flush()
    await FROZEN.all(uow.driver, round_id=round_id)
    uow.record(
        RoundFrozen(freeze_id=taken.id, number=taken.number, digest=taken.digest, candidates=taken.candidates),
        subject="round",
        subject_id=round_id,
        region_path=found["region_path"],
    )
    return taken


async def _parts(
    reader: "asyncpg.Connection", found: "asyncpg.Record"
) -> AsyncIterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Some hundred projects at a time, by partition and number: who competes; and, with reasons, who does not or is held back."""
    wanted = await _filter(reader, found)
    policy = await policies.by_id(reader, version_id=found["policy_version_id"])
    partition_of = {
        row["path"]: str(row["id"]) for row in await service.partitions(reader, found["region_path"], policy)
    }
    applicants = [
        (_partition(row["region_path"], partition_of, default=str(found["region_id"])), row)
        for row in await queries.APPLICANTS.all(
            reader, stage=found["filter"]["stage"], **Scope((found["region_path"],)).parameters
        )
    ]
    applicants.sort(key=lambda one: (one[0], one[1]["no"]))
    for start in range(0, len(applicants), PART):
        yield await _candidates(reader, found, wanted, policy, applicants[start : start + PART])


async def _candidates(
    driver: "asyncpg.Connection",
    found: "asyncpg.Record",
    wanted: Filter,
    policy: StoredPolicy,
    applicants: "Sequence[tuple[str, asyncpg.Record]]",
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    ids = [row["id"] for _, row in applicants]
    compounds = await projects.compounds_by_project(driver, ids)
    exceptions = await projects.exceptions_by_project(
        driver, ids, policy_id=policy.policy_id, policy_number=policy.number
    )
    figures = await projects.figures(
        driver, {project: [row["compound_id"] for row in rows] for project, rows in compounds.items()}
    )
    claims = await carry_overs(driver, region_path=found["region_path"], project_ids=ids)
    excluded = []
    for _, row in applicants:
        reasons = wanted.why_excluded(
            region_path=row["region_path"],
            compounds=len(compounds[row["id"]]),
            applied_at=row["applied_at"],
            fact=figures[row["id"]].value,
        )
        if reasons:
            excluded.append({**row, "reasons": [reason.document() for reason in reasons]})
    out = {one["id"] for one in excluded}
    candidates = [
        {
            "project_id": str(row["id"]),
            "no": row["no"],
            "title": row["title"],
            "partition": partition,
            "compounds": [{"id": str(one["compound_id"]), "name": one["name"]} for one in compounds[row["id"]]],
            "facts": figures[row["id"]].facts,
            "conflicts": figures[row["id"]].conflicts,
            "exceptions": exceptions.get(row["id"], {}),
            "carry_over": claims[row["id"]].document() if row["id"] in claims else None,
        }
        for partition, row in applicants
        if row["id"] not in out
    ]
    held = [
        {"id": UUID(one["project_id"]), "no": one["no"], "title": one["title"], "reasons": [_held(one["conflicts"])]}
        for one in candidates
        if one["conflicts"]
    ]
    return candidates, excluded + held


def _held(conflicts: list[dict[str, Any]]) -> dict[str, str]:
    return Exclusion(Why.CONFLICT, "", ",".join(sorted({one["key"] for one in conflicts}))).document()


async def _filter(driver: "asyncpg.Connection", found: "asyncpg.Record") -> Filter:
    """The round's filter, with the regions that it names where the tree has them now."""
    ids = [UUID(one) for one in found["filter"].get("regions", ())]
    rows = await queries.REGIONS.all(driver, region_ids=ids, **Scope((found["region_path"],)).parameters)
    return Filter.of(found["filter"], apply_until=found["apply_until"], paths=[row["path"] for row in rows])


def _partition(path: str, partition_of: dict[str, str], *, default: str) -> str:
    """The partition that a project's region lies in; the round's own region where the tree has no such level above it."""
    return next((partition_of[above] for above in reversed(lineage(path)) if above in partition_of), default)


async def _store(
    driver: "asyncpg.Connection", freeze_id: UUID, candidates: list[dict[str, Any]], excluded: list[dict[str, Any]]
) -> None:
    for table, records, columns in (
        ("freeze_candidate", [_record(freeze_id, one) for one in candidates], COLUMNS),
        ("freeze_evidence", [_evidence(freeze_id, one) for one in candidates], EVIDENCE_COLUMNS),
        ("freeze_exclusion", [_exclusion(freeze_id, one) for one in excluded], EXCLUSION_COLUMNS),
    ):
        await driver.copy_records_to_table(table, records=records, columns=list(columns))


def _exclusion(freeze_id: UUID, one: dict[str, Any]) -> tuple[object, ...]:
    return (freeze_id, one["id"], one["no"], one["title"], json.dumps(one["reasons"]))


def _record(freeze_id: UUID, candidate: dict[str, Any]) -> tuple[object, ...]:
    """A candidate's row: what the rules read."""
    facts = candidate["facts"]
    return (
        freeze_id,
        UUID(candidate["project_id"]),
        candidate["no"],
        candidate["title"],
        candidate["partition"],
        _json(candidate["compounds"]),
        facts_json({key: fact["value"] for key, fact in facts.items() if fact["value"] is not None}),
        _json([key for key, fact in facts.items() if fact["kind"] == Kind.SYNTHETIC]),
        _json(sorted({conflict["key"] for conflict in candidate["conflicts"]})),
        _json(sorted(candidate["exceptions"])),
        None if candidate["carry_over"] is None else candidate["carry_over"]["times"],
    )


def _evidence(freeze_id: UUID, candidate: dict[str, Any]) -> tuple[object, ...]:
    """What stands behind a candidate's row."""
    told = {
        key: {name: part for name, part in fact.items() if name != "value"} for key, fact in candidate["facts"].items()
    }
    carried = candidate["carry_over"]
    return (
        freeze_id,
        UUID(candidate["project_id"]),
        _json(told),
        _json(candidate["conflicts"]),
        _json(candidate["exceptions"]),
        None if carried is None else _json(carried),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
