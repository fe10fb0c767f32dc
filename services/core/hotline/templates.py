"""Words that are sent again and again: templates with gaps, kept by a region for everybody below it."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.hotline import steps
from services.core.hotline.errors import CategoryUnknown
from services.core.hotline.events import TemplateChanged
from services.core.hotline.rules import Kind
from services.core.hotline.titles import KIND_TITLES
from services.core.kit.calendar import day_of
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

_KNOWN = "SELECT 1 FROM complaint_category WHERE code = $1 AND NOT retired"
# Of the region itself or one above it.
BODY = "SELECT body FROM reply_template WHERE id = $1 AND NOT retired AND starts_with($2, region_path)"
SHOWN = "id, region_id, region_path, category, title, body, retired, version"
_IN_SCOPE = """EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
        WHERE region_path >= scope.low AND region_path < scope.high)"""
ONE = f"SELECT {SHOWN} FROM reply_template WHERE id = $1 AND {_IN_SCOPE}"
LOCKED = f"{ONE} FOR UPDATE"
# What somebody may use: of his regions, of those below and of those above them.
USABLE = f"""
SELECT {SHOWN} FROM reply_template t
WHERE id > $1 AND NOT retired AND ($4::text IS NULL OR category IS NULL OR category = $4)
  AND ({_IN_SCOPE} OR EXISTS (SELECT 1 FROM unnest($2::text[]) AS own(path) WHERE starts_with(own.path, t.region_path)))
ORDER BY id LIMIT $5
"""
ADD = "INSERT INTO reply_template (id, region_id, region_path, category, title, body) VALUES ($1, $2, $3, $4, $5, $6)"
CHANGE = """
UPDATE reply_template SET category = $2, title = $3, body = $4, retired = $5, version = version + 1 WHERE id = $1
"""


def values(held: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """What a complaint fills gaps with by itself: its number, the days it came in and is answered."""
    return {
        "no": held["no"],
        "kind": KIND_TITLES[Kind(held["kind"])][0],
        "received_on": day_of(held["created_at"]).isoformat(),
        "today": day_of(now).isoformat(),
    }


async def body_for(uow: UnitOfWork, *, template_id: UUID, region_path: str) -> str:
    """The words of a template of a region or one above it; NotFound otherwise."""
    body: str | None = await uow.driver.fetchval(BODY, template_id, region_path)
    if body is None:
        raise NotFound
    return body


async def add(uow: UnitOfWork, *, scope: Scope, region_id: UUID, category: str | None, title: str, body: str) -> UUID:
    """A template of a region of the scope; its id. NotFound, CategoryUnknown, ComplaintInputInvalid."""
    region = await territory.region_in(uow.driver, region_id=region_id, scope=scope)
    await _check(uow, category, body)
    template_id = new_id()
    await uow.driver.execute(ADD, template_id, region_id, region["path"], category, title, body)
    _tell(uow, template_id, region["path"], 1, retired=False)
    return template_id


async def change(
    uow: UnitOfWork,
    *,
    scope: Scope,
    template_id: UUID,
    version: int,
    category: str | None,
    title: str,
    body: str,
    retired: bool,
) -> None:
    """Rewords or retires a template; what was sent stays. NotFound, VersionStale, CategoryUnknown, ComplaintInputInvalid."""
    held = await uow.driver.fetchrow(LOCKED, template_id, scope.lows, scope.highs)
    if held is None:
        raise NotFound
    if held["version"] != version:
        raise VersionStale
    await _check(uow, category, body)
    await uow.driver.execute(CHANGE, template_id, category, title, body, retired)
    _tell(uow, template_id, held["region_path"], version + 1, retired=retired)


async def template_in(driver: "asyncpg.Connection", *, scope: Scope, template_id: UUID) -> "asyncpg.Record":
    """A template of the scope; NotFound otherwise."""
    row = await driver.fetchrow(ONE, template_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row


async def _check(uow: UnitOfWork, category: str | None, body: str) -> None:
    if category is not None and await uow.driver.fetchval(_KNOWN, category) is None:
        raise CategoryUnknown.at("/category", zh="没有这一类别", en="is no category")
    steps.check_words(body, "/body")


def _tell(uow: UnitOfWork, template_id: UUID, region_path: str, version: int, *, retired: bool) -> None:
    told = TemplateChanged(version=version, retired=retired)
    uow.record(told, subject="reply_template", subject_id=template_id, region_path=region_path)
