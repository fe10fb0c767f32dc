"""Reads of warranty: terms and the contractors who answer for them, tickets with their way."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Boolean, Date, String, Uuid, bindparam, select

from services.core.aftercare.visit_queries import given
from services.core.aftercare.warranty_models import WarrantyEntry, WarrantyTerm, WarrantyTicket
from services.core.consultations.queries import in_part_of_tree
from services.core.desks.models import Organisation
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.territory.models import Compound

if TYPE_CHECKING:
    import asyncpg

_TERMS = (
    select(
        WarrantyTerm.id,
        WarrantyTerm.compound_id,
        Compound.name.label("compound_name"),
        WarrantyTerm.region_path,
        WarrantyTerm.project_id,
        WarrantyTerm.work,
        WarrantyTerm.item,
        WarrantyTerm.organisation_id,
        Organisation.name.label("organisation_name"),
        WarrantyTerm.accepted_on,
        WarrantyTerm.months,
        WarrantyTerm.seasons,
        WarrantyTerm.season_begins,
        WarrantyTerm.season_ends,
        WarrantyTerm.ends_on,
        WarrantyTerm.document,
        WarrantyTerm.version,
        WarrantyTerm.recorded_at,
    )
    .join(Compound, Compound.id == WarrantyTerm.compound_id)
    .join(Organisation, Organisation.id == WarrantyTerm.organisation_id)
)
_TERM_ID = WarrantyTerm.id == bindparam("term_id", type_=Uuid())
TERM = Statement(_TERMS.where(_TERM_ID, in_scope(WarrantyTerm.region_path)))
LOCKED_TERM = Statement(
    _TERMS.where(_TERM_ID, in_scope(WarrantyTerm.region_path)).with_for_update(of=WarrantyTerm, key_share=True)
)
_BEFORE = bindparam("ends_before", type_=Date())
TERMS = Statement(
    _TERMS.where(
        *in_part_of_tree(WarrantyTerm.region_path, WarrantyTerm.id),
        given("compound_id", Uuid(), WarrantyTerm.compound_id),
        given("project_id", Uuid(), WarrantyTerm.project_id),
        given("organisation_id", Uuid(), WarrantyTerm.organisation_id),
        given("work", String(), WarrantyTerm.work),
        _BEFORE.is_(None) | (WarrantyTerm.ends_on < _BEFORE),
    )
    .order_by(WarrantyTerm.region_path, WarrantyTerm.id)
    .limit(bindparam("limit"))
)

_TICKETS = (
    select(
        WarrantyTicket.id,
        WarrantyTicket.term_id,
        WarrantyTicket.compound_id,
        Compound.name.label("compound_name"),
        WarrantyTicket.region_path,
        WarrantyTerm.project_id,
        WarrantyTerm.work,
        WarrantyTerm.item,
        WarrantyTerm.organisation_id,
        Organisation.name.label("organisation_name"),
        WarrantyTerm.ends_on,
        WarrantyTicket.property_id,
        WarrantyTicket.complaint_id,
        WarrantyTicket.place,
        WarrantyTicket.defect,
        WarrantyTicket.reported_on,
        WarrantyTicket.covered,
        WarrantyTicket.state,
        WarrantyTicket.liability,
        WarrantyTicket.failures,
        WarrantyTicket.version,
        WarrantyTicket.reported_at,
        WarrantyTicket.ended_at,
    )
    .join(WarrantyTerm, WarrantyTerm.id == WarrantyTicket.term_id)
    .join(Compound, Compound.id == WarrantyTicket.compound_id)
    .join(Organisation, Organisation.id == WarrantyTerm.organisation_id)
)
_TICKET_ID = WarrantyTicket.id == bindparam("ticket_id", type_=Uuid())
TICKET = Statement(_TICKETS.where(_TICKET_ID, in_scope(WarrantyTicket.region_path)))
LOCKED_TICKET = Statement(
    _TICKETS.where(_TICKET_ID, in_scope(WarrantyTicket.region_path)).with_for_update(of=WarrantyTicket, key_share=True)
)
_COVERED = bindparam("covered", type_=Boolean())
TICKETS = Statement(
    _TICKETS.where(
        *in_part_of_tree(WarrantyTicket.region_path, WarrantyTicket.id),
        given("compound_id", Uuid(), WarrantyTicket.compound_id),
        given("project_id", Uuid(), WarrantyTerm.project_id),
        given("organisation_id", Uuid(), WarrantyTerm.organisation_id),
        given("term_id", Uuid(), WarrantyTicket.term_id),
        given("complaint_id", Uuid(), WarrantyTicket.complaint_id),
        given("state", String(), WarrantyTicket.state),
        given("liability", String(), WarrantyTicket.liability),
        _COVERED.is_(None) | (WarrantyTicket.covered == _COVERED),
    )
    .order_by(WarrantyTicket.region_path, WarrantyTicket.id)
    .limit(bindparam("limit"))
)
ENTRIES = Statement(
    select(
        WarrantyEntry.action,
        WarrantyEntry.state,
        WarrantyEntry.liability,
        WarrantyEntry.note,
        WarrantyEntry.document,
        WarrantyEntry.by,
        WarrantyEntry.at,
    )
    .where(WarrantyEntry.ticket_id == bindparam("ticket_id", type_=Uuid()))
    .order_by(WarrantyEntry.id)
)


async def term_of(driver: "asyncpg.Connection", *, scope: Scope, term_id: UUID) -> "asyncpg.Record":
    """A term inside the scope; NotFound otherwise."""
    row = await TERM.first(driver, term_id=term_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked_term(
    driver: "asyncpg.Connection", *, scope: Scope, term_id: UUID, version: int | None = None
) -> "asyncpg.Record":
    """A term inside the scope, held until the transaction ends. NotFound; VersionStale in another version than given."""
    row = await LOCKED_TERM.first(driver, term_id=term_id, **scope.parameters)
    if row is None:
        raise NotFound
    if version is not None and row["version"] != version:
        raise VersionStale
    return row


async def ticket_of(driver: "asyncpg.Connection", *, scope: Scope, ticket_id: UUID) -> "asyncpg.Record":
    """A ticket inside the scope; NotFound otherwise."""
    row = await TICKET.first(driver, ticket_id=ticket_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked_ticket(
    driver: "asyncpg.Connection", *, scope: Scope, ticket_id: UUID, version: int
) -> "asyncpg.Record":
    """A ticket inside the scope, held until the transaction ends. NotFound; VersionStale in another version than given."""
    row = await LOCKED_TICKET.first(driver, ticket_id=ticket_id, **scope.parameters)
    if row is None:
        raise NotFound
    if row["version"] != version:
        raise VersionStale
    return row
