"""Statements of notifications, all on the driver connection: whole batches in, one inbox out."""

from sqlalchemy import bindparam, func, select

from services.core.kit.database import Statement
from services.core.notifications.models import Message

ANYTHING_NEW = """
SELECT coalesce((SELECT last FROM sequence_counter WHERE name = 'event'), 0)
     > coalesce((SELECT seq FROM consumer WHERE name = $1), -1)
"""
TAKE_PLACE = "SELECT seq FROM consumer WHERE name = $1 FOR UPDATE SKIP LOCKED"
# Looks before it inserts: ON CONFLICT alone would wait for whoever is moving the place.
FIRST_PLACE = """
INSERT INTO consumer (name, seq) SELECT $1::text, 0 WHERE NOT EXISTS (SELECT FROM consumer WHERE name = $1::text)
ON CONFLICT DO NOTHING
"""
MOVE_PLACE = "UPDATE consumer SET seq = $2 WHERE name = $1"

# Numbers are dense, so a range of numbers is a batch. Names are those of today: events hold ids only.
NEXT_EVENTS = """
SELECT e.seq, e.id, e.kind, e.subject_type, e.subject_id, e.region_path, e.data, e.actor_kind, e.actor_id, region.name AS region,
       CASE e.subject_type
            WHEN 'project' THEN (SELECT title FROM project WHERE id = e.subject_id)
            WHEN 'compound' THEN (SELECT name FROM compound WHERE id = e.subject_id)
            WHEN 'round' THEN (SELECT title FROM selection_round WHERE id = e.subject_id)
            WHEN 'report' THEN (SELECT title FROM report WHERE id = e.subject_id)
            WHEN 'region' THEN (SELECT name FROM region WHERE id = e.subject_id)
            WHEN 'complaint' THEN (SELECT no FROM complaint WHERE id = e.subject_id)
            WHEN 'assignment' THEN (SELECT no FROM assignment a JOIN complaint c ON c.id = a.complaint_id WHERE a.id = e.subject_id)
            WHEN 'review_part' THEN (
              SELECT title FROM review_part r JOIN project ON project.id = project_id WHERE r.id = e.subject_id)
            WHEN 'utility_task' THEN (
              SELECT project.title FROM utility_task t JOIN project ON project.id = project_id WHERE t.id = e.subject_id)
            WHEN 'site_objection' THEN (
              SELECT project.title FROM site_objection o JOIN project ON project.id = project_id WHERE o.id = e.subject_id)
       END AS subject,
       CASE e.subject_type
            WHEN 'assignment' THEN (SELECT complaint_id FROM assignment WHERE id = e.subject_id)
            WHEN 'review_part' THEN (SELECT project_id FROM review_part WHERE id = e.subject_id)
            WHEN 'utility_task' THEN (SELECT project_id FROM utility_task WHERE id = e.subject_id)
            WHEN 'site_objection' THEN (SELECT project_id FROM site_objection WHERE id = e.subject_id)
       END AS part_of
FROM event AS e LEFT JOIN region ON region.path = e.region_path
WHERE e.seq > $1 AND e.seq <= $2
ORDER BY e.seq
"""

# Grants are found by region, whatever the number of staff: the regions around an event, and the range of paths inside it. A case is
# at the desk of the assignment that is told of, or of the one that leads in it or in what it was merged into. Its department: who
# supervises for the same organisation.
WRITE_MESSAGES = """
WITH told AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS t(
        event_id uuid, event_seq bigint, kind text, title_zh text, title_en text, body_zh text, body_en text, link text,
        actor_id uuid, regions_above text[], low text, high text, above text[], below text[], subject_type text, subject_id uuid,
        desk boolean, department boolean, otherwise text[], desk_id uuid, reporter boolean)
), held AS MATERIALIZED (
    SELECT event_id, desk_id FROM told WHERE told.desk AND desk_id IS NOT NULL
    UNION ALL
    SELECT told.event_id, assignment.desk_id FROM told JOIN assignment ON assignment.id = told.subject_id
    WHERE told.subject_type = 'assignment' AND (told.desk OR told.department)
    UNION ALL
    SELECT told.event_id, assignment.desk_id
    FROM told JOIN complaint ON complaint.id = told.subject_id
         JOIN assignment ON assignment.complaint_id = coalesce(complaint.merged_into_id, complaint.id)
    WHERE told.subject_type = 'complaint' AND (told.desk OR told.department) AND told.desk_id IS NULL
      AND assignment.part = 'lead' AND assignment.state IN ('assigned', 'signed_in')
    UNION ALL
    SELECT told.event_id, review_part.desk_id FROM told JOIN review_part ON review_part.id = told.subject_id
    WHERE told.subject_type = 'review_part' AND (told.desk OR told.department)
), heard AS (
    SELECT told.event_id, role_grant.principal_id
    FROM told CROSS JOIN unnest(told.regions_above) AS around(path) JOIN role_grant ON role_grant.region_path = around.path
    WHERE role_grant.role = ANY (told.above) AND role_grant.principal_kind = 'staff' AND role_grant.ended_at IS NULL
    UNION
    SELECT told.event_id, role_grant.principal_id
    FROM told JOIN role_grant ON role_grant.region_path >= told.low AND role_grant.region_path < told.high
    WHERE role_grant.role = ANY (told.below) AND role_grant.principal_kind = 'staff' AND role_grant.ended_at IS NULL
    UNION
    SELECT told.event_id, member.staff_id
    FROM told JOIN held USING (event_id) JOIN desk_member AS member ON member.desk_id = held.desk_id
    WHERE told.desk AND member.until IS NULL
    UNION
    SELECT told.event_id, member.staff_id
    FROM told JOIN held USING (event_id) JOIN desk ON desk.id = held.desk_id
         JOIN desk AS lead ON lead.organisation_id IS NOT DISTINCT FROM desk.organisation_id
         JOIN desk_member AS member ON member.desk_id = lead.id
    WHERE told.department AND lead.role = 'supervision' AND lead.closed_at IS NULL AND member.until IS NULL
      AND (lead.organisation_id IS NOT NULL OR starts_with(told.low, lead.region_path))
    UNION
    SELECT told.event_id, role_grant.principal_id
    FROM told CROSS JOIN unnest(told.regions_above) AS around(path) JOIN role_grant ON role_grant.region_path = around.path
    WHERE role_grant.role = ANY (told.otherwise) AND role_grant.principal_kind = 'staff' AND role_grant.ended_at IS NULL
      AND told.desk AND NOT EXISTS (SELECT FROM held WHERE held.event_id = told.event_id)
)
INSERT INTO message (recipient_kind, recipient_id, event_id, event_seq, kind, title_zh, title_en, body_zh, body_en, link,
                     created_at)
SELECT hearer.kind, hearer.id, told.event_id, told.event_seq, told.kind, told.title_zh, told.title_en, told.body_zh, told.body_en,
       told.link, $2
FROM (SELECT 'staff' AS kind, staff.id, heard.event_id FROM heard JOIN staff ON staff.id = heard.principal_id
      WHERE staff.disabled_at IS NULL
      UNION ALL
      SELECT 'resident', resident.id, told.event_id
      FROM told JOIN complaint_reporter AS own ON own.complaint_id = told.subject_id JOIN resident ON resident.id = own.resident_id
      WHERE told.reporter AND resident.disabled_at IS NULL) AS hearer
JOIN told ON told.event_id = hearer.event_id AND told.reporter = (hearer.kind = 'resident')
WHERE hearer.id IS DISTINCT FROM told.actor_id
ON CONFLICT (recipient_id, event_id) DO NOTHING
"""

COLUMNS = "id, kind, event_id, title_zh, title_en, body_zh, body_en, link, created_at, read_at"
MARK_READ = f"""
UPDATE message SET read_at = coalesce(read_at, $4) WHERE id = $3 AND recipient_id = $2 AND recipient_kind = $1
RETURNING {COLUMNS}
"""
MARK_ALL_READ = """
WITH newest AS (SELECT event_seq FROM message WHERE id = $3 AND recipient_id = $2 AND recipient_kind = $1),
     marked AS (UPDATE message SET read_at = $4
                FROM newest WHERE recipient_id = $2 AND recipient_kind = $1 AND read_at IS NULL
                              AND message.event_seq <= newest.event_seq RETURNING 1)
SELECT EXISTS (SELECT FROM newest) AS known, (SELECT count(*) FROM marked) AS marked
"""

_OWN = (Message.recipient_id == bindparam("recipient_id"), Message.recipient_kind == bindparam("recipient_kind"))
_INBOX = (
    select(
        Message.id,
        Message.kind,
        Message.event_id,
        Message.title_zh,
        Message.title_en,
        Message.body_zh,
        Message.body_en,
        Message.link,
        Message.created_at,
        Message.read_at,
        Message.event_seq,
    )
    .where(*_OWN, Message.event_seq < bindparam("before", type_=Message.event_seq.type))
    .order_by(Message.event_seq.desc())
    .limit(bindparam("limit", type_=Message.event_seq.type))
)
INBOX = Statement(_INBOX)
UNREAD = Statement(_INBOX.where(Message.read_at.is_(None)))
UNREAD_COUNT = Statement(select(func.count()).select_from(Message).where(*_OWN, Message.read_at.is_(None)))
