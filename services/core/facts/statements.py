"""The one statement that records facts: locks what the sources said before, supersedes it where it differs, adds the new.

Two forms share it: many subjects whose region is known (PUSH), and one subject that is looked up and checked on the way (ATTEST).
A current row of a source can only be replaced by who holds its lock, and the partial unique index decides between two that
add the first row at once: the loser adds nothing, sees `missed`, and runs the statement again on what the winner left.

`refusal` says why a figure may not stand in the place of its source's current one (then the caller rolls back): `counted`, the
system counted that one; `attested`, a synthetic figure never replaces it; `another`, somebody else recorded it and the caller
may not decide between sources there ($5, $6: the ranges of paths where he may). The system's own counts replace anything.
"""

RECORD = """
    id uuid, subject_id uuid, region_path text, key text, value text, kind text, source text, document text,
    source_rows jsonb, observed_on date
"""

PUSHING = """
held AS (
  SELECT f.id, f.subject_id, f.key, f.source, f.value, f.kind, f.document, f.source_rows, f.observed_on, f.recorded_at,
         f.recorded_by
  FROM fact f JOIN given g ON f.subject_id = g.subject_id AND f.key = g.key AND f.source = g.source
  WHERE f.superseded_at IS NULL
  ORDER BY f.subject_id, f.key, f.source
  FOR UPDATE OF f),
compared AS (
  SELECT g.*, h.id AS held_id, h.recorded_at AS held_at,
         CASE WHEN h.id IS NULL OR g.kind = 'counted' THEN NULL
              WHEN h.kind = 'counted' THEN 'counted'
              WHEN h.kind = 'attested' AND g.kind = 'synthetic' THEN 'attested'
              WHEN h.recorded_by IS DISTINCT FROM $3
                   AND (h.value, h.kind, h.document, h.source_rows, h.observed_on)
                       IS DISTINCT FROM (g.value, g.kind, g.document, g.source_rows, g.observed_on)
                   AND NOT EXISTS (SELECT 1 FROM unnest($5::text[], $6::text[]) AS deciding(low, high)
                                   WHERE g.region_path COLLATE "C" >= deciding.low
                                     AND g.region_path COLLATE "C" < deciding.high) THEN 'another'
         END AS refusal,
         h.id IS NULL OR (h.value, h.kind, h.document, h.source_rows, h.observed_on)
                         IS DISTINCT FROM (g.value, g.kind, g.document, g.source_rows, g.observed_on) AS changed
  FROM given g LEFT JOIN held h ON h.subject_id = g.subject_id AND h.key = g.key AND h.source = g.source),
superseded AS (
  UPDATE fact f SET superseded_at = $2
  -- an array, so that the index finds the rows whatever the planner guesses of `compared`
  WHERE f.id = ANY (ARRAY(SELECT c.held_id FROM compared c WHERE c.changed AND c.held_id IS NOT NULL))
  RETURNING f.id),
inserted AS (
  INSERT INTO fact (id, subject_type, subject_id, region_path, key, value, kind, source, document, source_rows,
                    observed_on, recorded_at, recorded_by)
  SELECT c.id, $4, c.subject_id, c.region_path, c.key, c.value, c.kind, c.source, c.document, c.source_rows,
         c.observed_on, $2, $3
  FROM compared c WHERE c.changed AND (SELECT count(*) FROM superseded) >= 0
  ORDER BY c.subject_id, c.key, c.source
  ON CONFLICT (subject_id, key, source) WHERE superseded_at IS NULL DO NOTHING
  RETURNING id)
"""

PUSH = f"""
WITH given AS (SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS x({RECORD})),
{PUSHING}
SELECT (SELECT count(*) FROM inserted) AS inserted,
       count(*) FILTER (WHERE changed) - (SELECT count(*) FROM inserted) AS missed,
       array_agg(refusal) FILTER (WHERE refusal IS NOT NULL) AS refusals,
       array_agg(id) FILTER (WHERE refusal IS NOT NULL) AS refused
FROM compared
"""

# What a source says of a subject as a whole is sent once, and its figures beside it by the subject's place in the list ($9: what
# each rests on, an array of arrays).
ADD_FIRST = """
INSERT INTO fact (id, subject_type, subject_id, region_path, key, value, kind, source, document, source_rows, observed_on,
                  recorded_at, recorded_by)
SELECT f.id, $1, s.subject_id, s.region_path, f.key, f.value, s.kind, s.source, s.document, s.source_rows, s.observed_on, $2, $3
FROM ROWS FROM (unnest($4::uuid[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
                jsonb_array_elements($9::text::jsonb), unnest($10::date[])) WITH ORDINALITY
     AS s(subject_id, region_path, kind, source, document, source_rows, observed_on, position)
JOIN (SELECT id::uuid, position::bigint, key, value
      FROM ROWS FROM (string_to_table($11, ' '), string_to_table($12, ' '), string_to_table($13, ' '),
                      jsonb_array_elements_text($14::text::jsonb)) AS x(id, position, key, value)) AS f USING (position)
"""

WITHDRAW = """
UPDATE fact SET superseded_at = $4
WHERE subject_id = ANY ($1::uuid[]) AND source = $2 AND key = ANY ($3::text[]) AND kind = 'counted' AND superseded_at IS NULL
"""

LAPSE = """
UPDATE fact SET superseded_at = $3 WHERE subject_id = $1 AND key = ANY ($2::text[]) AND superseded_at IS NULL RETURNING id
"""


def attest_sql(subject_table: str, *, where: str = "true") -> str:
    """The statement for one subject `s` of `subject_table`, which must exist inside the scope and meet `where`; else no row.

    A row per given fact: what holds for its source now, whether it was `changed`, `missed` (another was quicker: run it
    again) or refused (`refusal`).
    """
    return f"""
WITH place AS (
  SELECT s.id, s.region_path FROM {subject_table} s
  WHERE s.id = $7 AND {where} AND EXISTS (SELECT 1 FROM unnest($8::text[], $9::text[]) AS scope(low, high)
                              WHERE s.region_path >= scope.low AND s.region_path < scope.high)
  FOR KEY SHARE OF s),
given AS (
  SELECT x.id, p.id AS subject_id, p.region_path, x.key, x.value, x.kind, x.source, x.document, x.source_rows,
         x.observed_on
  FROM place p CROSS JOIN jsonb_to_recordset($1::text::jsonb) AS x({RECORD})),
{PUSHING}
SELECT c.region_path, c.key, c.value, c.kind, c.source, c.document, c.observed_on,
       CASE WHEN c.changed THEN c.id ELSE c.held_id END AS fact_id, CASE WHEN c.changed THEN $2 ELSE c.held_at END AS recorded_at,
       c.changed, c.changed AND i.id IS NULL AS missed, c.refusal, c.id AS given_id
FROM compared c LEFT JOIN inserted i ON i.id = c.id
ORDER BY c.key, c.source
"""
