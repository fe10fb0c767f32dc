"""A record names its photographs by digest; whichever comes second joins them, and nobody else's content counts."""

import asyncio
import hashlib
from uuid import UUID

import pytest

from services.core.files.examining import examine
from services.core.files.expecting import Missing, expect, missing_of, missing_of_each
from services.core.files.quotas import Quota
from services.core.files.service import release, take
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Actor, Database
from tests.support.people import sign_in_resident
from tests.support.pictures import png

QUOTA = Quota(1000, 2**30)


def photographs(first: int, number: int) -> dict[str, bytes]:
    """Pictures by their digests."""
    contents = [png(seed=first + at) for at in range(number)]
    return {hashlib.sha256(content).hexdigest(): content for content in contents}


async def sent(database: Database, actor: Actor, content: bytes) -> UUID:
    """Somebody's file."""
    async with database.begin(actor) as uow:
        file_id, _ = await take(uow, examined=examine(content, file_name="", pdf=True), quota=QUOTA)
    return file_id


async def named(database: Database, actor: Actor, subject_id: UUID, *digests: str) -> None:
    """A record that names files."""
    async with database.begin(actor) as uow:
        await expect(uow, subject_type="test", subject_id=subject_id, region_path="1.", digests=digests)


async def left(database: Database, subject_id: UUID) -> Missing:
    """What is missing of it."""
    async with database.read() as connection:
        return await missing_of(connection, subject_type="test", subject_id=subject_id)


async def told(database: Database, subject_id: UUID) -> list[int]:
    """How often it was said to be complete, with how many files."""
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT (data ->> 'files')::int AS files FROM event WHERE kind = 'files.completed' AND subject_id = $1",
            subject_id,
        )
    return [row["files"] for row in rows]


async def used(database: Database, subject_id: UUID) -> list[UUID]:
    """Its files, in order."""
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT file_id FROM file_use WHERE subject_type = 'test' AND subject_id = $1 ORDER BY position", subject_id
        )
    return [row["file_id"] for row in rows]


async def test_a_record_is_complete_when_all_its_files_are_there(database: Database) -> None:
    clerk, subject_id, other = Actor("staff", new_id()), new_id(), new_id()
    pictures = photographs(0, 3)
    digests = list(pictures)
    early = await sent(database, clerk, pictures[digests[1]])
    await named(database, clerk, subject_id, *digests)
    await named(database, clerk, other, digests[0])
    assert await left(database, subject_id) == Missing(3, (digests[0], digests[2]))
    assert await used(database, subject_id) == [early]
    assert await told(database, subject_id) == []
    last = await sent(database, clerk, pictures[digests[2]])
    first = await sent(database, clerk, pictures[digests[0]])
    whole = await left(database, subject_id)
    assert (whole.complete, whole.expected) == (True, 3)
    assert await used(database, subject_id) == [first, early, last], "in the record's order"
    assert await used(database, other) == [first]
    assert (await told(database, subject_id), await told(database, other)) == ([3], [1])
    # Named again nothing changes; named beyond, it is open again.
    await named(database, clerk, subject_id, *digests)
    assert await told(database, subject_id) == [3]
    (more,) = photographs(10, 1)
    await named(database, clerk, subject_id, more)
    assert (await left(database, subject_id)).missing == (more,)
    async with database.read() as connection:
        each = await missing_of_each(connection, subject_type="test", subject_ids=[subject_id, other, new_id()])
    assert each == {subject_id: 1, other: 0}


async def test_what_is_expected_and_there_does_not_go_as_unused(database: Database) -> None:
    clerk, subject_id = Actor("staff", new_id()), new_id()
    ((digest, content),) = photographs(20, 1).items()
    file_id = await sent(database, clerk, content)
    await named(database, clerk, subject_id, digest)

    async def expires() -> object:
        async with database.read() as connection:
            return await connection.fetchval("SELECT expires_at FROM file WHERE id = $1", file_id)

    assert await expires() is None
    async with database.begin(SYSTEM) as uow:
        await release(uow, subject_type="test", subject_ids=[subject_id])
    assert await expires() is not None
    assert await left(database, subject_id) == Missing(0, ())


async def test_to_know_a_digest_is_not_to_own_the_content(database: Database) -> None:
    owner, thief, subject_id = Actor("staff", new_id()), Actor("staff", new_id()), new_id()
    ((digest, content),) = photographs(30, 1).items()
    await sent(database, owner, content)
    await named(database, thief, subject_id, digest)
    assert (await left(database, subject_id)).missing == (digest,)
    assert await used(database, subject_id) == []
    with pytest.raises(NotFound):
        await named(database, SYSTEM, subject_id, digest)
    mine = await sent(database, thief, content)
    assert await used(database, subject_id) == [mine]


async def test_a_residents_photograph_is_asked_about_once_a_record_uses_it(database: Database) -> None:
    resident = await sign_in_resident(None, database)
    actor, subject_id = Actor("resident", resident.principal_id), new_id()
    ((digest, content),) = photographs(40, 1).items()
    await named(database, actor, subject_id, digest)
    file_id = await sent(database, actor, content)
    async with database.read() as connection:
        asked = await connection.fetch("SELECT state, region_path FROM content_check WHERE subject_id = $1", file_id)
    assert [tuple(row) for row in asked] == [("pending", "1.")]


async def test_the_record_and_its_file_at_the_same_moment_never_miss_each_other(database: Database) -> None:
    for seed in range(50, 60):
        clerk, subject_id = Actor("staff", new_id()), new_id()
        ((digest, content),) = photographs(seed, 1).items()
        await asyncio.gather(named(database, clerk, subject_id, digest), sent(database, clerk, content))
        assert (await left(database, subject_id)).complete
        assert await told(database, subject_id) == [1]
