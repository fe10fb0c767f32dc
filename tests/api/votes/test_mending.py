"""What staff change about ballots takes two people, is taken back by one, and tells nobody what was chosen before the close."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from services.core.kit.uow import SYSTEM
from services.core.residents import merging
from tests.api.votes.owners import Estate, act, attempt, cast, end_voting, entered, opened, said, sql, tally

Json = dict[str, Any]


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


async def mend(estate: Estate, vote: Json, ballot_id: str, act_name: str, body: Json, *, city: bool = False) -> Any:
    by = estate.world.city if city else estate.world.street
    return await by.post(f"/v1/votes/{vote['id']}/ballots/{ballot_id}/{act_name}", json=body)


async def taking_part(estate: Estate, vote: Json) -> int:
    return int((await tally(estate, vote))["taking_part"]["heads"])


async def test_nobody_makes_a_ballot_void_alone_after_the_close(estate: Estate) -> None:
    heads = [await estate.head("80") for _ in range(2)]
    vote = await opened(estate)
    ballots = [await entered(estate, vote, head, "reject") for head in heads]
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    first = await mend(estate, vote, ballots[0]["ballot_id"], "void", {"reason": "重复投票"})
    line = first.json()["ballot_id"]
    again = await mend(estate, vote, ballots[0]["ballot_id"], "void", {"reason": "重复投票"}, city=True)
    assert code(again) == "ballot-under-review"
    assert await taking_part(estate, vote) == 2
    assert code(await attempt(estate, vote, "publish")) == "vote-ballots-unconfirmed"
    # Whoever finds that it is not so takes the request back, and the ballot counts as it did.
    assert (await mend(estate, vote, line, "void", {"reason": "并非重复"}, city=True)).status_code == 200
    assert code(await mend(estate, vote, line, "confirm", {}, city=True)) == "ballot-not-pending"
    assert await taking_part(estate, vote) == 2
    line = (await mend(estate, vote, ballots[0]["ballot_id"], "void", {"reason": "非本人"})).json()["ballot_id"]
    assert code(await mend(estate, vote, line, "confirm", {})) == "vote-second-person-needed"
    misread = await mend(estate, vote, line, "confirm", {"choices": said("reject")}, city=True)
    assert code(misread) == "ballot-differs"
    assert (await mend(estate, vote, line, "confirm", {}, city=True)).status_code == 200
    assert await taking_part(estate, vote) == 1
    assert code(await mend(estate, vote, ballots[0]["ballot_id"], "void", {"reason": "非本人"})) == "ballot-superseded"
    await act(estate, vote, "publish")


async def test_a_paper_is_never_lost_by_one_person_after_the_close(estate: Estate) -> None:
    heads = [await estate.head("80") for _ in range(2)]
    vote = await opened(estate)
    mistaken, kept = [await entered(estate, vote, head, "approve", channel="paper") for head in heads]
    assert (await mend(estate, vote, mistaken["ballot_id"], "void", {"reason": "录错户"})).status_code == 200
    assert (await tally(estate, vote))["unconfirmed"] == 1  # his own entry, taken back while the vote is open
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    # A correction of what nobody has confirmed is taken back: the paper waits as it did.
    wrong = {"choices": said("reject"), "reason": "看错选项"}
    line = (await mend(estate, vote, kept["ballot_id"], "correct", wrong)).json()["ballot_id"]
    assert (await tally(estate, vote))["unconfirmed"] == 1
    await mend(estate, vote, line, "void", {"reason": "原录入无误"})
    assert (await tally(estate, vote))["unconfirmed"] == 1
    # Whoever entered it does not drop it alone either, now that choices are known.
    asked = (await mend(estate, vote, kept["ballot_id"], "void", {"reason": "录错户"})).json()["ballot_id"]
    assert (await tally(estate, vote))["unconfirmed"] == 2
    await mend(estate, vote, asked, "void", {"reason": "未录错"})
    read = {"choices": said("approve")}
    assert (await mend(estate, vote, kept["ballot_id"], "confirm", read, city=True)).status_code == 200
    assert ((await tally(estate, vote))["unconfirmed"], await taking_part(estate, vote)) == (0, 1)


async def test_one_thing_at_a_time_is_asked_about_a_ballot(estate: Estate) -> None:
    vote = await opened(estate, **await one_head(estate))
    ballot = await entered(estate, vote, estate.heads[0], "approve")
    wrong = {"choices": said("reject"), "reason": "看错选项"}
    line = (await mend(estate, vote, ballot["ballot_id"], "correct", wrong)).json()["ballot_id"]
    assert code(await mend(estate, vote, ballot["ballot_id"], "void", {"reason": "非本人"})) == "ballot-under-review"
    assert code(await mend(estate, vote, ballot["ballot_id"], "correct", wrong)) == "ballot-under-review"
    assert (await mend(estate, vote, line, "confirm", {"choices": said("reject")}, city=True)).status_code == 200
    assert await taking_part(estate, vote) == 1


async def one_head(estate: Estate) -> Json:
    await estate.head("80")
    return {}


async def test_five_who_ask_at_once_add_one_line(estate: Estate, staff: Any) -> None:
    vote = await opened(estate, **await one_head(estate))
    ballot = await entered(estate, vote, estate.heads[0], "approve")
    people = [await staff("community", estate.at) for _ in range(5)]
    path = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}/void"
    answers = await asyncio.gather(*(one.post(path, json={"reason": "非本人"}) for one in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await tally(estate, vote))["unconfirmed"] == 1


async def test_what_was_cast_by_phone_is_not_replaced_by_one_of_staff_nor_found_out_by_trying(estate: Estate) -> None:
    head = await estate.head("80")
    resident = await estate.resident(head)
    vote = await opened(estate)
    await cast(resident, vote, "reject")
    tried = [
        await cast(estate.world.street, vote, choice, owner_id=str(head.id), channel="door")
        for choice in ("reject", "approve", "abstain")
    ]
    assert [(one.status_code, one.json()["state"]) for one in tried] == [(201, "pending")] * 3
    mine = (await resident.get(f"/v1/votes/{vote['id']}")).json()["mine"][0]
    assert (mine["choices"], mine["counted"]) == (["reject"], True)


async def test_what_staff_wrote_of_a_sealed_ballot_is_sealed_with_it(estate: Estate) -> None:
    vote = await opened(estate, **await one_head(estate))
    ballot = await entered(estate, vote, estate.heads[0], "reject")
    wrong = {"choices": said("approve"), "reason": "业主实为同意"}
    await mend(estate, vote, ballot["ballot_id"], "correct", wrong)
    path = f"/v1/votes/{vote['id']}/ballots"
    assert [one["reason"] for one in (await estate.world.city.get(path)).json()["items"]] == [None, None]
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert [one["reason"] for one in (await estate.world.city.get(path)).json()["items"]] == [None, "业主实为同意"]


async def test_no_text_holds_a_number_of_somebody(estate: Estate) -> None:
    vote = await opened(estate, **await one_head(estate))
    number = "他的手机是 13812345678"
    paper = {"owner_id": str(estate.heads[0].id), "channel": "paper", "evidence": number}
    refused = await cast(estate.world.street, vote, "approve", **paper)
    assert (code(refused), refused.json()["errors"][0]["pointer"]) == ("vote-text-personal", "/evidence")
    ballot = await entered(estate, vote, estate.heads[0], "approve")
    for name, more in (("void", {}), ("correct", {"choices": said("reject")})):
        refused = await mend(estate, vote, ballot["ballot_id"], name, {"reason": number, **more})
        assert (code(refused), refused.json()["errors"][0]["pointer"]) == ("vote-text-personal", "/reason")
        assert "1381234" not in refused.text


async def test_who_turns_out_to_be_one_person_changes_what_he_said_under_another_entry(estate: Estate) -> None:
    head, twin = await estate.head("80"), await estate.head("10")
    resident = await estate.resident(head)
    vote = await opened(estate)
    await cast(resident, vote, "approve")
    gone, kept = head.people[0], twin.people[0]
    # As a merge in the register leaves it: the entry points to the other, whose head the flat is now.
    await sql(estate, "UPDATE person SET merged_into_id = $2 WHERE id = $1", gone, kept)
    await estate.transfer(head.properties[0], twin)
    async with estate.database.begin(SYSTEM) as uow:
        await merging.follow(uow, gone_id=gone, kept_id=kept)
    mine = (await resident.get(f"/v1/votes/{vote['id']}")).json()["mine"][0]
    assert (mine["choices"], mine["counted"]) == (["approve"], True)
    changed = await cast(resident, vote, "reject", owner_id=str(head.id))
    assert (changed.status_code, changed.json()["state"]) == (201, "counted")
    async with estate.database.read() as reader:
        positions = await reader.fetchval(
            "SELECT positions FROM ballot WHERE vote_id = $1 ORDER BY n DESC LIMIT 1", UUID(vote["id"])
        )
    assert list(positions) == [str(kept)]


async def test_a_paper_of_an_entry_merged_since_is_confirmed_for_who_it_is(estate: Estate) -> None:
    head, twin = await estate.head("80"), await estate.head("10")
    vote = await opened(estate)
    paper = await entered(estate, vote, head, "approve", channel="paper", person_id=str(head.people[0]))
    await sql(estate, "UPDATE person SET merged_into_id = $2 WHERE id = $1", head.people[0], twin.people[0])
    await estate.transfer(head.properties[0], twin)
    later = await entered(estate, vote, head, "reject", person_id=str(twin.people[0]))
    assert later["state"] == "counted"
    read = {"choices": said("approve")}
    assert (await mend(estate, vote, paper["ballot_id"], "confirm", read, city=True)).status_code == 200
    shown = await tally(estate, vote)
    assert (shown["contradicting"], shown["taking_part"]["heads"]) == (0, 1)


async def test_a_paper_that_is_taken_back_takes_no_ballot_of_a_merged_entry_along(estate: Estate) -> None:
    head, twin = await estate.head("80"), await estate.head("10")
    resident = await estate.resident(head)
    vote = await opened(estate)
    await cast(resident, vote, "approve")
    gone, kept = head.people[0], twin.people[0]
    await sql(estate, "UPDATE person SET merged_into_id = $2 WHERE id = $1", gone, kept)
    await estate.transfer(head.properties[0], twin)
    async with estate.database.begin(SYSTEM) as uow:
        await merging.follow(uow, gone_id=gone, kept_id=kept)
    # It would replace what was cast by phone under the other entry, so it waits at the door as well.
    paper = await entered(estate, vote, head, "reject", person_id=str(kept))
    assert paper["state"] == "pending"
    mine = (await resident.get(f"/v1/votes/{vote['id']}")).json()["mine"][0]
    assert (mine["choices"], mine["counted"]) == (["approve"], True)
    assert (await mend(estate, vote, paper["ballot_id"], "void", {"reason": "录错户"})).status_code == 200
    mine = (await resident.get(f"/v1/votes/{vote['id']}")).json()["mine"][0]
    assert (mine["choices"], mine["counted"]) == (["approve"], True)


async def test_what_a_co_owner_cast_by_phone_is_not_found_out_nor_set_aside_by_one_of_staff(estate: Estate) -> None:
    head = await estate.head("80", people=2)
    resident = await estate.resident(head)
    vote = await opened(estate)
    await cast(resident, vote, "reject")
    for choice in ("reject", "approve"):
        for more in ({}, {"person_id": str(head.people[1])}):
            assert (await entered(estate, vote, head, choice, **more))["state"] == "pending"
    shown = await tally(estate, vote)
    assert (shown["taking_part"]["heads"], shown["contradicting"]) == (1, 0)
