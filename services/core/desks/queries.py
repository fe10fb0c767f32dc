"""Reads of organisations, desks, who is on duty, and routing rules."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    table,
    tuple_,
)

from services.core.desks.models import Desk, DeskMember, Organisation, RoutingRule, RoutingRuleVersion
from services.core.identity.models import Staff
from services.core.identity.queries import REGION
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope

if TYPE_CHECKING:
    import asyncpg


def _given(name: str, column: Any) -> ColumnElement[bool]:
    """The column has this value, where one is given."""
    value: Any = bindparam(name, type_=column.type)
    return or_(value.is_(None), column == value)


def _is(name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition holds, or does not, where one of both is asked for."""
    value = bindparam(name, type_=Boolean)
    return or_(value.is_(None), condition == value)


def _page(statement: Select[Any], kind: type[Organisation | Desk]) -> Select[Any]:
    """A page of what lies in the scope, by region and id."""
    after = tuple_(bindparam("after_path", type_=String).collate("C"), bindparam("after_id", type_=Uuid()))
    return (
        statement.where(tuple_(kind.region_path, kind.id) > after, in_scope(kind.region_path))
        .order_by(kind.region_path, kind.id)
        .limit(bindparam("limit", type_=Integer))
    )


# --- organisations

_ORGANISATION = select(
    Organisation.id,
    Organisation.region_id,
    REGION.c.name.label("region_name"),
    Organisation.region_path,
    Organisation.name,
    Organisation.uscc,
    Organisation.kind,
    Organisation.made_at,
    Organisation.closed_at,
    Organisation.version,
).join(REGION, REGION.c.id == Organisation.region_id)
_ONE_ORGANISATION = _ORGANISATION.where(
    Organisation.id == bindparam("organisation_id", type_=Uuid()), in_scope(Organisation.region_path)
)
ORGANISATION = Statement(_ONE_ORGANISATION)
ORGANISATION_LOCKED = Statement(_ONE_ORGANISATION.with_for_update(of=Organisation, key_share=True))
# A desk is opened beside others, but not beside the closing of its organisation.
ORGANISATION_HELD = Statement(_ONE_ORGANISATION.with_for_update(of=Organisation, read=True))
ORGANISATIONS = Statement(
    _page(
        _ORGANISATION.where(
            _given("kind", Organisation.kind),
            _given("uscc", Organisation.uscc),
            _is("closed", Organisation.closed_at.is_not(None)),
        ),
        Organisation,
    )
)

# --- desks

_ON_DUTY = (
    select(func.count())
    .select_from(DeskMember)
    .join(Staff, Staff.id == DeskMember.staff_id)
    .where(DeskMember.desk_id == Desk.id, DeskMember.until.is_(None), Staff.disabled_at.is_(None))
    .correlate(Desk)
    .scalar_subquery()
)
_DESK = (
    select(
        Desk.id,
        Desk.region_id,
        REGION.c.name.label("region_name"),
        Desk.region_path,
        Desk.organisation_id,
        Organisation.name.label("organisation_name"),
        Desk.title,
        Desk.phone,
        Desk.role,
        _ON_DUTY.label("on_duty"),
        Desk.made_at,
        Desk.closed_at,
        Desk.version,
    )
    .join(REGION, REGION.c.id == Desk.region_id)
    .outerjoin(Organisation, Organisation.id == Desk.organisation_id)
)
_ONE_DESK = _DESK.where(Desk.id == bindparam("desk_id", type_=Uuid()), in_scope(Desk.region_path))
DESK = Statement(_ONE_DESK)
DESK_LOCKED = Statement(_ONE_DESK.with_for_update(of=Desk, key_share=True))
DESKS = Statement(
    _page(
        _DESK.where(
            _given("role", Desk.role),
            _given("organisation_id", Desk.organisation_id),
            _is("closed", Desk.closed_at.is_not(None)),
            _is("unmanned", _ON_DUTY == 0),
            or_(
                bindparam("on_duty_here", type_=Uuid()).is_(None),
                exists().where(
                    DeskMember.desk_id == Desk.id,
                    DeskMember.staff_id == bindparam("on_duty_here", type_=Uuid()),
                    DeskMember.until.is_(None),
                ),
            ),
        ),
        Desk,
    )
)
# Desks to send to, whoever sees them: shared, so that none is closed meanwhile.
DESKS_HELD = Statement(
    select(Desk.id, Desk.region_path, Desk.role, Desk.closed_at)
    .where(Desk.id == func.any(bindparam("desk_ids", type_=ARRAY(Uuid()))))
    .order_by(Desk.id)
    .with_for_update(read=True)
)

_MEMBER = select(
    DeskMember.id,
    DeskMember.desk_id,
    DeskMember.staff_id,
    Staff.display_name,
    DeskMember.since,
    DeskMember.until,
).join(Staff, Staff.id == DeskMember.staff_id)
MEMBERS = Statement(
    _MEMBER.where(
        DeskMember.desk_id == bindparam("desk_id", type_=Uuid()),
        DeskMember.id > bindparam("after", type_=Uuid()),
        _is("live", DeskMember.until.is_(None)),
    )
    .order_by(DeskMember.id)
    .limit(bindparam("limit", type_=Integer))
)
MEMBER = Statement(
    _MEMBER.where(
        DeskMember.id == bindparam("member_id", type_=Uuid()),
        DeskMember.desk_id == bindparam("desk_id", type_=Uuid()),
    )
)
OTHERS_ON_DUTY = Statement(
    select(func.count())
    .select_from(DeskMember)
    .join(Staff, Staff.id == DeskMember.staff_id)
    .where(
        DeskMember.desk_id == bindparam("desk_id", type_=Uuid()),
        DeskMember.id != bindparam("member_id", type_=Uuid()),
        DeskMember.until.is_(None),
        Staff.disabled_at.is_(None),
    )
)
IS_MEMBER = Statement(
    select(DeskMember.desk_id).where(
        DeskMember.staff_id == bindparam("staff_id", type_=Uuid()),
        DeskMember.desk_id == func.any(bindparam("desk_ids", type_=ARRAY(Uuid()))),
        DeskMember.until.is_(None),
    )
)

# --- routing rules

_VERSION = RoutingRuleVersion
_LATEST = and_(_VERSION.rule_id == RoutingRule.id, _VERSION.number == RoutingRule.version)
_WORDS = (
    _VERSION.number,
    _VERSION.title,
    _VERSION.position,
    _VERSION.conditions,
    _VERSION.desk_id,
    Desk.title.label("desk_title"),
    _VERSION.co_desk_ids,
    _VERSION.valid_from,
    _VERSION.valid_until,
)
_RULE = (
    select(
        RoutingRule.id,
        RoutingRule.region_id,
        REGION.c.name.label("region_name"),
        RoutingRule.region_path,
        RoutingRule.is_default,
        RoutingRule.version,
        *_WORDS,
    )
    .join(REGION, REGION.c.id == RoutingRule.region_id)
    .join(_VERSION, _LATEST)
    .join(Desk, Desk.id == _VERSION.desk_id)
)
_RULE_ID = RoutingRule.id == bindparam("rule_id", type_=Uuid())
RULE = Statement(_RULE.where(_RULE_ID, in_scope(RoutingRule.region_path)))
RULE_LOCKED = Statement(
    select(RoutingRule.id, RoutingRule.region_path, RoutingRule.is_default, RoutingRule.version)
    .where(_RULE_ID, in_scope(RoutingRule.region_path))
    .with_for_update(key_share=True)
)
_AT = bindparam("at", type_=DateTime(timezone=True))


def _valid(at: Any) -> ColumnElement[bool]:
    """The version is in force at a moment."""
    return and_(_VERSION.valid_from <= at, or_(_VERSION.valid_until.is_(None), _VERSION.valid_until > at))


RULES = Statement(
    _RULE.where(
        tuple_(RoutingRule.region_path, RoutingRule.is_default, _VERSION.position, RoutingRule.id)
        > tuple_(
            bindparam("after_path", type_=String).collate("C"),
            bindparam("after_default", type_=Boolean),
            bindparam("after_position", type_=Integer),
            bindparam("after_id", type_=Uuid()),
        ),
        in_scope(RoutingRule.region_path),
        _given("desk_id", _VERSION.desk_id),
        _is("valid", _valid(func.statement_timestamp())),
    )
    .order_by(RoutingRule.region_path, RoutingRule.is_default, _VERSION.position, RoutingRule.id)
    .limit(bindparam("limit", type_=Integer))
)
RULE_VERSIONS = Statement(
    select(*_WORDS)
    .join(Desk, Desk.id == _VERSION.desk_id)
    .where(_VERSION.rule_id == bindparam("rule_id", type_=Uuid()), _VERSION.number > bindparam("after", type_=Integer))
    .order_by(_VERSION.number)
    .limit(bindparam("limit", type_=Integer))
)
# What is in force at a moment in some regions: those around a case.
IN_FORCE = Statement(
    select(RoutingRule.id, RoutingRule.region_path, RoutingRule.is_default, *_WORDS)
    .join(_VERSION, _VERSION.rule_id == RoutingRule.id)
    .join(Desk, Desk.id == _VERSION.desk_id)
    .where(RoutingRule.region_path == func.any(bindparam("paths", type_=ARRAY(String))), _valid(_AT))
)
SENDING_TO = Statement(
    select(func.count())
    .select_from(_VERSION)
    .where(
        or_(
            _VERSION.desk_id == bindparam("desk_id", type_=Uuid()),
            _VERSION.co_desk_ids.contains(bindparam("desk_ids", type_=_VERSION.co_desk_ids.type)),
        ),
        or_(_VERSION.valid_until.is_(None), _VERSION.valid_until > _AT),
    )
)

# Projects stand above desks; these are the columns that a condition needs.
_PROJECT = table("project", column("id", Uuid()), column("region_path", String))
PROJECTS = Statement(
    select(_PROJECT.c.id).where(
        _PROJECT.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))), in_scope(_PROJECT.c.region_path)
    )
)
ORGANISATION_IDS = Statement(
    select(Organisation.id).where(
        Organisation.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))), in_scope(Organisation.region_path)
    )
)
REGION_PATHS = Statement(
    select(REGION.c.id, REGION.c.path).where(
        REGION.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))), in_scope(REGION.c.path)
    )
)


async def organisation_of(driver: "asyncpg.Connection", *, scope: Scope, organisation_id: UUID) -> "asyncpg.Record":
    """An organisation inside the scope; NotFound otherwise."""
    row = await ORGANISATION.first(driver, organisation_id=organisation_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def desk_of(driver: "asyncpg.Connection", *, scope: Scope, desk_id: UUID) -> "asyncpg.Record":
    """A desk inside the scope; NotFound otherwise."""
    row = await DESK.first(driver, desk_id=desk_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def rule_of(driver: "asyncpg.Connection", *, scope: Scope, rule_id: UUID) -> "asyncpg.Record":
    """A rule inside the scope with what its newest version says; NotFound otherwise."""
    row = await RULE.first(driver, rule_id=rule_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def on_duty(driver: "asyncpg.Connection", *, staff_id: UUID, desk_ids: list[UUID]) -> set[UUID]:
    """At which of these desks somebody is on duty now."""
    return {row["desk_id"] for row in await IS_MEMBER.all(driver, staff_id=staff_id, desk_ids=desk_ids)}
