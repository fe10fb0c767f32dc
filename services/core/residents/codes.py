"""Codes on paper for the people of a register, and invitations to one's family: issued, told once, used once."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.identity.rules import Attempts
from services.core.kit.errors import DomainError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.residents import queries
from services.core.residents.errors import CodeWrong, FamilyFull, NothingToPrint, TooManyCodes
from services.core.residents.events import CodesIssued
from services.core.residents.rules import GUESSES, INVITATION_HOLDS, LOCATOR, Assurance, Kind, new_code, typed
from services.core.residents.service import Place, bind, locked_resident
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

CODE = "binding.code"
FAMILY_AT_MOST = 10
COLUMNS = (
    "id", "locator", "digest", "property_id", "person_id", "invited_by", "kind", "issued_by", "issued_at", "expires_at",
)  # fmt: skip
VOID_PRINTED = """
UPDATE binding_code SET voided_at = $2
WHERE property_id = ANY ($1::uuid[]) AND invited_by IS NULL AND used_at IS NULL AND voided_at IS NULL
"""
VOID_INVITATION = (
    "UPDATE binding_code SET voided_at = $2 WHERE invited_by = $1 AND used_at IS NULL AND voided_at IS NULL"
)
CANDIDATES = """
SELECT id, digest, property_id, person_id, invited_by, kind FROM binding_code
WHERE locator = $1 AND used_at IS NULL AND voided_at IS NULL AND expires_at > $2 AND failures < $3 ORDER BY id FOR UPDATE
"""
FAMILY = "SELECT count(*) FROM binding WHERE invited_by = $1 AND ended_at IS NULL"
MISSED = "UPDATE binding_code SET failures = failures + 1 WHERE id = ANY ($1::uuid[])"
USED = "UPDATE binding_code SET used_at = $2 WHERE id = $1"
INVITER = f"SELECT region_path, property_id FROM ({queries.LIVE}) AS l WHERE l.id = $1 AND l.resident_id <> $2"
KEEP_ATTEMPTS = """
UPDATE resident SET failed_attempts = $2, failing_since = $3, lock_count = $4, locked_until = $5 WHERE id = $1
"""


async def issue(
    uow: UnitOfWork, *, scope: Scope, compound_id: UUID, building_id: UUID | None, holds: timedelta
) -> "list[tuple[asyncpg.Record, str]]":
    """A code for each owner and tenant on record in a compound (or one building of it), with whom it is for; told here alone.

    What was printed for the same properties before and not used is void from now on. NotFound, CompoundClosed, NothingToPrint.
    """
    # Held whole: of two who print at once the second voids what the first has printed.
    compound = await territory.locked(uow.driver, scope=scope, compound_id=compound_id)
    rows = await uow.driver.fetch(queries.TO_PRINT, compound_id, building_id)
    if not rows:
        raise NothingToPrint
    await uow.driver.execute(VOID_PRINTED, list({row["property_id"] for row in rows}), uow.now)
    issued = [(row, new_code()) for row in rows]
    records = [
        _record(uow, code, row["property_id"], row["person_id"], None, row["kind"], holds) for row, code in issued
    ]
    await uow.driver.copy_records_to_table("binding_code", records=records, columns=COLUMNS)
    uow.record(
        CodesIssued(codes=len(issued)), subject="compound", subject_id=compound_id, region_path=compound["region_path"]
    )
    return issued


async def invite(uow: UnitOfWork, *, resident_id: UUID, binding_id: UUID) -> str:
    """A code for one of the resident's family; an earlier one that nobody used is void. FamilyFull past ten.

    Family invites nobody: NotFound.
    """
    await locked_resident(uow, resident_id)
    row = await queries.mine(uow.driver, binding_id=binding_id, resident_id=resident_id)
    if row["kind"] == Kind.FAMILY:
        raise NotFound
    if await uow.driver.fetchval(FAMILY, binding_id) >= FAMILY_AT_MOST:
        raise FamilyFull
    await uow.driver.execute(VOID_INVITATION, binding_id, uow.now)
    code = new_code()
    record = _record(uow, code, row["property_id"], None, binding_id, Kind.FAMILY, INVITATION_HOLDS)
    await uow.driver.copy_records_to_table("binding_code", records=[record], columns=COLUMNS)
    uow.audit("binding.invited", target="binding", target_id=binding_id, region_path=row["region_path"])
    return code


async def redeem(uow: UnitOfWork, *, resident_id: UUID, given: str) -> UUID | DomainError:
    """Binds by a code; the binding's id. CodeWrong and TooManyCodes are returned, so that the failure they count is committed.

    Five wrong codes lock the account's door for a while, longer each time; five wrong second halves end a code.
    """
    account = await locked_resident(uow, resident_id)
    attempts = Attempts(
        account["failed_attempts"], account["failing_since"], account["lock_count"], account["locked_until"]
    )
    if attempts.locked_until is not None and attempts.locked(uow.now):
        wait = int((attempts.locked_until - uow.now).total_seconds()) + 1
        return TooManyCodes(headers={"Retry-After": str(wait)})
    code = typed(given)
    rows = [] if code is None else await uow.driver.fetch(CANDIDATES, code[:LOCATOR], uow.now, GUESSES)
    right = next((row for row in rows if row["digest"] in _digests(uow, code or "", row["id"])), None)
    place = None if right is None else await _place(uow, right, resident_id)
    if right is None or place is None:
        if right is None:
            await uow.driver.execute(MISSED, [row["id"] for row in rows])
        attempts = attempts.after_failure(uow.now)
        await _keep(uow, resident_id, attempts)
        uow.audit("binding.by_code", target="resident", target_id=resident_id, outcome="refused")
        return CodeWrong()
    await _keep(uow, resident_id, Attempts())
    await uow.driver.execute(USED, right["id"], uow.now)
    return await bind(uow, resident_id=resident_id, place=place, assurance=Assurance.CODE)


async def _place(uow: UnitOfWork, right: "asyncpg.Record", resident_id: UUID) -> Place | None:
    """Where the code leads, if the register still says so. Nobody is his own family."""
    kind = Kind(right["kind"])
    if kind is Kind.FAMILY:
        row = await uow.driver.fetchrow(INVITER, right["invited_by"], resident_id)
        return None if row is None else Place(row["property_id"], row["region_path"], kind, None, right["invited_by"])
    row = await uow.driver.fetchrow(queries.STANDS_AS, right["property_id"], right["person_id"], kind)
    return None if row is None else Place(right["property_id"], row["region_path"], kind, right["person_id"])


async def _keep(uow: UnitOfWork, resident_id: UUID, attempts: Attempts) -> None:
    await uow.driver.execute(
        KEEP_ATTEMPTS, resident_id, attempts.failed, attempts.since, attempts.locks, attempts.locked_until
    )


def _record(
    uow: UnitOfWork,
    code: str,
    property_id: UUID,
    person_id: UUID | None,
    invited_by: UUID | None,
    kind: str,
    holds: timedelta,
) -> tuple[object, ...]:
    code_id = new_id()
    digest = uow.vault.index.of(CODE, code, within=code_id)
    return (
        code_id, code[:LOCATOR], digest, property_id, person_id, invited_by, str(kind), uow.actor.id, uow.now, uow.now + holds,
    )  # fmt: skip


def _digests(uow: UnitOfWork, code: str, code_id: UUID) -> list[bytes]:
    return uow.vault.found_under(CODE, code, within=code_id)
