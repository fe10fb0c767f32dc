"""The key of blind indexes is changed: people are found all the while, and the worker rewrites what the former key wrote."""

from uuid import UUID

import pytest
from pydantic import SecretStr

from services.core.kit.scope import Scope
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from services.core.kit.vault import Vault, open_vault
from services.core.ownership import people, service
from services.core.ownership.jobs import RewriteIndexes
from services.core.ownership.owners import Holder, Named
from services.core.ownership.people import Wanted
from services.core.ownership.rules import OwnerKind, PropertyKind
from services.core.ownership.sealing import Particulars
from services.core.ownership.service import Sheet
from services.core.territory.service import register_compound
from services.worker import runtime
from services.worker.tasks import ownership as tasks
from tests.support.people import make_region

NEW = SecretStr("n" * 64)
WHO = Particulars("王伟", "13812341234", "11010519491231002X")
BY = (
    Wanted(name="王", phone_last4="1234"), Wanted(name="王伟"), Wanted(phone=WHO.phone),
    Wanted(identity_number=WHO.identity_number),
)  # fmt: skip


class Register:
    """A compound's register, with whichever vault a process has."""

    def __init__(self, database: Database, scope: Scope, compound_id: UUID) -> None:
        self.database, self.scope, self.compound_id = database, scope, compound_id

    async def enter(self, vault: Vault, door: str, told: Particulars) -> UUID:
        """Enters a flat; its head."""
        holder = Holder(OwnerKind.PERSONS, (Named(told=told),))
        sheet = Sheet(None, None, door, PropertyKind.DWELLING)
        async with Database(self.database.engine, vault=vault).begin(SYSTEM) as uow:
            made = await service.add_property(
                uow, scope=self.scope, compound_id=self.compound_id, sheet=sheet, holder=holder
            )
            head: UUID = await uow.driver.fetchval("SELECT voting_owner_id FROM property WHERE id = $1", made)
        return head

    async def found(self, vault: Vault, wanted: Wanted) -> int:
        """How many people are found."""
        async with self.database.read() as reader:
            rows = await people.search(reader, vault, scope=self.scope, compound_id=self.compound_id, wanted=wanted)
        return len(rows)

    async def keys(self) -> dict[str, int]:
        """How many people are indexed under which key."""
        async with self.database.read() as reader:
            rows = await reader.fetch("SELECT index_key, count(*) AS people FROM person GROUP BY index_key")
        return {row["index_key"]: row["people"] for row in rows}


@pytest.fixture
async def register(fresh_database: Database) -> Register:
    """An empty register."""
    county = await make_region(fresh_database, "county", None)
    scope = Scope((county.path,))
    async with fresh_database.begin(SYSTEM) as uow:
        made = await register_compound(uow, scope=scope, region_id=county.id, name="南岳新村", no=None, address=None)
    return Register(fresh_database, scope, made.id)


async def test_people_are_found_before_during_and_after_a_change_of_key(
    register: Register, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = open_vault(settings)
    alone = open_vault(settings.model_copy(update={"jiugai_index_key": NEW}))
    both = open_vault(
        settings.model_copy(update={"jiugai_index_key": NEW, "jiugai_index_key_former": settings.jiugai_secret_key})
    )
    head = await register.enter(former, "1", WHO)
    for n in range(3):
        await register.enter(former, f"1{n}", Particulars(f"赵{n}"))
    assert [await register.found(alone, one) for one in BY] == [0, 0, 0, 0]  # the control
    assert [await register.found(both, one) for one in BY] == [1, 1, 1, 1]
    assert await register.enter(both, "2", WHO) == head
    await register.enter(both, "3", Particulars("王芳", "13900001234"))
    assert await register.found(both, BY[0]) == 2

    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    working = Database(register.database.engine, vault=both)
    async with working.begin(SYSTEM) as uow:
        uow.enqueue(RewriteIndexes())
    rounds = 0
    while True:
        async with working.read() as reader:
            job = await reader.fetchval("SELECT id FROM job WHERE name = 'ownership.rewrite_indexes'")
        if job is None:
            break
        await runtime.perform({"database": working}, str(job))
        rounds += 1
    assert rounds == 3  # two, two, none
    assert await register.keys() == {both.index.key_id: 5}
    assert [await register.found(alone, one) for one in BY] == [2, 1, 1, 1]
    assert [await register.found(former, one) for one in BY] == [0, 0, 0, 0]
