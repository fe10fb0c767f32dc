"""Sending a file: how large it may be, who may send it where, stopping it, two at once, a worker that fails half-way."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.core.exchange import running
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, UnitOfWork
from services.worker import runtime
from tests.api.exchange.sheets import Clerk, csv
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Region

FORMER_CODE = """
INSERT INTO region_change (id, region_id, act, effective_on, old_code, new_code, old_name, new_name, document, decided_at)
SELECT gen_random_uuid(), id, 'recode', DATE '2026-06-01', $2, code, name, name, '民函〔2026〕1号', now() FROM region WHERE id = $1
"""
HEAD = "小区编号,小区名称,所属区域,户数"


def many(number: int) -> bytes:
    """So many good rows."""
    return csv(HEAD, *(f",小区{row},何家社区,{row}" for row in range(number)))


async def test_one_route_alone_takes_more_than_a_request_may_hold(clerk: Clerk, settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"body_limit_bytes": 1000, "import_limit_bytes": 100_000}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers=clerk.client.headers
        ) as client:
            sent = {"kind": "compounds", "region": str(clerk.at.id)}
            fits = await client.post("/v1/imports", data=sent, files={"file": ("a.csv", b"x" * 100_000)})
            assert fits.status_code == 202
            over = await client.post("/v1/imports", data=sent, files={"file": ("a.csv", b"x" * 200_000)})
            assert (over.status_code, over.json()["type"]) == (413, "/problems/request-too-large")
            assert over.json()["limit_bytes"] >= 100_000
            for path in ("/v1/imports/", "/v1/compounds", f"/v1/imports/{uuid4()}/cancel"):
                elsewhere = await client.post(path, content=b"x" * 2000)
                assert (elsewhere.status_code, elsewhere.json()["limit_bytes"]) == (413, 1000)


async def test_a_body_that_lies_about_its_length_is_cut(clerk: Clerk, settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"import_limit_bytes": 100_000}))
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        while True:
            read += 10_000
            yield b"x" * 10_000

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers=clerk.client.headers
        ) as client:
            answer = await client.post(
                "/v1/imports", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
            )
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/request-too-large")
    assert read < 200_000


@pytest.mark.parametrize(
    ("fields", "file", "pointer"),
    [
        ({}, None, "/file"),
        ({}, b"", "/file"),
        ({"kind": "letters"}, b"x", "/kind"),
        ({"mode": "perhaps"}, b"x", "/mode"),
        ({"colour": "red"}, b"x", "/colour"),
        ({"region": "here"}, b"x", "/region"),
    ],
)
async def test_a_wrong_upload_is_told_by_field(
    clerk: Clerk, fields: dict[str, str], file: bytes | None, pointer: str
) -> None:
    sent = {"kind": "compounds", "region": str(clerk.at.id), **fields}
    files = {"file": ("a.csv", file)} if file is not None else {"other": ("a.csv", b"x")}
    answer = await clerk.client.post("/v1/imports", data=sent, files=files)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_file_lands_in_its_region_alone(
    clerk: Clerk, region: MakeRegion, staff: MakeStaff, street: Region
) -> None:
    county = await region("county")
    beside = await region("community", await region("street", county), name="隔壁社区")
    other = Clerk(await staff("street", beside), clerk.database, beside)
    mark = uuid4().hex[:6]
    await other.bring(csv("小区编号,小区名称", f"{mark},别人的小区"))
    sent = {"kind": "compounds", "region": str(beside.id)}
    answer = await clerk.client.post("/v1/imports", data=sent, files={"file": ("a.csv", b"x")})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    refused = await clerk.bring(csv(HEAD, ",南岳,隔壁社区,1", f"{mark},龙泉,何家社区,1"))
    assert await clerk.places(refused["id"]) == [(2, "C", "region-unknown"), (3, "A", "no-elsewhere")]
    assert set(await other.compounds()) == {"别人的小区"}


async def test_a_figure_of_another_office_is_not_replaced_by_a_file(clerk: Clerk, staff: MakeStaff) -> None:
    file = csv("小区名称,所属区域,户数,楼栋数", "南岳,何家社区,120,4", "龙泉,何家社区,1,1")
    await clerk.bring(file)
    colleague = Clerk(await staff("street", clerk.at), clerk.database, clerk.at)
    again = await colleague.bring(file)
    assert (again["state"], again["unchanged"]) == ("done", 2)
    other = await colleague.bring(
        csv("小区名称,所属区域,户数,楼栋数", "南岳,何家社区,121,5", "龙泉,何家社区,1,1", "碧桂,何家社区,9,9"),
        mode="good_rows",
    )
    assert (other["created"], other["unchanged"], other["rows_bad"]) == (1, 1, 1)
    assert await colleague.places(other["id"]) == [
        (2, "C", "fact-source-of-another"),
        (2, "D", "fact-source-of-another"),
    ]
    found = await clerk.compounds()
    assert found["南岳"]["facts"]["compound.households"]["value"] == "120"
    district = Clerk(await staff("district", clerk.at), clerk.database, clerk.at)
    assert (await district.bring(csv("小区名称,所属区域,户数", "南岳,何家社区,121")))["changed"] == 1
    assert (await clerk.compounds())["南岳"]["facts"]["compound.households"]["value"] == "121"


async def test_an_import_stopped_before_it_starts_or_in_the_middle_writes_nothing(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = await clerk.send(many(3))
    asked = await clerk.client.post(f"/v1/imports/{early['id']}/cancel")
    assert asked.status_code == 202
    assert (await clerk.work(early["id"]))["state"] == "cancelled"
    monkeypatch.setattr(running, "BATCH", 10)
    late = await clerk.send(many(30))
    progress, seen = running._progress, []

    async def watched(uow: UnitOfWork, import_id: UUID, report: running.Report) -> None:
        seen.append((await clerk.get(late["id"]))["rows_read"])
        if len(seen) == 2:
            assert (await clerk.client.post(f"/v1/imports/{late['id']}/cancel")).status_code == 202
        await progress(uow, import_id, report)

    monkeypatch.setattr(running, "_progress", watched)
    over = await clerk.work(late["id"])
    assert (over["state"], seen) == ("cancelled", [0, 10])
    assert await clerk.compounds() == {}
    again = await clerk.client.post(f"/v1/imports/{late['id']}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/import-over")


async def test_a_worker_that_fails_half_way_leaves_nothing_and_the_next_one_does_it_once(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 10)
    sent = await clerk.send(many(30))
    progress = running._progress

    async def broken(uow: UnitOfWork, import_id: UUID, report: running.Report) -> None:
        await progress(uow, import_id, report)
        if report.read == 20:
            raise ConnectionError

    with monkeypatch.context() as half_way:
        half_way.setattr(running, "_progress", broken)
        failed = await clerk.work(sent["id"])
    assert (failed["state"], failed["failure"], failed["rows_read"]) == ("failed", "ConnectionError", 20)
    assert await clerk.compounds() == {}
    job = await clerk.job(sent["id"])
    assert job is not None
    await asyncio.gather(*(runtime.perform({"database": clerk.database}, job) for _ in range(3)))
    done = await clerk.get(sent["id"])
    assert (done["state"], done["created"], done["failure"]) == ("done", 30, None)
    assert len(await clerk.compounds()) == 30


async def test_two_files_with_the_same_unnumbered_compounds_at_once_enter_them_once(clerk: Clerk, app: FastAPI) -> None:
    sent = [await clerk.send(many(20)), await clerk.send(many(21))]
    done = await asyncio.gather(*(clerk.work(one["id"]) for one in sent))
    assert [one["state"] for one in done] == ["done", "done"]
    assert sorted(one["created"] for one in done) in ([0, 21], [1, 20])
    assert len(await clerk.compounds()) == 21


async def test_imports_are_listed_by_kind_and_state_the_newest_first(clerk: Clerk) -> None:
    first, second = await clerk.bring(many(1)), await clerk.send(many(2))
    listed = (await clerk.client.get("/v1/imports", params={"region": str(clerk.at.id)})).json()["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    page = (await clerk.client.get("/v1/imports", params={"limit": 1})).json()
    rest = (await clerk.client.get("/v1/imports", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [second["id"], first["id"]]
    done = (await clerk.client.get("/v1/imports", params={"state": "done"})).json()["items"]
    assert [one["id"] for one in done] == [first["id"]]
    assert (await clerk.client.get("/v1/imports", params={"kind": "projects"})).json()["items"] == []


async def test_what_was_wrong_is_paged(clerk: Clerk) -> None:
    refused = await clerk.bring(csv(HEAD, *(f",小区{row},何家社区,x" for row in range(7))))
    seen, query = [], {"limit": "3"}
    while True:
        page = (await clerk.client.get(f"/v1/imports/{refused['id']}/errors", params=query)).json()
        seen += [one["row"] for one in page["items"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == list(range(2, 9))


async def test_what_is_kept_of_endless_mistakes_is_bounded(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MAX_KEPT", 5)
    refused = await clerk.bring(csv(HEAD, *(f",,何家社区,x{row}" for row in range(9))))
    assert (refused["rows_bad"], refused["findings"]) == (9, 18)
    assert len(await clerk.errors(refused["id"])) == 5


async def test_a_region_goes_by_its_code_its_former_code_and_its_name_with_those_above(
    clerk: Clerk, region: MakeRegion, staff: MakeStaff
) -> None:
    digits = f"{uuid4().int % 10**6:06}"
    county = await region("county", name="凤冈县", code=digits)
    longquan = await region("street", county, name="龙泉街道", code=f"{digits}001")
    heba = await region("street", county, name="何坝街道", code=f"{digits}002")
    for street in (longquan, heba):
        await region("community", street, name="中心社区")
    district = Clerk(await staff("district", county), clerk.database, county)
    async with clerk.database.begin(SYSTEM) as uow:
        await uow.driver.execute(FORMER_CODE, heba.id, f"{digits}009")
    named = {
        "一": (f"{digits}001", "龙泉街道"),
        "二": (f"{digits}001000", "龙泉街道"),
        "三": (f"{digits}009", "何坝街道"),
        "四": ("龙泉街道 / 中心社区", "中心社区"),
        "五": ("凤冈县何坝街道", "何坝街道"),
        "六": (digits, "凤冈县"),
    }
    done = await district.bring(csv("小区名称,所属区域", *(f"{name},{called}" for name, (called, _) in named.items())))
    assert done["state"] == "done", await district.errors(done["id"])
    found = await district.compounds()
    assert {name: one["region_name"] for name, one in found.items()} == {
        name: meant for name, (_, meant) in named.items()
    }
    refused = await district.bring(csv("小区名称,所属区域", "七,中心社区"))
    assert await district.places(refused["id"]) == [(2, "B", "region-ambiguous")]
