"""Ballot paper, notice and certificate: what they tell, in both languages, and what they never do."""

import re
from datetime import UTC, datetime
from uuid import UUID

import httpx

from services.core.kit.scope import Scope
from services.core.kit.uow import Actor
from services.core.votes import finishing
from tests.api.votes.owners import (
    Estate,
    cast,
    drawn,
    end_result_notice,
    entered,
    finalised,
    opened,
    published,
    rolled,
)

ENGLISH = {"Accept-Language": "en"}


async def test_a_ballot_paper_is_blank_or_of_one_head(estate: Estate) -> None:
    head, other = await estate.head("80.5", "20"), await estate.head("90")
    resident = await estate.resident(head)
    vote = await opened(estate, title="改造<方案>表决")
    path = f"/v1/votes/{vote['id']}/ballot-paper"
    blank = await estate.world.street.get(path)
    assert blank.status_code == 200
    assert "改造&lt;方案&gt;表决" in blank.text
    assert blank.text.count("□") == 3
    assert "<svg" in blank.text
    assert f"/public/votes/{vote['id']}" in blank.text
    own = await resident.get(path, params={"owner_id": str(head.id)}, headers=ENGLISH)
    assert "Exclusive area" in own.text
    assert "100.5" in own.text
    assert (await resident.get(path, params={"owner_id": str(other.id)})).status_code == 404
    assert (await estate.world.street.get(path, params={"owner_id": vote["id"]})).status_code == 404


async def test_a_page_loads_and_runs_nothing(estate: Estate) -> None:
    await estate.head("80")
    vote = await opened(estate)
    page = await estate.world.street.get(f"/v1/votes/{vote['id']}/ballot-paper")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|<link|<img|\sstyle=|\son\w+=", page.text)


async def test_a_notice_for_every_stage(estate: Estate, api: httpx.AsyncClient) -> None:
    head = await estate.head("80")
    resident = await estate.resident(head)
    draft = await drawn(estate)
    assert (await api.get(f"/public/votes/{draft['id']}/notice")).status_code == 404
    vote = await rolled(estate)
    path = f"/public/votes/{vote['id']}/notice"
    assert "业主名册公示" in (await api.get(path)).text
    assert "roll of owners" in (await api.get(path, headers=ENGLISH)).text
    vote = await opened(estate)
    path = f"/public/votes/{vote['id']}/notice"
    assert (await cast(resident, vote, "approve")).status_code == 201
    shown = (await api.get(path)).text
    assert "业主表决公告" in shown
    assert "通过" not in shown
    await finalised(estate, vote)
    shown = (await api.get(path)).text
    assert "业主表决结果公示" in shown
    assert "1 / 80" in shown
    assert str(head.id) not in shown


async def test_a_certificate_shows_its_own_hash(estate: Estate) -> None:
    head = await estate.head("80")
    resident = await estate.resident(head)
    vote = await opened(estate)
    page = f"/v1/votes/{vote['id']}/certificate/page"
    assert (await resident.get(page)).status_code == 409
    await entered(estate, vote, head, "approve")
    final = await finalised(estate, vote)
    shown = await resident.get(page)
    assert final["certificate_digest"] in shown.text
    assert final["roll_digest"] in shown.text
    again = await resident.get(page, headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304


async def test_a_certificate_bears_the_day_of_shanghai(estate: Estate) -> None:
    head = await estate.head("80")
    vote = await opened(estate)
    await entered(estate, vote, head, "approve")
    version = (await published(estate, vote))["version"]
    await end_result_notice(estate, vote)
    early = datetime(2031, 3, 4, 23, 30, tzinfo=UTC)  # half past seven of the next morning
    async with estate.database.begin(Actor("staff", estate.world.street.staff_id), now=early) as uow:
        scope = Scope((estate.at.path,))
        await finishing.finalise(uow, scope=scope, vote_id=UUID(vote["id"]), version=version)
    page = f"/v1/votes/{vote['id']}/certificate/page"
    assert "2031年3月5日" in (await estate.world.street.get(page)).text
    assert "2031-03-05" in (await estate.world.street.get(page, headers=ENGLISH)).text
