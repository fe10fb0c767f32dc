"""Bindings: made by the registered phone number, by a code, by the community; ended by whoever may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.identity.sign_in import end_sessions
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.sealing import PHONE
from services.core.residents import consents, queries
from services.core.residents.events import ResidentBound, ResidentDisabled, ResidentEnabled, ResidentUnbound
from services.core.residents.rules import Assurance, Ground, Kind, Topic, stronger

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.events import Event

# Whatever a resident does at the door, his account's row first: of two requests of his own one waits.
LOCK_RESIDENT = """
SELECT id, failed_attempts, failing_since, lock_count, locked_until FROM resident
WHERE id = $1 AND disabled_at IS NULL AND erased_at IS NULL FOR UPDATE
"""
STANDING = """
SELECT b.id, b.resident_id, b.property_id, b.person_id, b.invited_by, b.assurance, p.region_path
FROM binding b JOIN property p ON p.id = b.property_id
WHERE b.resident_id = $1 AND b.property_id = $2 AND b.kind = $3 AND b.ended_at IS NULL
"""
STANDING_FOR = """
SELECT b.id, b.resident_id, b.property_id, p.region_path FROM binding b JOIN property p ON p.id = b.property_id
WHERE b.resident_id = $1 AND b.ended_at IS NULL ORDER BY b.id
"""
ASSURE = "UPDATE binding SET assurance = $2 WHERE id = $1"
ADD = """
INSERT INTO binding (id, resident_id, property_id, person_id, invited_by, kind, assurance, since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# Family goes with the binding that invited it, and so does an invitation that nobody has used.
END = """
UPDATE binding SET ended_at = $2 WHERE (id = $1 OR invited_by = $1) AND ended_at IS NULL RETURNING id
"""
VOID_INVITATION = (
    "UPDATE binding_code SET voided_at = $2 WHERE invited_by = $1 AND used_at IS NULL AND voided_at IS NULL"
)
DISABLE = (
    "UPDATE resident SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL AND erased_at IS NULL RETURNING id"
)
ENABLE = "UPDATE resident SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL RETURNING id"
MINE_TO_END = """
SELECT b.id, b.resident_id, b.property_id, p.region_path
FROM binding b JOIN property p ON p.id = b.property_id LEFT JOIN binding i ON i.id = b.invited_by AND i.ended_at IS NULL
WHERE b.id = $1 AND b.ended_at IS NULL AND (b.resident_id = $2 OR i.resident_id = $2)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A property and the part of the register that says who stands for it."""

    property_id: UUID
    region_path: str
    kind: Kind
    person_id: UUID | None = None
    invited_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class ByPhone:
    """What a phone number led to. `ask`: compounds where several people have it, so the community must say who is who."""

    bound: Sequence[UUID]
    ask: "Sequence[asyncpg.Record]"


async def locked_resident(uow: UnitOfWork, resident_id: UUID) -> "asyncpg.Record":
    """The resident's account, its row locked; NotFound when it was erased or shut meanwhile."""
    row = await uow.driver.fetchrow(LOCK_RESIDENT, resident_id)
    if row is None:
        raise NotFound
    return row


async def bind(uow: UnitOfWork, *, resident_id: UUID, place: Place, assurance: Assurance) -> UUID:
    """The resident stands for the property; his account's row is locked by the caller. The same again raises the assurance at most.

    Bound there as another person before, he stands for the new one now.
    """
    standing = await uow.driver.fetchrow(STANDING, resident_id, place.property_id, place.kind)
    if standing is not None and (standing["person_id"], standing["invited_by"]) == (place.person_id, place.invited_by):
        best = stronger(assurance, Assurance(standing["assurance"]))
        await uow.driver.execute(ASSURE, standing["id"], best)
        binding_id: UUID = standing["id"]
        return binding_id
    if standing is not None:
        await _end(uow, standing)
    binding_id = new_id()
    await uow.driver.execute(
        ADD,
        binding_id,
        resident_id,
        place.property_id,
        place.person_id,
        place.invited_by,
        place.kind,
        assurance,
        uow.now,
    )
    uow.record(
        ResidentBound(property_id=place.property_id, assurance=assurance),
        subject="binding",
        subject_id=binding_id,
        region_path=place.region_path,
    )
    return binding_id


async def bind_by_phone(uow: UnitOfWork, *, resident_id: UUID, number: str) -> ByPhone:
    """Binds to every property where the register has this number for one person alone; the number is not kept. ConsentMissing.

    Several people of a compound with one number are told apart by nobody but the community: there nothing is bound.
    """
    await locked_resident(uow, resident_id)
    await consents.require(uow.driver, resident_id=resident_id, topic=Topic.PHONE_MATCHING)
    people = await uow.driver.fetch(queries.PEOPLE_BY_PHONE, uow.vault.found_under(PHONE, number))
    of: dict[UUID, list[asyncpg.Record]] = {}
    for person in people:
        of.setdefault(person["compound_id"], []).append(person)
    alone = [found[0]["id"] for found in of.values() if len(found) == 1]
    bound = [
        await bind(
            uow,
            resident_id=resident_id,
            place=Place(door["property_id"], door["region_path"], Kind(door["kind"]), door["person_id"]),
            assurance=Assurance.PHONE,
        )
        for door in await uow.driver.fetch(queries.DOORS_OF, alone)
    ]
    return ByPhone(bound, [found[0] for found in of.values() if len(found) > 1])


async def unbind(uow: UnitOfWork, *, resident_id: UUID, binding_id: UUID) -> None:
    """Ends a binding of the resident's own, or one of the family that he invited. NotFound for anybody else's."""
    await locked_resident(uow, resident_id)
    row = await uow.driver.fetchrow(MINE_TO_END, binding_id, resident_id)
    if row is None or not await _end(uow, row):
        raise NotFound


async def end_by_community(uow: UnitOfWork, *, scope: Scope, binding_id: UUID, ground: Ground) -> None:
    """The community ends a binding. NotFound outside the scope, and for one that has ended."""
    if not await _end(uow, await _behind(uow, scope, binding_id), ground):
        raise NotFound


async def disable(uow: UnitOfWork, *, scope: Scope, binding_id: UUID, ground: Ground) -> None:
    """Shuts the account behind a binding of the scope, ended ones too. Its sessions end, nobody signs in; what binds it stays.

    The binding stands for the account, which staff never see. NotFound; an account that is shut or erased already stays as it is.
    """
    row = await _behind(uow, scope, binding_id)
    if await uow.driver.fetchval(DISABLE, row["resident_id"], uow.now) is None:
        return
    await end_sessions(uow, kind="resident", principal_id=row["resident_id"])
    _tell_account(uow, ResidentDisabled(ground=ground), row)


async def enable(uow: UnitOfWork, *, scope: Scope, binding_id: UUID) -> None:
    """Opens it again. NotFound; one that is open stays as it is."""
    row = await _behind(uow, scope, binding_id)
    if await uow.driver.fetchval(ENABLE, row["resident_id"]) is not None:
        _tell_account(uow, ResidentEnabled(), row)


async def _behind(uow: UnitOfWork, scope: Scope, binding_id: UUID) -> "asyncpg.Record":
    row = await uow.driver.fetchrow(queries.BINDING, binding_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row


def _tell_account(uow: UnitOfWork, happened: "Event", row: "asyncpg.Record") -> None:
    uow.record(happened, subject="binding", subject_id=row["id"], region_path=row["region_path"])


async def end_all(uow: UnitOfWork, *, resident_id: UUID) -> int:
    """Ends every binding of a resident; how many there were."""
    rows = await uow.driver.fetch(STANDING_FOR, resident_id)
    return sum([await _end(uow, row) for row in rows])


async def _end(uow: UnitOfWork, row: "asyncpg.Record", ground: Ground | None = None) -> bool:
    """Ends a binding with the family that it invited; False when somebody else did before.

    The invitation first, as whoever uses it locks it first.
    """
    await uow.driver.execute(VOID_INVITATION, row["id"], uow.now)
    ended = {one["id"] for one in await uow.driver.fetch(END, row["id"], uow.now)}
    if row["id"] not in ended:
        return False
    uow.record(
        ResidentUnbound(property_id=row["property_id"], ground=ground),
        subject="binding",
        subject_id=row["id"],
        region_path=row["region_path"],
    )
    return True
