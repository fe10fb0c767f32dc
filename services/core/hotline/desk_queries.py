"""Reads of handling by desks: who has which part of a case, what waits for an arbiter, a desk's own list."""

# What routing looks at, and what the assignments of the case need.
TO_ROUTE = """
SELECT c.id, c.category, k.parent, c.kind, c.channel, c.state, c.region_path, c.project_id, c.organisation_id, c.partner_ref,
       c.policy_version_id, c.partner_due_at, c.first_promise_at
FROM complaint c JOIN complaint_category k ON k.code = c.category WHERE c.id = $1
FOR NO KEY UPDATE OF c
"""
PROMISED_SINCE = """
SELECT started_at FROM clock WHERE subject_type = 'complaint' AND subject_id = $1 AND kind = 'reply' ORDER BY id DESC LIMIT 1
"""
ASSIGNMENT = "SELECT id, desk_id, part, state, binding, assigned_at FROM assignment WHERE complaint_id = $1 AND id = $2"
LEAD = """
SELECT id, desk_id, state FROM assignment WHERE complaint_id = $1 AND part = 'lead' AND state IN ('assigned', 'signed_in')
"""
LAST_LEAD = """
SELECT d.id FROM assignment a JOIN desk d ON d.id = a.desk_id
WHERE a.complaint_id = $1 AND a.part = 'lead' AND a.state = 'done' AND d.closed_at IS NULL ORDER BY a.id DESC LIMIT 1
"""
REFUSALS_OF_LEADS = "SELECT count(*) FROM assignment_refusal WHERE complaint_id = $1 AND part = 'lead'"
# One that came back to life is the arbiter's no longer: he has nothing of it before him, and somebody has to send it on.
THE_ARBITERS = """
SELECT EXISTS (SELECT FROM assignment WHERE complaint_id = $1 AND part = 'lead'
                 AND (state = 'refused' OR binding AND state IN ('assigned', 'signed_in')))
"""
SENT_BACK_BY = """
SELECT a.desk_id, f.refused_by FROM assignment_refusal f JOIN assignment a ON a.id = f.assignment_id
WHERE f.complaint_id = $1 AND f.decision = 'asked' AND a.state = 'refused'
"""

# Everything of one case: its desks in the order in which they came, each with its clocks and the rule that sent it.
OF_COMPLAINT = """
SELECT a.id, a.desk_id, d.title AS desk_title, o.name AS organisation_name, a.part, a.state, a.binding, a.rule_id, a.rule_number,
       v.title AS rule_title, a.assigned_by, a.assigned_at, a.signed_in_by, a.signed_in_at, a.ended_at,
       r.ground, r.text, r.refused_at, r.decision, r.decided_at, r.decision_text,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'state', c.state, 'due_at', c.due_at, 'met_at', c.met_at,
                                                     'provisional', c.provisional,
                                                     'breached', EXISTS (SELECT FROM clock_breach b WHERE b.clock_id = c.id))
                                  ORDER BY c.id), '[]')
        FROM clock c WHERE c.subject_type = 'assignment' AND c.subject_id = a.id) AS clocks
FROM assignment a JOIN desk d ON d.id = a.desk_id LEFT JOIN organisation o ON o.id = d.organisation_id
LEFT JOIN routing_rule_version v ON v.rule_id = a.rule_id AND v.number = a.rule_number
LEFT JOIN LATERAL (SELECT * FROM assignment_refusal f WHERE f.assignment_id = a.id ORDER BY f.id DESC LIMIT 1) r ON true
WHERE a.complaint_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3
"""
WAITING = """
SELECT f.id, f.assignment_id, f.complaint_id, c.no, c.region_path, a.desk_id, d.title AS desk_title, f.part, f.ground, f.text,
       f.refused_at, (SELECT count(*) FROM assignment_refusal n WHERE n.complaint_id = c.id AND n.part = 'lead') AS refusals
FROM assignment_refusal f JOIN complaint c ON c.id = f.complaint_id JOIN assignment a ON a.id = f.assignment_id
JOIN desk d ON d.id = a.desk_id
WHERE f.decision = 'asked' AND a.state = 'refused' AND f.id > $1
  AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
              WHERE c.region_path >= scope.low AND c.region_path < scope.high)
ORDER BY f.id LIMIT $4
"""
# A desk's open cases: what is overdue or due next first, what stands still last. One range of `ix_assignment_queue`.
OF_DESK = """
SELECT a.id AS assignment_id, a.part, a.state AS standing, a.queue_at, a.binding, a.assigned_at, c.id, c.no, c.category,
       k.title_zh AS category_zh, k.title_en AS category_en, c.kind, c.hazard, c.state, c.description_sealed, c.compound_id,
       m.name AS compound_name, c.repeat_of_id, c.came_again, c.created_at,
       (SELECT count(*) FROM complaint o WHERE o.merged_into_id = c.id) AS merged,
       t.state AS clock, t.due_at, t.provisional, t.unit
FROM assignment a JOIN complaint c ON c.id = a.complaint_id JOIN complaint_category k ON k.code = c.category
LEFT JOIN compound m ON m.id = c.compound_id
LEFT JOIN LATERAL (
  SELECT state, due_at, provisional, terms #>> '{limit,unit}' AS unit FROM clock
  WHERE subject_id = CASE a.part WHEN 'lead' THEN c.id ELSE a.id END AND kind = 'reply'
    AND subject_type = CASE a.part WHEN 'lead' THEN 'complaint' ELSE 'assignment' END
    AND state IN ('running', 'paused', 'missed') LIMIT 1) t ON true
WHERE a.desk_id = $1 AND a.state IN ('assigned', 'signed_in') AND (a.queue_at, a.id) > ($2, $3)
ORDER BY a.queue_at, a.id LIMIT $4
"""
# The desk, where it lies in the scope, with what it has in all (an index-only count), beside each case of the page; by itself where
# the page is empty. One statement, for it is what its people look at all day.
PAGE = f"""
SELECT n.open, n.overdue, n.due_today, one.*
FROM desk d CROSS JOIN LATERAL (
  SELECT count(*) AS open, count(*) FILTER (WHERE queue_at <= $5) AS overdue,
         count(*) FILTER (WHERE queue_at > $5 AND queue_at <= $6) AS due_today
  FROM assignment WHERE desk_id = d.id AND state IN ('assigned', 'signed_in')) n
LEFT JOIN LATERAL ({OF_DESK}) AS one ON true
WHERE d.id = $1 AND EXISTS (SELECT 1 FROM unnest($7::text[], $8::text[]) AS scope(low, high)
                            WHERE d.region_path >= scope.low AND d.region_path < scope.high)
ORDER BY one.queue_at, one.assignment_id
"""
# What was merged into a case, each with the newest clock of its own reply.
MERGED = """
SELECT c.id, c.no, c.created_at, c.answered_at, c.first_promise_at, t.due_at, t.met_at
FROM complaint c
LEFT JOIN LATERAL (SELECT due_at, met_at FROM clock WHERE subject_type = 'complaint' AND subject_id = c.id AND kind = 'reply'
                   ORDER BY id DESC LIMIT 1) t ON true
WHERE c.merged_into_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3
"""
CASES_LEFT = "SELECT count(*) FROM assignment WHERE desk_id = $1 AND state IN ('assigned', 'signed_in', 'refused')"
KNOWN_CATEGORIES = "SELECT code FROM complaint_category WHERE code = ANY ($1::text[])"
LINE = "SELECT code, parent FROM complaint_category WHERE code = $1"
