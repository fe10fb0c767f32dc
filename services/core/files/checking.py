"""Whether what residents send is fit for the public: asked of WeChat where it is connected, of people where it is not.

Asking is an effect outside: rows are claimed under a short lease, asked about without a transaction, finished in another short one.
Nothing waits for it but publication; a complaint is handled meanwhile.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import structlog

from services.core.files import queries
from services.core.files.errors import CheckPending
from services.core.files.events import ContentChecked
from services.core.files.rules import AGAIN_AFTER, ANSWER_WITHIN, LEASE, LONGEST_TEXT, CheckKind, CheckState
from services.core.kit.errors import DomainError, NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import SYSTEM, Database, UnitOfWork

if TYPE_CHECKING:
    import asyncpg

log = structlog.get_logger("worker")

AT_ONCE = 10
RENDITION_SOON = timedelta(seconds=5)
WORST_FIRST = (CheckState.REFUSED, CheckState.REVIEW, CheckState.PASSED)

CLAIM = """
UPDATE content_check c SET look_at = $2
FROM (SELECT id FROM content_check WHERE look_at <= $1 ORDER BY look_at LIMIT $3 FOR UPDATE SKIP LOCKED) due
WHERE c.id = due.id
RETURNING c.id, c.kind, c.subject_id, c.text_sealed, c.asked_at, c.trace_id, c.resident_id,
  (SELECT openid FROM resident r WHERE r.id = c.resident_id) AS openid,
  EXISTS (SELECT FROM file_part p WHERE p.file_id = c.subject_id AND p.part = 'rendition') AS ready
"""
DUE = "SELECT EXISTS (SELECT FROM content_check WHERE look_at <= now())"
LINK = "UPDATE content_check SET link = $2 WHERE id = $1 AND state = 'pending'"
ASKED = "UPDATE content_check SET trace_id = $2, look_at = $3 WHERE id = $1 AND state = 'pending'"
LATER = "UPDATE content_check SET look_at = $2 WHERE id = $1 AND state = 'pending'"
# A machine's word never comes after a person's; late it still relieves a person who has not looked yet.
JUDGE = """
UPDATE content_check SET state = $2::text, label = $3, look_at = NULL, link = NULL, version = version + 1,
  decided_at = CASE WHEN $2::text <> 'review' THEN $4::timestamptz END,
  text_sealed = CASE WHEN $2::text = 'review' THEN text_sealed END
WHERE {} AND (state = 'pending' OR (state = 'review' AND $2::text <> 'review'))
RETURNING id, kind, subject_type, subject_id, region_path
"""
JUDGE_ONE, JUDGE_TRACED = JUDGE.format("id = $1"), JUDGE.format("trace_id = $1")
DECIDE = """
UPDATE content_check SET state = $2, decided_at = $3, decided_by = $4, reason = $5, text_sealed = NULL, version = version + 1
WHERE id = $1
"""
FILE_JUDGED = "UPDATE file SET check_state = $2 WHERE id = $1"
TRACED = "SELECT EXISTS (SELECT FROM content_check WHERE trace_id = $1)"
LINKED = """
SELECT p.key, p.sha256, p.size, p.media_type, p.file_id AS id, p.media_type AS sent_as
FROM content_check c JOIN file_part p ON p.file_id = c.subject_id AND p.part = 'rendition'
WHERE c.link = $1 AND c.state = 'pending'
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a content, and the label of its kind where there is one."""

    state: CheckState
    label: int | None = None


class ContentChecker(Protocol):
    """Who is asked. A DomainError means: not now, ask again."""

    async def text(self, *, openid: str, content: str) -> Verdict:
        """Of a text of at most `LONGEST_TEXT` characters."""

    async def image(self, *, openid: str, url: str) -> Verdict | str:
        """Of an image that can be fetched at a URL: the verdict, or the id under which it will come."""


class PeopleAlone:
    """Where no WeChat is connected: a person looks at everything before the public does.

    Not `passed`: the law makes the platform answer for what it publishes (网络信息内容生态治理规定 第十条), and nobody has looked.
    """

    async def text(self, *, openid: str, content: str) -> Verdict:  # noqa: ARG002 - the port's shape
        """For a person."""
        return Verdict(CheckState.REVIEW)

    async def image(self, *, openid: str, url: str) -> Verdict | str:  # noqa: ARG002 - the port's shape
        """For a person."""
        return Verdict(CheckState.REVIEW)


async def check_once(database: Database, checker: ContentChecker, *, public_url: str) -> int:
    """Asks about everything that is due; how many. Costs one look when nothing is."""
    async with database.read() as connection:
        if not await connection.fetchval(DUE):
            return 0
    done = 0
    while True:
        async with database.begin(SYSTEM) as uow:
            due = await uow.driver.fetch(CLAIM, uow.now, uow.now + LEASE, AT_ONCE)
            now = uow.now
        for row in due:
            await _ask(database, checker, row, now=now, public_url=public_url)
        done += len(due)
        if len(due) < AT_ONCE:
            return done


async def _ask(
    database: Database, checker: ContentChecker, row: "asyncpg.Record", *, now: datetime, public_url: str
) -> None:
    late = now - row["asked_at"] >= ANSWER_WITHIN
    if row["trace_id"] is not None or row["openid"] is None or late:
        # No answer came, or nobody can be asked: the sender erased his account, or WeChat was away for half an hour.
        await _judge(database, row, Verdict(CheckState.REVIEW))
        return
    if row["kind"] == CheckKind.IMAGE and not row["ready"]:
        async with database.begin(SYSTEM) as uow:
            await uow.driver.execute(LATER, row["id"], uow.now + RENDITION_SOON)
        return
    try:
        answer = await _answer(database, checker, row, public_url=public_url)
    except DomainError as refusal:
        log.warning("a content could not be checked now", check=str(row["id"]), refusal=refusal.code)
        async with database.begin(SYSTEM) as uow:
            await uow.driver.execute(LATER, row["id"], uow.now + AGAIN_AFTER)
        return
    if isinstance(answer, Verdict):
        await _judge(database, row, answer)
        return
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ASKED, row["id"], answer, uow.now + ANSWER_WITHIN)


async def _answer(
    database: Database, checker: ContentChecker, row: "asyncpg.Record", *, public_url: str
) -> Verdict | str:
    if database.vault is None:
        raise RuntimeError("contents are checked by who holds the keys of personal data")
    cipher = database.vault.cipher
    openid = cipher.open(row["openid"], table="resident", column="openid", row=row["resident_id"]).decode()
    if row["kind"] == CheckKind.IMAGE:
        token = secrets.token_urlsafe(32)
        async with database.begin(SYSTEM) as uow:
            await uow.driver.execute(LINK, row["id"], digest_of(token))
        return await checker.image(openid=openid, url=f"{public_url}/public/content-checks/{token}")
    words = cipher.open(row["text_sealed"], table="content_check", column="text_sealed", row=row["id"]).decode()
    parts = [words[start : start + LONGEST_TEXT] for start in range(0, len(words), LONGEST_TEXT)]
    found = [await checker.text(openid=openid, content=part) for part in parts if part.strip()]
    return min(found, key=lambda verdict: WORST_FIRST.index(verdict.state), default=Verdict(CheckState.PASSED))


async def _judge(database: Database, row: "asyncpg.Record", verdict: Verdict) -> None:
    async with database.begin(SYSTEM) as uow:
        judged = await uow.driver.fetchrow(JUDGE_ONE, row["id"], verdict.state, verdict.label, uow.now)
        if judged is not None:
            await _tell(uow, judged, verdict.state, by_person=False)


async def answered(uow: UnitOfWork, *, trace_id: str, verdict: Verdict) -> None:
    """WeChat pushed the result of an image. The same again changes nothing. NotFound for one that was never asked."""
    judged = await uow.driver.fetchrow(JUDGE_TRACED, trace_id, verdict.state, verdict.label, uow.now)
    if judged is not None:
        await _tell(uow, judged, verdict.state, by_person=False)
    elif not await uow.driver.fetchval(TRACED, trace_id):
        raise NotFound


async def decide(
    uow: UnitOfWork, *, scope: Scope, check_id: UUID, state: CheckState, reason: str | None, version: int
) -> None:
    """A person lets a content pass or refuses it, or thinks again: what the public saw until now goes with it.

    NotFound, VersionStale; CheckPending while the machine is asked.
    """
    row = await queries.check_in(uow.driver, check_id=check_id, scope=scope, lock=True)
    queries.must_match(row, version)
    if row["state"] == CheckState.PENDING:
        raise CheckPending
    await uow.driver.execute(DECIDE, check_id, state, uow.now, uow.actor.id, reason)
    await _tell(uow, row, state, by_person=True)


async def linked(connection: "asyncpg.Connection", token: str) -> "asyncpg.Record":
    """The rendition that a link leads to, while the check goes on; NotFound."""
    row = await connection.fetchrow(LINKED, digest_of(token))
    if row is None:
        raise NotFound
    return row


def digest_of(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _tell(uow: UnitOfWork, judged: "asyncpg.Record", state: CheckState, *, by_person: bool) -> None:
    kind = CheckKind(judged["kind"])
    if kind is CheckKind.IMAGE:
        await uow.driver.execute(FILE_JUDGED, judged["subject_id"], state)
    uow.record(
        ContentChecked(what=kind, of=judged["subject_id"], state=state, by_person=by_person),
        subject="content_check",
        subject_id=judged["id"],
        region_path=judged["region_path"],
    )
