"""Notices whose last day rests on a provisional calendar, computed anew once the holidays are announced, with a record.

Of the day that was told and the day that is due the later one holds: nobody loses a day that he was told, and the legal term is
kept. What was published stays as it is, byte for byte; it said that its last day was provisional. Source: semantics.md,
*Deadlines*.
"""

from services.core.kit.calendar import WorkCalendar
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import publishing, service
from services.core.selection.events import NoticeRecomputed

# What is on notice of rounds that are not confirmed, and supplements that are not. $1 a round, or none for all.
PROVISIONAL = """
SELECT r.id AS round_id, r.region_path, r.policy_version_id, 'publication' AS what, p.id, p.published_at, p.notice_until
FROM publication p JOIN selection_round r ON r.id = p.round_id
WHERE p.provisional AND p.superseded_at IS NULL AND r.status IN ('published', 'reopened') AND ($1::uuid IS NULL OR r.id = $1)
UNION ALL
SELECT r.id, r.region_path, r.policy_version_id, 'supplement', s.id, s.published_at, s.notice_until
FROM supplement s JOIN selection_round r ON r.id = s.round_id
WHERE s.provisional AND s.status = 'published' AND ($1::uuid IS NULL OR r.id = $1)
ORDER BY round_id, published_at
"""
# What came after the day that was told may have come in time.
MOVED = """
WITH moved AS (UPDATE {what} SET notice_until = $2, provisional = $3 WHERE id = $1)
UPDATE round_objection SET late = received_on > $2 WHERE {what}_id = $1 AND late
"""


async def recompute(uow: UnitOfWork, *, calendar: WorkCalendar) -> int:
    """Every provisional notice by the calendar as it is now; how many changed. Each under its round's lock."""
    changed = 0
    rounds = {row["round_id"]: row["region_path"] for row in await uow.driver.fetch(PROVISIONAL, None)}
    for round_id, region_path in rounds.items():
        await service.locked(uow, scope=Scope((region_path,)), round_id=round_id)
        for row in await uow.driver.fetch(PROVISIONAL, round_id):
            stored = await policies.by_id(uow.driver, version_id=row["policy_version_id"])
            due = publishing.due(calendar, Policy.model_validate(stored.body), row["published_at"])
            until = max(row["notice_until"], due.due)
            if due.provisional and until == row["notice_until"]:
                continue
            await uow.driver.execute(MOVED.format(what=row["what"]), row["id"], until, due.provisional)
            uow.record(
                NoticeRecomputed(
                    publication_id=row["id"] if row["what"] == "publication" else None,
                    supplement_id=row["id"] if row["what"] == "supplement" else None,
                    before=row["notice_until"],
                    notice_until=until,
                    provisional=due.provisional,
                ),
                subject="round",
                subject_id=round_id,
                region_path=row["region_path"],
            )
            changed += 1
    return changed
