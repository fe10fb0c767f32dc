"""People of the register: particulars corrected, revealed for a purpose, searched for; two entries that are one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.kit.vault import Vault
from services.core.ownership import owners, queries, sealing
from services.core.ownership.errors import PeopleSettled, PersonMerged
from services.core.ownership.events import PeopleKeptApart, PeopleMerged, PersonCorrected
from services.core.ownership.rules import TitleAct, Verdict
from services.core.ownership.sealing import Particulars
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.events import Event

CORRECT = """
UPDATE person SET name_sealed = $2, phone_sealed = $3, identity_sealed = $4, phone_last4 = $5, name_index = $6, surname_index = $7,
                  phone_index = $8, identity_index = $9, index_key = $10, version = version + 1
WHERE id = $1
"""
# Pairs that may be one person: the same number, or the same phone and name; those that staff decided about stay away.
MATCHES = """
SELECT a.id AS first_id, b.id AS second_id, coalesce(a.identity_index = b.identity_index, false) AS same_number
FROM person a JOIN person b ON b.compound_id = a.compound_id AND b.id > a.id AND b.merged_into_id IS NULL
     AND (b.identity_index = a.identity_index OR (b.phone_index = a.phone_index AND b.name_index = a.name_index))
WHERE a.compound_id = $1 AND a.merged_into_id IS NULL AND (a.id, b.id) > ($2, $3)
  AND NOT EXISTS (SELECT 1 FROM person_match m WHERE m.first_id = a.id AND m.second_id = b.id)
ORDER BY a.id, b.id LIMIT $4
"""
ADD_MATCH = """
INSERT INTO person_match (id, compound_id, region_path, first_id, second_id, verdict, reason_sealed, decided_by, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (first_id, second_id) DO UPDATE SET id = excluded.id, verdict = excluded.verdict,
  reason_sealed = excluded.reason_sealed, decided_by = excluded.decided_by, decided_at = excluded.decided_at
  WHERE person_match.verdict = 'apart' AND excluded.verdict = 'merged'
RETURNING id
"""
DECISIONS = """
SELECT id, CASE WHEN first_id = $1 THEN second_id ELSE first_id END AS other_id, verdict, reason_sealed, decided_by, decided_at
FROM person_match WHERE (first_id = $1 OR second_id = $1) AND id > $2 ORDER BY id LIMIT $3
"""
# Also those that were merged into the one that goes now: an entry always names a living one.
POINT_TO = "UPDATE person SET merged_into_id = $2, version = version + 1 WHERE id = $1 OR merged_into_id = $1"
SETS_OF = """
SELECT m.voting_owner_id, array(SELECT x.person_id FROM owner_member x WHERE x.voting_owner_id = m.voting_owner_id) AS people
FROM owner_member m WHERE m.person_id = $1
  AND EXISTS (SELECT 1 FROM property p WHERE p.voting_owner_id = m.voting_owner_id AND p.closed_at IS NULL)
ORDER BY m.voting_owner_id
"""
MOVE_PROPERTIES = """
UPDATE property SET voting_owner_id = $2, version = version + 1 WHERE voting_owner_id = $1 AND closed_at IS NULL
RETURNING id, compound_id, region_path
"""
END_DOUBLE_TENANCIES = """
UPDATE tenancy t SET until = greatest(t.since, $3), version = t.version + 1
WHERE t.person_id = $1 AND t.until IS NULL
  AND EXISTS (SELECT 1 FROM tenancy x WHERE x.property_id = t.property_id AND x.person_id = $2 AND x.until IS NULL)
"""
MOVE_TENANCIES = "UPDATE tenancy SET person_id = $2, version = version + 1 WHERE person_id = $1"
STALE_INDEXES = """
SELECT id, compound_id, name_sealed, phone_sealed, identity_sealed FROM person WHERE index_key < $1 OR index_key > $1
ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
REWRITE_INDEXES = """
UPDATE person p SET name_index = x.name_index, surname_index = x.surname_index, phone_index = x.phone_index,
                    identity_index = x.identity_index, index_key = $6
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
     AS x(id, name_index, surname_index, phone_index, identity_index)
WHERE p.id = x.id
"""
FOUND_AT_MOST = 50


class Purpose(StrEnum):
    """What a person's particulars are revealed for (个人信息保护法 第六条: a clear purpose, the least that serves it)."""

    VERIFY = "verify"
    CONTACT = "contact"
    VISIT = "visit"
    DISPUTE = "dispute"
    LEGAL_DUTY = "legal_duty"


class Field(StrEnum):
    """What may be revealed, each by itself."""

    NAME = "name"
    PHONE = "phone"
    IDENTITY_NUMBER = "identity_number"


class Kept:
    """Stands for a field that a correction leaves as it is."""


KEPT = Kept()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for within a compound; at least one. A name of one character is a surname."""

    name: str | None = None
    phone_last4: str | None = None
    phone: str | None = None
    identity_number: str | None = None


async def correct(
    uow: UnitOfWork,
    *,
    scope: Scope,
    person_id: UUID,
    version: int,
    name: str | Kept = KEPT,
    phone: str | Kept | None = KEPT,
    identity_number: str | Kept | None = KEPT,
) -> None:
    """Puts right what is given; None removes it. Who somebody owns with does not change by it. As `queries.person_held`."""
    held = await queries.person_held(uow.driver, scope=scope, person_id=person_id, version=version)
    before = sealing.opened(uow.vault, held)
    told = Particulars(
        before.name if isinstance(name, Kept) else name,
        before.phone if isinstance(phone, Kept) else phone,
        before.identity_number if isinstance(identity_number, Kept) else identity_number,
    )
    await uow.driver.execute(CORRECT, person_id, *sealing.sealed(uow.vault, person_id, held["compound_id"], told))
    _tell(uow, PersonCorrected(version=version + 1), held)


async def reveal(
    uow: UnitOfWork, *, scope: Scope, person_id: UUID, purpose: Purpose, fields: Sequence[Field]
) -> dict[str, str | None]:
    """The named particulars in the clear; each reading is audited, with who, whose, which and what for. NotFound."""
    row = await queries.one_in(uow.driver, queries.PERSON, scope=scope, thing_id=person_id)
    told = sealing.opened(uow.vault, row)
    asked = sorted(set(fields))
    uow.audit(
        "person.revealed",
        target="person",
        target_id=person_id,
        region_path=row["region_path"],
        details={"purpose": purpose, "fields": asked},
    )
    return {field: getattr(told, field) for field in asked}


async def search(
    driver: "asyncpg.Connection", vault: Vault, *, scope: Scope, compound_id: UUID, wanted: Wanted
) -> "list[asyncpg.Record]":
    """Entries of a compound of the scope that fit all that is given, `FOUND_AT_MOST` and one; NotFound, InputInvalid."""
    await territory.compound_in(driver, compound_id=compound_id, scope=scope)
    if wanted == Wanted():
        raise InputInvalid.at("", zh="至少填一项查找条件", en="give at least one thing to search for")
    surname = full = phone = number = None
    if wanted.name is not None and len(wanted.name) == 1:
        surname = vault.found_under(sealing.SURNAME, wanted.name, within=compound_id)
    elif wanted.name is not None:
        full = vault.found_under(sealing.NAME, wanted.name, within=compound_id)
    if wanted.phone is not None:
        phone = vault.found_under(sealing.PHONE, wanted.phone)
    if wanted.identity_number is not None:
        number = vault.found_under(sealing.IDENTITY, wanted.identity_number)
    rows: list[asyncpg.Record] = await driver.fetch(
        queries.SEARCH, compound_id, surname, full, wanted.phone_last4, phone, number, FOUND_AT_MOST + 1
    )
    return rows


async def merge(uow: UnitOfWork, *, scope: Scope, person_id: UUID, version: int, other_id: UUID, reason: str) -> None:
    """The other entry is this person: its tenancies and its place in sets of owners go to this one, and heads are made anew. So
    do a phone and an identity number that this one lacks. `residents.service.follow_merge` is the caller's to call.

    There is no way back by itself: what the other owned is corrected property by property (docs/adr/0021). NotFound, PersonMerged,
    PeopleSettled, VersionStale, InputInvalid for the same entry or one of another compound, CompoundClosed.
    """
    kept, gone = await _two(uow, scope=scope, person_id=person_id, version=version, other_id=other_id)
    match_id = await _settle(uow, kept, gone, Verdict.MERGED, reason)
    compound = {"id": kept["compound_id"], "region_path": kept["region_path"]}
    await uow.driver.execute(POINT_TO, gone["id"], kept["id"])
    one, other = sealing.opened(uow.vault, kept), sealing.opened(uow.vault, gone)
    whole = Particulars(one.name, one.phone or other.phone, one.identity_number or other.identity_number)
    if whole != one:
        await uow.driver.execute(CORRECT, kept["id"], *sealing.sealed(uow.vault, kept["id"], compound["id"], whole))
    await uow.driver.execute(END_DOUBLE_TENANCIES, gone["id"], kept["id"], day_of(uow.now))
    await uow.driver.execute(MOVE_TENANCIES, gone["id"], kept["id"])
    for row in await uow.driver.fetch(SETS_OF, gone["id"]):
        people = sorted({kept["id"] if one == gone["id"] else one for one in row["people"]})
        after = await owners.head_of_people(uow, compound, people)
        for moved in await uow.driver.fetch(MOVE_PROPERTIES, row["voting_owner_id"], after):
            await uow.driver.execute(
                owners.ADD_TRANSFER, new_id(), moved["compound_id"], moved["region_path"], moved["id"], TitleAct.MERGE,
                row["voting_owner_id"], after, None, None, uow.actor.id, uow.now,
            )  # fmt: skip
    _tell(uow, PeopleMerged(gone_id=gone["id"], match_id=match_id), kept)


async def keep_apart(
    uow: UnitOfWork, *, scope: Scope, person_id: UUID, version: int, other_id: UUID, reason: str
) -> None:
    """The two entries are two people, and the queue shows them no more; should that prove wrong, they may still be merged.

    Refusals as of `merge`.
    """
    one, other = await _two(uow, scope=scope, person_id=person_id, version=version, other_id=other_id)
    match_id = await _settle(uow, one, other, Verdict.APART, reason)
    _tell(uow, PeopleKeptApart(other_id=other_id, match_id=match_id), one)


async def decisions(uow: UnitOfWork, *, scope: Scope, person_id: UUID, after: UUID, limit: int) -> list[dict[str, Any]]:
    """What was decided about a person and others, with the reasons, which tell of people: reading them is audited. NotFound."""
    person = await queries.one_in(uow.driver, queries.PERSON, scope=scope, thing_id=person_id)
    rows = await uow.driver.fetch(DECISIONS, person_id, after, limit)
    uow.audit("person.decisions_read", target="person", target_id=person_id, region_path=person["region_path"])
    cipher = uow.vault.cipher
    return [
        {
            **{key: value for key, value in row.items() if key != "reason_sealed"},
            "reason": cipher.open(row["reason_sealed"], table="person_match", column="reason", row=row["id"]).decode(),
        }
        for row in rows
    ]


async def rewrite_indexes(uow: UnitOfWork, *, at_most: int) -> int:
    """Makes indexes of a former key anew under the present one; how many people were done."""
    vault = uow.vault
    rows = await uow.driver.fetch(STALE_INDEXES, vault.index.key_id, at_most)
    anew = [sealing.indexes(vault, row["compound_id"], sealing.opened(vault, row)) for row in rows]
    await uow.driver.execute(
        REWRITE_INDEXES,
        [row["id"] for row in rows],
        [one.name for one in anew],
        [one.surname for one in anew],
        [one.phone for one in anew],
        [one.identity for one in anew],
        vault.index.key_id,
    )
    return len(rows)


async def _two(
    uow: UnitOfWork, *, scope: Scope, person_id: UUID, version: int, other_id: UUID
) -> "tuple[asyncpg.Record, asyncpg.Record]":
    """Both entries, and the whole register of their compound, locked."""
    seen = await queries.one_in(uow.driver, queries.PERSON, scope=scope, thing_id=person_id)
    await territory.locked(uow.driver, scope=scope, compound_id=seen["compound_id"])
    one = await uow.driver.fetchrow(queries.PERSON_HELD, person_id)
    queries.same_version(one, version)
    other = await uow.driver.fetchrow(queries.PERSON_HELD, other_id)
    if other is None or other["compound_id"] != one["compound_id"] or other_id == person_id:
        raise InputInvalid.at("/other_id", zh="须为本小区的另一条登记", en="must be another entry of this compound")
    if one["merged_into_id"] is not None or other["merged_into_id"] is not None:
        raise PersonMerged
    return one, other


async def _settle(
    uow: UnitOfWork, one: "asyncpg.Record", other: "asyncpg.Record", verdict: Verdict, reason: str
) -> UUID:
    match_id = new_id()
    first, second = sorted((one["id"], other["id"]))
    sealed = uow.vault.cipher.seal(reason.encode(), table="person_match", column="reason", row=match_id)
    settled = await uow.driver.fetchval(
        ADD_MATCH, match_id, one["compound_id"], one["region_path"], first, second, verdict, sealed, uow.actor.id,
        uow.now,
    )  # fmt: skip
    if settled is None:
        raise PeopleSettled
    return match_id


def _tell(uow: UnitOfWork, happened: "Event", row: "asyncpg.Record") -> None:
    uow.record(happened, subject="person", subject_id=row["id"], region_path=row["region_path"])
