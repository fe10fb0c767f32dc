"""Meetings and their records (R6): written by the community, corrected until published, read by everybody without names."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.consultations.city import City, doors


def record(**over: Any) -> dict[str, Any]:
    """A record of a meeting about a plan."""
    return {
        "kind": "residents",
        "title": "第二次居民研讨会",
        "held_on": "2026-11-01",
        "place": "社区活动室",
        "attended": 42,
        "properties_represented": 40,
        "agenda": ["设计单位讲解方案", "居民提意见"],
        "decisions": ["停车位由 20 个增至 26 个"],
        "documents": ["会议纪要〔2026〕2号"],
        "follow_ups": [{"what": "修改停车方案", "responsible": "设计单位", "due": "2026-11-10"}],
        **over,
    }


async def made(city: City, compound: UUID, **over: Any) -> dict[str, Any]:
    """A meeting on record."""
    answer = await city.community.post("/v1/meetings", json={"compound_id": str(compound), **record(**over)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def change(city: City, meeting: str, action: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """The record as it is now is written anew (`action` empty) or published."""
    path = f"/v1/meetings/{meeting}"
    version = (await city.community.get(path)).headers["etag"]
    method = "POST" if action else "PUT"
    return await city.community.request(method, path + action, json=body, headers={"If-Match": version})


async def test_a_record_is_corrected_published_and_then_stands(city: City, api: httpx.AsyncClient) -> None:
    roll = await city.roll(doors(1, 1, 2))
    project = await city.project(roll.compound_id)
    meeting = await made(city, roll.compound_id, project_id=project, plan_number=1)
    assert (meeting["plan_number"], meeting["follow_ups"][0]["what"]) == (1, "修改停车方案")
    corrected = await change(city, meeting["id"], "", record(attended=43, follow_ups=[]))
    assert (corrected.status_code, corrected.json()["attended"], corrected.json()["follow_ups"]) == (200, 43, [])
    public = f"/public/meetings/{meeting['id']}"
    assert (await api.get(public)).status_code == 404
    assert (await api.get("/public/meetings", params={"compound": str(roll.compound_id)})).json()["items"] == []
    assert (await change(city, meeting["id"], "/publish")).status_code == 200
    shown = (await api.get(public)).json()
    assert (shown["decisions"], shown["attended"]) == (["停车位由 20 个增至 26 个"], 43)
    assert not {"recorded_by", "version", "region_path"} & set(shown)
    for late in (await change(city, meeting["id"], "", record()), await change(city, meeting["id"], "/publish")):
        assert (late.status_code, late.json()["type"]) == (409, "/problems/meeting-published")
    listed = (await api.get("/public/meetings", params={"compound": str(roll.compound_id)})).json()
    assert [one["id"] for one in listed["items"]] == [meeting["id"]]


async def test_residents_of_the_compound_read_it_before_it_is_published(city: City) -> None:
    roll, other = await city.roll(doors(1, 1, 1)), await city.roll(doors(1, 1, 1))
    meeting = await made(city, roll.compound_id)
    ours = await city.resident(roll.doors["1", "1", "1"])
    theirs = await city.resident(other.doors["1", "1", "1"])
    assert [one["id"] for one in (await ours.get("/v1/me/meetings")).json()["items"]] == [meeting["id"]]
    assert (await theirs.get("/v1/me/meetings")).json()["items"] == []
    assert (await ours.get(f"/v1/me/meetings/{meeting['id']}")).json()["decisions"] == meeting["decisions"]
    assert (await theirs.get(f"/v1/me/meetings/{meeting['id']}")).status_code == 404


async def test_the_longest_record_fits_a_page_of_the_mini_program(city: City) -> None:
    roll = await city.roll(doors(1, 1, 1))
    ours = await city.resident(roll.doors["1", "1", "1"])
    longest = {"agenda": ["议" * 490] * 15, "decisions": [], "documents": [], "follow_ups": []}
    meeting = await made(city, roll.compound_id, **longest)
    assert len((await ours.get(f"/v1/me/meetings/{meeting['id']}")).content) <= 32_768
    longer = record(**{**longest, "agenda": ["议" * 500] * 16})
    refused = await city.community.post("/v1/meetings", json={"compound_id": str(roll.compound_id), **longer})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "")


async def test_the_list_of_everybody_fits_a_page_whatever_was_recorded(city: City, api: httpx.AsyncClient) -> None:
    compound = await city.compound()
    longest = {"agenda": ["议" * 490] * 14, "decisions": [], "documents": [], "follow_ups": []}
    for _ in range(3):
        meeting = await made(city, compound, **longest)
        await change(city, meeting["id"], "/publish")
    listed = await api.get("/public/meetings", params={"compound": str(compound), "limit": 100})
    assert len(listed.json()["items"]) == 3
    assert len(listed.content) <= 32_768


async def test_what_was_left_to_do_gets_done_once(city: City) -> None:
    meeting = await made(city, await city.compound())
    await change(city, meeting["id"], "/publish")
    path = f"/v1/meetings/{meeting['id']}/follow-ups/{meeting['follow_ups'][0]['id']}/done"
    done = {"done_on": "2026-11-05", "result": "已按 26 个车位修改"}
    answers = await asyncio.gather(*(city.community.post(path, json=done) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    shown = (await city.community.get(f"/v1/meetings/{meeting['id']}")).json()["follow_ups"]
    assert [(one["done_on"], one["result"]) for one in shown] == [("2026-11-05", "已按 26 个车位修改")]
    wrong = await city.community.post(path, json={**done, "done_on": "2026-10-31"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/done_on")
    unknown = path.replace(meeting["follow_ups"][0]["id"], str(uuid4()))
    assert (await city.community.post(unknown, json=done)).status_code == 404


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"held_on": "2999-01-01"}, "/held_on"),
        ({"decisions": ["请致电 13812341234"]}, "/decisions/0"),
        ({"agenda": ["一", "身份证 11010519491231002X"]}, "/agenda/1"),
        ({"follow_ups": [{"what": "x", "responsible": "王先生 13812341234"}]}, "/follow_ups/0/responsible"),
        ({"plan_number": 1}, "/project_id"),
        ({"project_id": str(uuid4())}, "/project_id"),
        ({"attended": -1}, "/attended"),
    ],
)
async def test_a_wrong_record_names_the_place_and_repeats_nothing(
    city: City, over: dict[str, Any], pointer: str
) -> None:
    body = {"compound_id": str(await city.compound()), **record(**over)}
    refused = await city.community.post("/v1/meetings", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert "13812341234" not in refused.text
    assert "11010519491231002X" not in refused.text


async def test_a_plan_that_there_is_not_was_not_discussed(city: City) -> None:
    roll = await city.roll(doors(1, 1, 1))
    project = await city.project(roll.compound_id)
    body = {"compound_id": str(roll.compound_id), **record(project_id=project, plan_number=2)}
    refused = await city.community.post("/v1/meetings", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/plan_number")


async def test_a_foreign_community_reads_and_writes_nothing(city: City) -> None:
    compound = await city.compound()
    meeting = (await made(city, compound))["id"]
    assert (await city.neighbour.get(f"/v1/meetings/{meeting}")).status_code == 404
    assert (await city.neighbour.get("/v1/meetings")).json()["items"] == []
    answer = await city.neighbour.post("/v1/meetings", json={"compound_id": str(compound), **record()})
    assert answer.status_code == 404
    answer = await city.neighbour.put(f"/v1/meetings/{meeting}", json=record(), headers={"If-Match": '"1"'})
    assert answer.status_code == 404
