"""Reads of residents: for which properties somebody stands, what he asked, what the community has to decide."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope

if TYPE_CHECKING:
    import asyncpg

# A tenancy lasts through its last day.
_NOW = "t.since <= {today} AND (t.until IS NULL OR t.until >= {today})".format(
    today="(now() AT TIME ZONE 'Asia/Shanghai')::date"
)
# Everybody who owns or rents a property `q` by the register as it is now.
_ON_RECORD = f"""
(SELECT m.person_id, 'owner' AS kind FROM owner_member m WHERE m.voting_owner_id = q.voting_owner_id
 UNION ALL
 SELECT t.person_id, 'tenant' FROM tenancy t WHERE t.property_id = q.id AND {_NOW})
"""
# Owner and tenant by the register as it is now; a closed property binds nobody.
_HOLDS_BY_REGISTER = f"""
(b.kind = 'owner' AND EXISTS (SELECT 1 FROM owner_member m
                              WHERE m.voting_owner_id = p.voting_owner_id AND m.person_id = b.person_id)
 OR b.kind = 'tenant' AND EXISTS (SELECT 1 FROM tenancy t WHERE t.property_id = p.id AND t.person_id = b.person_id
                                  AND {_NOW}))
"""
LIVE = f"""
SELECT b.id, b.resident_id, b.property_id, b.person_id, b.invited_by, b.kind, b.assurance, b.since,
       p.compound_id, p.region_path, p.building_id, p.entrance_id, p.voting_owner_id
FROM binding b JOIN property p ON p.id = b.property_id AND p.closed_at IS NULL
WHERE b.ended_at IS NULL AND {_HOLDS_BY_REGISTER}
UNION ALL
SELECT f.id, f.resident_id, f.property_id, NULL, f.invited_by, f.kind, f.assurance, f.since,
       p.compound_id, p.region_path, p.building_id, p.entrance_id, p.voting_owner_id
FROM binding f JOIN binding b ON b.id = f.invited_by AND b.ended_at IS NULL
JOIN property p ON p.id = b.property_id AND p.closed_at IS NULL
WHERE f.ended_at IS NULL AND {_HOLDS_BY_REGISTER}
"""
"""The bindings that hold, to be joined as a subquery. A condition on `resident_id` or `property_id` is pushed into both halves."""

WHERE_PROPERTY_IS = """
JOIN property q ON q.id = l.property_id JOIN compound c ON c.id = q.compound_id
LEFT JOIN building g ON g.id = q.building_id LEFT JOIN entrance e ON e.id = q.entrance_id
"""
DOOR = "g.no AS building_no, e.no AS entrance_no, q.door_no"

_MINE = f"""
SELECT l.id, l.property_id, q.compound_id, c.name AS compound_name, {DOOR}, q.kind AS property_kind, q.exclusive_area,
       l.kind, l.assurance, l.since,
       (SELECT coalesce(json_agg(json_build_object('id', f.id, 'since', f.since) ORDER BY f.id), '[]')
        FROM binding f WHERE f.invited_by = l.id AND f.ended_at IS NULL) AS family
FROM ({LIVE}) AS l {WHERE_PROPERTY_IS}
WHERE l.resident_id = $1
"""
MINE = f"{_MINE} AND ($2::uuid IS NULL OR l.id > $2) ORDER BY l.id LIMIT $3"
MINE_BY_ID = f"{_MINE} AND l.id = ANY ($2::uuid[]) ORDER BY l.id"
ONE_OF_MINE = f"SELECT * FROM ({LIVE}) AS l WHERE l.id = $1 AND l.resident_id = $2"
MY_BINDINGS = f"""
SELECT l.id, l.property_id, q.compound_id, c.name AS compound_name, {DOOR}, l.kind, l.assurance, l.since, l.ended_at
FROM binding l {WHERE_PROPERTY_IS} WHERE l.resident_id = $1 ORDER BY l.id
"""
MY_REQUESTS = """
SELECT r.id, r.compound_id, c.name AS compound_name, r.building, r.door, r.name_sealed, r.state, r.reason_sealed, r.created_at,
       r.decided_at
FROM binding_request r JOIN compound c ON c.id = r.compound_id
WHERE r.resident_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3
"""
# Invitations to one's family that nobody has used yet, the first to lapse first.
INVITATIONS = f"""
SELECT l.id AS binding_id, c.name AS compound_name, q.door_no, k.expires_at
FROM ({LIVE}) AS l {WHERE_PROPERTY_IS} JOIN binding_code k ON k.invited_by = l.id
WHERE l.resident_id = $1 AND k.used_at IS NULL AND k.voided_at IS NULL AND k.expires_at > $2
ORDER BY k.expires_at, l.id LIMIT $3
"""
# What he asked of communities and nobody has answered.
REQUESTS_WAITING = """
SELECT r.id AS request_id, c.name AS compound_name, r.building, r.door, r.created_at
FROM binding_request r JOIN compound c ON c.id = r.compound_id
WHERE r.resident_id = $1 AND r.state = 'open' ORDER BY r.id LIMIT $2
"""

_IN_SCOPE = """EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                       WHERE {}.region_path >= scope.low AND {}.region_path < scope.high)"""
# Of a compound that the caller has looked up in his scope.
OF_COMPOUND = f"""
SELECT l.id, l.property_id, {DOOR}, l.person_id, l.kind, l.assurance, l.since
FROM ({LIVE}) AS l {WHERE_PROPERTY_IS}
WHERE l.compound_id = $1 AND l.id > $2 ORDER BY l.id LIMIT $3
"""
BINDING = f"""
SELECT b.id, b.resident_id, b.property_id, p.region_path FROM binding b JOIN property p ON p.id = b.property_id
WHERE b.id = $1 AND {_IN_SCOPE.format("p", "p")}
"""
REQUESTS = """
SELECT r.id, r.building, r.door, r.name_sealed, r.state, r.created_at, r.decided_at, r.version
FROM binding_request r WHERE r.compound_id = $1 AND ($2::text IS NULL OR r.state = $2) AND r.id > $3 ORDER BY r.id LIMIT $4
"""
REQUEST = f"""
SELECT r.id, r.resident_id, r.compound_id, r.region_path, r.building, r.door, r.name_sealed, r.state, r.created_at,
       r.decided_at, r.version
FROM binding_request r WHERE r.id = $1 AND {_IN_SCOPE.format("r", "r")}
"""
# Who owns or rents behind a door, numbers as the register keeps them; without a building where the compound has but one.
BEHIND = f"""
SELECT q.id AS property_id, g.no AS building_no, e.no AS entrance_no, q.door_no, w.person_id, w.kind,
       x.compound_id, x.name_sealed, x.phone_sealed, x.identity_sealed, x.id
FROM property q
LEFT JOIN building g ON g.id = q.building_id LEFT JOIN entrance e ON e.id = q.entrance_id
JOIN LATERAL {_ON_RECORD} AS w ON true
JOIN person x ON x.id = w.person_id
WHERE q.compound_id = $1 AND q.closed_at IS NULL AND q.door_no = $2 AND coalesce(g.no, '') = $3
ORDER BY q.id, w.person_id, w.kind LIMIT 50
"""
# As what a person of the register may be bound to a property now, the owner first.
STANDS_AS = f"""
SELECT w.kind, q.region_path, q.compound_id FROM property q
JOIN LATERAL {_ON_RECORD} AS w ON w.person_id = $2
WHERE q.id = $1 AND q.closed_at IS NULL AND ($3::text IS NULL OR w.kind = $3) ORDER BY w.kind LIMIT 1
"""
PEOPLE_BY_PHONE = """
SELECT p.id, p.compound_id, c.name AS compound_name FROM person p JOIN compound c ON c.id = p.compound_id
WHERE p.phone_index = ANY ($1::bytea[]) AND p.merged_into_id IS NULL AND c.closed_at IS NULL ORDER BY p.compound_id, p.id
"""
DOORS_OF = f"""
SELECT w.person_id, w.kind, q.id AS property_id, q.region_path FROM property q
JOIN LATERAL {_ON_RECORD} AS w ON true
WHERE q.closed_at IS NULL AND w.person_id = ANY ($1::uuid[]) ORDER BY q.id, w.kind
"""
# Whom codes are printed for: everybody on record, in the order in which sheets are carried round.
TO_PRINT = f"""
SELECT q.id AS property_id, g.no AS building_no, e.no AS entrance_no, q.door_no, w.person_id, w.kind,
       x.id, x.compound_id, x.name_sealed, x.phone_sealed, x.identity_sealed
FROM property q
LEFT JOIN building g ON g.id = q.building_id LEFT JOIN entrance e ON e.id = q.entrance_id
JOIN LATERAL {_ON_RECORD} AS w ON true
JOIN person x ON x.id = w.person_id
WHERE q.compound_id = $1 AND q.closed_at IS NULL AND ($2::uuid IS NULL OR q.building_id = $2)
ORDER BY g.no, e.no, q.door_no, q.id, w.kind, w.person_id
"""


async def mine(driver: "asyncpg.Connection", *, binding_id: UUID, resident_id: UUID) -> "asyncpg.Record":
    """A binding of the resident's own that holds; NotFound otherwise, whosever it is."""
    row = await driver.fetchrow(ONE_OF_MINE, binding_id, resident_id)
    if row is None:
        raise NotFound
    return row


async def request_in(driver: "asyncpg.Connection", *, scope: Scope, request_id: UUID) -> "asyncpg.Record":
    """A request to a compound of the scope; NotFound otherwise."""
    row = await driver.fetchrow(REQUEST, request_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row
