"""What tests of files share: a subject of a test's own, and the worker's part done at once."""

from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import pytest

from services.api.files.readers import EVERYBODY, READERS
from services.core.files import housekeeping
from services.core.files.service import attach
from services.core.identity.access import Principal
from services.core.kit.ids import new_id
from services.core.kit.uow import Actor, Database
from tests.support.people import Client

Attach = Callable[..., Awaitable[UUID]]


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> set[UUID]:
    """Who reads the files of subjects of type `test`: those whose id is put here, and only what is public of them if they are
    residents."""
    let: set[UUID] = set()

    async def may_read(_connection: object, principal: Principal, _subject_id: UUID, *, public: bool) -> bool:
        return principal.id in let and (public or principal.kind != "resident")

    monkeypatch.setitem(READERS, "test", may_read)
    return let


@pytest.fixture
def attached(database: Database) -> Iterator[Attach]:
    """`await attached(client, kind, file_ids)`: a new subject of the region uses files of that person; what it shows is for
    everybody, if it is of type `test`."""

    async def do(
        client: Client,
        kind: str,
        *file_ids: str,
        public: bool = False,
        region_path: str = "",
        subject_id: UUID | None = None,
        subject_type: str = "test",
    ) -> UUID:
        subject_id = subject_id or new_id()
        async with database.begin(Actor(kind, client.principal_id)) as uow:
            await attach(
                uow,
                file_ids=[UUID(one) for one in file_ids],
                subject_type=subject_type,
                subject_id=subject_id,
                region_path=region_path,
                public=public,
            )
        return subject_id

    EVERYBODY.add("test")
    yield do
    EVERYBODY.remove("test")


@pytest.fixture
def rendered(database: Database) -> Callable[[str], Awaitable[None]]:
    """`await rendered(file_id)`: the worker has made its renditions."""

    async def do(file_id: str) -> None:
        async with database.begin(Actor("system")) as uow:
            await housekeeping.make_renditions(uow, file_id=UUID(file_id))

    return do
