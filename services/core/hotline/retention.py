"""Retention: so many days after a case has ended, by the policy that it came in under, nobody knows any more who made it.

The complaint stays with its place in the tree, its clocks, ratings and staff's own words, and is counted as before; contact,
account, property, point and the reporter's words go, a tombstone tells when and in which batch. A hold keeps all of it.
What its reporter says afterwards, by the code or when it was taken up again, is forgotten in its turn; the tombstone tells the last
time.
"""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files import service as files
from services.core.hotline import repeats, rules, sealing, steps
from services.core.hotline.after_errors import HoldByYou, HoldExists, NoHold
from services.core.hotline.after_events import ComplaintHeld, ComplaintReleased, ReportersForgotten
from services.core.hotline.jobs import ForgetReporters
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

BATCH = 500
ENDED = "({})".format(", ".join(f"'{state}'" for state in sorted(set(rules.State) - rules.OPEN)))

POLICIES = f"""
SELECT v.id, (v.body #>> '{{hotline,retention,days}}')::int AS days FROM policy_version v
WHERE v.body #> '{{hotline,retention,days}}' IS NOT NULL
  AND EXISTS (SELECT 1 FROM complaint c
              WHERE c.policy_version_id = v.id AND c.to_forget AND c.state IN {ENDED})
"""
# A case was over at least so long when nothing was written in its history since. One that was merged into another that goes on
# goes on with it. The index tells what is left to forget: a walk over what is due, whatever the table holds.
DUE = f"""
SELECT c.id, c.created_at FROM complaint c
WHERE c.policy_version_id = $1 AND c.created_at < $2 AND c.to_forget AND c.state IN {ENDED}
  AND (c.created_at, c.id) > ($3, $4)
  AND NOT EXISTS (SELECT 1 FROM complaint_entry e WHERE e.complaint_id = c.id AND e.at >= $2)
  AND NOT EXISTS (SELECT 1 FROM complaint_hold h WHERE h.complaint_id = c.id AND h.lifted_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM complaint t WHERE t.id = c.merged_into_id AND t.state NOT IN {ENDED})
ORDER BY c.created_at, c.id LIMIT $5
FOR NO KEY UPDATE OF c SKIP LOCKED
"""
FORGET = """
WITH words AS (
  UPDATE complaint_entry SET text_sealed = NULL, actor_id = CASE WHEN actor_kind <> 'resident' THEN actor_id END
  WHERE complaint_id = ANY ($1::uuid[]) AND (text_sealed IS NOT NULL OR actor_kind = 'resident')),
reporter AS (
  UPDATE complaint_reporter SET resident_id = NULL, property_id = NULL, name_sealed = NULL, phone_sealed = NULL,
                                phone_index = NULL, index_key = NULL
  WHERE complaint_id = ANY ($1::uuid[])),
numbers AS (
  UPDATE complaint_contact_change SET phone_sealed = NULL, decision = 'refused', decided_at = $4
  WHERE complaint_id = ANY ($1::uuid[]) AND decision = 'asked'),
unasked AS (
  UPDATE call_back SET state = 'dropped', ended_at = $4 WHERE complaint_id = ANY ($1::uuid[]) AND state = 'due'),
tombstone AS (
  INSERT INTO complaint_tombstone (complaint_id, batch_id, policy_version_id, forgotten_at)
  SELECT unnest($1::uuid[]), $2, $3, $4
  ON CONFLICT (complaint_id) DO UPDATE SET batch_id = excluded.batch_id, forgotten_at = excluded.forgotten_at)
UPDATE complaint SET visit_attempt_id = NULL, visit_finding = NULL, description_sealed = NULL, address_sealed = NULL,
                     content_index = NULL, call_ref = NULL, lat = NULL, lon = NULL, crs = NULL, point = NULL, to_forget = false
WHERE id = ANY ($1::uuid[])
"""
OWN_ENTRIES = """
SELECT id FROM complaint_entry WHERE complaint_id = ANY ($1::uuid[]) AND actor_kind NOT IN ('staff', 'client', 'system')
"""
HOLD = """
INSERT INTO complaint_hold (id, complaint_id, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (complaint_id) WHERE lifted_at IS NULL DO NOTHING RETURNING id
"""
HELD = "SELECT id, placed_by FROM complaint_hold WHERE complaint_id = $1 AND lifted_at IS NULL FOR UPDATE"
LIFT = "UPDATE complaint_hold SET lifted_by = $2, lifted_at = $3 WHERE id = $1"


async def begin(uow: UnitOfWork) -> int:
    """For every policy version that says how long: a job that forgets what is due by now; how many."""
    found = await uow.driver.fetch(POLICIES)
    for row in found:
        uow.enqueue(
            ForgetReporters(
                policy_version_id=row["id"], before=uow.now - timedelta(days=row["days"]), batch_id=new_id()
            )
        )
    return len(found)


async def forget(uow: UnitOfWork, job: ForgetReporters) -> int:
    """One batch, and a job for the next while there is one; how many. Stopped anywhere, it goes on with what is left."""
    rows = await uow.driver.fetch(DUE, job.policy_version_id, job.before, job.after_at, job.after_id, BATCH)
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    own = [row["id"] for row in await uow.driver.fetch(OWN_ENTRIES, ids)]
    for subject, subject_ids in ((sealing.COMPLAINT, ids), (sealing.ENTRY, own)):
        await files.release(uow, subject_type=subject, subject_ids=subject_ids)
    await repeats.part(uow, complaint_ids=ids)
    await uow.driver.execute(FORGET, ids, job.batch_id, job.policy_version_id, uow.now)
    uow.record(
        ReportersForgotten(complaints=len(ids)), subject="retention_batch", subject_id=job.batch_id, region_path=""
    )
    if len(rows) == BATCH:
        last = rows[-1]
        uow.enqueue(job.model_copy(update={"after_at": last["created_at"], "after_id": last["id"]}))
    return len(ids)


async def hold(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, reason: str) -> None:
    """Nothing of a complaint is forgotten until this is lifted. NotFound; HoldExists; ComplaintInputInvalid."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    steps.check_words(reason, "/reason")
    if await uow.driver.fetchval(HOLD, new_id(), complaint_id, reason, uow.actor.id, uow.now) is None:
        raise HoldExists
    _tell(uow, held, ComplaintHeld())


async def lift(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID) -> None:
    """Another person than placed it lifts a hold. NotFound; NoHold; HoldByYou."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    row = await uow.driver.fetchrow(HELD, complaint_id)
    if row is None:
        raise NoHold
    if row["placed_by"] == uow.actor.id:
        raise HoldByYou
    await uow.driver.execute(LIFT, row["id"], uow.actor.id, uow.now)
    _tell(uow, held, ComplaintReleased())


def _tell(uow: UnitOfWork, held: "asyncpg.Record", happened: ComplaintHeld | ComplaintReleased) -> None:
    uow.record(happened, subject="complaint", subject_id=held["id"], region_path=held["region_path"])
