"""Requests to the community: a resident names his door, staff look at the register and at him, and say yes or no."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import sealing
from services.core.ownership.rules import building_no, door_no, masked_name
from services.core.residents import queries
from services.core.residents.errors import NotOfThisDoor, RequestDecided, TooManyRequestsOpen
from services.core.residents.events import BindingAnswered, BindingAsked, BindingAskedNoMore
from services.core.residents.rules import Assurance, Kind, State
from services.core.residents.service import Place, bind, locked_resident

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.vault import Vault

OPEN_AT_MOST = 5
# Where a building is, is a QR code's or the community's to tell: any open compound may be asked.
COMPOUND = "SELECT id, region_path FROM compound WHERE id = $1 AND closed_at IS NULL FOR KEY SHARE"
SAME = """
SELECT id FROM binding_request WHERE resident_id = $1 AND compound_id = $2 AND building = $3 AND door = $4 AND state = 'open'
"""
COUNT = "SELECT count(*) FROM binding_request WHERE resident_id = $1 AND state = 'open'"
ADD = """
INSERT INTO binding_request (id, resident_id, compound_id, region_path, building, door, name_sealed, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8)
"""
DECIDE = """
UPDATE binding_request SET state = $2, reason_sealed = $3, binding_id = $4, decided_by = $5, decided_at = $6,
                           name_sealed = NULL, version = version + 1
WHERE id = $1
"""
HELD = "SELECT state, version FROM binding_request WHERE id = $1 FOR UPDATE"
MINE = "SELECT id, region_path, state FROM binding_request WHERE id = $1 AND resident_id = $2 FOR UPDATE"
ALL_OPEN = (
    "SELECT id, region_path FROM binding_request WHERE resident_id = $1 AND state = 'open' ORDER BY id FOR UPDATE"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the resident says: where he lives, and his name."""

    compound_id: UUID
    building: str
    door: str
    name: str


async def ask(uow: UnitOfWork, *, resident_id: UUID, asked: Asked) -> UUID:
    """Asks the community; the request's id. The same door again is the same request. NotFound, TooManyRequestsOpen."""
    await locked_resident(uow, resident_id)
    compound = await uow.driver.fetchrow(COMPOUND, asked.compound_id)
    if compound is None:
        raise NotFound
    building, door = building_no(asked.building) if asked.building else "", door_no(asked.door)
    same: UUID | None = await uow.driver.fetchval(SAME, resident_id, asked.compound_id, building, door)
    if same is not None:
        return same
    if await uow.driver.fetchval(COUNT, resident_id) >= OPEN_AT_MOST:
        raise TooManyRequestsOpen
    request_id = new_id()
    sealed = uow.vault.cipher.seal(asked.name.encode(), table="binding_request", column="name", row=request_id)
    await uow.driver.execute(
        ADD, request_id, resident_id, compound["id"], compound["region_path"], building, door, sealed, uow.now
    )
    uow.record(
        BindingAsked(),
        subject="binding_request",
        subject_id=request_id,
        region_path=compound["region_path"],
    )
    return request_id


async def withdraw(uow: UnitOfWork, *, resident_id: UUID, request_id: UUID) -> None:
    """The resident takes his request back. NotFound for another's; RequestDecided."""
    row = await uow.driver.fetchrow(MINE, request_id, resident_id)
    if row is None:
        raise NotFound
    if row["state"] != State.OPEN:
        raise RequestDecided
    await _withdraw(uow, row)


async def withdraw_all(uow: UnitOfWork, *, resident_id: UUID) -> None:
    """Takes back whatever of a resident's still waits."""
    for row in await uow.driver.fetch(ALL_OPEN, resident_id):
        await _withdraw(uow, row)


async def _withdraw(uow: UnitOfWork, row: "asyncpg.Record") -> None:
    await uow.driver.execute(DECIDE, row["id"], State.WITHDRAWN, None, None, None, uow.now)
    uow.record(BindingAskedNoMore(), subject="binding_request", subject_id=row["id"], region_path=row["region_path"])


async def approve(
    uow: UnitOfWork, *, scope: Scope, request_id: UUID, version: int, property_id: UUID, person_id: UUID
) -> UUID:
    """The resident is this person of the register, seen by the community; the binding's id.

    NotFound, VersionStale, RequestDecided; NotOfThisDoor for a person that neither owns nor rents the property, or a property of
    another compound.
    """
    # The account before the request, as whatever a resident does himself: neither waits for the other in a ring.
    seen = await queries.request_in(uow.driver, scope=scope, request_id=request_id)
    await locked_resident(uow, seen["resident_id"])
    await _open(uow, request_id, version)
    found = await uow.driver.fetchrow(queries.STANDS_AS, property_id, person_id, None)
    if found is None or found["compound_id"] != seen["compound_id"]:
        raise NotOfThisDoor
    binding_id = await bind(
        uow,
        resident_id=seen["resident_id"],
        place=Place(property_id, found["region_path"], Kind(found["kind"]), person_id),
        assurance=Assurance.ON_SITE,
    )
    await uow.driver.execute(DECIDE, request_id, State.APPROVED, None, binding_id, uow.actor.id, uow.now)
    _tell(uow, seen, binding_id)
    return binding_id


async def refuse(uow: UnitOfWork, *, scope: Scope, request_id: UUID, version: int, reason: str) -> None:
    """The community says no, and why. NotFound, VersionStale, RequestDecided."""
    seen = await queries.request_in(uow.driver, scope=scope, request_id=request_id)
    await _open(uow, request_id, version)
    sealed = uow.vault.cipher.seal(reason.encode(), table="binding_request", column="reason", row=request_id)
    await uow.driver.execute(DECIDE, request_id, State.REFUSED, sealed, None, uow.actor.id, uow.now)
    _tell(uow, seen, None)


async def _open(uow: UnitOfWork, request_id: UUID, version: int) -> None:
    held = await uow.driver.fetchrow(HELD, request_id)
    if held["state"] != State.OPEN:
        raise RequestDecided
    if held["version"] != version:
        raise VersionStale


def _tell(uow: UnitOfWork, row: "asyncpg.Record", binding_id: UUID | None) -> None:
    uow.record(
        BindingAnswered(binding_id=binding_id),
        subject="binding_request",
        subject_id=row["id"],
        region_path=row["region_path"],
    )


def name_of(vault: "Vault", row: "asyncpg.Record") -> str | None:
    """The name that a request gives; none once it is decided, for then it serves no purpose."""
    if row["name_sealed"] is None:
        return None
    return vault.cipher.open(row["name_sealed"], table="binding_request", column="name", row=row["id"]).decode()


def reason_of(vault: "Vault", row: "asyncpg.Record") -> str | None:
    """Why a request was refused."""
    if row["reason_sealed"] is None:
        return None
    return vault.cipher.open(row["reason_sealed"], table="binding_request", column="reason", row=row["id"]).decode()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the register behind the named door, masked, and whether the request gives the same name."""

    property_id: UUID
    entrance_no: str | None
    person_id: UUID
    kind: str
    name: str
    same_name: bool


async def candidates(driver: "asyncpg.Connection", vault: "Vault", row: "asyncpg.Record") -> list[Candidate]:
    """Whom the community may mean by a request."""
    asked = name_of(vault, row)
    found = []
    for one in await driver.fetch(queries.BEHIND, row["compound_id"], row["door"], row["building"]):
        name = sealing.opened(vault, one).name
        found.append(
            Candidate(
                one["property_id"], one["entrance_no"], one["person_id"], one["kind"], masked_name(name), name == asked
            )
        )
    return found
