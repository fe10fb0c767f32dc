"""Expired tokens are forgotten; used ones that still tell of theft are not."""

from datetime import timedelta

from services.core.identity import tokens
from services.core.identity.jobs import ForgetExpiredTokens
from services.core.kit.ids import new_id
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from services.worker import runtime, schedule
from services.worker.tasks import identity as _bound  # noqa: F401 - binds the task

LIFETIMES = tokens.Lifetimes(timedelta(minutes=15), timedelta(days=14), timedelta(seconds=30))


async def left(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    async with database.read() as connection:
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("session", "access_token", "refresh_token")
        }


async def forget(database: Database) -> None:
    """Does the job as a worker does."""
    async with database.begin(SYSTEM) as uow:
        job_id = uow.enqueue(ForgetExpiredTokens())
    await runtime.perform({"database": database}, str(job_id))


async def test_expired_tokens_and_empty_sessions_go(fresh_database: Database) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        for kind in ("staff", "staff", "client"):
            await tokens.open_session(uow, kind=kind, principal_id=new_id(), user_agent="", lifetimes=LIFETIMES)
    await forget(fresh_database)
    assert await left(fresh_database) == {"session": 3, "access_token": 3, "refresh_token": 2}

    async def later(interval: str) -> dict[str, int]:
        async with fresh_database.begin(SYSTEM) as uow:
            for table in ("session", "access_token", "refresh_token"):
                await uow.driver.execute(f"UPDATE {table} SET expires_at = expires_at - interval '{interval}'")
        await forget(fresh_database)
        return await left(fresh_database)

    # Refresh tokens outlive access tokens by days, and their sessions with them; a client's has none.
    assert await later("1 hour") == {"session": 2, "access_token": 0, "refresh_token": 2}
    assert await later("14 days") == {"session": 0, "access_token": 0, "refresh_token": 0}


def test_the_schedule_forgets_them_every_hour() -> None:
    [found] = [one for one in schedule.SCHEDULE if isinstance(one.job, ForgetExpiredTokens)]
    assert found.every == timedelta(hours=1)


async def test_a_used_refresh_token_stays_until_it_expires(fresh_database: Database) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        await tokens.open_session(uow, kind="staff", principal_id=new_id(), user_agent="", lifetimes=LIFETIMES)
        await uow.driver.execute("UPDATE refresh_token SET used_at = now() - interval '13 days'")
    await forget(fresh_database)
    assert (await left(fresh_database))["refresh_token"] == 1


def test_the_settings_say_how_long_tokens_live(settings: Settings) -> None:
    assert tokens.Lifetimes.of(settings) == LIFETIMES
