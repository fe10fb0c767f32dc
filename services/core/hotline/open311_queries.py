"""What Open311's readers see: services, and requests that came in by Open311, without who made them or where exactly.

The words read out are those in which staff made a case public, while it may be shown (docs/adr/0033); the reporter's own never.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from services.core.hotline import desk_rules, publishing, rules
from services.core.hotline.open311_errors import JurisdictionUnknown, RequestUnknown, ServiceUnknown
from services.core.hotline.open311_rules import MOST
from services.core.hotline.rules import Channel

if TYPE_CHECKING:
    import asyncpg

OPEN = "coalesce(t.state, c.state) IN ({})".format(", ".join(f"'{state}'" for state in sorted(rules.OPEN)))
HAS_IT = "({})".format(", ".join(f"'{state}'" for state in (*desk_rules.LIVE, desk_rules.Standing.DONE)))
# One that was merged stands as the one does with which it is handled. Who is responsible is a desk, never a person.
SHOWN = f"""
SELECT c.id, c.no, c.state, t.state AS merged_state, c.category, k.title_zh, k.title_en, c.created_at, c.first_promise_at,
       coalesce(c.closed_at, greatest(e.at, t.closed_at)) AS updated_at, c.point, c.compound_id,
       coalesce(m.name, r.name) AS address, d.title AS desk_title, p.question, p.answer
FROM complaint c JOIN complaint_category k ON k.code = c.category
LEFT JOIN complaint t ON t.id = c.merged_into_id
LEFT JOIN compound m ON m.id = c.compound_id
LEFT JOIN region r ON r.path = c.region_path
LEFT JOIN LATERAL (
  SELECT d.title FROM assignment a JOIN desk d ON d.id = a.desk_id
  WHERE a.complaint_id = coalesce(t.id, c.id) AND a.part = '{desk_rules.Part.LEAD}' AND a.state IN {HAS_IT}
  ORDER BY a.id DESC LIMIT 1) AS d ON true
LEFT JOIN complaint_publication p ON p.complaint_id = c.id AND {publishing.MAY_BE_SHOWN}
LEFT JOIN LATERAL (
  SELECT e.at FROM complaint_entry e WHERE e.complaint_id = c.id AND e.public ORDER BY e.id DESC LIMIT 1) AS e ON true
WHERE c.channel = '{Channel.OPEN311}'
"""
BY_NUMBER = f"{SHOWN} AND c.no = ANY ($1::text[]) ORDER BY c.created_at DESC, c.id DESC"
LIST = f"""{SHOWN}
  AND c.created_at >= $1 AND c.created_at <= $2 AND c.region_path >= $3 AND c.region_path < $4
  AND ($5::text[] IS NULL OR c.category = ANY ($5)) AND ($6::boolean IS NULL OR ({OPEN}) = $6)
ORDER BY c.created_at DESC, c.id DESC LIMIT {MOST}
"""
SERVICES = """
SELECT k.code, k.title_zh, k.title_en, p.title_zh AS group_zh, p.title_en AS group_en
FROM complaint_category k LEFT JOIN complaint_category p ON p.code = k.parent
WHERE NOT k.retired AND ($1::text IS NULL OR k.code = $1) ORDER BY k.position, k.code
"""
JURISDICTION = "SELECT path FROM region WHERE code = $1 AND valid_to IS NULL"
EVERYWHERE = ("", ":")
"""A range that holds every path: they are made of digits and dots, and a colon comes after both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests: of a range of regions' paths, of these services or of all, open, closed or both, made in this time."""

    paths: tuple[str, str]
    services: Sequence[str] | None
    open: bool | None
    start: datetime
    end: datetime


async def jurisdiction(driver: "asyncpg.Connection", *, code: str | None) -> tuple[str, str]:
    """The range of paths of the region that a code names, everywhere without one; JurisdictionUnknown."""
    if code is None:
        return EVERYWHERE
    path: str | None = await driver.fetchval(JURISDICTION, code)
    if path is None:
        raise JurisdictionUnknown
    return path, f"{path[:-1]}/"


async def services(driver: "asyncpg.Connection") -> "list[asyncpg.Record]":
    """What a request can be about, in the order in which it is offered."""
    rows: list[asyncpg.Record] = await driver.fetch(SERVICES, None)
    return rows


async def service(driver: "asyncpg.Connection", *, code: str) -> "asyncpg.Record":
    """One of them; ServiceUnknown."""
    row = await driver.fetchrow(SERVICES, code)
    if row is None:
        raise ServiceUnknown
    return row


async def listed(driver: "asyncpg.Connection", wanted: Wanted) -> "list[asyncpg.Record]":
    """The newest of those that are wanted, a thousand at most."""
    rows: list[asyncpg.Record] = await driver.fetch(
        LIST, wanted.start, wanted.end, *wanted.paths, wanted.services, wanted.open
    )
    return rows


async def numbered(driver: "asyncpg.Connection", *, numbers: Sequence[str]) -> "list[asyncpg.Record]":
    """Those of the numbers that there are."""
    rows: list[asyncpg.Record] = await driver.fetch(BY_NUMBER, list(numbers))
    return rows


async def one(driver: "asyncpg.Connection", *, number: str) -> "asyncpg.Record":
    """One request; RequestUnknown, also for a complaint that came in by another way."""
    rows = await numbered(driver, numbers=[number])
    if not rows:
        raise RequestUnknown
    return rows[0]
