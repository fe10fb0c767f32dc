"""Objections: by owners on their phones, to a roll that is announced already; putting off the last day; who was told and how."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from tests.api.votes import owners
from tests.api.votes.owners import (
    Estate,
    act,
    attempt,
    days,
    end_result_notice,
    end_roll_notice,
    end_voting,
    entered,
    finalised,
    opened,
    published,
    rolled,
)

Json = dict[str, Any]


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


def own(vote: Json) -> str:
    return f"/v1/me/votes/{vote['id']}/objections"


async def announced(estate: Estate) -> Json:
    vote = await rolled(estate)
    await end_roll_notice(estate, vote)
    return await act(estate, vote, "notify", {"opens_on": days(0), "closes_on": days(3)})


async def test_an_owner_objects_by_phone_and_reads_what_became_of_it(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("100"))
    vote = await rolled(estate)
    made = await resident.post(own(vote), json={"what": "我家面积少记了两平方米"})
    assert (made.status_code, made.json()["status"], made.json()["about"]) == (201, "open", "roll"), made.text
    await end_roll_notice(estate, vote)
    announce = {"opens_on": days(0), "closes_on": days(3)}
    assert code(await attempt(estate, vote, "notify", announce)) == "vote-objections-open"
    listed = (await estate.world.street.get(f"/v1/votes/{vote['id']}/objections")).json()["items"]
    assert [(one["by_kind"], one["what"]) for one in listed] == [("resident", "我家面积少记了两平方米")]
    decide = f"/v1/votes/{vote['id']}/objections/{made.json()['id']}/reject"
    assert (await estate.world.street.post(decide, json={"reason": "与不动产登记一致"})).status_code == 200
    seen = (await resident.get(own(vote))).json()["items"]
    assert [(one["status"], one["decision_reason"]) for one in seen] == [("rejected", "与不动产登记一致")]
    given = (await resident.post("/v1/me/export")).json()
    assert "我家面积少记了两平方米" in str(given)
    await act(estate, vote, "notify", announce)


async def test_an_owner_objects_to_the_result(estate: Estate) -> None:
    head = await estate.head("100")
    resident = await estate.resident(head)
    vote = await opened(estate)
    assert code(await resident.post(own(vote), json={"what": "早了"})) == "vote-status-wrong"
    await entered(estate, vote, head, "approve")
    await published(estate, vote)
    assert (await resident.post(own(vote), json={"what": "我没有投过票"})).json()["about"] == "result"
    await end_result_notice(estate, vote)
    assert code(await attempt(estate, vote, "finalise")) == "vote-objections-open"


async def test_nobody_sees_or_makes_an_objection_of_another(estate: Estate, app: FastAPI) -> None:
    resident, neighbour = [await estate.resident(await estate.head("100")) for _ in range(2)]
    elsewhere = await owners.estate(app, estate.world)
    stranger = await elsewhere.resident(await elsewhere.head("90"))
    vote = await rolled(estate)
    await resident.post(own(vote), json={"what": "面积有误"})
    assert (await neighbour.get(own(vote))).json()["items"] == []
    assert (await stranger.get(own(vote))).status_code == 404
    assert (await stranger.post(own(vote), json={"what": "面积有误"})).status_code == 404
    assert (await estate.world.street.get(own(vote))).status_code == 403
    number = await resident.post(own(vote), json={"what": "请联系 13812345678"})
    assert (code(number), number.json()["errors"][0]["pointer"]) == ("vote-text-personal", "/what")


async def test_an_owner_has_five_open_objections_at_most_also_at_once(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("100"))
    vote = await rolled(estate)
    sent = [resident.post(own(vote), json={"what": "字" * 500}) for _ in range(8)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 3
    page = await resident.get(own(vote))
    assert (len(page.json()["items"]), page.json()["has_more"], len(page.content) < 32 * 1024) == (4, True, True)


async def test_a_roll_is_put_right_until_the_vote_opens(estate: Estate) -> None:
    head = await estate.head("100")
    resident = await estate.resident(head)
    vote = await announced(estate)
    serve = {"owner_ids": [str(head.id)], "how": "door", "served_on": days(0), "document": "送达单 3 号"}
    await estate.world.street.post(f"/v1/votes/{vote['id']}/services", json=serve)
    number = {**serve, "document": "电 13812345678"}
    assert code(await estate.world.street.post(f"/v1/votes/{vote['id']}/services", json=number)) == "vote-text-personal"
    roll = (await estate.world.street.get(f"/v1/votes/{vote['id']}/roll")).json()["items"]
    assert roll[0]["served"] == [{"how": "door", "served_on": days(0), "document": "送达单 3 号"}]
    # It reached the community within the notice, and is entered after the announcement.
    await owners.sql(estate, "UPDATE vote_roll SET notice_until = now()::date + 1 WHERE vote_id = $1", UUID(vote["id"]))
    objection = (await resident.post(own(vote), json={"what": "面积有误"})).json()
    assert objection["late"] is False
    assert code(await attempt(estate, vote, "open")) == "vote-objections-open"
    uphold = f"/v1/votes/{vote['id']}/objections/{objection['id']}/uphold"
    assert (await estate.world.city.post(uphold, json={"reason": "核实"})).status_code == 200
    assert code(await attempt(estate, vote, "open")) == "vote-objections-open"
    await owners.sql(estate, "UPDATE property SET area_by_register = 102 WHERE id = $1", head.properties[0])
    again = await act(estate, vote, "roll/publish")
    assert [again[key] for key in ("status", "roll_revision", "area", "opens_on", "closes_at", "noticed_at")] == [
        "roll", 2, "102", None, None, None,
    ]  # fmt: skip
    served = (await estate.world.street.get(f"/v1/votes/{vote['id']}/services")).json()
    assert served == {"by_way": {}, "unserved": 1}
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", {"opens_on": days(0), "closes_on": days(3)})
    await act(estate, vote, "open")
    assert code(await attempt(estate, vote, "roll/publish")) == "vote-status-wrong"


async def decided(estate: Estate, vote: Json, objection: httpx.Response, how: str) -> None:
    path = f"/v1/votes/{vote['id']}/objections/{objection.json()['id']}/{how}"
    answer = await estate.world.city.post(path, json={"reason": "核实"})
    assert answer.status_code == 200, answer.text


async def test_what_nobody_has_decided_is_not_got_rid_of_by_publishing_the_roll_anew(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("100"))
    vote = await rolled(estate)
    first, second = [await resident.post(own(vote), json={"what": what}) for what in ("面积有误", "缺一户")]
    await act(estate, vote, "roll/publish")
    await end_roll_notice(estate, vote)
    announce = {"opens_on": days(0), "closes_on": days(3)}
    assert (await attempt(estate, vote, "notify", announce)).json()["open"] == 2
    await decided(estate, vote, first, "reject")
    await decided(estate, vote, second, "uphold")
    # What is upheld after the roll was published anew is not put right in it.
    assert (await attempt(estate, vote, "notify", announce)).json()["open"] == 1
    await act(estate, vote, "roll/publish")
    await end_roll_notice(estate, vote)
    await act(estate, vote, "notify", announce)


async def test_of_two_objections_to_a_result_the_second_is_decided_too(estate: Estate) -> None:
    head = await estate.head("100")
    resident = await estate.resident(head)
    vote = await opened(estate)
    await entered(estate, vote, head, "approve")
    await published(estate, vote)
    first, second = [await resident.post(own(vote), json={"what": what}) for what in ("录入有误", "我没有投过票")]
    await decided(estate, vote, first, "uphold")
    await act(estate, vote, "publish")
    await end_result_notice(estate, vote)
    assert code(await attempt(estate, vote, "finalise")) == "vote-objections-open"
    await decided(estate, vote, second, "reject")
    await act(estate, vote, "finalise")


async def test_every_extension_is_on_record_and_made_in_time(estate: Estate, api: httpx.AsyncClient) -> None:
    head = await estate.head("100")
    vote = await opened(estate)
    for day, reason in ((12, "参与人数不足"), (15, "连日暴雨")):
        vote = await act(estate, vote, "extend", {"closes_on": days(day), "reason": reason, "document": "公告 2 号"})
    assert [one["reason"] for one in vote["extensions"]] == ["参与人数不足", "连日暴雨"]
    assert vote["extensions"][0]["closes_at"] == vote["extensions"][1]["closes_before"]
    shown = (await api.get(f"/public/votes/{vote['id']}")).json()["extensions"]
    assert [one["reason"] for one in shown] == ["参与人数不足", "连日暴雨"]
    number = await attempt(estate, vote, "extend", {"closes_on": days(20), "reason": "电 13812345678"})
    assert code(number) == "vote-text-personal"
    await entered(estate, vote, head, "approve")
    await end_voting(estate, vote)
    # Who knows how many took part does not go on asking after the last day.
    assert code(await attempt(estate, vote, "extend", {"closes_on": days(20), "reason": "再等等"})) == "vote-closed"
    await finalised(estate, vote)
    told = (await estate.world.street.get(f"/v1/votes/{vote['id']}/certificate")).json()
    assert [one["reason"] for one in told["voting"]["extended"]] == ["参与人数不足", "连日暴雨"]
