"""Residents' digests follow a change of the index key, also of those who stay away."""

from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.core.identity import tokens
from services.core.identity.jobs import RewriteDigests
from services.core.identity.resident_sign_in import sign_in_resident
from services.core.identity.tokens import Lifetimes
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Actor, Database
from services.core.kit.vault import Vault, open_vault
from services.worker import runtime
from services.worker.tasks import identity as tasks

LIFETIMES = Lifetimes(timedelta(hours=1), timedelta(days=1), timedelta(seconds=30))
NEW = SecretStr("another index key " * 3)


async def signed_in(database: Database, vault: Vault, openid: str) -> UUID:
    """The account that a sign-in finds or makes under these keys."""
    own = Database(database.engine, vault=vault)
    async with own.begin(Actor("anonymous")) as uow:
        given = await sign_in_resident(uow, openid=openid, language="zh", user_agent="", lifetimes=LIFETIMES)
        assert isinstance(given, tokens.Tokens)
        found: UUID = uow.actor.id or UUID(int=0)
        return found


async def test_accounts_are_found_before_during_and_after_a_change_of_key(
    fresh_database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = open_vault(settings)
    alone = open_vault(settings.model_copy(update={"jiugai_index_key": NEW}))
    both = open_vault(
        settings.model_copy(update={"jiugai_index_key": NEW, "jiugai_index_key_former": settings.jiugai_secret_key})
    )
    people = {f"o-{n}": await signed_in(fresh_database, former, f"o-{n}") for n in range(4)}
    assert await signed_in(fresh_database, both, "o-0") == people["o-0"]
    assert await signed_in(fresh_database, alone, "o-0") == people["o-0"], "written under the new key at the sign-in"

    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    working = Database(fresh_database.engine, vault=both)
    async with working.begin(SYSTEM) as uow:
        uow.enqueue(RewriteDigests())
    rounds = 0
    while True:
        async with working.read() as reader:
            job = await reader.fetchval("SELECT id FROM job WHERE name = 'identity.rewrite_digests'")
        if job is None:
            break
        await runtime.perform({"database": working}, str(job))
        rounds += 1
    assert rounds == 2  # two, one
    assert {one: await signed_in(fresh_database, alone, one) for one in people} == people
    assert await signed_in(fresh_database, former, "o-1") != people["o-1"]  # the control
