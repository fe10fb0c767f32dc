"""The contact board of a site, and the form that its code leads to (C2)."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from services.core.kit.settings import Settings
from tests.api.hotline.town import MakeTown, Town
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Client

LINE = "0574-87654321"


async def project(city: Client, town: Town, **over: Any) -> str:
    """A project with the town's compound; its id."""
    body = {"region_id": str(town.at.id), "title": "南岳新村改造", "compound_ids": [town.compound], **over}
    made = await city.post("/v1/projects", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def desk(clerk: Client, town: Town, **over: Any) -> str:
    """A desk with a telephone; its id."""
    made = await clerk.post("/v1/desks", json={"region_id": str(town.at.id), "title": "值班室", "phone": LINE, **over})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def board(*desks: str, **over: Any) -> dict[str, Any]:
    """A board with a line for each desk."""
    return {
        "hours": "每日 8:00 至 18:00",
        "lines": [{"duty": "施工", "desk_id": one, "who": "王工"} for one in desks],
        **over,
    }


@pytest.fixture
async def city(staff: MakeStaff, town: Town) -> Client:
    """Who may write desks and boards."""
    return await staff("city", town.at)


async def put(client: Client, project_id: str, body: dict[str, Any], version: int) -> httpx.Response:
    """Writes a board over a version of it."""
    return await client.put(f"/v1/projects/{project_id}/contact-board", json=body, headers={"If-Match": f'"{version}"'})


async def test_a_board_tells_desks_and_their_telephones_and_nobodys_own(
    town: Town, city: Client, api: httpx.AsyncClient, settings: Settings
) -> None:
    site = await project(city, town)
    firm = await city.post(
        "/v1/organisations", json={"region_id": str(town.at.id), "name": "城投建设集团", "kind": "contractor"}
    )
    first = await desk(city, town, organisation_id=firm.json()["id"])
    second = await desk(city, town, title="社区", phone="12345")
    assert (await api.get(f"/public/projects/{site}/contact-board")).status_code == 404, "nobody made one"
    assert (await city.get(f"/v1/projects/{site}/contact-board")).json()["version"] == 0
    made = await put(city, site, board(first, second), 0)
    assert made.status_code == 200, made.text
    assert made.headers["etag"] == '"1"'
    told = (await api.get(f"/public/projects/{site}/contact-board")).json()
    assert [(one["organisation"], one["desk"], one["phone"], one["who"]) for one in told["lines"]] == [
        ("城投建设集团", "值班室", "057487654321", "王工"),
        (None, "社区", "12345", "王工"),
    ]
    assert told["form"] == f"{settings.jiugai_public_url}/public/projects/{site}/complaint-form"
    for one in told["lines"]:
        assert set(one) == {"duty", "who", "desk", "organisation", "phone"}
    page = await api.get(f"/public/projects/{site}/contact-board/page", headers={"Accept-Language": "en"})
    assert page.headers["content-type"].startswith("text/html")
    assert "<svg" in page.text
    assert told["form"] in page.text
    assert "057487654321" in page.text
    assert "script" not in page.text
    closed = await city.post(f"/v1/desks/{second}/close", headers={"If-Match": '"1"'})
    assert closed.status_code == 200, closed.text
    assert len((await api.get(f"/public/projects/{site}/contact-board")).json()["lines"]) == 1, "one that is closed"


@pytest.mark.parametrize(
    "phone", ["13800001234", "138-0000-1234", "+86 13800001234", "１３８００００１２３４", "abc", "1"]
)
async def test_a_persons_own_number_is_no_desks(town: Town, city: Client, phone: str) -> None:
    body = {"region_id": str(town.at.id), "title": "值班室", "phone": phone}
    answer = await city.post("/v1/desks", json=body)
    assert answer.status_code == 422, phone
    assert answer.json()["errors"][0]["pointer"] == "/phone"


async def test_what_a_board_does_not_take(
    town: Town, towns: MakeTown, city: Client, staff: MakeStaff, region: MakeRegion
) -> None:
    site, own = await project(city, town), await desk(city, town)
    elsewhere = await towns()
    foreign = await desk(await staff("city", elsewhere.at), elsewhere)
    silent = await desk(city, town, phone=None)
    for lines, pointer in (
        ([own, foreign], "/lines/1/desk_id"),
        ([silent], "/lines/0/desk_id"),
        ([], "/lines"),
    ):
        answer = await put(city, site, board(*lines), 0)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer
    for over in (
        {"hours": "电话 13800001234"},
        {"lines": [{"duty": "施工", "desk_id": own, "who": "王工 13800001234"}]},
    ):
        assert (await put(city, site, board(own, **over), 0)).status_code == 422, "a person's number in the words"
    assert (await put(await staff("city", elsewhere.at), site, board(foreign), 0)).status_code == 404
    assert (await put(city, site, board(own), 0)).status_code == 200
    assert (await put(city, site, board(own), 0)).status_code == 412
    assert (await put(city, site, board(own), 1)).status_code == 200


async def test_the_longest_board_fits_the_mini_program(town: Town, city: Client, api: httpx.AsyncClient) -> None:
    wide = "𠀀"
    firm = await city.post(
        "/v1/organisations", json={"region_id": str(town.at.id), "name": wide * 200, "kind": "contractor"}
    )
    site = await project(city, town, title=wide * 200)
    own = await desk(city, town, title=wide * 100, organisation_id=firm.json()["id"])
    line = {"duty": wide * 100, "desk_id": own, "who": wide * 100}
    assert (await put(city, site, {"hours": wide * 100, "lines": [line] * 12}, 0)).status_code == 200
    assert len((await api.get(f"/public/projects/{site}/contact-board")).content) <= 32_768
    assert (await put(city, site, {"lines": [line] * 13}, 1)).status_code == 422


async def test_of_two_who_make_the_board_at_once_one_finds_it_made(town: Town, city: Client) -> None:
    site, own = await project(city, town), await desk(city, town)
    answers = await asyncio.gather(*(put(city, site, board(own, hours=str(number)), 0) for number in range(5)))
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412, 412]


async def test_the_code_leads_to_a_form_that_takes_a_complaint_once(
    town: Town, city: Client, api: httpx.AsyncClient
) -> None:
    site = await project(city, town)
    path = f"/public/projects/{site}/complaint-form"
    assert (await api.get(path)).status_code == 404, "a site without a board has no form"
    await put(city, site, board(await desk(city, town)), 0)
    page = await api.get(path)
    assert page.status_code == 200
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert town.compound in page.text
    key = re.search(r'name="key" value="([^"]+)"', page.text)
    assert key is not None
    said = {"category": "leak", "description": "脚手架\n松动", "compound_id": town.compound, "key": key[1], "phone": ""}
    first = await api.post(path, data=said)
    assert first.status_code == 201, first.text
    again = await api.post(path, data=said)
    assert again.status_code == 200
    codes = [re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){3}", one.text) for one in (first, again)]
    assert codes[0] is not None
    assert codes[1] is not None
    assert codes[0][0] == codes[1][0]
    assert (await api.get(f"/public/complaints/{codes[0][0]}")).json()["state"] == "received"
    listed = (await town.clerk.get("/v1/complaints", params={"project_id": site})).json()["items"]
    assert [(one["channel"], one["compound_id"]) for one in listed] == [("site_code", town.compound)]


async def test_a_form_that_says_nothing_is_refused_in_words(town: Town, city: Client, api: httpx.AsyncClient) -> None:
    site = await project(city, town)
    await put(city, site, board(await desk(city, town)), 0)
    path, said = f"/public/projects/{site}/complaint-form", {"category": "leak", "description": "漏水", "key": "k" * 24}
    for over, status in (
        ({"description": " "}, 422),
        ({"category": "none"}, 422),
        ({"compound_id": "<script>"}, 422),
        ({"phone": "<script>1"}, 422),
        ({"key": ""}, 400),
    ):
        answer = await api.post(path, data={**said, **over})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert "<script" not in answer.text
    assert (await town.clerk.get("/v1/complaints")).json()["items"] == []
