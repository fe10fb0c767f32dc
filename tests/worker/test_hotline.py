"""The key of blind indexes is changed: the worker rewrites reporters' numbers under the new one."""

from pydantic import SecretStr

from services.core.hotline import intake
from services.core.hotline.intake import Intake, Reporter, Where
from services.core.hotline.jobs import RewriteReporters
from services.core.hotline.rules import Channel
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from services.core.kit.vault import open_vault
from services.core.ownership.sealing import PHONE
from services.worker import runtime
from services.worker.tasks import hotline as _tasks  # noqa: F401 - binds the task
from tests.support.people import make_region

NUMBER = "13812341234"


async def test_numbers_are_found_under_the_new_key(fresh_database: Database, settings: Settings) -> None:
    county = await make_region(fresh_database, "county", None)
    former = settings.jiugai_secret_key
    both = open_vault(
        settings.model_copy(update={"jiugai_index_key": SecretStr("n" * 64), "jiugai_index_key_former": former})
    )
    said = Intake(
        channel=Channel.PHONE,
        category="leak",
        description="漏水",
        where=Where(region_id=county.id),
        reporter=Reporter(phone=NUMBER),
    )
    async with fresh_database.begin(SYSTEM) as uow:
        taken = await intake.take_in(uow, said)
    working = Database(fresh_database.engine, vault=both)
    async with working.begin(SYSTEM) as uow:
        again = await intake.take_in(uow, said)
        assert (again.id, again.repeated) == (taken.id, True), "what the former key knew is known"
        job = uow.enqueue(RewriteReporters())
    await runtime.perform({"database": working}, str(job))
    async with working.read() as reader:
        row = await reader.fetchrow("SELECT phone_index, index_key FROM complaint_reporter")
    assert (row["phone_index"], row["index_key"]) == (both.index.of(PHONE, NUMBER), both.index.key_id)
