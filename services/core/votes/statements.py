"""The statement that casts a ballot: who may, whether the vote takes ballots, ledger, event and audit, in one round trip.

`vote_status` (a function of the migration) takes the vote's shared lock and then reads its status anew: closing holds the exclusive
lock, so a ballot is in the ledger before the close is committed, or finds the vote closed. The key (vote, head, n) decides between
two who cast for one head at once: the loser adds nothing, sees `missed`, and runs the statement again on what the winner left.
Papers handed in by the last day are still entered after it, until the vote is closed: a second person reads each of them.
Which resident cast is in the ledger alone: event and audit entry, which other staff read, tell neither him nor his request.
"""

RANKED = "ARRAY['phone', 'code', 'on_site', 'face', 'e_signature']"

# The bindings of owners that hold by the register now. Unlike `residents.queries.LIVE` also those to a property that was closed
# since the roll was frozen: it is on the roll.
OWNING = """(
  SELECT b.resident_id, b.property_id, b.person_id, b.assurance
  FROM binding b
  JOIN property p ON p.id = b.property_id
  JOIN owner_member own ON own.voting_owner_id = p.voting_owner_id AND own.person_id = b.person_id
  WHERE b.kind = 'owner' AND b.ended_at IS NULL)"""


def _member(person: str, *, head: str) -> str:
    """Whether somebody is of a head as it was frozen: under his own entry of the register, or under one that was merged into it."""
    return f"""EXISTS (SELECT 1 FROM owner_member m JOIN person x ON x.id = m.person_id
                   WHERE m.voting_owner_id = {head} AND {person} IN (x.id, x.merged_into_id))"""


# The heads for which a resident may cast: whose property he is bound to as an owner, and owns by the register now.
BY_RESIDENT = f"""
  SELECT rp.owner_id, b.person_id AS caster_id, max(array_position({RANKED}, b.assurance::text)) AS assured,
         NOT {_member("b.person_id", head="rp.owner_id")} AS is_new, NULL::text AS refusal
  FROM {OWNING} AS b
  JOIN roll_property rp ON rp.vote_id = $1 AND rp.property_id = b.property_id
  WHERE b.resident_id = $8 AND ($14::uuid IS NULL OR rp.owner_id = $14)
  GROUP BY rp.owner_id, b.person_id
"""

# The head that staff name, in their scope ($15, $16). The caster is the co-owner that they name ($17), the only one there is, or
# the head as such; $18 says how sure they are who it was.
BY_STAFF = f"""
  SELECT o.owner_id,
         coalesce($17::uuid, CASE WHEN cardinality(now.people) = 1 AND cardinality(now.owners) = 1 THEN now.people[1] END,
                  CASE WHEN o.owner_id = ANY (now.owners) THEN o.owner_id ELSE now.owners[1] END) AS caster_id,
         array_position({RANKED}, $18::text) AS assured,
         CASE WHEN $17::uuid IS NULL THEN NOT o.owner_id = ANY (now.owners)
              ELSE NOT {_member("$17", head="o.owner_id")}
         END AS is_new,
         CASE WHEN $17::uuid IS NOT NULL AND NOT $17 = ANY (now.people) THEN 'person'
              WHEN now.known = 0 THEN 'unknown' END AS refusal
  FROM roll_owner o
  CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT p.voting_owner_id) AS owners,
           coalesce(array_agg(DISTINCT m.person_id) FILTER (WHERE m.person_id IS NOT NULL), '{{}}') AS people,
           count(*) FILTER (WHERE w.kind <> 'unknown') AS known
    FROM roll_property rp
    JOIN property p ON p.id = rp.property_id
    JOIN voting_owner w ON w.id = p.voting_owner_id
    LEFT JOIN owner_member m ON m.voting_owner_id = w.id
    WHERE rp.vote_id = o.vote_id AND rp.owner_id = o.owner_id) AS now
  WHERE o.vote_id = $1 AND o.owner_id = $14
"""

ANYWHERE = "true"
IN_SCOPE = """EXISTS (SELECT 1 FROM unnest($15::text[], $16::text[]) AS scope(low, high)
                        WHERE v.region_path >= scope.low AND v.region_path < scope.high)"""


# What somebody cast by phone is set aside by nobody alone: what staff enter beside it, for him, for a co-owner or for the head as
# such, waits for a second person, whatever it says; so its answer tells nothing of what was cast.
BESIDE_A_PHONE = """EXISTS (SELECT 1 FROM jsonb_each(c.before) AS one JOIN ballot b ON b.id = (one.value ->> 'id')::uuid
                            WHERE b.channel = 'phone')"""

# What the caster said last: under his own entry of the register, else under one that was merged into it.
SAID = """coalesce(l.positions -> e.caster_id::text, (
           SELECT one.value FROM jsonb_each(l.positions) AS one JOIN person x ON x.id = one.key::uuid
           WHERE x.merged_into_id = e.caster_id ORDER BY (one.value ->> 'n')::int DESC LIMIT 1))"""

# A paper that names nobody stands for the head as such (its key is the head's), until every co-owner has spoken for himself since;
# `positions.yielded` is the same.
YIELDS = """l.positions ? e.owner_id::text AND e.caster_id <> e.owner_id AND NOT EXISTS (
              SELECT 1 FROM owner_member m JOIN person x ON x.id = m.person_id
              WHERE m.voting_owner_id = e.owner_id AND e.caster_id NOT IN (x.id, coalesce(x.merged_into_id, x.id))
                AND coalesce(greatest((l.positions -> x.id::text ->> 'n')::int,
                                      (l.positions -> x.merged_into_id::text ->> 'n')::int), 0)
                    < (l.positions -> e.owner_id::text ->> 'n')::int)"""


def _cast(*, entitled: str, where: str, waits: str) -> str:
    return f"""
WITH place AS MATERIALIZED (
  SELECT v.id, v.region_path, v.matters, v.closes_at, v.assurance, vote_status(v.id) AS status
  FROM vote v WHERE v.id = $1 AND {where}),
entitled AS ({entitled}),
heads AS (SELECT array_agg(DISTINCT owner_id) AS owners FROM entitled),
chosen AS (
  SELECT e.*, p.region_path, p.assurance, h.owners, l.n, l.id AS last_id, l.standing, l.positions AS before,
         l.positions - array(SELECT x.id::text FROM jsonb_object_keys(l.positions) AS said(caster)
                             JOIN person x ON x.id = said.caster::uuid AND x.merged_into_id = e.caster_id)
                     - CASE WHEN {YIELDS} THEN e.owner_id::text ELSE '' END AS positions,
         {SAID} AS said, CASE WHEN e.caster_id <> e.owner_id THEN l.positions -> e.owner_id::text END AS unnamed,
         l.pending AND l.caster_id = e.caster_id AND l.choices = $2::text[] AND l.channel = $5 AS waits_already,
         CASE WHEN e.owner_id IS NULL THEN 'nobody'
              WHEN p.status <> 'open' OR ($3 >= p.closes_at AND NOT $12) THEN 'closed'
              WHEN cardinality(h.owners) > 1 THEN 'several'
              WHEN cardinality($2::text[]) <> p.matters THEN 'choices'
              WHEN e.refusal IS NOT NULL THEN e.refusal
              WHEN e.assured < array_position({RANKED}, p.assurance::text) THEN 'assurance'
              WHEN e.is_new AND EXISTS (
                SELECT 1 FROM jsonb_object_keys(l.positions) AS said(caster)
                WHERE said.caster = e.owner_id::text OR EXISTS (
                  SELECT 1 FROM owner_member m
                  WHERE m.voting_owner_id = e.owner_id AND m.person_id = said.caster::uuid)) THEN 'stands'
         END AS refused
  FROM place p CROSS JOIN heads h LEFT JOIN entitled e ON true
  LEFT JOIN LATERAL (
    SELECT b.n, b.id, b.positions, b.standing, b.pending, b.caster_id, b.choices, b.channel
    FROM ballot b WHERE b.vote_id = $1 AND b.owner_id = e.owner_id ORDER BY b.n DESC LIMIT 1) AS l ON true
  ORDER BY e.is_new, e.assured DESC LIMIT 1),
weighed AS (
  SELECT c.*,
         CASE WHEN c.waits THEN c.waits_already
              ELSE c.said -> 'choices' = to_jsonb($2::text[])
                   AND NOT coalesce((c.unnamed ->> 'n')::int > (c.said ->> 'n')::int, false) END AS same,
         CASE WHEN c.waits THEN coalesce(c.before, '{{}}')
              ELSE coalesce(c.positions, '{{}}') || jsonb_build_object(
                coalesce(c.caster_id::text, ''),
                jsonb_build_object('id', $4::uuid, 'n', coalesce(c.n, 0) + 1, 'choices', $2::text[])) END AS new_positions
  FROM (SELECT c.*, {waits} AS waits FROM chosen c) AS c),
entry AS (
  INSERT INTO ballot (id, vote_id, owner_id, n, entry, caster_id, choices, pending, positions, standing, channel, assurance,
                      evidence, by_kind, by_id, at)
  SELECT $4, $1, w.owner_id, coalesce(w.n, 0) + 1, 'cast', w.caster_id, $2, w.waits, w.new_positions,
         CASE WHEN w.waits THEN w.standing
              WHEN NOT EXISTS (SELECT 1 FROM jsonb_each(w.new_positions) AS one
                               WHERE one.value -> 'choices' <> to_jsonb($2::text[])) THEN $2 END,
         $5, ({RANKED})[w.assured], $6, $7, $8, $3
  FROM weighed w WHERE w.refused IS NULL AND w.same IS NOT TRUE
  ON CONFLICT (vote_id, owner_id, n) DO NOTHING
  RETURNING id, owner_id, pending, standing, assurance),
named AS (
  SELECT CASE WHEN $7 <> 'resident' THEN $8::uuid END AS id, CASE WHEN $7 <> 'resident' THEN $9 END AS request_id),
told AS (
  INSERT INTO event (id, kind, schema_version, subject_type, subject_id, region_path, data, actor_kind, actor_id, request_id,
                     occurred_at)
  SELECT $10, $13, 1, 'vote', $1, w.region_path, d.data, $7, named.id, named.request_id, $3
  FROM entry e CROSS JOIN weighed w CROSS JOIN named
  CROSS JOIN LATERAL (SELECT jsonb_build_object('ballot_id', e.id, 'channel', $5, 'assurance', e.assurance) AS data) AS d),
audited AS (
  INSERT INTO audit_entry (id, at, actor_kind, actor_id, action, outcome, target_type, target_id, region_path, details,
                           request_id)
  SELECT $11, $3, $7, named.id, $13, 'done', 'vote', $1, w.region_path, d.data, named.request_id
  FROM entry e CROSS JOIN weighed w CROSS JOIN named
  CROSS JOIN LATERAL (SELECT jsonb_build_object('ballot_id', e.id, 'channel', $5, 'assurance', e.assurance) AS data) AS d)
SELECT w.refused, w.owners, w.assurance AS least, w.owner_id, w.same IS TRUE AS same,
       coalesce(e.id, CASE WHEN w.waits THEN w.last_id ELSE (w.said ->> 'id')::uuid END) AS ballot_id,
       e.id IS NULL AND w.refused IS NULL AND w.same IS NOT TRUE AS missed,
       w.waits AS pending,
       CASE WHEN e.id IS NULL THEN w.standing IS NOT NULL ELSE e.standing IS NOT NULL END AS counted
FROM weighed w LEFT JOIN entry e ON true
"""


CAST_BY_RESIDENT = _cast(entitled=BY_RESIDENT, where=ANYWHERE, waits="$12::boolean")
"""$1 vote, $2 choices, $3 now, $4 ballot, $5 channel, $6 evidence, $7 and $8 who acts, $9 request, $10 event, $11 audit entry,
$12 whether it is on paper, $13 the event's kind, $14 the head or null."""

CAST_BY_STAFF = _cast(entitled=BY_STAFF, where=IN_SCOPE, waits=f"$12::boolean OR {BESIDE_A_PHONE}")
"""The same with $14 the head, $15 and $16 the scope, $17 the co-owner, $18 the assurance."""

# What counts of every head: its last line in the ledger. A line without `standing` counts for nothing; where somebody has said
# something all the same, co-owners contradict each other.
LAST = """
SELECT DISTINCT ON (b.owner_id) b.owner_id, b.standing, b.standing IS NULL AND b.positions <> '{}' AS contested
FROM ballot b WHERE b.vote_id = $1 ORDER BY b.owner_id DESC, b.n DESC
"""
# SHA-256 over what every head counts with, a line each, by head.
DIGEST = """encode(sha256(convert_to((
         SELECT coalesce(string_agg(owner_id::text || ' ' || array_to_string(standing, ' '), E'\\n' ORDER BY owner_id), '')
         FROM last WHERE standing IS NOT NULL), 'UTF8')), 'hex')"""


def decided(line: str) -> str:
    """Whether a later line settles what became of a line: a confirmation; a correction that nobody took back while it waited; a
    voiding that a second person has confirmed, or that needed none.
    """
    confirmed = "EXISTS (SELECT 1 FROM ballot e WHERE e.of_id = {}.id AND e.entry = 'confirm')"
    return f"""EXISTS (
         SELECT 1 FROM ballot d WHERE d.of_id = {line} AND (
           d.entry = 'confirm' OR {confirmed.format("d")}
           OR CASE d.entry WHEN 'void' THEN NOT d.pending
                   ELSE NOT EXISTS (SELECT 1 FROM ballot f WHERE f.of_id = d.id AND f.entry = 'void'
                                                             AND (NOT f.pending OR {confirmed.format("f")})) END))"""


def _count(*more: str) -> str:
    """The figures of every matter, in one look at the ledger; `more` is said of the whole of it."""
    said = "".join(f",\n       {one}" for one in more)
    return f"""
WITH last AS MATERIALIZED ({LAST})
SELECT m.no, count(r.owner_id) AS heads, coalesce(sum(r.area), 0) AS area,
       count(*) FILTER (WHERE l.standing[m.no] = 'approve') AS heads_in_favour,
       coalesce(sum(r.area) FILTER (WHERE l.standing[m.no] = 'approve'), 0) AS area_in_favour,
       count(*) FILTER (WHERE l.standing[m.no] = 'reject') AS heads_against,
       coalesce(sum(r.area) FILTER (WHERE l.standing[m.no] = 'reject'), 0) AS area_against,
       (SELECT count(*) FROM last WHERE contested) AS contradicting,
       (SELECT count(*) FROM ballot b WHERE b.vote_id = $1 AND b.pending AND NOT {decided("b.id")}) AS unconfirmed{said}
FROM vote_matter m
LEFT JOIN (last l JOIN roll_owner r ON r.vote_id = $1 AND r.owner_id = l.owner_id) ON l.standing IS NOT NULL
WHERE m.vote_id = $1 GROUP BY m.no ORDER BY m.no
"""


TALLY = _count()
RECOUNT = _count(f"{DIGEST} AS digest")
UNCOUNTED = f"""
SELECT count(*) FROM roll_owner r LEFT JOIN ({LAST}) AS l ON l.owner_id = r.owner_id
WHERE r.vote_id = $1 AND l.standing IS NULL
"""
ADD_ENTRY = """
INSERT INTO ballot (id, vote_id, owner_id, n, entry, of_id, caster_id, choices, pending, positions, standing, channel, assurance,
                    evidence, reason, by_kind, by_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (vote_id, owner_id, n) DO NOTHING RETURNING id
"""

LOCK_SHARED = "SELECT vote_status($1)"
LOCK_EXCLUSIVE = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 17))"
