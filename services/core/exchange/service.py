"""Use cases of imports: sending a file, asking for it to stop."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert

from services.core.exchange import queries
from services.core.exchange.errors import ImportOver
from services.core.exchange.events import ImportCancelled, ImportRequested
from services.core.exchange.forms import PERSONAL, ImportKind
from services.core.exchange.jobs import RunImport
from services.core.exchange.models import DataImport, ImportFile, ImportMode
from services.core.kit.errors import NotAllowed
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.people import Purpose
from services.core.territory import queries as territory

ASK_TO_STOP = """
UPDATE data_import SET cancel_asked_at = $2 WHERE id = $1 AND state IN ('queued', 'running', 'failed') RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent, and how it is to be taken. `source` stands for rows that name none."""

    kind: ImportKind
    mode: ImportMode
    dry_run: bool
    source: str | None
    file_name: str
    content: bytes


async def request(
    uow: UnitOfWork, *, scope: Scope, needed: Mapping[str, Scope], deciding: Scope, region_id: UUID, sent: Sent
) -> UUID:
    """Keeps the file and starts a job that imports it below a region of the scope (NotFound outside); the import's id.

    `needed`: where the sender may do what the file's rows amount to, by permission; NotAllowed where the region is not inside
    each. `deciding`: where the sender may replace figures that others recorded.
    """
    region = await territory.region_in(uow.driver, region_id=region_id, scope=scope)
    for permission, where in needed.items():
        if not where.covers(region["path"]):
            raise NotAllowed(permission=permission)
    digest = hashlib.sha256(sent.content).hexdigest()
    same = await queries.SAME_FILE.first(uow.driver, file_sha256=digest, region_id=region_id, kind=sent.kind)
    import_id = new_id()
    await uow.connection.execute(
        insert(DataImport).values(
            id=import_id,
            region_id=region_id,
            region_path=region["path"],
            kind=sent.kind,
            mode=sent.mode,
            dry_run=sent.dry_run,
            source=sent.source,
            file_name=sent.file_name,
            file_sha256=digest,
            file_bytes=len(sent.content),
            same_as=same and same["id"],
            may_decide=deciding.covers(region["path"]),
            made_by_kind=uow.actor.kind,
            made_by=uow.actor.id,
            made_at=uow.now,
        )
    )
    content = sent.content
    if sent.kind in PERSONAL:
        content = uow.vault.cipher.seal(content, table="import_file", column="content", row=import_id)
    await uow.connection.execute(insert(ImportFile).values(import_id=import_id, content=content))
    uow.enqueue(RunImport(import_id=import_id))
    uow.record(
        ImportRequested(dry_run=sent.dry_run, same_as=same and same["id"]),
        subject="import",
        subject_id=import_id,
        region_path=region["path"],
    )
    return import_id


async def cancel(uow: UnitOfWork, *, scope: Scope, import_id: UUID) -> None:
    """Asks an import to stop: it writes nothing then. ImportOver when it is over, or was just about to write."""
    found = await queries.import_in(uow.driver, import_id=import_id, scope=scope)
    if await uow.driver.fetchval(ASK_TO_STOP, import_id, uow.now) is None:
        raise ImportOver
    uow.record(ImportCancelled(), subject="import", subject_id=import_id, region_path=found["region_path"])


def audit_revealed(uow: UnitOfWork, *, target: str, target_id: UUID, region_path: str, purpose: Purpose) -> None:
    """A file that tells of people in the clear was given out, and what for."""
    uow.audit(
        "person.revealed_in_file",
        target=target,
        target_id=target_id,
        region_path=region_path,
        details={"purpose": purpose},
    )
