"""Cases handled together: one handling, N answers, N clocks, N ratings, and nobody reads another's."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from services.core.kit.uow import Database
from tests.api.hotline.offices import Offices, open_offices
from tests.api.hotline.test_photos import sent
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]
ANSWER = "总阀已更换，漏水已修复。"
PAPER = {"reason": "waiting_for_citizen", "document": "补正通知书 2026-7"}


async def taken(offices: Offices, n: int, **over: Any) -> dict[str, Any]:
    """A complaint of somebody of his own, with his code."""
    body = {
        "category": "leak",
        "description": f"{n} 号门口漏水，住户标记-{n}-",
        "compound_id": offices.compound,
        "contact": {"phone": f"138000{n:05d}"},
        **over,
    }
    made = await offices.clerk.post("/v1/complaints", json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def merge(offices: Offices, into: str, *others: str) -> httpx.Response:
    return await offices.act(into, "merge", {"others": list(others)}, by=offices.clerk)


async def test_thirty_are_merged_and_answered_once(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    cases = [await taken(offices, n) for n in range(30)]
    first, others = cases[0], cases[1:]
    merged = await merge(offices, first["id"], *(one["id"] for one in others))
    assert merged.status_code == 200, merged.text
    desk = offices.desks["城建办"]
    (one,) = (await desk.staff.get(f"/v1/desks/{desk.id}/complaints")).json()["items"]
    assert (one["id"], one["merged"]) == (first["id"], 29)
    before = [(await offices.clocks(case["id"]))["reply"] for case in cases]
    assert {clock["state"] for clock in before} == {"running"}
    assert len({clock["id"] for clock in before}) == 30

    answered = await offices.act(first["id"], "reply", {"text": ANSWER}, by=desk.staff)
    assert (answered.status_code, answered.json()["state"]) == (200, "answered"), answered.text
    for case in cases:
        clocks = await offices.clocks(case["id"])
        assert {kind: clock["state"] for kind, clock in clocks.items()} == {"contact": "met", "reply": "met"}
        page = await api.get(f"/public/complaints/{case['code']}")
        told = [line["text"] for line in page.json()["history"] if line["act"] == "reply"]
        assert told == [ANSWER]
        assert "住户标记" not in page.text
        for other in cases:
            assert other is case or other["no"] not in page.text
        assert (await offices.get(case["id"]))["answered_at"] is not None
        rated = await api.post(f"/public/complaints/{case['code']}/rate", json={"score": 5, "resolved": True})
        assert rated.status_code < 300, rated.text
    listed = (await offices.get(first["id"], "/merged?limit=100"))["items"]
    assert [row["id"] for row in listed] == sorted(row["id"] for row in others)
    assert all(row["met_at"] for row in listed)
    assert (await offices.assignments(first["id"]))["城建办"]["state"] == "done"


async def test_what_was_merged_may_be_handled_by_itself_again(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    first, second = [await taken(offices, n) for n in range(2)]
    await merge(offices, first["id"], second["id"])
    promise = (await offices.clocks(second["id"]))["reply"]
    apart = await offices.act(second["id"], "unmerge", {"text": "不是同一处漏水。"}, by=offices.clerk)
    assert (apart.status_code, apart.json()["state"], apart.json()["merged_into_id"]) == (200, "assigned", None)
    assert (await offices.clocks(second["id"]))["reply"]["id"] == promise["id"]
    desk = offices.desks["城建办"].staff
    await offices.act(first["id"], "reply", {"text": ANSWER}, by=desk)
    page = (await api.get(f"/public/complaints/{second['code']}")).text
    assert ANSWER not in page
    # Merged once more and answered with the group, it gets a new promise when it is taken out again.
    await offices.act(first["id"], "reopen", {"text": "又漏了。"}, by=offices.clerk)
    assert (await merge(offices, first["id"], second["id"])).status_code == 200
    await offices.act(first["id"], "reply", {"text": ANSWER}, by=desk)
    assert (await offices.clocks(second["id"]))["reply"]["state"] == "met"
    await offices.act(second["id"], "unmerge", {"text": "仍未修好。"}, by=offices.clerk)
    renewed = (await offices.clocks(second["id"]))["reply"]
    assert (renewed["state"], renewed["id"] != promise["id"]) == ("running", True)


async def test_overlapping_merges_at_once_end_in_one_order(offices: Offices) -> None:
    await offices.rule("城建办")
    a, b, c, d = [(await taken(offices, n))["id"] for n in range(4)]
    headers = {"If-Match": '"2"'}
    answers = await asyncio.gather(
        offices.clerk.post(f"/v1/complaints/{a}/merge", json={"others": [b, c]}, headers=headers),
        offices.clerk.post(f"/v1/complaints/{d}/merge", json={"others": [c, b]}, headers=headers),
        offices.clerk.post(f"/v1/complaints/{b}/merge", json={"others": [a]}, headers=headers),
    )
    assert all(one.status_code in {200, 412, 422} for one in answers), [one.text for one in answers]
    assert Counter(one.status_code for one in answers)[200] >= 1
    rows = {one: await offices.get(one) for one in (a, b, c, d)}
    for row in rows.values():
        into = row["merged_into_id"]
        assert (row["state"] == "merged") == (into is not None)
        assert into is None or rows[into]["merged_into_id"] is None, "nothing is merged into what is merged"
    live = [one for one, row in rows.items() if row["merged_into_id"] is None]
    for one in rows:
        states = [each["state"] for each in (await offices.get(one, "/assignments"))["items"]]
        assert states == (["assigned"] if one in live else ["ended"])


async def test_a_group_goes_on_when_its_first_is_taken_back(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    first, second, third = [await taken(offices, n) for n in range(3)]
    await merge(offices, first["id"], second["id"], third["id"])
    back = await api.post(f"/public/complaints/{first['code']}/withdraw", json={"text": "自己修好了。"})
    assert back.status_code < 300, back.text
    heir = await offices.get(second["id"])
    assert (heir["state"], heir["merged_into_id"]) == ("assigned", None)
    assert (await offices.get(third["id"]))["merged_into_id"] == second["id"]
    assert (await offices.assignments(first["id"]))["城建办"]["state"] == "ended"


async def test_what_cannot_be_merged_is_named(offices: Offices, region: MakeRegion, staff: MakeStaff) -> None:
    first, second = [(await taken(offices, n))["id"] for n in range(2)]
    foreign = await open_offices(await region("county"), offices.database, staff)
    elsewhere = await foreign.call()
    for others, pointer in (
        ([first], "/others/0"),
        ([second, second], "/others/1"),
        ([second, elsewhere], "/others/1"),
        ([offices.compound], "/others/0"),
    ):
        answer = await merge(offices, first, *others)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    await offices.act(second, "reply", {"text": ANSWER}, by=offices.clerk)
    late = await merge(offices, first, second)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/complaint-act-not-allowed")
    assert (await offices.get(first))["version"] == 1


async def test_who_is_not_on_duty_does_not_answer(offices: Offices) -> None:
    await offices.rule("城建办")
    case = await offices.call()
    other = (await offices.desk("街道")).staff
    refused = await offices.act(case, "reply", {"text": ANSWER}, by=other)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/desk-not-on-duty")
    done = await offices.act(case, "reply", {"text": ANSWER}, by=offices.desks["城建办"].staff)
    assert done.status_code == 200, done.text
    reopened = await offices.act(case, "reopen", {"text": "没有修好。"}, by=offices.clerk)
    assert (reopened.status_code, reopened.json()["state"]) == (200, "assigned"), reopened.text
    found = (await offices.get(case, "/assignments"))["items"]
    assert [one["state"] for one in found] == ["done", "assigned"]
    assert [one["desk_title"] for one in found] == ["城建办", "城建办"]


async def test_a_complaint_of_two_matters_becomes_two(
    offices: Offices, resident: Callable[[], Awaitable[Client]], database: Database
) -> None:
    await offices.rule("城建办")
    me = await resident()
    said = {"category": "leak", "description": "漏水，还有夜里施工。", "compound_id": offices.compound}
    case = (await me.post("/v1/me/complaints", json=said)).json()["id"]
    async with database.read() as connection:
        await connection.execute(
            "UPDATE clock SET started_at = started_at - interval '2 days' WHERE subject_id = $1", case
        )
    body = {"matters": [{"category": "noise", "description": "夜间施工扰民。"}]}
    parted = await offices.act(case, "split", body, by=offices.clerk)
    assert parted.status_code == 201, parted.text
    (child,) = parted.json()["items"]
    seen = await offices.get(child["id"])
    assert (seen["parent_id"], seen["category"]["code"], seen["channel"]) == (case, "noise", "mini_program")
    promised = [(await offices.clocks(one))["reply"]["started_at"] for one in (case, child["id"])]
    assert promised[0] == promised[1]
    assert {one["id"] for one in (await me.get("/v1/me/complaints")).json()["items"]} == {case, child["id"]}
    assert (await offices.get(case))["state"] == "assigned"
    again = await offices.act(case, "split", body, by=offices.clerk)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "/matters/0")
    stale = await offices.clerk.post(f"/v1/complaints/{case}/split", json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_the_parts_of_a_complaint_have_its_files_and_no_copies_of_them(
    offices: Offices, resident: Callable[[], Awaitable[Client]], database: Database
) -> None:
    me = await resident()
    photos = [await sent(me, seed) for seed in (21, 22)]
    said = {"category": "leak", "description": "漏水，还有夜里施工。", "compound_id": offices.compound, "files": photos}
    case = (await me.post("/v1/me/complaints", json=said)).json()["id"]
    async with database.read() as connection:
        kept = await connection.fetchval("SELECT count(*) FROM file WHERE owner_id = $1", me.principal_id)
    body = {"matters": [{"category": "noise", "description": "夜间施工扰民。"}]}
    (child,) = (await offices.act(case, "split", body, by=offices.clerk)).json()["items"]
    assert (await offices.get(child["id"]))["files"] == photos
    assert (await me.get(f"/v1/me/complaints/{child['id']}")).json()["files"] == photos
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM file WHERE owner_id = $1", me.principal_id) == kept
    assert (await me.get(f"/v1/files/{photos[0]}")).status_code == 200


async def test_a_pause_is_of_one_promise_and_not_of_those_handled_with_it(offices: Offices) -> None:
    await offices.rule("城建办")
    first, second = [await taken(offices, n) for n in range(2)]
    await merge(offices, first["id"], second["id"])
    before = (await offices.clocks(second["id"]))["reply"]
    paper = {"reason": "waiting_for_citizen", "document": "补正通知书 2026-7"}
    assert (await offices.act(first["id"], "pause", paper, by=offices.desks["城建办"].staff)).status_code == 200
    assert (await offices.clocks(first["id"]))["reply"]["state"] == "paused"
    after = (await offices.clocks(second["id"]))["reply"]
    assert (after["state"], after["due_at"]) == ("running", before["due_at"]), "what the first owes is not his fault"


async def by_code(api: httpx.AsyncClient, one: dict[str, Any], act: str, **body: Any) -> httpx.Response:
    """What a reporter does with his own, without an account."""
    return await api.post(f"/public/complaints/{one['code']}/{act}", json=body)


async def test_an_answer_by_template_tells_each_reporter_his_own_number(
    offices: Offices, api: httpx.AsyncClient
) -> None:
    first, second = [await taken(offices, n) for n in range(2)]
    await merge(offices, first["id"], second["id"])
    words = {"region_id": str(offices.at.id), "title": "已修复", "body": "您的诉求 {no} 已办理：{what}。"}
    template = (await offices.clerk.post("/v1/reply-templates", json=words)).json()["id"]
    said = {"template_id": template, "fill": {"what": "总阀已更换"}}
    assert (await offices.act(first["id"], "reply", said, by=offices.clerk)).status_code == 200
    for one, other in ((first, second), (second, first)):
        page = (await api.get(f"/public/complaints/{one['code']}")).text
        assert (f"您的诉求 {one['no']} 已办理：总阀已更换。" in page, other["no"] in page) == (True, False)


async def test_what_was_sent_again_meanwhile_does_not_stand_in_the_way(offices: Offices) -> None:
    """Its words are another's now: what comes back to life is told from nothing by them."""
    await offices.rule("城建办")
    first, second = [await taken(offices, n) for n in range(2)]
    await merge(offices, first["id"], second["id"])
    newer = await taken(offices, 1)
    assert newer["id"] != second["id"]
    apart = await offices.act(second["id"], "unmerge", {"text": "不是同一处漏水。"}, by=offices.clerk)
    assert (apart.status_code, apart.json()["state"]) == (200, "assigned"), apart.text
    again = await offices.clerk.post(
        "/v1/complaints",
        json={
            "category": "leak",
            "description": "1 号门口漏水，住户标记-1-",
            "compound_id": offices.compound,
            "contact": {"phone": "13800000001"},
        },
    )
    assert (again.status_code, again.json()["id"]) == (200, newer["id"])


async def test_a_group_goes_on_though_its_heirs_words_were_sent_again(offices: Offices, api: httpx.AsyncClient) -> None:
    first, second = [await taken(offices, n) for n in range(2)]
    await merge(offices, first["id"], second["id"])
    await taken(offices, 1)
    back = await by_code(api, first, "withdraw")
    assert back.status_code == 200, back.text
    assert (await offices.get(second["id"]))["state"] == "received"


async def test_who_was_answered_stays_so_when_the_first_is_taken_back(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    first, second, third = [await taken(offices, n) for n in range(3)]
    await merge(offices, first["id"], second["id"])
    desk = offices.desks["城建办"].staff
    await offices.act(first["id"], "reply", {"text": ANSWER}, by=desk)
    await offices.act(first["id"], "reopen", {"text": "又漏了。"}, by=offices.clerk)
    assert (await merge(offices, first["id"], third["id"])).status_code == 200
    assert (await by_code(api, first, "withdraw")).status_code == 200
    assert (await offices.get(second["id"]))["state"] == "merged", "he has his answer"
    assert (await by_code(api, second, "rate", score=5, resolved=True)).status_code == 200
    heir = await offices.get(third["id"])
    assert (heir["state"], heir["merged_into_id"]) == ("assigned", None), "he has none yet"
    assert (await offices.clocks(third["id"]))["reply"]["state"] == "running"


async def test_one_of_many_has_his_own_taken_up_again(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    first, second, third = [await taken(offices, n) for n in range(3)]
    await merge(offices, first["id"], second["id"], third["id"])
    early = await by_code(api, second, "reopen", text="还没修。")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/complaint-not-answered-yet")
    for_him = await offices.act(second["id"], "reopen", {"text": "还没修。"}, by=offices.clerk)
    assert (for_him.status_code, for_him.json()["type"]) == (409, "/problems/complaint-not-answered-yet")
    await offices.act(first["id"], "reply", {"text": ANSWER}, by=offices.desks["城建办"].staff)
    again = await by_code(api, second, "reopen", text="我家仍在漏。")
    assert (again.status_code, again.json()) == (200, {"state": "assigned", "round": 1}), again.text
    alone = await offices.get(second["id"])
    assert (alone["merged_into_id"], alone["answered_at"]) == (None, None)
    assert [one["desk_title"] for one in (await offices.assignments(second["id"])).values()][-1] == "城建办"
    assert (await offices.clocks(second["id"]))["reply"]["state"] == "running"
    assert [(await offices.get(one["id"]))["state"] for one in (first, third)] == ["answered", "merged"]
    enough = await by_code(api, second, "reopen", text="我家仍在漏。")
    assert enough.status_code == 409


async def test_a_case_that_stood_still_runs_again_when_it_is_merged(offices: Offices) -> None:
    first, second = [await taken(offices, n) for n in range(2)]
    await offices.act(second["id"], "pause", PAPER, by=offices.clerk)
    assert (await offices.clocks(second["id"]))["reply"]["state"] == "paused"
    assert (await merge(offices, first["id"], second["id"])).status_code == 200
    assert (await offices.clocks(second["id"]))["reply"]["state"] == "running"


async def test_a_transferred_case_without_a_contact_is_split(
    offices: Offices, partner_of: Callable[[Region], Awaitable[httpx.AsyncClient]]
) -> None:
    said = {"category": "money", "description": "墙面开裂，还有漏水。", "compound_id": offices.compound, "ref": "T-9"}
    made = await (await partner_of(offices.at)).post("/v1/complaint-transfers", json=said)
    assert made.status_code == 201, made.text
    body = {"matters": [{"category": "money", "description": "墙面开裂。"}]}
    parted = await offices.act(made.json()["id"], "split", body, by=offices.clerk)
    assert parted.status_code == 201, parted.text


async def test_an_answer_beside_whatever_else_is_done_at_once(offices: Offices, api: httpx.AsyncClient) -> None:
    """On connections of their own: each is done or refused, none waits in a circle, and nobody is left without a promise."""
    await offices.rule("城建办")
    desk = offices.desks["城建办"].staff

    async def version(one: dict[str, Any]) -> dict[str, str]:
        return {"If-Match": f'"{(await offices.get(one["id"]))["version"]}"'}

    for turn in range(6):
        first, second, third = [await taken(offices, turn * 3 + n) for n in range(3)]
        assert (await merge(offices, first["id"], second["id"])).status_code == 200
        lead, part, other = [await version(one) for one in (first, second, third)]
        path = "/v1/complaints/{}/{}"
        answers = await asyncio.gather(
            desk.post(path.format(first["id"], "reply"), json={"text": ANSWER}, headers=lead),
            offices.clerk.post(path.format(second["id"], "unmerge"), json={"text": "不是一处。"}, headers=part),
            offices.clerk.post(path.format(third["id"], "merge"), json={"others": [first["id"]]}, headers=other),
            by_code(api, first, "withdraw"),
            by_code(api, second, "urge"),
            by_code(api, second, "reopen", text="仍在漏。"),
        )
        assert {one.status_code for one in answers} <= {200, 409, 412, 422}, [one.text for one in answers]
        rows = {one["id"]: await offices.get(one["id"]) for one in (first, second, third)}
        for one, row in rows.items():
            into = row["merged_into_id"]
            assert into is None or rows[into]["merged_into_id"] is None
            clock = (await offices.clocks(one))["reply"]["state"]
            live = row["state"] in {"received", "assigned", "signed_in", "in_progress", "reopened"}
            assert clock == "running" if live else row["state"] == "merged" or clock != "running", (row["state"], clock)


async def test_parts_of_a_transfer_keep_the_partners_deadline(
    offices: Offices, partner_of: Callable[[Region], Awaitable[httpx.AsyncClient]]
) -> None:
    due = "2099-03-02T16:00:00Z"
    said = {
        "category": "money", "description": "墙面开裂，还有漏水。", "compound_id": offices.compound, "ref": "T-10", "due_at": due,
    }  # fmt: skip
    made = await (await partner_of(offices.at)).post("/v1/complaint-transfers", json=said)
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    body = {"matters": [{"category": "leak", "description": "漏水。"}]}
    parted = await offices.act(case, "split", body, by=offices.clerk)
    assert parted.status_code == 201, parted.text
    part = parted.json()["items"][0]["id"]
    whole, seen = await offices.get(case), await offices.get(part)
    assert seen["first_promise_at"] == whole["first_promise_at"] == due
    limits = [(await offices.clocks(one))["reply"]["due_at"] for one in (case, part)]
    assert limits[0] == limits[1]


async def test_a_part_without_a_category_is_pointed_to(offices: Offices) -> None:
    matters = [{"category": "noise", "description": "夜间施工。"}, {"category": "no_such", "description": "漏水。"}]
    refused = await offices.act(await offices.call(), "split", {"matters": matters}, by=offices.clerk)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/matters/1/category")


async def test_who_is_answered_again_with_his_group_rates_again(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("城建办")
    first, second = [await taken(offices, n) for n in range(2)]
    desk = offices.desks["城建办"].staff
    await merge(offices, first["id"], second["id"])
    for text in (ANSWER, "已于昨日修复。"):
        assert (await offices.act(first["id"], "reply", {"text": text}, by=desk)).status_code == 200
    rated = [await by_code(api, second, "rate", score=4, resolved=True) for _ in range(2)]
    assert (rated[0].json(), rated[1].json()["type"]) == (
        {"state": "merged", "round": 0},
        "/problems/complaint-rated-already",
    ), "an answer put right is of the same round"
    again = await offices.act(first["id"], "reopen", {"text": "仍在漏。"}, by=offices.clerk)
    assert again.status_code == 200, again.text
    assert (await offices.act(first["id"], "reply", {"text": "已彻底修复。"}, by=desk)).status_code == 200
    for one in (first, second):
        rated_again = await by_code(api, one, "rate", score=5, resolved=True)
        assert (rated_again.status_code, rated_again.json()["round"]) == (200, 1), rated_again.text
