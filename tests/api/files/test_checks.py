"""What residents send, on its way to the public: asked of WeChat, answered by its push, by nobody in time, or by a person."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy.exc import IntegrityError

from services.api.app import create_app
from services.core.files import checking, queries
from services.core.files.checking import PeopleAlone, check_once
from services.core.files.service import ask_about_text
from services.core.kit.ids import new_id
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Database
from services.wechat.client import WeChat
from services.worker.checks import WeChatChecker, checker_of
from tests.api.files.conftest import Attach
from tests.api.files.test_files import MakeRegion, MakeStaff, Rendered, sent
from tests.support.people import Client, Region, sign_in, sign_in_resident
from tests.support.pictures import GPS, jpeg
from tests.support.wechat import APPID, SECRET, FakeWeChat, signed

TOKEN = "AAAAA-the-token-of-the-push"
SEAL_OPENID = "UPDATE resident SET openid = $2 WHERE id = $1"


class Stand:
    """An application connected to a WeChat, its worker, and a resident whom WeChat has just seen."""

    def __init__(self, app: FastAPI, database: Database, fake: FakeWeChat, wechat: WeChat) -> None:
        self.app, self.database, self.fake = app, database, fake
        self.checker = WeChatChecker(wechat)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.everybody = httpx.AsyncClient(transport=transport, base_url="http://test")

    async def resident(self) -> Client:
        """He signed in from WeChat."""
        client = await sign_in_resident(self.app, self.database)
        openid = f"o-{client.resident_id}"
        sealed = (self.database.vault or pytest.fail("no vault")).cipher.seal(
            openid.encode(), table="resident", column="openid", row=client.resident_id
        )
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(SEAL_OPENID, client.resident_id, sealed)
        self.fake.visits(openid)
        return client

    async def check(self) -> int:
        """The worker looks once."""
        return await check_once(self.database, self.checker, public_url="https://jiugai.example.gov.cn")

    async def push(self, body: dict[str, object], *, at: float | None = None) -> httpx.Response:
        """WeChat pushes."""
        query = signed(TOKEN, int(at or time.time()), "1514711492")
        return await self.everybody.post("/wechat/push", params=query, json=body)

    async def later(self, check_id: UUID, by: timedelta) -> None:
        """Time passes for one check."""
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(
                "UPDATE content_check SET asked_at = asked_at - $2::interval, look_at = look_at - $2::interval WHERE id = $1",
                check_id,
                by,
            )

    async def of(self, subject_id: UUID | str) -> dict[str, object]:
        """The check of a file or a text."""
        async with self.database.read() as connection:
            row = await connection.fetchrow("SELECT * FROM content_check WHERE subject_id = $1", UUID(str(subject_id)))
        assert row is not None
        return dict(row)


@pytest.fixture
async def stand(
    settings: Settings, database: Database, wechat: FakeWeChat, redis: Redis, servers: dict[str, str]
) -> AsyncIterator[Stand]:
    """One that works."""
    async with database.begin(SYSTEM) as uow:  # what other tests left to be asked about is theirs
        await uow.driver.execute("UPDATE content_check SET state = 'review', look_at = NULL WHERE state = 'pending'")
    own = {
        "wechat_appid": APPID,
        "wechat_secret": SecretStr(SECRET),
        "wechat_base_url": wechat.address,
        "wechat_push_token": SecretStr(TOKEN),
    }
    app = create_app(settings.model_copy(update=own))
    client = WeChat(base_url=wechat.address, appid=APPID, secret=SecretStr(SECRET), redis_url=servers["REDIS_URL"])
    async with app.router.lifespan_context(app):
        yield Stand(app, database, wechat, client)
    await client.close()


async def photographed(stand: Stand, attached: Attach, rendered: Rendered, at: Region, seed: int) -> tuple[Client, str]:
    """A resident's photograph that something of the region uses and would show to everybody."""
    owner = await stand.resident()
    file_id = await sent(owner, jpeg(400, 300, gps=GPS, seed=seed))
    await rendered(file_id)
    await attached(owner, "resident", file_id, public=True, region_path=at.path)
    return owner, file_id


async def test_a_photograph_is_fetched_looked_at_and_shown(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    owner, file_id = await photographed(stand, attached, rendered, await region(), 100)
    assert await stand.check() == 1
    assert await stand.check() == 0, "asked once"
    ((trace_id, url),) = stand.fake.checked_images.items()
    # WeChat fetches what it was told of: the rendition, which tells nothing of where it was taken.
    link = urlsplit(url).path
    fetched = await stand.everybody.get(link)
    assert fetched.status_code == 200
    assert fetched.headers["cache-control"] == "no-store"
    assert fetched.content == (await owner.get(f"/v1/files/{file_id}/rendition")).content
    assert (await stand.everybody.get(f"/public/files/{file_id}/rendition")).status_code == 404

    answer = await stand.push(stand.fake.result_of(trace_id, "pass", "100"))
    assert (answer.status_code, answer.text) == (200, "success")
    assert (await stand.everybody.get(f"/public/files/{file_id}/rendition")).status_code == 200
    assert (await stand.everybody.get(link)).status_code == 404, "the link ends with the check"
    assert (await stand.push(stand.fake.result_of(trace_id, "pass", 100))).text == "success", "told twice"
    checked = await stand.of(file_id)
    assert (checked["state"], checked["label"], checked["decided_by"], checked["version"]) == ("passed", 100, None, 2)


@pytest.mark.parametrize(("suggest", "state"), [("risky", "refused"), ("review", "review"), ("unheard of", "review")])
async def test_what_is_risky_is_refused_and_what_is_unclear_waits_for_a_person(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion, suggest: str, state: str
) -> None:
    owner, file_id = await photographed(stand, attached, rendered, await region(), 101)
    await stand.check()
    (trace_id,) = stand.fake.checked_images
    assert (await stand.push(stand.fake.result_of(trace_id, suggest, 20002))).text == "success"
    assert (await owner.get(f"/v1/files/{file_id}")).json()["check_state"] == state
    assert (await stand.everybody.get(f"/public/files/{file_id}/rendition")).status_code == 404
    assert (await owner.get(f"/v1/files/{file_id}/rendition")).status_code == 200, "it is his all the same"


async def test_an_error_in_a_push_is_for_a_person(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    _, file_id = await photographed(stand, attached, rendered, await region(), 102)
    await stand.check()
    (trace_id,) = stand.fake.checked_images
    body = {**stand.fake.result_of(trace_id, "pass", 100), "errcode": -1014, "result": {}}
    assert (await stand.push(body)).text == "success"
    assert (await stand.of(file_id))["state"] == "review"


async def test_without_an_answer_in_half_an_hour_a_person_looks_and_a_late_one_still_helps(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    _, file_id = await photographed(stand, attached, rendered, await region(), 103)
    await stand.check()
    check_id = (await stand.of(file_id))["id"]
    assert isinstance(check_id, UUID)
    await stand.later(check_id, timedelta(minutes=29))
    assert await stand.check() == 0
    await stand.later(check_id, timedelta(minutes=2))
    assert await stand.check() == 1
    assert (await stand.of(file_id))["state"] == "review"
    (trace_id,) = stand.fake.checked_images
    await stand.push(stand.fake.result_of(trace_id, "pass", 100))
    assert (await stand.of(file_id))["state"] == "passed"


async def test_a_rendition_is_waited_for(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    owner = await stand.resident()
    file_id = await sent(owner, jpeg(seed=104))
    await attached(owner, "resident", file_id, region_path=(await region()).path)
    assert await stand.check() == 1
    checked = await stand.of(file_id)
    assert checked["state"] == "pending"
    assert isinstance(checked["look_at"], datetime)
    assert timedelta(seconds=3) < checked["look_at"] - datetime.now(UTC) < timedelta(seconds=6)
    assert not stand.fake.checked_images


async def test_a_quota_and_an_outage_are_asked_again_and_an_unknown_sender_is_for_a_person(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    _, file_id = await photographed(stand, attached, rendered, await region(), 105)
    check_id = (await stand.of(file_id))["id"]
    assert isinstance(check_id, UUID)
    stand.fake.fails("media_check_async", -1)
    assert await stand.check() == 1
    assert (await stand.of(file_id))["state"] == "pending"
    await stand.later(check_id, timedelta(minutes=3))
    stand.fake.later = 3 * 3600  # he was last seen too long ago: 61010
    assert await stand.check() == 1
    assert (await stand.of(file_id))["state"] == "review"


async def test_two_workers_ask_once(stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion) -> None:
    at = await region()
    for seed in range(106, 111):
        await photographed(stand, attached, rendered, at, seed)
    assert sum(await asyncio.gather(*(stand.check() for _ in range(4)))) == 5
    assert stand.fake.calls["media_check_async"] == 5


async def test_a_text_is_judged_by_its_worst_part_and_forgotten(stand: Stand, region: MakeRegion) -> None:
    at, owner = await region(), await stand.resident()
    stand.fake.risky_words = {"办证": ("risky", 10001), "奇怪": ("review", 21000)}
    texts = {"漏水" * 10: "passed", "漏" * 2600 + "奇怪": "review", "奇怪" + "漏" * 2600 + "办证": "refused"}
    for text, state in texts.items():
        subject_id = new_id()
        async with stand.database.begin(SYSTEM) as uow:
            await ask_about_text(
                uow,
                resident_id=owner.resident_id,
                text=text,
                subject_type="test",
                subject_id=subject_id,
                region_path=at.path,
            )
        assert await stand.check() == 1
        checked = await stand.of(subject_id)
        assert checked["state"] == state
        assert (checked["text_sealed"] is None) == (state != "review")
        async with stand.database.read() as connection:
            shown = await queries.text_may_be_shown(connection, subject_type="test", subject_id=subject_id)
        assert shown == (state == "passed")
    assert all(len(text) <= 2500 for text in stand.fake.checked_texts)


async def test_a_text_of_nobody_known_and_everything_without_wechat_is_for_a_person(
    database: Database, stand: Stand, region: MakeRegion
) -> None:
    at, owner = await region(), await stand.resident()
    unknown, known = new_id(), new_id()
    async with database.begin(SYSTEM) as uow:
        for subject_id, resident_id in ((unknown, None), (known, owner.resident_id)):
            await ask_about_text(
                uow,
                resident_id=resident_id,
                text="漏水",
                subject_type="test",
                subject_id=subject_id,
                region_path=at.path,
            )
    assert (await stand.of(unknown))["state"] == "review"
    assert isinstance(checker_of(None), PeopleAlone)
    assert await check_once(database, checker_of(None), public_url="https://x") == 1
    assert (await stand.of(known))["state"] == "review"
    with pytest.raises(IntegrityError):
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE content_check SET state = 'pending' WHERE subject_id = '{known}'")


async def test_a_person_decides_and_may_think_again(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    at = await region()
    _, file_id = await photographed(stand, attached, rendered, at, 112)
    clerk = await sign_in(stand.app, stand.database, "street", at)
    check_id = (await stand.of(file_id))["id"]
    path = f"/v1/content-checks/{check_id}"

    async def decide(state: str, version: int) -> httpx.Response:
        body = {"state": state, "reason": "画面无不妥"}
        return await clerk.post(f"{path}/decide", json=body, headers={"If-Match": f'"{version}"'})

    early = await decide("passed", 1)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/content-check-pending")
    await check_once(stand.database, PeopleAlone(), public_url="https://x")
    listed = (await clerk.get("/v1/content-checks", params={"state": "review"})).json()
    assert [one["subject_id"] for one in listed["items"]] == [file_id]
    assert (await clerk.get(f"/v1/files/{file_id}/rendition")).status_code == 200, "he sees what he judges"
    assert (await decide("passed", 1)).status_code == 412
    assert (await decide("passed", 2)).status_code == 200
    assert (await stand.everybody.get(f"/public/files/{file_id}/rendition")).status_code == 200
    again = await decide("refused", 3)
    assert (again.json()["state"], again.json()["decided_by"], again.headers["etag"]) == (
        "refused",
        str(clerk.staff_id),
        '"4"',
    )
    assert (await stand.everybody.get(f"/public/files/{file_id}/rendition")).status_code == 404
    assert (await clerk.get("/v1/content-checks", params={"state": "review"})).json()["items"] == []


async def test_a_machine_never_overrules_a_person(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    at = await region()
    _, file_id = await photographed(stand, attached, rendered, at, 113)
    await stand.check()
    (trace_id,) = stand.fake.checked_images
    check_id = (await stand.of(file_id))["id"]
    assert isinstance(check_id, UUID)
    await stand.later(check_id, timedelta(minutes=31))
    await stand.check()
    clerk = await sign_in(stand.app, stand.database, "street", at)
    answer = await clerk.post(
        f"/v1/content-checks/{check_id}/decide", json={"state": "refused"}, headers={"If-Match": '"2"'}
    )
    assert answer.status_code == 200
    await stand.push(stand.fake.result_of(trace_id, "pass", 100))
    assert (await stand.of(file_id))["state"] == "refused"


async def test_a_reviewer_reads_the_text_that_waits(stand: Stand, region: MakeRegion) -> None:
    at, subject_id = await region(), new_id()
    async with stand.database.begin(SYSTEM) as uow:
        await ask_about_text(
            uow, resident_id=None, text="三单元漏水", subject_type="test", subject_id=subject_id, region_path=at.path
        )
    clerk = await sign_in(stand.app, stand.database, "street", at)
    check_id = (await stand.of(subject_id))["id"]
    told = await clerk.get(f"/v1/content-checks/{check_id}")
    assert (told.json()["text"], told.headers["etag"]) == ("三单元漏水", '"1"')
    async with stand.database.read() as connection:
        kept = await connection.fetchval("SELECT c::text FROM content_check c WHERE id = $1", check_id)
    assert "漏水" not in kept


async def test_only_wechat_pushes(
    stand: Stand, api: httpx.AsyncClient, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    _, file_id = await photographed(stand, attached, rendered, await region(), 114)
    await stand.check()
    (trace_id,) = stand.fake.checked_images
    body = stand.fake.result_of(trace_id, "pass", 100)
    sound = signed(TOKEN, int(time.time()), "n")
    for wrong in (
        {},
        {**sound, "signature": "0" * 40},
        {**sound, "nonce": "other"},
        {**sound, "signature": "ä"},
        signed("another token", int(time.time()), "n"),
        signed(TOKEN, int(time.time()) - 3600, "n"),
    ):
        answer = await stand.everybody.post("/wechat/push", params=wrong, json=body)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/push-refused")
    assert (await stand.of(file_id))["state"] == "pending"
    # Another installation has no token, and no such address.
    assert (await api.post("/wechat/push", params=sound, json=body)).status_code == 404


async def test_the_address_is_verified_as_documented(stand: Stand) -> None:
    query = {**signed(TOKEN, int(time.time()), "n"), "echostr": "4375120948345356249"}
    answer = await stand.everybody.get("/wechat/push", params=query)
    assert (answer.text, answer.headers["content-type"]) == ("4375120948345356249", "text/plain; charset=utf-8")
    # A vector of a third party, reproduced: research/protocols 1.4.
    assert signed("AAAAA", 1714036504, "1514711492")["signature"] == "f464b24fc39322e44b38aa78f5edd27bd1441696"


async def test_other_pushes(stand: Stand) -> None:
    unknown = await stand.push(stand.fake.result_of("0" * 32, "pass", 100))
    assert unknown.status_code == 404, "sent again by WeChat, when what it answers is written down"
    assert (await stand.push({"MsgType": "event", "Event": "subscribe_msg_popup_event"})).text == "success"
    query = signed(TOKEN, int(time.time()), "n")
    for body in (b"<xml><Encrypt>x</Encrypt></xml>", b"[]", b'{"Encrypt": "x"}', b"\xff"):
        answer = await stand.everybody.post("/wechat/push", params=query, content=body)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/push-unreadable")


async def test_a_link_is_kept_as_its_digest(
    stand: Stand, attached: Attach, rendered: Rendered, region: MakeRegion
) -> None:
    _, file_id = await photographed(stand, attached, rendered, await region(), 115)
    await stand.check()
    ((_, url),) = stand.fake.checked_images.items()
    token = urlsplit(url).path.rpartition("/")[2]
    checked = await stand.of(file_id)
    assert checked["link"] == checking.digest_of(token)
    assert token not in str(checked)
    assert (await stand.everybody.get(f"/public/content-checks/{checked['link']}")).status_code == 404


async def test_checks_of_another_region_are_not_there(stand: Stand, staff: MakeStaff, region: MakeRegion) -> None:
    at, subject_id = await region(), new_id()
    async with stand.database.begin(SYSTEM) as uow:
        await ask_about_text(
            uow, resident_id=None, text="漏水", subject_type="test", subject_id=subject_id, region_path=at.path
        )
    foreign = await staff("city", await region())
    check_id = (await stand.of(subject_id))["id"]
    assert (await foreign.get(f"/v1/content-checks/{check_id}")).status_code == 404
    assert (await foreign.get("/v1/content-checks")).json()["items"] == []
