"""Who owns a property: the head of a set of owners found or made, title handed over, the register put right (docs/adr/0021)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import queries, rules, sealing
from services.core.ownership.errors import OwnerKindDiffers, OwnerOfPeople, OwnerTaken, PersonMerged, SameOwners
from services.core.ownership.events import OwnerChanged, OwnersCorrected, TitleTransferred
from services.core.ownership.rules import ORGANISATIONS, OwnerKind, TitleAct
from services.core.ownership.sealing import Particulars
from services.core.territory import queries as territory

# The set's key decides who makes a head: a second one who comes with the same set waits for the first, and finds his.
MAKE_HEAD = """
INSERT INTO voting_owner (id, compound_id, region_path, kind, title, set_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (compound_id, set_key) DO NOTHING RETURNING id
"""
FIND_HEAD = "SELECT id, kind FROM voting_owner WHERE compound_id = $1 AND set_key = $2"
ADD_MEMBERS = "INSERT INTO owner_member (voting_owner_id, person_id) SELECT $1, unnest($2::uuid[])"
ADD_PERSON = """
INSERT INTO person (id, compound_id, region_path, synthetic, created_at, name_sealed, phone_sealed, identity_sealed, phone_last4,
                    name_index, surname_index, phone_index, identity_index, index_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
PEOPLE_NAMED = "SELECT id, merged_into_id FROM person WHERE id = ANY ($1::uuid[]) AND compound_id = $2 FOR KEY SHARE"
# Two who enter the same number at once take turns, whatever they enter it for; several numbers always in one order.
TAKE_TURNS = (
    "SELECT pg_advisory_xact_lock(hashtextextended('person ' || number, 0)) FROM unnest($1::text[]) AS x(number)"
)
# A citizen's number stands for one person; with the name beside it a slip of the pen is no identity.
KNOWN_BY_NUMBER = """
SELECT id FROM person
WHERE compound_id = $1 AND identity_index = ANY ($2::bytea[]) AND name_index = ANY ($3::bytea[]) AND merged_into_id IS NULL
ORDER BY id LIMIT 1
"""
LAST_TRANSFER = "SELECT max(effective_on) FROM title_transfer WHERE property_id = $1"
HAND_OVER = "UPDATE property SET voting_owner_id = $2, version = version + 1 WHERE id = $1"
ADD_TRANSFER = """
INSERT INTO title_transfer (id, compound_id, region_path, property_id, act, from_owner_id, to_owner_id, effective_on, document,
                            recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
HELD_OWNER = "SELECT id, compound_id, region_path, kind, version FROM voting_owner WHERE id = $1 FOR UPDATE"
RETITLE = "UPDATE voting_owner SET kind = $2, title = $3, set_key = $4, version = version + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Named:
    """A co-owner: an entry of the compound, or the particulars of somebody who may be new."""

    person_id: UUID | None = None
    told: Particulars | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a property is: people together, an organisation, or nobody knows. Of `people` and `title` one fits the kind."""

    kind: OwnerKind
    people: tuple[Named, ...] = ()
    title: str | None = None


UNKNOWN = Holder(OwnerKind.UNKNOWN)


async def head_of(
    uow: UnitOfWork, compound: Mapping[str, Any], holder: Holder, *, property_id: UUID, pointer: str = "/owners"
) -> UUID:
    """The head that a holder is in a compound (`id`, `region_path`; held by the caller), made where there is none.

    InputInvalid for a holder that fits no kind, for somebody unknown or named twice; PersonMerged; OwnerKindDiffers.
    """
    _check(holder, pointer)
    person_ids: list[UUID] = []
    if holder.kind is OwnerKind.PERSONS:
        await take_turns(uow, compound["id"], [one.told for one in holder.people])
        person_ids = [
            await entry_of(uow, compound, one, f"{pointer}/people/{at}") for at, one in enumerate(holder.people)
        ]
        if len(set(person_ids)) < len(person_ids):
            raise InputInvalid.at(f"{pointer}/people", zh="同一人重复列出", en="somebody is listed twice")
        key = rules.persons_key(person_ids)
    elif holder.title is not None:
        key = rules.organisation_set_key(holder.title)
    else:
        key = rules.unknown_key(property_id)
    return await head_by_key(uow, compound, kind=holder.kind, title=holder.title, key=key, person_ids=person_ids)


async def transfer(
    uow: UnitOfWork, *, scope: Scope, property_id: UUID, version: int, holder: Holder, on: date, document: str
) -> UUID:
    """Title changed hands on a day, by a document; the transfer's id. Tenants stay (民法典 第七百二十五条).

    A day to come is refused: the register says who owns now. So is a day before the last transfer. SameOwners; refusals of
    `head_of` and `queries.held`.
    """
    if on > day_of(uow.now):
        raise InputInvalid.at("/on", zh="不得晚于今日", en="is a day to come")
    held = await queries.held(uow.driver, "property", scope=scope, thing_id=property_id, version=version)
    last = await uow.driver.fetchval(LAST_TRANSFER, property_id)
    if last is not None and on < last:
        raise InputInvalid.at("/on", zh="早于上一次转移的日期", en="is before the last transfer")
    return await _hand_over(uow, held, holder, act=TitleAct.TRANSFER, on=on, document=document)


async def correct_owners(
    uow: UnitOfWork, *, scope: Scope, property_id: UUID, version: int, holder: Holder, document: str
) -> UUID:
    """The register had the wrong owners: title did not change hands. The entry's id in the history. Refusals as of `transfer`."""
    held = await queries.held(uow.driver, "property", scope=scope, thing_id=property_id, version=version)
    return await _hand_over(uow, held, holder, act=TitleAct.CORRECTION, on=None, document=document)


async def correct_organisation(
    uow: UnitOfWork, *, scope: Scope, owner_id: UUID, version: int, kind: OwnerKind, title: str
) -> None:
    """An organisation's title or kind was wrong. OwnerOfPeople, OwnerTaken, NotFound, CompoundClosed, VersionStale."""
    seen = await queries.owner_in(uow.driver, scope=scope, owner_id=owner_id)
    await territory.standing(uow.driver, scope=scope, compound_id=seen["compound_id"])
    held = await uow.driver.fetchrow(HELD_OWNER, owner_id)
    queries.same_version(held, version)
    if held["kind"] not in ORGANISATIONS:
        raise OwnerOfPeople
    try:
        await uow.driver.execute(RETITLE, owner_id, kind, title, rules.organisation_set_key(title))
    except asyncpg.UniqueViolationError as taken:
        raise OwnerTaken from taken
    uow.record(OwnerChanged(version=version + 1), subject="owner", subject_id=owner_id, region_path=held["region_path"])


def _check(holder: Holder, pointer: str) -> None:
    if (holder.kind is OwnerKind.PERSONS) != bool(holder.people):
        raise InputInvalid.at(
            f"{pointer}/people", zh="自然人须列出，其他类型不得列出", en="is needed for people, and for them alone"
        )
    if (holder.kind in ORGANISATIONS) != (holder.title is not None):
        raise InputInvalid.at(
            f"{pointer}/title", zh="单位须填名称，其他类型不得填", en="is needed for an organisation, and for it alone"
        )


async def entry_of(uow: UnitOfWork, compound: Mapping[str, Any], named: Named, pointer: str) -> UUID:
    """The entry of a co-owner: the one named, the one with that number and name, or a new one. The caller has taken turns."""
    if named.person_id is not None:
        row = await uow.driver.fetchrow(PEOPLE_NAMED, [named.person_id], compound["id"])
        if row is None:
            raise InputInvalid.at(f"{pointer}/person_id", zh="本小区没有此人的登记", en="is nobody of this compound")
        if row["merged_into_id"] is not None:
            raise PersonMerged
        return named.person_id
    if named.told is None:
        raise InputInvalid.at(pointer, zh="须填 person_id 或姓名", en="needs person_id or a name")
    return await enter_person(uow, compound, named.told, synthetic=named.synthetic)


async def enter_person(
    uow: UnitOfWork, compound: Mapping[str, Any], told: Particulars, *, synthetic: bool = False
) -> UUID:
    """The entry of somebody by number and name, else a new one. A name and a phone identify nobody: the queue shows such pairs."""
    vault, compound_id = uow.vault, compound["id"]
    if told.identity_number is not None:
        known: UUID | None = await uow.driver.fetchval(
            KNOWN_BY_NUMBER,
            compound_id,
            vault.found_under(sealing.IDENTITY, told.identity_number),
            vault.found_under(sealing.NAME, told.name, within=compound_id),
        )
        if known is not None:
            return known
    person_id = new_id()
    columns = sealing.sealed(vault, person_id, compound_id, told)
    await uow.driver.execute(ADD_PERSON, person_id, compound_id, compound["region_path"], synthetic, uow.now, *columns)
    return person_id


async def take_turns(uow: UnitOfWork, compound_id: UUID, told: Sequence[Particulars | None]) -> None:
    """Before people are entered: waits for whoever enters one of these identity numbers in the compound."""
    index = uow.vault.index
    numbers = {one.identity_number for one in told if one is not None and one.identity_number is not None}
    if numbers:
        turns = sorted(index.of(sealing.IDENTITY, number, within=compound_id).hex() for number in numbers)
        await uow.driver.execute(TAKE_TURNS, turns)


async def head_of_people(uow: UnitOfWork, compound: Mapping[str, Any], person_ids: Sequence[UUID]) -> UUID:
    """The head of a set of entries, made where there is none."""
    key = rules.persons_key(person_ids)
    return await head_by_key(uow, compound, kind=OwnerKind.PERSONS, title=None, key=key, person_ids=person_ids)


async def head_by_key(
    uow: UnitOfWork,
    compound: Mapping[str, Any],
    *,
    kind: OwnerKind,
    title: str | None,
    key: str,
    person_ids: Sequence[UUID],
) -> UUID:
    """The head of a set's key, made where there is none. OwnerKindDiffers for an organisation of another kind."""
    owner_id, compound_id = new_id(), compound["id"]
    made = await uow.driver.fetchval(
        MAKE_HEAD, owner_id, compound_id, compound["region_path"], kind, title, key, uow.now
    )
    if made is not None:
        await uow.driver.execute(ADD_MEMBERS, owner_id, list(person_ids))
        return owner_id
    found = await uow.driver.fetchrow(FIND_HEAD, compound_id, key)
    if found["kind"] != kind:
        raise OwnerKindDiffers
    found_id: UUID = found["id"]
    return found_id


async def _hand_over(
    uow: UnitOfWork, held: "asyncpg.Record", holder: Holder, *, act: TitleAct, on: date | None, document: str
) -> UUID:
    property_id, path, before = held["id"], held["region_path"], held["voting_owner_id"]
    compound = {"id": held["compound_id"], "region_path": path}
    after = await head_of(uow, compound, holder, property_id=property_id)
    if after == before:
        raise SameOwners
    transfer_id = new_id()
    await uow.driver.execute(HAND_OVER, property_id, after)
    await uow.driver.execute(
        ADD_TRANSFER, transfer_id, held["compound_id"], path, property_id, act, before, after, on, document,
        uow.actor.id, uow.now,
    )  # fmt: skip
    told = TitleTransferred if act is TitleAct.TRANSFER else OwnersCorrected
    uow.record(
        told(transfer_id=transfer_id, from_owner_id=before, to_owner_id=after),
        subject="property",
        subject_id=property_id,
        region_path=path,
    )
    return transfer_id
