"""Two entries of people that may be one person: shown in a queue, merged or kept apart by staff, with a reason."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import owners, queries, sealing
from services.core.ownership.errors import MergeNeedsSecondPerson, PeopleSettled, PersonMerged
from services.core.ownership.events import PeopleKeptApart, PeopleMerged, PeopleMergeProposed
from services.core.ownership.rules import TitleAct, Verdict
from services.core.ownership.sealing import CORRECT, Particulars
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.events import Event

# Pairs that may be one person: the same number, or the same phone and name; and those that one of the staff wants to merge. Those
# that staff decided about stay away.
MATCHES = """
SELECT * FROM (
  SELECT a.id AS first_id, b.id AS second_id, coalesce(a.identity_index = b.identity_index, false) AS same_number,
         NULL::uuid AS keep_id, NULL::uuid AS proposed_by, NULL::timestamptz AS proposed_at
  FROM person a JOIN person b ON b.compound_id = a.compound_id AND b.id > a.id AND b.merged_into_id IS NULL
       AND (b.identity_index = a.identity_index OR (b.phone_index = a.phone_index AND b.name_index = a.name_index))
  WHERE a.compound_id = $1 AND a.merged_into_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM person_match m WHERE m.first_id = a.id AND m.second_id = b.id)
  UNION ALL
  SELECT m.first_id, m.second_id, false, m.keep_id, m.decided_by, m.decided_at
  FROM person_match m JOIN person a ON a.id = m.first_id JOIN person b ON b.id = m.second_id
  WHERE m.compound_id = $1 AND m.verdict = 'proposed' AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL) AS pair
WHERE (first_id, second_id) > ($2, $3) ORDER BY first_id, second_id LIMIT $4
"""
# Whoever reads or writes it holds the compound's register whole.
STANDING = "SELECT verdict, keep_id, decided_by FROM person_match WHERE first_id = $1 AND second_id = $2"
PUT_MATCH = """
INSERT INTO person_match (id, compound_id, region_path, first_id, second_id, verdict, keep_id, reason_sealed, proposed_by,
                          decided_by, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (first_id, second_id) DO UPDATE SET id = excluded.id, verdict = excluded.verdict, keep_id = excluded.keep_id,
  reason_sealed = excluded.reason_sealed, proposed_by = excluded.proposed_by, decided_by = excluded.decided_by,
  decided_at = excluded.decided_at
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


async def merge(uow: UnitOfWork, *, scope: Scope, person_id: UUID, version: int, other_id: UUID, reason: str) -> bool:
    """The other entry is this person: its tenancies and its place in sets of owners go to this one, and heads are made anew. So
    do a phone and an identity number that this one lacks. `residents.merging` calls it, and takes bindings along.

    Two different identity numbers are two people until two of the staff say otherwise: the first proposes (False), the second says
    the same of the same two (True); a proposal the other way round takes the place of the first. So it is where whoever merges has
    taken the difference away himself. MergeNeedsSecondPerson.

    There is no way back by itself: what the other owned is corrected property by property (docs/adr/0021). NotFound, PersonMerged,
    VersionStale, InputInvalid for the same entry or one of another compound, CompoundClosed.
    """
    kept, gone = await _two(uow, scope=scope, person_id=person_id, version=version, other_id=other_id)
    one, other = sealing.opened(uow.vault, kept), sealing.opened(uow.vault, gone)
    proposed_by = None
    differ = None not in (one.identity_number, other.identity_number) and one.identity_number != other.identity_number
    if differ or _made_alike(uow, (kept, one), (gone, other)) or _made_alike(uow, (gone, other), (kept, one)):
        standing = await uow.driver.fetchrow(STANDING, *sorted((kept["id"], gone["id"])))
        if standing is None or standing["keep_id"] != kept["id"]:
            match_id = await _put(uow, kept, gone, Verdict.PROPOSED, reason)
            _tell(uow, PeopleMergeProposed(other_id=other_id, match_id=match_id), kept)
            return False
        proposed_by = standing["decided_by"]
        if proposed_by == uow.actor.id:
            raise MergeNeedsSecondPerson
    match_id = await _put(uow, kept, gone, Verdict.MERGED, reason, proposed_by)
    compound = {"id": kept["compound_id"], "region_path": kept["region_path"]}
    await uow.driver.execute(POINT_TO, gone["id"], kept["id"])
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
    return True


async def keep_apart(
    uow: UnitOfWork, *, scope: Scope, person_id: UUID, version: int, other_id: UUID, reason: str
) -> None:
    """The two entries are two people, and the queue shows them no more; should that prove wrong, they may still be merged.

    Refusals as of `merge`; PeopleSettled.
    """
    one, other = await _two(uow, scope=scope, person_id=person_id, version=version, other_id=other_id)
    standing = await uow.driver.fetchrow(STANDING, *sorted((one["id"], other["id"])))
    if standing is not None and standing["verdict"] == Verdict.APART:
        raise PeopleSettled
    match_id = await _put(uow, one, other, Verdict.APART, reason)
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


def _made_alike(
    uow: UnitOfWork, changed: "tuple[asyncpg.Record, Particulars]", beside: "tuple[asyncpg.Record, Particulars]"
) -> bool:
    """Whether who acts took the number of an entry away himself, or put another in its place where the entry beside has one."""
    entry, told = changed
    by_actor = entry["number_changed_by"] is not None and entry["number_changed_by"] == uow.actor.id
    return by_actor and (told.identity_number is None or beside[1].identity_number is not None)


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


async def _put(
    uow: UnitOfWork,
    one: "asyncpg.Record",
    other: "asyncpg.Record",
    verdict: Verdict,
    reason: str,
    proposed_by: UUID | None = None,
) -> UUID:
    """What staff say of two entries, in place of what they said before; `one` is the entry that stays where they merge."""
    match_id = new_id()
    first, second = sorted((one["id"], other["id"]))
    keep_id = one["id"] if verdict is Verdict.PROPOSED else None
    sealed = uow.vault.cipher.seal(reason.encode(), table="person_match", column="reason", row=match_id)
    await uow.driver.execute(
        PUT_MATCH, match_id, one["compound_id"], one["region_path"], first, second, verdict, keep_id, sealed, proposed_by,
        uow.actor.id, uow.now,
    )  # fmt: skip
    return match_id


def _tell(uow: UnitOfWork, happened: "Event", row: "asyncpg.Record") -> None:
    uow.record(happened, subject="person", subject_id=row["id"], region_path=row["region_path"])
