"""Handing events out as messages, and what people do with their own."""

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.errors import NotFound
from services.core.kit.uow import UnitOfWork
from services.core.notifications import queries, rules
from services.core.notifications.rules import Subscription
from services.core.notifications.subscriptions import BY_KIND, LEADS
from services.core.policy.hotline import Audience

if TYPE_CHECKING:
    import asyncpg

CONSUMER = "messages"
BATCH = 500


async def hand_out(uow: UnitOfWork, *, limit: int = BATCH) -> int:
    """Tells the next `limit` events to everybody who hears them; how many events were looked at.

    Messages and the reader's place move in one transaction, so a crash repeats nothing and leaves nothing out; zero when
    another worker is at it. Whoever did something is not told of it.
    """
    place = await uow.driver.fetchrow(queries.TAKE_PLACE, CONSUMER)
    if place is None and await uow.driver.execute(queries.FIRST_PLACE, CONSUMER) == "INSERT 0 1":
        place = await uow.driver.fetchrow(queries.TAKE_PLACE, CONSUMER)
    if place is None:
        return 0
    events = await uow.driver.fetch(queries.NEXT_EVENTS, place["seq"], place["seq"] + limit)
    if not events:
        return 0
    told = [
        tell(event, subscription)
        for event in events
        if event["region_path"]
        for subscription in BY_KIND.get(event["kind"], ())
        if subscription.act in {None, event["data"].get("act")}
    ]
    if told:
        await uow.driver.execute(queries.WRITE_MESSAGES, json.dumps(told, ensure_ascii=False), uow.now)
    await uow.driver.execute(queries.MOVE_PLACE, CONSUMER, events[-1]["seq"])
    return len(events)


def tell(event: "asyncpg.Record | dict[str, Any]", subscription: Subscription) -> dict[str, Any]:
    """One event in words, and who is to hear it."""
    data = event["data"]
    part_of = event["part_of"]
    texts = rules.word(
        subscription,
        subject=event["subject"],
        region=event["region"],
        fields={
            **data,
            **(rules.of_clock(data) if event["kind"].startswith("clock.") else {}),
            "subject_type": event["subject_type"],
            "subject_id": str(event["subject_id"]),
            **rules.case_words(event["subject_type"]),
            "case_id": str(part_of or event["subject_id"]),
        },
    )
    path: str = event["region_path"]
    rungs: list[str] = data["to"] if subscription.climbs else []
    return {
        **texts.as_dict(),
        "event_id": str(event["id"]),
        "event_seq": event["seq"],
        "kind": event["kind"],
        "actor_id": str(event["actor_id"]) if event["actor_kind"] == "staff" else None,
        "regions_above": rules.regions_above(path),
        "low": path,
        "high": path[:-1] + "/",
        "above": [*subscription.above, *(LEADS[Audience(to)] for to in rungs if to in LEADS)],
        "below": subscription.below,
        "subject_type": event["subject_type"],
        "subject_id": str(event["subject_id"]),
        "desk": subscription.desk or Audience.DESK in rungs,
        "department": Audience.DEPARTMENT_LEAD in rungs,
        "otherwise": subscription.otherwise,
        "desk_id": data.get("desk_id"),
        "reporter": subscription.reporter,
    }


async def mark_read(uow: UnitOfWork, *, recipient_kind: str, recipient_id: UUID, message_id: UUID) -> "asyncpg.Record":
    """The message, read since now or since it was read first. NotFound when it is not the caller's own."""
    row = await uow.driver.fetchrow(queries.MARK_READ, recipient_kind, recipient_id, message_id, uow.now)
    if row is None:
        raise NotFound
    return row


async def mark_all_read(uow: UnitOfWork, *, recipient_kind: str, recipient_id: UUID, up_to: UUID) -> int:
    """Marks the caller's message `up_to` and all before it as read, so that what came meanwhile stays unread; how many."""
    row = await uow.driver.fetchrow(queries.MARK_ALL_READ, recipient_kind, recipient_id, up_to, uow.now)
    if not row["known"]:
        raise NotFound
    return int(row["marked"])
