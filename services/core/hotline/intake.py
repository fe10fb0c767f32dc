"""Taking in a complaint (C1): one use case for every channel, however often it is sent.

Equal intakes are one complaint while it is open: of the same reporter, by a blind index of who said what about where; of a partner,
by its own id. The index decides races, so fifty at once are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.files import service as files
from services.core.hotline import assigning, leaves, promises, repeats, rules, sealing
from services.core.hotline.errors import (
    AnonymousRefused,
    CategoryUnknown,
    ComplaintInputInvalid,
    FindingDiffers,
    TransferDiffers,
)
from services.core.hotline.events import ComplaintReceived
from services.core.hotline.rules import Channel, Kind, State
from services.core.kit.calendar import day_of
from services.core.kit.errors import NotFound
from services.core.kit.geo import Place
from services.core.kit.ids import new_id
from services.core.kit.nearby import columns_of
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.sealing import PHONE
from services.core.policy import queries as policies
from services.core.policy.hotline import Hotline
from services.core.residents.queries import LIVE

if TYPE_CHECKING:
    import asyncpg

OPEN = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(rules.OPEN)))
# Where and what it is about, and the same complaint when it stands already. What is said of a project of one compound is of that
# compound, and counts there.
LOOK = f"""
SELECT c.id AS compound_id, p.id AS project_id, coalesce(c.region_path, p.region_path, r.path) AS region_path,
       p.id IS NULL OR c.id IS NULL
         OR EXISTS (SELECT 1 FROM project_compound m WHERE m.project_id = p.id AND m.compound_id = c.id) AS together,
       k.code AS category, k.parent, k.kind, k.hazard, k.anonymous, same.id AS same_id
FROM (SELECT 1) AS one
LEFT JOIN compound c ON c.closed_at IS NULL AND c.id = coalesce($1, (
  SELECT (array_agg(m.compound_id))[1] FROM project_compound m WHERE m.project_id = $2 HAVING count(*) = 1))
LEFT JOIN project p ON p.id = $2
LEFT JOIN region r ON r.id = $3 AND r.valid_to IS NULL
LEFT JOIN complaint_category k ON k.code = $4 AND NOT k.retired
LEFT JOIN LATERAL (
  SELECT id FROM complaint WHERE partner_id = $6 AND partner_ref = $7
  UNION ALL
  SELECT id FROM complaint WHERE visit_attempt_id = $8 AND visit_finding = $9
  UNION ALL
  SELECT id FROM complaint WHERE content_index = ANY ($5::bytea[]) AND {OPEN}
  LIMIT 1) AS same ON true
"""
SAME = "SELECT id, no, code, state, description_sealed, repeat_of_id, came_again FROM complaint WHERE id = $1"
# Numbered, kept, with its reporter and the first line of its history, in one statement; nothing when the same was quicker.
ADD = """
WITH next AS (
  INSERT INTO complaint_number AS n (region_path, day, last) VALUES ($10, $2, 1)
  ON CONFLICT (region_path, day) DO UPDATE SET last = n.last + 1 RETURNING last),
made AS (
  INSERT INTO complaint (id, no, code, channel, category, kind, hazard, anonymous, state, region_path, compound_id, project_id,
                         description_sealed, address_sealed, lat, lon, crs, point, content_index, call_ref, partner_id,
                         partner_ref, partner_due_at, first_promise_at, policy_version_id, parent_id, received_by, created_at,
                         synthetic, repeat_of_id, repeat_by, came_again, visit_attempt_id, visit_finding)
  SELECT $1, $3 || lpad(last::text, greatest(4, length(last::text)), '0'), $4, $5, $6, $7, $8, $9, 'received', $10, $11, $12,
         $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $43, $24, $25, $26, $27, $28, $38, $39, $40, $41, $42
  FROM next ON CONFLICT DO NOTHING RETURNING id, no),
reporter AS (
  INSERT INTO complaint_reporter (complaint_id, resident_id, property_id, name_sealed, phone_sealed, phone_index, index_key)
  SELECT id, $29, $30, $31, $32, $33, $34 FROM made),
entry AS (
  INSERT INTO complaint_entry (id, complaint_id, at, act, state, public, actor_kind, actor_id)
  SELECT $35, id, $27, 'receive', 'received', true, $36, $37 FROM made)
SELECT no FROM made
"""
OWN_PROPERTY = f"""
SELECT l.property_id, l.compound_id FROM ({LIVE}) AS l
WHERE l.resident_id = $1 AND ($2::uuid IS NULL OR l.property_id = $2) AND ($3::uuid IS NULL OR l.compound_id = $3)
ORDER BY l.property_id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Where:
    """What it is about; at least one. A compound of a project may be named with the project."""

    compound_id: UUID | None = None
    project_id: UUID | None = None
    region_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who says it. `key`: what tells his repeated requests apart where nothing else does (a number that his page made up);
    `former_key`: by which a request that came before this one may be known.
    """

    resident_id: UUID | None = None
    property_id: UUID | None = None
    name: str | None = None
    phone: str | None = None
    key: str | None = None
    former_key: str | None = None

    @property
    def known(self) -> bool:
        """Whether he can be reached: by account, by telephone, at his door."""
        return self.resident_id is not None or self.phone is not None or self.property_id is not None


@dataclass(frozen=True, slots=True)
class Partner:
    """Who transferred it, under which id of its own, promised until when."""

    id: UUID
    ref: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found when a household was visited: at which attempt, and the how manieth there."""

    attempt_id: UUID
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What somebody says. `kind`, `hazard`: None takes the category's. `anonymous`: he is not to be told to those who handle it.

    `since`: from when its promises count, where that is not now: it was said as part of another complaint. `due_at`: the deadline
    that a partner gave that one.
    """

    channel: Channel
    category: str
    description: str
    where: Where
    reporter: Reporter = field(default_factory=Reporter)
    kind: Kind | None = None
    hazard: bool | None = None
    anonymous: bool = False
    address: str | None = None
    place: Place | None = None
    call_ref: str | None = None
    partner: Partner | None = None
    finding: Finding | None = None
    parent_id: UUID | None = None
    since: datetime | None = None
    due_at: datetime | None = None
    files: tuple[UUID, ...] = ()
    synthetic: bool = False

    @property
    def unknown(self) -> bool:
        """Whether nobody is told who says it."""
        return self.anonymous or not self.reporter.known


@dataclass(frozen=True, slots=True)
class Taken:
    """The complaint that stands now. `repeated`: it stood before. `came_again`: the how many-th time since the matter was closed
    first; `repeat_of_id`: the time before.
    """

    id: UUID
    no: str
    code: str
    state: State
    repeated: bool
    repeat_of_id: UUID | None = None
    came_again: int = 0


async def take_in(uow: UnitOfWork, intake: Intake, *, scope: Scope | None = None) -> Taken:
    """Takes in a complaint; the same again, of the same reporter while it is open, is the one that stands.

    `scope`: where the caller may; None for residents and everybody, who may speak of any place. NotFound for a compound, project
    or region that is not there or outside; CategoryUnknown; AnonymousRefused; ComplaintInputInvalid for a compound that is none
    of the project's; NotFound for a file that the caller
    did not send; TransferDiffers when a partner's id comes again with other words, FindingDiffers when a visit's finding does.
    """
    while True:
        indexes = _indexes(uow, intake)
        seen = await _look(uow, intake, scope, indexes)
        if seen["same_id"] is not None:
            return await _standing(uow, intake, seen["same_id"])
        policy_id = await policies.id_in_force(uow.driver, region_path=seen["region_path"])
        hotline = await leaves.of_version(uow.driver, policy_id)
        _check_anonymous(intake, seen, hotline)
        before = await _before(uow, intake, seen, hotline)
        taken = await _add(uow, intake, seen, policy_id, before, indexes[0] if indexes else None)
        if taken is not None:
            return taken


async def take_in_as_resident(uow: UnitOfWork, intake: Intake, *, resident_id: UUID, property_id: UUID | None) -> Taken:
    """A resident's, bound to a property or not. NotFound for a property that he does not stand for."""
    asked = intake.where.compound_id
    own = None
    if property_id is not None or asked is not None:
        own = await uow.driver.fetchrow(OWN_PROPERTY, resident_id, property_id, asked)
    if property_id is not None and own is None:
        raise NotFound
    where = intake.where
    if own is not None:
        where = Where(own["compound_id"], where.project_id, where.region_id)
    reporter = Reporter(
        resident_id=resident_id,
        property_id=None if own is None else own["property_id"],
        name=intake.reporter.name,
        phone=intake.reporter.phone,
    )
    return await take_in(uow, replace(intake, where=where, reporter=reporter))


def _heard(intake: Intake) -> str | None:
    """A telephone number that somebody heard from the caller. Typed in by nobody knows whom it may be a neighbour's, and what is
    answered to it would tell of his complaints.
    """
    return intake.reporter.phone if intake.channel in {Channel.PHONE, Channel.TRANSFER_12345, Channel.VISIT} else None


def _who(intake: Intake) -> list[str]:
    """What equal intakes are told by, the first what this one will be told by; none: every one is another."""
    reporter, heard = intake.reporter, _heard(intake)
    for kind, value in (("resident", reporter.resident_id), ("key", reporter.key), ("phone", heard)):
        if value is not None:
            former = [f"key:{reporter.former_key}"] if kind == "key" and reporter.former_key is not None else []
            return [f"{kind}:{value}", *former]
    return []


def _indexes(uow: UnitOfWork, intake: Intake) -> list[bytes]:
    """The blind index of who said what about where under each key, the present one first; none where nobody says who."""
    if intake.partner is not None:
        return []
    where = intake.where
    place = str(where.compound_id or where.project_id or where.region_id)
    said = (intake.category, place, intake.description, intake.address or "")
    return [
        index for who in _who(intake) for index in uow.vault.found_under(sealing.SAME, rules.sameness((who, *said)))
    ]


async def _look(uow: UnitOfWork, intake: Intake, scope: Scope | None, indexes: Sequence[bytes]) -> "asyncpg.Record":
    where, partner = intake.where, intake.partner
    row = await uow.driver.fetchrow(
        LOOK,
        where.compound_id,
        where.project_id,
        where.region_id,
        intake.category,
        indexes,
        None if partner is None else partner.id,
        None if partner is None else partner.ref,
        *_found_at(intake),
    )
    missing = (where.compound_id and not row["compound_id"]) or (where.project_id and not row["project_id"])
    if missing or row["region_path"] is None or (scope is not None and not scope.covers(row["region_path"])):
        raise NotFound
    if not row["together"]:
        raise ComplaintInputInvalid.at("/compound_id", zh="不是该项目的小区", en="is no compound of this project")
    if row["category"] is None:
        raise CategoryUnknown.at("/category", zh="没有这一类别", en="is no category")
    return row


def _check_anonymous(intake: Intake, seen: "asyncpg.Record", hotline: Hotline | None) -> None:
    if not intake.unknown or intake.partner is not None or intake.parent_id is not None:
        return
    open_to_all = bool(seen["anonymous"])
    if hotline is not None and hotline.anonymous is not None:
        open_to_all = not {seen["category"], seen["parent"]}.isdisjoint(hotline.anonymous)
    if not open_to_all:
        raise AnonymousRefused


def _found_at(intake: Intake) -> tuple[UUID | None, int | None]:
    found = intake.finding
    return (None, None) if found is None else (found.attempt_id, found.number)


async def _standing(uow: UnitOfWork, intake: Intake, complaint_id: UUID) -> Taken:
    row = await uow.driver.fetchrow(SAME, complaint_id)
    if intake.partner is not None or intake.finding is not None:
        said = sealing.opened(uow.vault, sealing.COMPLAINT, sealing.DESCRIPTION, complaint_id, row)
        if said is not None and said != intake.description:
            raise TransferDiffers if intake.finding is None else FindingDiffers
    again = {name: row[name] for name in ("repeat_of_id", "came_again")}
    return Taken(row["id"], row["no"], row["code"], State(row["state"]), repeated=True, **again)


async def _add(
    uow: UnitOfWork,
    intake: Intake,
    seen: "asyncpg.Record",
    policy_id: UUID | None,
    before: repeats.Earlier | None,
    index: bytes | None,
) -> Taken | None:
    complaint_id, code, vault = new_id(), rules.new_code(), uow.vault
    reporter, partner = intake.reporter, intake.partner
    kind, hazard = intake.kind or Kind(seen["kind"]), seen["hazard"] if intake.hazard is None else intake.hazard
    # The row as it is about to be: nobody else knows it before the commit, so it need be neither read back nor held.
    held: dict[str, Any] = {
        "id": complaint_id,
        "category": intake.category,
        "parent": seen["parent"],
        "kind": kind,
        "channel": intake.channel,
        "state": State.RECEIVED,
        "region_path": seen["region_path"],
        "project_id": seen["project_id"],
        "organisation_id": None,
        "partner_ref": None if partner is None else partner.ref,
        "partner_due_at": intake.due_at if partner is None else partner.due_at,
        "policy_version_id": policy_id,
    }
    held["first_promise_at"] = await promises.first(uow, held, since=intake.since)
    no = await uow.driver.fetchval(
        ADD,
        complaint_id,
        day_of(uow.now),
        rules.number_prefix(day_of(uow.now), seen["region_path"]),
        code,
        intake.channel,
        intake.category,
        kind,
        hazard,
        intake.unknown,
        seen["region_path"],
        seen["compound_id"],
        seen["project_id"],
        sealing.seal(vault, sealing.COMPLAINT, sealing.DESCRIPTION, complaint_id, intake.description),
        sealing.seal(vault, sealing.COMPLAINT, sealing.ADDRESS, complaint_id, intake.address),
        *columns_of(intake.place).values(),
        index,
        intake.call_ref,
        *((None, None) if partner is None else (partner.id, partner.ref)),
        held["partner_due_at"],
        policy_id,
        intake.parent_id,
        uow.actor.id if uow.actor.kind in {"staff", "client"} else None,
        uow.now,
        intake.synthetic,
        reporter.resident_id,
        reporter.property_id,
        sealing.seal(vault, sealing.REPORTER, sealing.NAME, complaint_id, reporter.name),
        sealing.seal(vault, sealing.REPORTER, sealing.PHONE, complaint_id, reporter.phone),
        None if reporter.phone is None else vault.index.of(PHONE, reporter.phone),
        None if reporter.phone is None else vault.index.key_id,
        new_id(),
        uow.actor.kind,
        uow.actor.id,
        *((None, None, 0) if before is None else (before.id, before.by, before.times)),
        *_found_at(intake),
        held["first_promise_at"],
    )
    if no is None:
        return None
    await files.attach(
        uow,
        file_ids=intake.files,
        subject_type=sealing.COMPLAINT,
        subject_id=complaint_id,
        region_path=seen["region_path"],
    )
    uow.record(
        ComplaintReceived(
            key=intake.category,
            channel=intake.channel,
            sort=kind,
            hazard=hazard,
            came_again=0 if before is None else before.times,
            partner_ref=held["partner_ref"],
        ),
        subject="complaint",
        subject_id=complaint_id,
        region_path=seen["region_path"],
    )
    await promises.begin(uow, held, since=intake.since)
    state = State.RECEIVED if await assigning.route_in(uow, held) is None else State.ASSIGNED
    again = (None, 0) if before is None else (before.id, before.times)
    return Taken(complaint_id, no, code, state, False, *again)


async def _before(
    uow: UnitOfWork, intake: Intake, seen: "asyncpg.Record", hotline: Hotline | None
) -> repeats.Earlier | None:
    """The time before; of a part of another complaint there is none, that one was said once."""
    if intake.parent_id is not None:
        return None
    again = repeats.Again(
        category=intake.category,
        region_path=seen["region_path"],
        compound_id=seen["compound_id"],
        reporter=None if intake.unknown else replace(intake.reporter, phone=_heard(intake)),
        place=intake.place,
    )
    return await repeats.earlier(uow, again, leaves.repeating(hotline))
