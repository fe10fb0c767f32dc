"""What a command needs before it can work: settings, servers that answer, a migrated database, the reader's language."""

import asyncio
import os
import socket
from collections.abc import Mapping

from services.cli.embedded import Refusal

ENGLISH = (os.environ.get("JIUGAI_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("en")


def words(zh: str, en: str) -> str:
    """The text in the reader's language: English when JIUGAI_LANG, LC_ALL or LANG says so, else Chinese."""
    return en if ENGLISH else zh


def prepared(exported: Mapping[str, str]) -> dict[str, str]:
    """The environment for our programs, set for this process too. Refusal on bad settings or a server that is not there."""
    from pydantic import ValidationError

    from services.core.kit.settings import load

    os.environ.update(exported)
    try:
        settings = load()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise Refusal(zh=f"设置有误：{name} {first['msg']}", en=f"wrong setting: {name} {first['msg']}") from None
    asyncio.run(refuse_unreachable(settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()))
    return dict(os.environ)


async def refuse_unreachable(database_url: str, redis_url: str) -> None:
    """Refuses when one of the two servers does not take us in."""
    import asyncpg
    import redis.asyncio

    _, _, rest = database_url.partition("://")
    try:
        connection = await asyncpg.connect(f"postgresql://{rest}", timeout=10)
        await connection.close()
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Refusal(zh=f"连不上 DATABASE_URL：{error}", en=f"DATABASE_URL cannot be reached: {error}") from error
    try:
        async with redis.asyncio.Redis.from_url(redis_url, socket_connect_timeout=10) as client:
            await client.ping()
    except (OSError, ValueError, redis.asyncio.RedisError) as error:
        raise Refusal(zh=f"连不上 REDIS_URL：{error}", en=f"REDIS_URL cannot be reached: {error}") from error


def refuse_taken(host: str, port: int) -> None:
    """Refuses a port on which somebody listens, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror
            raise Refusal(
                zh=f"无法监听 {host}:{port}（{reason}），用 PORT 或 --port 换一个端口",
                en=f"cannot listen on {host}:{port} ({reason}): choose another with PORT or --port",
            ) from error


def migrate_to_head() -> None:
    """Runs every migration that this database has not seen, and brings in the bundled regions and policies that it lacks.

    Refusal when it has seen a migration that this program has not.
    """
    from alembic import command
    from alembic.util import CommandError

    from services.core.kit.schema_version import alembic_config

    try:
        command.upgrade(alembic_config(), "head")
    except CommandError as error:
        raise Refusal(
            zh=f"无法迁移（数据库是更新的版本写的？）：{error}",
            en=f"cannot migrate (was this database written by a newer version?): {error}",
        ) from error
    asyncio.run(_bring_in_bundled())


async def _bring_in_bundled() -> None:
    from services.core.kit.database import create_engine
    from services.core.kit.settings import load
    from services.core.kit.uow import SYSTEM, Database
    from services.core.policy.service import store_packaged
    from services.core.territory.bundled import load_regions

    database = Database(create_engine(load(), application="jiugai-migrate", pool_size=1))
    try:
        async with database.begin(SYSTEM) as uow:
            await load_regions(uow)
        async with database.begin(SYSTEM) as uow:
            await store_packaged(uow)
    finally:
        await database.close()
