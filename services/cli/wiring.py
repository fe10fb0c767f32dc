"""How a command gets its database: the environment's, else the embedded one, stopped again when this command started it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from services.cli import embedded
from services.cli.environment import prepared

if TYPE_CHECKING:
    from services.core.kit.uow import Database

T = TypeVar("T")


def connect(application: str, do: "Callable[[Database], Awaitable[T]]") -> T:
    """What `do` gives when it is handed an open database; the pool is closed whatever happens. Refusal without servers."""
    with embedded.running(embedded.data_folder()) as exported:
        prepared(exported)
        return asyncio.run(_with_database(application, do))


async def _with_database(application: str, do: "Callable[[Database], Awaitable[T]]") -> T:
    from services.core.kit.database import create_engine
    from services.core.kit.settings import load
    from services.core.kit.stores import storage_of
    from services.core.kit.uow import Database
    from services.core.kit.vault import open_vault

    settings = load()
    engine = create_engine(settings, application=application, pool_size=2)
    database = Database(engine, vault=open_vault(settings), storage=storage_of(settings))
    try:
        return await do(database)
    finally:
        await database.close()
