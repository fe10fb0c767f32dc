"""What the hotline counts of a compound becomes facts that a rubric may read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.hotline import counting
from services.core.hotline.jobs import CountComplaints
from services.core.kit.uow import SYSTEM
from services.core.policy.service import store_packaged
from tests.api.hotline.test_contact_board import project
from tests.api.hotline.town import Town
from tests.api.selection.world import MakeStaff
from tests.support.people import Client

MakeResident = Callable[[], Awaitable[Client]]
CURRENT = "SELECT key, value, kind FROM fact WHERE subject_id = $1 AND source = 'hotline.complaints' AND superseded_at IS NULL"
SET_CLOCK = """
UPDATE clock SET state = $2::text, met_at = CASE WHEN $2::text = 'met' THEN due_at + $3::interval END
WHERE subject_id = $1 AND kind = 'reply'
"""
JUST_BEFORE, JUST_AFTER = timedelta(microseconds=-1), timedelta(microseconds=1)


async def count(town: Town, *, days: int = 0) -> dict[str, str]:
    """The daily job for this town's compound, so many days from now; what it says."""
    before = UUID(int=UUID(town.compound).int - 1)
    async with town.database.begin(SYSTEM, now=datetime.now(UTC) + timedelta(days=days)) as uow:
        await counting.count(uow, CountComplaints(after=before))
    async with town.database.read() as connection:
        rows = await connection.fetch(CURRENT, UUID(town.compound))
    assert {row["kind"] for row in rows} <= {"counted"}
    return {row["key"].removeprefix("compound.hotline_"): row["value"] for row in rows}


@pytest.fixture
async def boss(town: Town, staff: MakeStaff) -> Client:
    """The city's, and the town under Jiaozuo's policy."""
    async with town.database.begin(SYSTEM) as uow:
        await store_packaged(uow)
    made: Client = await staff("city", town.at)
    follows = {"policy_id": "jiaozuo", "number": 2}
    assert (await made.post(f"/v1/regions/{town.at.id}/policy", json=follows)).status_code == 201
    return made


async def complain(town: Town, me: Client, **over: Any) -> str:
    """A complaint of a resident."""
    made = await me.post("/v1/me/complaints", json=town.said(**over))
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_hazards_count_while_they_are_open(town: Town, resident: MakeResident) -> None:
    me = await resident()
    assert await count(town) == {}
    hazard = (await town.call(category="falling", description="脚手架松动"))["id"]
    await complain(town, me)
    assert await count(town) == {"open_hazards": "1", "repeats": "0"}
    assert (await town.do(hazard, "reply", {"text": "已围挡。"})).status_code == 200
    assert (await count(town))["open_hazards"] == "1", "answered is not over"
    assert (await town.do(hazard, "close")).status_code == 200
    assert (await count(town))["open_hazards"] == "0"


async def test_who_complains_again_about_the_same_is_counted(town: Town, resident: MakeResident) -> None:
    me, other = await resident(), await resident()
    first = await complain(town, me, description="三楼漏水")
    await complain(town, other, description="四楼漏水")
    await complain(town, me, category="noise", description="夜间施工")
    assert (await count(town))["repeats"] == "0", "another's, another matter"
    await complain(town, me, description="三楼又漏水")
    assert (await count(town))["repeats"] == "1"
    async with town.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE complaint SET created_at = created_at - interval '91 days' WHERE id = $1", UUID(first)
        )
    assert (await count(town))["repeats"] == "0", "too long ago"


@pytest.mark.usefixtures("boss")
async def test_replies_in_time_are_counted_of_those_that_were_due(town: Town, resident: MakeResident) -> None:
    me = await resident()
    ids = [await complain(town, me, description=f"第 {number} 处漏水") for number in range(4)]
    assert "on_time_share" not in await count(town), "nothing was due"
    async with town.database.begin(SYSTEM) as uow:
        for one, state, when in (
            (ids[0], "met", JUST_BEFORE), (ids[1], "met", JUST_AFTER), (ids[2], "missed", JUST_BEFORE),
        ):  # fmt: skip
            await uow.driver.execute(SET_CLOCK, UUID(one), state, when)
    assert (await count(town))["on_time_share"] == "1/3"
    after_a_year = await count(town, days=400)
    assert after_a_year == {"open_hazards": "0", "repeats": "0"}, "what nothing was counted of is withdrawn"


async def test_the_same_again_changes_nothing(town: Town, resident: MakeResident) -> None:
    await complain(town, await resident())
    await count(town)
    await count(town, days=1)
    async with town.database.read() as connection:
        rows = await connection.fetchval(
            "SELECT count(*) FROM fact WHERE subject_id = $1 AND source = 'hotline.complaints'", UUID(town.compound)
        )
    assert rows == 2


ADD_TEN_THOUSAND = """
WITH ids AS MATERIALIZED (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 10000) n),
made AS (
  INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, compound_id, created_at)
  SELECT ids.id, left(replace(ids.id::text, '-', ''), 20), ids.id, 'phone', 'leak', 'complaint', false, false, 'received',
         m.region_path, m.id, now() - ids.n * interval '1 minute'
  FROM ids, compound m WHERE m.id = $1)
INSERT INTO complaint_reporter (complaint_id, phone_sealed, phone_index, index_key)
SELECT id, 'sealed', sha256(left(id::text, 3)::bytea), 'key' FROM ids
"""


async def test_ten_thousand_complaints_of_one_compound_are_counted_at_once(town: Town) -> None:
    """Each is held against those before it; were it one by one, the statement would be stopped."""
    async with town.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_TEN_THOUSAND, UUID(town.compound))
        telephones = await uow.driver.fetchval(
            "SELECT count(DISTINCT phone_index) FROM complaint_reporter r JOIN complaint c ON c.id = r.complaint_id"
            " WHERE c.compound_id = $1",
            UUID(town.compound),
        )
    assert (await count(town))["repeats"] == str(10_000 - telephones)


async def test_what_is_said_of_a_site_counts_for_its_only_compound(town: Town, staff: MakeStaff) -> None:
    city = await staff("city", town.at)
    site = await project(city, town)
    hazard = {"category": "falling", "description": "脚手架松动", "project_id": site, "compound_id": None}
    taken = await town.call(**hazard)
    assert (await town.get(taken["id"]))["compound_id"] == town.compound
    assert await count(town) == {"open_hazards": "1", "repeats": "0"}
    second = await city.post("/v1/compounds", json={"region_id": str(town.at.id), "name": "北岳新村"})
    wide = await project(city, town, title="两个小区", compound_ids=[town.compound, second.json()["id"]])
    taken = await town.call(**{**hazard, "project_id": wide, "description": "围挡倾斜"})
    assert (await town.get(taken["id"]))["compound_id"] is None, "nobody said in which of them"
