"""What residents and the public read of votes: a resident by what he stands for, the public by what is on notice."""

from typing import TYPE_CHECKING

from services.core.kit.database import Statement
from services.core.votes.lifecycle import VoteStatus
from services.core.votes.models import (
    Vote,
)
from services.core.votes.queries import VOTE_ID, WHOLE
from services.core.votes.statements import OWNING

if TYPE_CHECKING:
    pass

# The heads of a vote that a resident stands for as an owner, by the register as it is now, and what he said last.
MINE = f"""
SELECT rp.owner_id, array_agg(DISTINCT rp.door) AS doors, o.area,
       (array_agg(said.choices) FILTER (WHERE said.choices IS NOT NULL))[1] AS choices,
       coalesce(bool_or(l.standing IS NOT NULL), false) AS counted,
       coalesce(bool_or(l.standing IS NULL AND l.positions <> '{{}}'), false) AS contradicted
FROM {OWNING} AS b
JOIN roll_property rp ON rp.vote_id = $1 AND rp.property_id = b.property_id
JOIN roll_owner o ON o.vote_id = rp.vote_id AND o.owner_id = rp.owner_id
LEFT JOIN LATERAL (
  SELECT e.positions, e.standing FROM ballot e WHERE e.vote_id = rp.vote_id AND e.owner_id = rp.owner_id
  ORDER BY e.n DESC LIMIT 1) AS l ON true
LEFT JOIN LATERAL (
  SELECT one.value -> 'choices' AS choices FROM jsonb_each(l.positions) AS one JOIN person x ON x.id = one.key::uuid
  WHERE b.person_id IN (x.id, x.merged_into_id) ORDER BY (one.value ->> 'n')::int DESC LIMIT 1) AS said ON true
WHERE b.resident_id = $2
GROUP BY rp.owner_id, o.area ORDER BY rp.owner_id
"""


# The votes in which a resident has a head, and in how many heads he has not been counted yet.
_OF_RESIDENT = f"""
SELECT v.id, v.title, v.status, v.opens_on, v.closes_at, v.matters, c.name AS compound_name,
       count(DISTINCT rp.owner_id) AS heads,
       count(DISTINCT rp.owner_id) FILTER (WHERE l.standing IS NULL) AS uncounted
FROM {OWNING} AS b
JOIN roll_property rp ON rp.property_id = b.property_id
JOIN vote v ON v.id = rp.vote_id
JOIN compound c ON c.id = v.compound_id
LEFT JOIN LATERAL (
  SELECT e.standing FROM ballot e WHERE e.vote_id = rp.vote_id AND e.owner_id = rp.owner_id ORDER BY e.n DESC LIMIT 1
) AS l ON true
WHERE b.resident_id = $1
"""


OF_RESIDENT = f"""{_OF_RESIDENT} AND v.id < $2 AND ($3::text IS NULL OR v.status = $3)
GROUP BY v.id, c.name ORDER BY v.id DESC LIMIT $4
"""


# Those that are open still ($2: now) and wait for him, the first to close first.
WAITING_FOR_RESIDENT = f"""
SELECT id, title, compound_name, closes_at, uncounted
FROM ({_OF_RESIDENT} AND v.status = 'open' AND v.closes_at > $2 GROUP BY v.id, c.name) AS mine
WHERE uncounted > 0 ORDER BY closes_at, id LIMIT $3
"""


# What a resident cast himself, and what became of it; for himself alone.
CAST_BY_RESIDENT = """
SELECT v.id AS vote_id, v.title, e.entry, e.choices, e.channel, e.at
FROM binding b
JOIN roll_property rp ON rp.property_id = b.property_id
JOIN ballot e ON e.vote_id = rp.vote_id AND e.owner_id = rp.owner_id AND e.by_kind = 'resident' AND e.by_id = b.resident_id
JOIN vote v ON v.id = e.vote_id
WHERE b.resident_id = $1 GROUP BY v.id, e.id ORDER BY e.id
"""


PUBLIC = Statement(WHOLE.where(VOTE_ID, Vote.status != VoteStatus.DRAFT))


# What was put on notice last of every vote: its roll, the vote itself, its result.
_ON_NOTICE = """
SELECT v.id AS vote_id, v.title, c.name AS compound_name, c.region_id,
       CASE v.status WHEN 'roll' THEN 'vote_roll' WHEN 'preliminary' THEN 'vote_result' WHEN 'final' THEN 'vote_result'
                     ELSE 'vote' END AS kind,
       CASE v.status WHEN 'roll' THEN l.published_at WHEN 'preliminary' THEN r.published_at WHEN 'final' THEN r.published_at
                     ELSE v.noticed_at END AS since,
       CASE v.status WHEN 'roll' THEN l.notice_until WHEN 'preliminary' THEN r.notice_until WHEN 'final' THEN r.notice_until
                     ELSE (v.closes_at AT TIME ZONE 'Asia/Shanghai' - interval '1 second')::date END AS until
FROM vote v
JOIN compound c ON c.id = v.compound_id
LEFT JOIN vote_roll l ON l.vote_id = v.id AND l.revision = v.roll_revision
LEFT JOIN vote_result r ON r.vote_id = v.id AND r.revision = v.result_revision
"""


# Of every vote, the latest first.
NOTICES = f"""{_ON_NOTICE}
WHERE v.status NOT IN ('draft', 'cancelled') AND v.id < $1
  AND ($2::uuid IS NULL OR EXISTS (
    SELECT 1 FROM region g WHERE g.id = $2 AND v.region_path >= g.path AND v.region_path < left(g.path, -1) || '/'))
ORDER BY v.id DESC LIMIT $3
"""


# Of the votes of some compounds ($1) those that are to be read before anybody can vote, or may still be objected to, on a day ($2).
NOTICES_OF_COMPOUNDS = f"""
SELECT vote_id, kind, title, compound_name, until
FROM ({_ON_NOTICE} WHERE v.compound_id = ANY ($1::uuid[]) AND v.status IN ('roll', 'noticed', 'preliminary')) AS told
WHERE until >= $2 ORDER BY until, vote_id LIMIT $3
"""
