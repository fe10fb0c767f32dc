"""Publishing a run: what the public reads is fixed, byte for byte, and the legal notice begins."""

import hashlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from services.core.kit.calendar import Deadline, Unit, WorkCalendar, day_of, deadline, has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import FieldError
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import annual_queries, explaining, queries, run_queries, service
from services.core.selection.errors import (
    ApplicationsOpen,
    NoticeUndefined,
    ObjectionsOpen,
    RoundReopened,
    RunNotDone,
    RunOutdated,
)
from services.core.selection.events import RoundWasPublished
from services.core.selection.models import Publication, PublicationPart, RoundStatus, RunState, SelectionRound
from services.core.selection.snapshot import Notice, Shown, names_of, tag_of

if TYPE_CHECKING:
    import asyncpg

MOST_TOGETHER = 5000
"""Most results that a publication shows in one answer; more are read by partition."""

PART = Statement(
    insert(PublicationPart).values(
        {name: bindparam(name) for name in ("publication_id", "partition", "content", "etag")}
    )
)

PUBLISHED = Statement(
    update(SelectionRound)
    .where(SelectionRound.id == bindparam("round_id"))
    .values(status=RoundStatus.PUBLISHED, version=SelectionRound.version + 1)
)

SUPERSEDED = Statement(
    update(Publication)
    .where(Publication.round_id == bindparam("round_id"), Publication.superseded_at.is_(None))
    .values(superseded_at=bindparam("superseded_at"))
)


async def publish(uow: UnitOfWork, *, scope: Scope, run_id: UUID) -> Publication:
    """The run is what the public reads, and a full notice runs by the legal calendar. What was published before is superseded.

    Under the round's lock, so that of a publication and a new freeze one wins: RoundPublished, RunNotDone, RunOutdated for who
    comes second; RoundReopened when facts were found wrong since the freeze, ObjectionsOpen while one to what it supersedes is not
    decided; ApplicationsOpen until the round's last day of applications is over: freezes and runs before it are trials.
    NoticeUndefined when the policy does not say how long a ranking is on notice.
    """
    run = await run_queries.run_of(uow.driver, scope=scope, run_id=run_id)
    await service.locked(uow, scope=scope, round_id=run["round_id"])
    found = await queries.round_of(uow.driver, scope=scope, round_id=run["round_id"])
    run = await run_queries.run_of(uow.driver, scope=scope, run_id=run_id)
    await _check(uow, found, run)
    stored = await policies.by_id(uow.driver, version_id=found["policy_version_id"])
    notice = notice_from_now(uow, Policy.model_validate(stored.body))
    names = names_of(await service.partitions(uow.driver, found["region_path"], stored))
    shown = Shown(
        found=found,
        run=run,
        stored=stored,
        partition_names={str(found["region_id"]): found["region_name"], **names},
        notice=notice,
    )
    await SUPERSEDED.all(uow.driver, round_id=found["id"], superseded_at=uow.now)
    made = Publication(
        id=new_id(),
        round_id=found["id"],
        run_id=run_id,
        published_at=uow.now,
        published_by=uow.actor.id,
        notice_until=notice.until,
        provisional=notice.provisional,
    )
    # Written before its parts, and completed when they are known.
    made.content, made.etag = b"", ""
    uow.session.add(made)
    await uow.session.flush()
    made.content = await _publish_parts(uow.driver, made, shown)
    made.etag = _tag(made.content)
    await uow.session.flush()
    await PUBLISHED.all(uow.driver, round_id=found["id"])
    uow.record(
        RoundWasPublished(
            run_id=run_id, publication_id=made.id, notice_until=notice.until, provisional=notice.provisional
        ),
        subject="round",
        subject_id=found["id"],
        region_path=found["region_path"],
    )
    return made


async def _publish_parts(driver: "asyncpg.Connection", made: Publication, shown: Shown) -> bytes:
    """Stores every partition and gives the whole; one partition is held at a time, or MOST_TOGETHER results."""

    async def read(after: int) -> "list[asyncpg.Record]":
        return await run_queries.WHOLE_RUN.all(driver, run_id=made.run_id, after=after, limit=MOST_TOGETHER)

    together: list[dict[str, Any]] | None = []
    async for rows in explaining.partitions(read):
        results = shown.results(rows)
        content = shown.part(rows[0]["partition"], results)
        await PART.all(
            driver, publication_id=made.id, partition=rows[0]["partition"], content=content, etag=_tag(content)
        )
        if together is not None:
            together = together + results if len(together) + len(results) <= MOST_TOGETHER else None
    return shown.whole(together)


def _tag(content: bytes) -> str:
    return tag_of(hashlib.sha256(content).hexdigest())


async def _check(uow: UnitOfWork, found: "asyncpg.Record", run: "asyncpg.Record") -> None:
    service.refuse_published(found)
    if found["status"] == RoundStatus.REOPENED:
        raise RoundReopened
    if run["state"] != RunState.DONE:
        raise RunNotDone
    if found["apply_until"] is not None and not has_ended(found["apply_until"], uow.now):
        raise ApplicationsOpen(apply_until=found["apply_until"].isoformat())
    newest = await run_queries.NEWEST_FREEZE.first(uow.driver, round_id=found["id"])
    if newest is None or newest["id"] != run["freeze_id"]:
        raise RunOutdated
    objections = await annual_queries.objection_counts(uow.driver, round_id=found["id"])
    if objections.open_in_time:
        raise ObjectionsOpen(open=objections.open_in_time)


def notice_from_now(uow: UnitOfWork, policy: Policy) -> Notice:
    """The notice of what is published now. NoticeUndefined when the policy does not say how long it runs."""
    found = due(WorkCalendar.default(), policy, uow.now)
    return Notice(uow.now, found.due, found.provisional)


def due(calendar: WorkCalendar, policy: Policy, published_at: datetime) -> Deadline:
    """Until when what was published then is on notice. NoticeUndefined when the policy does not say."""
    term = (policy.notices or {}).get("ranking")
    if term is None or term.days is None:
        raise NoticeUndefined
    return deadline(calendar, start=day_of(published_at), days=term.days, unit=Unit(term.unit or Unit.CALENDAR))


def notice_runs(last_day: date) -> FieldError:
    """What is missing while a notice runs."""
    until = last_day.isoformat()
    return FieldError("/notice", f"公示至 {until} 24 时止", f"the notice runs until the end of {until}")


def objections_open(count: int) -> FieldError:
    """What is missing while objections that came in time are not decided."""
    return FieldError("/objections", f"尚有 {count} 件异议未处理", f"{count} objections are open")
