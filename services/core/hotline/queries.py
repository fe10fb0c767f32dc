"""Reads of complaints: the list and one for staff of a scope, its history; a reporter's own, by account or by code."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.hotline import rules
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope

if TYPE_CHECKING:
    import asyncpg

OPEN = "c.state IN ({})".format(", ".join(f"'{state}'" for state in sorted(rules.OPEN)))
_IN_SCOPE = """EXISTS (SELECT 1 FROM unnest({}::text[], {}::text[]) AS scope(low, high)
        WHERE c.region_path >= scope.low AND c.region_path < scope.high)"""
_SHOWN = """
c.id, c.no, c.channel, c.category, k.title_zh AS category_zh, k.title_en AS category_en, c.kind, c.hazard, c.anonymous, c.state,
c.region_path, c.compound_id, m.name AS compound_name, c.project_id, p.title AS project_title, c.plan_number, c.plan_item,
c.organisation_id, c.description_sealed, c.address_sealed, c.lat, c.lon, c.crs, c.call_ref, c.partner_ref, c.partner_due_at,
c.policy_version_id, c.merged_into_id, c.parent_id, c.created_at, c.first_promise_at, c.answered_at, c.closed_at, c.reopened,
c.repeat_of_id, c.repeat_by, c.came_again, c.visit_attempt_id, c.synthetic, c.version
"""
_JOINED = """
FROM complaint c JOIN complaint_category k ON k.code = c.category
LEFT JOIN compound m ON m.id = c.compound_id LEFT JOIN project p ON p.id = c.project_id
"""
_FILES = """ARRAY(SELECT u.file_id FROM file_use u WHERE u.subject_type = '{}' AND u.subject_id = {}.id
      ORDER BY u.position, u.file_id) AS files"""
OF_COMPLAINT, OF_ENTRY = _FILES.format("complaint", "c"), _FILES.format("complaint_entry", "e")
ONE = f"SELECT {_SHOWN}, {OF_COMPLAINT} {_JOINED} WHERE c.id = $1 AND {_IN_SCOPE.format('$2', '$3')}"
# Those of the scope that have waited longest come first within each region; one range of paths drives the index.
LIST = f"""
SELECT {_SHOWN} {_JOINED}
WHERE (c.region_path, c.id) > (greatest($1::text, $3::text COLLATE "C"), $4::uuid) AND c.region_path < $2
  AND {_IN_SCOPE.format("$5", "$6")}
  AND ($7::text IS NULL OR c.state = $7) AND ($8::boolean IS NULL OR ({OPEN}) = $8)
  AND ($9::text IS NULL OR c.category = $9 OR k.parent = $9) AND ($10::text IS NULL OR c.kind = $10)
  AND ($11::text IS NULL OR c.channel = $11) AND ($12::boolean IS NULL OR c.hazard = $12)
  AND ($13::uuid IS NULL OR c.compound_id = $13) AND ($14::uuid IS NULL OR c.project_id = $14)
  AND ($15::text IS NULL OR c.no = $15) AND ($16::uuid IS NULL OR c.received_by = $16)
  AND ($17::uuid IS NULL OR EXISTS (SELECT FROM assignment a WHERE a.complaint_id = c.id AND a.desk_id = $17
                                    AND a.state IN ('assigned', 'signed_in')))
  AND ($18::boolean IS NULL OR $18 = EXISTS (
    SELECT FROM clock o WHERE o.subject_type = 'complaint' AND o.subject_id = c.id AND o.kind = 'reply'
      AND o.state IN ('running', 'missed') AND o.due_at <= statement_timestamp()))
ORDER BY c.region_path, c.id LIMIT $19
"""
HISTORY = f"""
SELECT e.id, e.at, e.act, e.state, e.public, e.text, e.text_sealed, e.actor_kind,
       CASE WHEN e.actor_kind <> 'resident' THEN e.actor_id END AS actor_id, e.desk_id, {OF_ENTRY}
FROM complaint_entry e WHERE e.complaint_id = $1 AND e.id > $2 ORDER BY e.id LIMIT $3
"""
# What a reporter reads of his own: never who handled it.
_OWN = """
c.id, c.no, c.code, c.channel, c.category, k.title_zh AS category_zh, k.title_en AS category_en, c.kind, c.state, c.anonymous,
m.name AS compound_name, c.description_sealed, c.created_at, c.first_promise_at, c.answered_at, c.closed_at, c.version
"""
OWN_LIST = f"""
SELECT {_OWN} FROM complaint_reporter r JOIN complaint c ON c.id = r.complaint_id
JOIN complaint_category k ON k.code = c.category LEFT JOIN compound m ON m.id = c.compound_id
WHERE r.resident_id = $1 AND r.complaint_id < $2 ORDER BY r.complaint_id DESC LIMIT $3
"""
OWN_ONE = f"""
SELECT {_OWN}, {OF_COMPLAINT} FROM complaint_reporter r JOIN complaint c ON c.id = r.complaint_id
JOIN complaint_category k ON k.code = c.category LEFT JOIN compound m ON m.id = c.compound_id
WHERE r.resident_id = $1 AND r.complaint_id = $2
"""
BY_CODE = f"""
SELECT {_OWN} {_JOINED} WHERE c.code = $1
"""
# The latest lines, what the reporter said himself among them.
OWN_HISTORY = f"""
SELECT e.id, e.at, e.act, e.state, e.text, e.text_sealed, {OF_ENTRY} FROM complaint_entry e
WHERE e.complaint_id = $1 AND e.public ORDER BY e.id DESC LIMIT $2
"""
# The same for whoever has the code: files that were made public alone. Each is fetched by the line that it came with.
FOLLOWED_HISTORY = """
SELECT e.id, e.at, e.act, e.state, e.text, NULL AS text_sealed,
       ARRAY(SELECT u.file_id FROM file_use u WHERE u.subject_type = 'complaint_entry' AND u.subject_id = e.id AND u.public
             ORDER BY u.position, u.file_id) AS files
FROM complaint_entry e WHERE e.complaint_id = $1 AND e.public ORDER BY e.id DESC LIMIT $2
"""
FOLLOWED_FILE = """
SELECT e.id FROM complaint c JOIN complaint_entry e ON e.complaint_id = c.id
JOIN file_use u ON u.subject_type = 'complaint_entry' AND u.subject_id = e.id
WHERE c.code = $1 AND e.public AND u.public AND u.file_id = $2 LIMIT 1
"""
# Whose files they are: the region of a complaint or of a line of one, its reporter, and whether he reads that line.
READ_BY = """
SELECT c.region_path, r.resident_id, true AS public FROM complaint c
LEFT JOIN complaint_reporter r ON r.complaint_id = c.id WHERE c.id = $1
"""
ENTRY_READ_BY = """
SELECT c.region_path, r.resident_id, e.public FROM complaint_entry e JOIN complaint c ON c.id = e.complaint_id
LEFT JOIN complaint_reporter r ON r.complaint_id = c.id WHERE e.id = $1
"""
CATEGORIES = (
    "SELECT code, parent, title_zh, title_en, kind, hazard, anonymous, retired, version FROM complaint_category {}"
)
LIVE_CATEGORIES = CATEGORIES.format("WHERE NOT retired ORDER BY position, code")
ALL_CATEGORIES = CATEGORIES.format("ORDER BY position, code")
REPORTER = f"""
SELECT c.id, c.region_path, c.merged_into_id, c.anonymous, r.name_sealed, r.phone_sealed, c.description_sealed, c.address_sealed
FROM complaint c JOIN complaint_reporter r ON r.complaint_id = c.id
WHERE c.id = $1 AND {_IN_SCOPE.format("$2", "$3")}
"""


async def complaint_of(driver: "asyncpg.Connection", *, scope: Scope, complaint_id: UUID) -> "asyncpg.Record":
    """A complaint inside the scope; NotFound otherwise."""
    row = await driver.fetchrow(ONE, complaint_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row


async def own(driver: "asyncpg.Connection", *, resident_id: UUID, complaint_id: UUID) -> "asyncpg.Record":
    """A complaint that a resident made; NotFound for anybody else's."""
    row = await driver.fetchrow(OWN_ONE, resident_id, complaint_id)
    if row is None:
        raise NotFound
    return row


async def by_code(driver: "asyncpg.Connection", *, code: str) -> "asyncpg.Record":
    """The complaint that a code opens, however it was typed; NotFound otherwise."""
    row = await driver.fetchrow(BY_CODE, rules.typed(code))
    if row is None:
        raise NotFound
    return row


async def followed_file(driver: "asyncpg.Connection", *, code: str, file_id: UUID) -> UUID:
    """The line that shows a file to whoever has the complaint's code; NotFound for any other file."""
    entry_id: UUID | None = await driver.fetchval(FOLLOWED_FILE, rules.typed(code), file_id)
    if entry_id is None:
        raise NotFound
    return entry_id
