"""Turns numbered events into messages, again and again."""

from services.core.kit.uow import SYSTEM, Database
from services.core.notifications import queries
from services.core.notifications.service import CONSUMER, hand_out


async def hand_out_once(database: Database) -> int:
    """Hands out every event there is, batch by batch; how many. Costs one look when there is nothing."""
    async with database.read() as connection:
        if not await connection.fetchval(queries.ANYTHING_NEW, CONSUMER):
            return 0
    done = 0
    while True:
        async with database.begin(SYSTEM) as uow:
            batch = await hand_out(uow)
        if batch == 0:
            return done
        done += batch
