"""Reads of what follows an answer: call-backs that are due, what supervisors look into, one complaint's rounds."""

_IN_SCOPE = """EXISTS (SELECT 1 FROM unnest($5::text[], $6::text[]) AS scope(low, high)
        WHERE {0}.region_path >= scope.low AND {0}.region_path < scope.high)"""
_PAGE = '({0}.region_path, {0}.id) > (greatest($1::text, $3::text COLLATE "C"), $4::uuid) AND {0}.region_path < $2'

# $1, $2 the one range of paths that holds the scope, $3, $4 after which row, $5, $6 the scope.
CALL_BACKS = f"""
SELECT b.id, b.complaint_id, c.no, c.kind, b.compound_id, m.name AS compound_name, b.region_path, b.round, b.tries, b.made_at,
       k.due_at, k.provisional, k.state = 'missed' AS overdue
FROM call_back b JOIN complaint c ON c.id = b.complaint_id JOIN clock k ON k.id = b.clock_id
LEFT JOIN compound m ON m.id = b.compound_id
WHERE b.state = 'due' AND {_PAGE.format("b")} AND {_IN_SCOPE.format("b")}
ORDER BY b.region_path, b.id LIMIT $7
"""
_SUPERVISIONS = """
SELECT s.id, s.complaint_id, c.no, c.kind, s.compound_id, m.name AS compound_name, s.region_path, s.round, s.cause, s.desk_id,
       s.state, s.version, s.opened_at, s.finding, s.settled_by, s.settled_at
FROM complaint_supervision s JOIN complaint c ON c.id = s.complaint_id LEFT JOIN compound m ON m.id = s.compound_id
"""
SUPERVISIONS = f"""
{_SUPERVISIONS}
WHERE {_PAGE.format("s")} AND {_IN_SCOPE.format("s")}
  AND ($7::text IS NULL OR s.state = $7) AND ($8::uuid IS NULL OR s.desk_id = $8)
ORDER BY s.region_path, s.id LIMIT $9
"""
SUPERVISION = f"{_SUPERVISIONS} WHERE s.id = $1"
# Every round that something followed, the latest last.
ROUNDS = """
SELECT n.round, r.score, r.satisfied, r.resolved, r.rated_at, b.state AS call_back, b.tries, b.satisfied AS told_satisfied,
       b.resolved AS told_resolved, b.ended_at AS called_at, s.id AS supervision_id, s.state AS supervision
FROM generate_series(0, (SELECT reopened FROM complaint WHERE id = $1)) AS n(round)
LEFT JOIN complaint_rating r ON r.complaint_id = $1 AND r.round = n.round
LEFT JOIN call_back b ON b.complaint_id = $1 AND b.round = n.round
LEFT JOIN complaint_supervision s ON s.complaint_id = $1 AND s.round = n.round
ORDER BY n.round
"""
