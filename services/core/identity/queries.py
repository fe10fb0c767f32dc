"""Reads of identity: who a token stands for, accounts and clients as a manager may see them, one's own account."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    column,
    exists,
    false,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from services.core.identity.access import Grant, Post, Principal, Role, SiteRole
from services.core.identity.models import AccessToken, Client, Resident, RoleGrant, Session, Staff
from services.core.kit.database import Statement, in_scope

if TYPE_CHECKING:
    import asyncpg

LIVE_GRANTS = (
    select(func.array_agg(func.concat_ws(" ", RoleGrant.role, RoleGrant.region_path, RoleGrant.bureau)))
    .where(
        RoleGrant.principal_kind == Session.principal_kind,
        RoleGrant.principal_id == Session.principal_id,
        RoleGrant.ended_at.is_(None),
    )
    .scalar_subquery()
)
# Sites belong to works, which stands above identity; these are the columns that say where somebody has a post now.
SITE = table("site", column("project_id", Uuid()), column("region_path", String))
SITE_ORGANISATION = table(
    "site_organisation",
    column("id", Uuid()),
    column("project_id", Uuid()),
    column("organisation_id", Uuid()),
    column("role", String),
    column("left_at"),
)
SITE_PERSON = table(
    "site_person", column("site_organisation_id", Uuid()), column("staff_id", Uuid()), column("left_at")
)
LIVE_POSTS = (
    select(
        func.array_agg(
            func.concat_ws(
                " ",
                SITE.c.region_path,
                SITE.c.project_id,
                SITE_ORGANISATION.c.organisation_id,
                SITE_ORGANISATION.c.role,
            )
        )
    )
    .select_from(SITE_PERSON)
    .join(SITE_ORGANISATION, SITE_ORGANISATION.c.id == SITE_PERSON.c.site_organisation_id)
    .join(SITE, SITE.c.project_id == SITE_ORGANISATION.c.project_id)
    .where(
        Session.principal_kind == "staff",
        SITE_PERSON.c.staff_id == Session.principal_id,
        SITE_PERSON.c.left_at.is_(None),
        SITE_ORGANISATION.c.left_at.is_(None),
    )
    .scalar_subquery()
)
# Who must change his password first may do nothing else: he gets no grants until then.
PRINCIPAL = Statement(
    select(
        Session.principal_kind,
        Session.principal_id,
        Session.id.label("session_id"),
        func.coalesce(Staff.language, Resident.language, "zh").label("language"),
        func.coalesce(Staff.must_change_password, false()).label("must_change_password"),
        case((Staff.must_change_password.is_(True), None), else_=LIVE_GRANTS).label("grants"),
        LIVE_POSTS.label("posts"),
    )
    .select_from(AccessToken)
    .join(Session, Session.id == AccessToken.session_id)
    .outerjoin(Staff, (Session.principal_kind == "staff") & (Staff.id == Session.principal_id))
    .outerjoin(Client, (Session.principal_kind == "client") & (Client.id == Session.principal_id))
    .outerjoin(Resident, (Session.principal_kind == "resident") & (Resident.id == Session.principal_id))
    .where(
        AccessToken.digest == bindparam("digest"),
        AccessToken.expires_at > func.statement_timestamp(),
        Session.revoked_at.is_(None),
        func.coalesce(Staff.id, Client.id, Resident.id).is_not(None),
        func.coalesce(Staff.disabled_at, Client.disabled_at, Resident.disabled_at, Resident.erased_at).is_(None),
    )
)


async def principal_by_token(connection: "asyncpg.Connection", digest: str) -> Principal | None:
    """The principal of a live access token (given as its digest) with the grants that hold now; None when it is worth nothing.

    One statement: the token, its session not revoked, its holder not disabled, his grants not ended.
    """
    row = await PRINCIPAL.first(connection, digest=digest)
    if row is None:
        return None
    held = (entry.split(" ") for entry in row["grants"] or ())
    grants = tuple(Grant(Role(role), path, *bureau) for role, path, *bureau in held)
    # A post holds where its holder may be put on sites: ending that one role ends them all.
    may_be = tuple(grant.region_path for grant in grants if grant.role is Role.SITE)
    placed = (entry.split(" ") for entry in row["posts"] or ())
    return Principal(
        kind=row["principal_kind"],
        id=row["principal_id"],
        session_id=row["session_id"],
        language=row["language"],
        must_change_password=row["must_change_password"],
        grants=grants,
        posts=tuple(
            Post(UUID(project_id), UUID(organisation_id), SiteRole(role))
            for path, project_id, organisation_id, role in placed
            if path.startswith(may_be)
        ),
    )


# As `LIVE_GRANTS`, of one who has no session at hand.
GRANTS_HELD = Statement(
    select(RoleGrant.role, RoleGrant.region_path)
    .outerjoin(Staff, (RoleGrant.principal_kind == "staff") & (Staff.id == RoleGrant.principal_id))
    .outerjoin(Client, (RoleGrant.principal_kind == "client") & (Client.id == RoleGrant.principal_id))
    .where(
        RoleGrant.principal_kind == bindparam("kind", type_=String),
        RoleGrant.principal_id == bindparam("principal_id", type_=Uuid()),
        RoleGrant.ended_at.is_(None),
        func.coalesce(Staff.id, Client.id).is_not(None),
        func.coalesce(Staff.disabled_at, Client.disabled_at).is_(None),
    )
)


async def principal_now(connection: "asyncpg.Connection", *, kind: str, principal_id: UUID) -> Principal:
    """An account with the grants that hold now, none when it is disabled: for a job that acts for whoever asked for it."""
    rows = await GRANTS_HELD.all(connection, kind=kind, principal_id=principal_id)
    return Principal(
        kind, principal_id, None, grants=tuple(Grant(Role(row["role"]), row["region_path"]) for row in rows)
    )


# The region tree belongs to territory, which stands above identity; these are the columns of it that grants need.
REGION = table(
    "region",
    column("id", Uuid()),
    column("path", String),
    column("name", String),
    column("code", String),
    column("parent_id", Uuid()),
    column("valid_to", Date()),
)
REGION_IN_SCOPE = Statement(select(REGION.c.path).where(REGION.c.id == bindparam("region_id"), in_scope(REGION.c.path)))


def _visible(kind: str, principal_id: Any) -> ColumnElement[bool]:
    """Somebody with a live grant in the scope; or, without any live grant left, with an ended one there."""

    def held(*more: Callable[[Any], Any]) -> ColumnElement[bool]:
        grant = aliased(RoleGrant)
        return exists().where(
            grant.principal_kind == kind, grant.principal_id == principal_id, *(condition(grant) for condition in more)
        )

    def live(grant: Any) -> Any:
        return grant.ended_at.is_(None)

    def here(grant: Any) -> Any:
        return in_scope(grant.region_path)

    return or_(held(live, here), and_(~held(live), held(here)))


def _grants_seen(kind: str, principal_id: Any) -> Any:
    """The live grants inside the scope, as JSON."""
    held = aliased(RoleGrant)
    entry = func.json_build_object(
        "id",
        held.id,
        "role",
        held.role,
        "region_id",
        held.region_id,
        "region_name",
        REGION.c.name,
        "bureau",
        held.bureau,
    )
    return (
        select(func.coalesce(func.json_agg(aggregate_order_by(entry, held.id)), text("'[]'::json")))
        .select_from(held)
        .join(REGION, REGION.c.id == held.region_id)
        .where(
            held.principal_kind == kind,
            held.principal_id == principal_id,
            held.ended_at.is_(None),
            in_scope(held.region_path),
        )
        .scalar_subquery()
    )


LOCK_STAFF = Statement(
    select(Staff.id).where(Staff.id == bindparam("staff_id"), _visible("staff", Staff.id)).with_for_update()
)
LOCK_CLIENT = Statement(
    select(Client.id).where(Client.id == bindparam("client_id"), _visible("client", Client.id)).with_for_update()
)

_STAFF = select(
    Staff.id,
    Staff.username,
    Staff.display_name,
    Staff.language,
    Staff.must_change_password,
    Staff.totp_confirmed_at.is_not(None).label("totp_on"),
    Staff.locked_until,
    Staff.created_at,
    Staff.disabled_at,
    Staff.version,
    _grants_seen("staff", Staff.id).label("grants"),
).where(_visible("staff", Staff.id))
ONE_STAFF = Statement(_STAFF.where(Staff.id == bindparam("staff_id")))
_FILTERED_ROLE = aliased(RoleGrant)
LIST_STAFF = Statement(
    _STAFF.where(
        Staff.username > bindparam("after", type_=String),
        or_(
            bindparam("disabled", type_=Boolean).is_(None),
            Staff.disabled_at.is_not(None) == bindparam("disabled", type_=Boolean),
        ),
        or_(
            bindparam("role", type_=String).is_(None),
            exists().where(
                _FILTERED_ROLE.principal_kind == "staff",
                _FILTERED_ROLE.principal_id == Staff.id,
                _FILTERED_ROLE.ended_at.is_(None),
                _FILTERED_ROLE.role == bindparam("role", type_=String),
                in_scope(_FILTERED_ROLE.region_path),
            ),
        ),
    )
    .order_by(Staff.username)
    .limit(bindparam("count", type_=Integer))
)

_CLIENT = select(
    Client.id,
    Client.name,
    Client.organisation,
    Client.created_at,
    Client.disabled_at,
    Client.version,
    _grants_seen("client", Client.id).label("grants"),
).where(_visible("client", Client.id))
ONE_CLIENT = Statement(_CLIENT.where(Client.id == bindparam("client_id")))
LIST_CLIENTS = Statement(
    _CLIENT.where(or_(bindparam("after", type_=Uuid()).is_(None), Client.id > bindparam("after", type_=Uuid())))
    .order_by(Client.id)
    .limit(bindparam("count", type_=Integer))
)

ME = Statement(
    select(
        Staff.username,
        func.coalesce(Staff.display_name, Client.name).label("display_name"),
        func.coalesce(Staff.language, Resident.language, "zh").label("language"),
        func.coalesce(Staff.must_change_password, false()).label("must_change_password"),
        Staff.totp_confirmed_at.is_not(None).label("totp_on"),
    )
    .select_from(Session)
    .outerjoin(Staff, (Session.principal_kind == "staff") & (Staff.id == Session.principal_id))
    .outerjoin(Client, (Session.principal_kind == "client") & (Client.id == Session.principal_id))
    .outerjoin(Resident, (Session.principal_kind == "resident") & (Resident.id == Session.principal_id))
    .where(Session.id == bindparam("session_id"))
)
MY_GRANTS = Statement(
    select(
        RoleGrant.id,
        RoleGrant.role,
        RoleGrant.region_id,
        REGION.c.name.label("region_name"),
        RoleGrant.region_path,
        RoleGrant.bureau,
    )
    .join(REGION, REGION.c.id == RoleGrant.region_id)
    .where(
        RoleGrant.principal_kind == bindparam("kind"),
        RoleGrant.principal_id == bindparam("principal_id"),
        RoleGrant.ended_at.is_(None),
    )
    .order_by(RoleGrant.id)
)
MY_SESSIONS = Statement(
    select(Session.id, Session.user_agent, Session.created_at, Session.refreshed_at, Session.expires_at)
    .where(
        Session.principal_kind == bindparam("kind"),
        Session.principal_id == bindparam("principal_id"),
        Session.revoked_at.is_(None),
        Session.expires_at > func.statement_timestamp(),
        or_(bindparam("before", type_=Uuid()).is_(None), Session.id < bindparam("before", type_=Uuid())),
    )
    .order_by(Session.id.desc())
    .limit(bindparam("count", type_=Integer))
)
