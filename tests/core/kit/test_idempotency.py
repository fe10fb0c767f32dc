"""`Idempotency-Key`: whatever a client repeats, and however often at once, happens once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, ClassVar
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI, Response
from pydantic import BaseModel

from services.api.app import create_app
from services.api.deps import Uow, reply
from services.core.kit.errors import NotFound
from services.core.kit.events import Event
from services.core.kit.idempotency import KEPT_FOR, forget_old
from services.core.kit.ids import new_id
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Client, make_region, sign_in


class Counted(Event):
    """One effect."""

    kind: ClassVar[str] = "trial.counted"
    word: str


class CountedOut(BaseModel):
    """One effect, told."""

    id: str
    word: str


router = APIRouter()


@router.post("/trial/effects", status_code=201)
async def make_effect(uow: Uow, word: Annotated[str, Body(embed=True)]) -> Response:
    """Leaves one row, slowly enough for others to come by."""
    made = new_id()
    uow.record(Counted(word=word), subject="trial", subject_id=made, region_path="1.")
    await uow.driver.execute("SELECT pg_sleep(0.05)")
    if word == "refused":
        raise NotFound
    return reply(uow, 201, CountedOut(id=str(made), word=word), version=3, location=f"/trial/effects/{made}")


@pytest.fixture
async def trial_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The real application with one route more."""
    app = create_app(settings)
    app.include_router(router)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(trial_app: FastAPI, database: Database) -> Client:
    """Somebody signed in."""
    return await sign_in(trial_app, database, "street", await make_region(database, "street", None))


async def effects(database: Database, word: str) -> int:
    async with database.read() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM event WHERE kind = 'trial.counted' AND data ->> 'word' = $1", word
        )
    return count


async def post(client: httpx.AsyncClient, word: str, key: str | None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/trial/effects", json={"word": word}, headers=headers)


async def test_fifty_at_once_with_one_key_have_one_effect(client: Client, database: Database) -> None:
    word, key = uuid4().hex, uuid4().hex
    answers = await asyncio.gather(*(post(client, word, key) for _ in range(50)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert statuses[201] >= 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await effects(database, word) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/request-in-flight"
            assert answer.headers["retry-after"] == "1"
    again = await post(client, word, key)
    assert again.status_code == 201
    assert await effects(database, word) == 1


async def test_without_a_key_each_one_counts(client: Client, database: Database) -> None:
    word = uuid4().hex
    answers = await asyncio.gather(*(post(client, word, None) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert await effects(database, word) == 50


async def test_the_answer_comes_again_with_its_headers_and_is_marked(client: Client, database: Database) -> None:
    word, key = "第一 " + uuid4().hex, uuid4().hex
    first, bare, quoted = [await post(client, word, form) for form in (key, key, f'"{key}"')]
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    for again in (bare, quoted):
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        for name in ("etag", "location", "content-type"):
            assert again.headers[name] == first.headers[name]
    assert await effects(database, word) == 1


async def test_another_request_under_a_used_key_is_refused(client: Client, database: Database) -> None:
    key, word, other = uuid4().hex, uuid4().hex, uuid4().hex
    assert (await post(client, word, key)).status_code == 201
    refusal = await post(client, other, key)
    assert (refusal.status_code, refusal.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await effects(database, other) == 0


async def test_a_refused_request_may_be_repeated(client: Client, database: Database) -> None:
    key = uuid4().hex
    for _ in range(2):
        refusal = await post(client, "refused", key)
        assert (refusal.status_code, "idempotency-replayed" in refusal.headers) == (404, False)
    assert await effects(database, "refused") == 0
    word = uuid4().hex
    assert (await post(client, word, key)).status_code == 201


async def test_keys_belong_to_whoever_sends_them(client: Client, trial_app: FastAPI, database: Database) -> None:
    somebody_else = await sign_in(trial_app, database, "street", await make_region(database, "street", None))
    word, key = uuid4().hex, uuid4().hex
    assert (await post(client, word, key)).content != (await post(somebody_else, word, key)).content
    assert await effects(database, word) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, '""', "a\tb"])
async def test_what_is_no_key_is_refused(client: Client, key: str) -> None:
    refusal = await post(client, "word", key)
    assert (refusal.status_code, refusal.json()["type"]) == (400, "/problems/idempotency-key-invalid")


async def test_answers_are_forgotten_after_their_time(client: Client, database: Database) -> None:
    word, key = uuid4().hex, uuid4().hex
    assert (await post(client, word, key)).status_code == 201
    async with database.begin(SYSTEM) as uow:
        await forget_old(uow.connection, now=uow.now + KEPT_FOR - timedelta(minutes=5))
    assert (await post(client, word, key)).headers["idempotency-replayed"] == "true"
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE idempotent_answer SET created_at = $2 WHERE key = $1", key, uow.now - KEPT_FOR * 2
        )
        assert await forget_old(uow.connection, now=uow.now) >= 1
    assert "idempotency-replayed" not in (await post(client, word, key)).headers


async def test_what_was_stored_unsealed_is_not_told(client: Client, database: Database) -> None:
    """By a program that sealed nothing yet, or under a key of personal data that was replaced: done once, and not told again."""
    word, key = uuid4().hex, uuid4().hex
    assert (await post(client, word, key)).status_code == 201
    async with database.begin(SYSTEM) as uow:
        stored = await uow.driver.fetchval("SELECT body FROM idempotent_answer WHERE key = $1", key)
        assert word.encode() not in stored
        plain = b'{"word": "plain"}'
        await uow.driver.execute("UPDATE idempotent_answer SET body = $2 WHERE key = $1", key, plain)
    again = await post(client, word, key)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/idempotent-answer-gone")
    assert await effects(database, word) == 1
