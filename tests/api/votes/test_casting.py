"""Casting: who may, for which head, through which channel; what co-owners who disagree come to; races."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.scope import Scope
from services.core.kit.uow import Actor
from services.core.votes import casting, service
from services.core.votes.casting import Given
from services.core.votes.errors import VoteClosed
from services.core.votes.rules import Choice
from tests.api.selection.world import World
from tests.api.votes import owners
from tests.api.votes.owners import (
    Estate,
    act,
    attempt,
    cast,
    end_voting,
    entered,
    opened,
    said,
    sql,
    tally,
)
from tests.support.people import sign_in_resident


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


async def lines(estate: Estate, vote: dict[str, Any]) -> int:
    async with estate.database.read() as reader:
        return int(await reader.fetchval("SELECT count(*) FROM ballot WHERE vote_id = $1", UUID(vote["id"])))


async def test_a_resident_casts_for_all_his_flats_as_one_head(estate: Estate) -> None:
    head = await estate.head("80", "70.5", "60")
    resident = await estate.resident(head)
    await estate.head("100")
    vote = await opened(estate)
    first = await cast(resident, vote, "approve")
    assert (first.status_code, first.json()["state"]) == (201, "counted")
    again = await cast(resident, vote, "approve")
    assert (again.status_code, again.json()) == (200, first.json())
    shown = await tally(estate, vote)
    assert shown["total"] == {"heads": 2, "area": "310.5"}
    assert shown["taking_part"] == {"heads": 1, "area": "210.5"}
    mine = (await resident.get(f"/v1/votes/{vote['id']}")).json()["mine"]
    assert [(one["choices"], one["counted"], one["contradicted"], len(one["doors"])) for one in mine] == [
        (["approve"], True, False, 3)
    ]


async def test_it_is_told_and_audited_once(estate: Estate) -> None:
    head = await estate.head("80")
    resident = await estate.resident(head)
    vote = await opened(estate)
    ballot = (await cast(resident, vote, "approve")).json()
    await cast(resident, vote, "approve")
    async with estate.database.read() as reader:
        events = await reader.fetch(
            "SELECT data, actor_kind, actor_id, region_path FROM event WHERE kind = 'ballot.cast' AND subject_id = $1",
            UUID(vote["id"]),
        )
        audited = await reader.fetch(
            "SELECT actor_id, request_id FROM audit_entry WHERE action = 'ballot.cast' AND target_id = $1",
            UUID(vote["id"]),
        )
    assert [dict(one) for one in events] == [
        {
            "data": {"ballot_id": ballot["ballot_id"], "channel": "phone", "assurance": "phone"},
            "actor_kind": "resident",
            "actor_id": None,  # who cast it is in the ledger alone
            "region_path": estate.at.path,
        }
    ]
    assert [tuple(one) for one in audited] == [(None, None)]


async def test_who_changes_his_mind_is_counted_as_he_said_last(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    for choice in ("approve", "reject", "abstain"):
        assert (await cast(resident, vote, choice)).status_code == 201
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    shown = await tally(estate, vote)
    assert (shown["abstaining"], shown["in_favour"]) == ({"heads": 1, "area": "80"}, {"heads": 0, "area": "0"})


async def test_co_owners_who_contradict_each_other_count_for_nothing_until_they_agree(estate: Estate) -> None:
    head = await estate.head("80", people=2)
    first, second = [await estate.resident(head, person) for person in range(2)]
    vote = await opened(estate)
    assert (await cast(first, vote, "approve")).json()["state"] == "counted"
    assert (await cast(second, vote, "reject")).json()["state"] == "contradicting"
    shown = await tally(estate, vote)
    assert (shown["taking_part"]["heads"], shown["contradicting"]) == (0, 1)
    assert (await cast(first, vote, "reject")).json()["state"] == "counted"
    shown = await tally(estate, vote)
    assert (shown["taking_part"]["heads"], shown["contradicting"]) == (1, 0)


async def test_a_paper_that_names_nobody_yields_once_every_co_owner_has_spoken_since(estate: Estate) -> None:
    head = await estate.head("80", people=2)
    first, second = [await estate.resident(head, person) for person in range(2)]
    vote = await opened(estate)
    await cast(first, vote, "reject")
    paper = await entered(estate, vote, head, "approve", channel="paper")
    confirm = f"/v1/votes/{vote['id']}/ballots/{paper['ballot_id']}/confirm"
    assert (await estate.world.city.post(confirm, json={"choices": said("approve")})).status_code == 200
    # It may be the other's: what the first said before it does not outdate it, what he says again does.
    assert (await cast(second, vote, "reject")).json()["state"] == "contradicting"
    assert (await cast(first, vote, "reject")).json()["state"] == "counted"
    shown = await tally(estate, vote)
    assert (shown["taking_part"]["heads"], shown["contradicting"]) == (1, 0)
    assert (await cast(first, vote, "reject")).status_code == 200


async def test_a_paper_that_names_nobody_is_outdated_also_when_it_is_confirmed_late(estate: Estate) -> None:
    head = await estate.head("80", people=2)
    residents = [await estate.resident(head, person) for person in range(2)]
    vote = await opened(estate)
    ballot = await entered(estate, vote, head, "approve", channel="paper")
    for one in residents:
        await cast(one, vote, "reject")
    confirm = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}/confirm"
    assert (await estate.world.city.post(confirm, json={"choices": said("approve")})).status_code == 200
    shown = await tally(estate, vote)
    assert (shown["taking_part"]["heads"], shown["contradicting"]) == (1, 0)


async def test_alone_and_together_are_two_heads(estate: Estate) -> None:
    alone = await estate.head("80")
    both = await estate.head("60", people=[*alone.people, (await estate.head("10")).people[0]])
    resident = await estate.resident(alone)
    await estate.bind(resident, both)
    vote = await opened(estate)
    refused = await cast(resident, vote, "approve")
    assert code(refused) == "ballot-owner-ambiguous"
    assert set(refused.json()["owners"]) == {str(alone.id), str(both.id)}
    assert (await cast(resident, vote, "approve", owner_id=str(both.id))).status_code == 201
    assert (await tally(estate, vote))["taking_part"] == {"heads": 1, "area": "60"}


async def test_an_owner_elsewhere_neither_sees_nor_votes(app: FastAPI, estate: Estate) -> None:
    await estate.head("80")
    vote = await opened(estate)
    other = await owners.estate(app, estate.world)
    foreign = await other.resident(await other.head("90"))
    tenant = await sign_in_resident(app, estate.database)
    for client in (foreign, tenant):
        for path in ("", "/roll", "/tally", "/roll/revisions"):
            assert (await client.get(f"/v1/votes/{vote['id']}{path}")).status_code == 404
        assert (await cast(client, vote, "approve")).status_code == 404
        named = await cast(client, vote, "approve", owner_id=str(estate.heads[0].id))
        assert named.status_code == 404
    assert (await foreign.get("/v1/votes")).json()["items"] == []
    assert (await foreign.post(f"/v1/votes/{vote['id']}/ballots/batch", json={"ballots": []})).status_code == 403
    assert await lines(estate, vote) == 0


async def test_an_owner_sees_doors_and_areas_of_his_compound_and_no_owner(estate: Estate) -> None:
    head = await estate.head("80")
    await estate.head("90")
    resident = await estate.resident(head)
    vote = await opened(estate)
    page = (await resident.get(f"/v1/votes/{vote['id']}/roll", params={"limit": 1})).json()
    assert page["has_more"] is True
    rest = (await resident.get(f"/v1/votes/{vote['id']}/roll", params={"cursor": page["next_cursor"]})).json()
    items = [*page["items"], *rest["items"]]
    assert sorted(one["area"] for one in items) == ["80", "90"]
    assert {one[key] for one in items for key in ("owner_id", "property_id", "kind", "served")} == {None}


async def test_a_page_of_the_roll_fits_the_mini_program(estate: Estate) -> None:
    head = await estate.head(*["80"] * 40)
    await sql(estate, "UPDATE building SET no = $2 WHERE id = $1", estate.building_id, "栋" * 64)
    await sql(estate, "UPDATE property SET door_no = rpad(door_no, 64, '户') WHERE voting_owner_id = $1", head.id)
    resident = await estate.resident(head)
    vote = await opened(estate)
    page = await resident.get(f"/v1/votes/{vote['id']}/roll", params={"limit": 100})
    assert (page.json()["has_more"], len(page.content) <= 32 * 1024) == (True, True)


async def test_fifty_identical_ballots_at_once_are_one(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    answers = await asyncio.gather(*(cast(resident, vote, "approve") for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["ballot_id"] for answer in answers}) == 1
    assert await lines(estate, vote) == 1


async def test_co_owners_at_once_leave_both_positions(estate: Estate) -> None:
    head = await estate.head("80", people=8)
    residents = [await estate.resident(head, person) for person in range(8)]
    vote = await opened(estate)
    answers = await asyncio.gather(
        *(cast(one, vote, "reject" if no else "approve") for no, one in enumerate(residents))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await lines(estate, vote) == 8
    assert (await tally(estate, vote))["contradicting"] == 1


async def test_a_ballot_racing_the_close_is_counted_or_refused(estate: Estate) -> None:
    heads = [await estate.head("10") for _ in range(12)]
    residents = [await estate.resident(head) for head in heads]
    vote = await opened(estate)
    vote_id, version = UUID(vote["id"]), vote["version"]
    closes = datetime.fromisoformat(vote["closes_at"])
    before, after = closes - timedelta(seconds=1), closes + timedelta(seconds=1)

    async def one(resident: Any, delay: float) -> bool:
        await asyncio.sleep(delay)
        try:
            async with estate.database.begin(Actor("resident", resident.resident_id), now=before) as uow:
                await casting.cast(uow, vote_id=vote_id, given=Given(None, {"1": Choice.APPROVE}))
                await asyncio.sleep(0.01)
        except VoteClosed:
            return False
        return True

    async def close() -> int:
        await asyncio.sleep(0.02)
        async with estate.database.begin(Actor("staff", estate.world.street.staff_id), now=after) as uow:
            await service.close(uow, scope=Scope((estate.at.path,)), vote_id=vote_id, version=version)
            # What a count finds now is what there will ever be.
            counted: int = await uow.driver.fetchval("SELECT count(*) FROM ballot WHERE vote_id = $1", vote_id)
        return counted

    results = await asyncio.gather(close(), *(one(resident, no * 0.004) for no, resident in enumerate(residents)))
    taken = sum(results[1:])
    assert results[0] == taken == await lines(estate, vote)
    assert 0 < taken < len(residents), "the race was none"
    assert (await tally(estate, vote))["taking_part"]["heads"] == taken


async def test_a_close_waits_for_a_ballot_that_is_not_committed_yet(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("10"))
    vote = await opened(estate)
    closes = datetime.fromisoformat(vote["closes_at"])
    closed = asyncio.Event()

    async def close() -> None:
        async with estate.database.begin(
            Actor("staff", estate.world.street.staff_id), now=closes + timedelta(seconds=1)
        ) as uow:
            await service.close(uow, scope=Scope((estate.at.path,)), vote_id=UUID(vote["id"]), version=vote["version"])
        closed.set()

    async with estate.database.begin(Actor("resident", resident.resident_id), now=closes - timedelta(seconds=1)) as uow:
        await casting.cast(uow, vote_id=UUID(vote["id"]), given=Given(None, {"1": Choice.APPROVE}))
        closing = asyncio.create_task(close())
        await asyncio.sleep(0.1)
        assert not closed.is_set()
    await closing
    assert (await tally(estate, vote))["taking_part"]["heads"] == 1


async def test_after_the_last_day_nothing_is_taken(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    await end_voting(estate, vote)
    assert code(await cast(resident, vote, "approve")) == "vote-closed"
    at_the_door = {"owner_id": str(estate.heads[0].id), "channel": "door"}
    assert code(await cast(estate.world.street, vote, "approve", **at_the_door)) == "vote-closed"
    from_the_box = {**at_the_door, "channel": "paper"}
    assert (await cast(estate.world.street, vote, "approve", **from_the_box)).status_code == 201
    await act(estate, vote, "close")
    assert code(await cast(estate.world.street, vote, "reject", **from_the_box)) == "vote-closed"
    assert code(await cast(resident, vote, "approve")) == "vote-closed"


async def test_exactly_the_share_passes_and_a_hundredth_less_does_not(app: FastAPI, world: World) -> None:
    for short, passes in (("0", True), ("0.01", False)):
        estate = await owners.estate(app, world)
        # Twelve heads of 1200 m²: eight take part with 800 (two thirds), six of these approve with 600 (three quarters).
        areas = ["100"] * 12
        if short != "0":
            areas[0], areas[8] = "99.99", "100.01"
        heads = [await estate.head(area) for area in areas]
        vote = await opened(estate)
        for no, head in enumerate(heads[:8]):
            await entered(estate, vote, head, "approve" if no < 6 else "reject")
        await end_voting(estate, vote)
        await act(estate, vote, "close")
        shown = await tally(estate, vote)
        assert shown["total"] == {"heads": 12, "area": "1200"}
        assert (shown["quorum"]["heads"], shown["quorum"]["area"]) == (True, passes)
        assert (shown["approval"]["heads"], shown["approval"]["area"]) == (True, passes)
        assert (shown["passed"], shown["quorum_missing"]["area"]) == (passes, short)


async def test_every_matter_has_to_be_answered(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    matters = [*owners.PLAN_VOTE, {"title": "使用维修资金", "kind": "use_repair_fund"}]
    vote = await opened(estate, matters=matters)
    for choices in (
        {"1": "approve"},
        {"1": "approve", "3": "approve"},
        {"1": "approve", "2": "reject", "3": "abstain"},
    ):
        answer = await resident.post(f"/v1/votes/{vote['id']}/ballots", json={"choices": choices})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/choices")
    assert (await cast(resident, vote, "approve", "maybe")).status_code == 422
    assert (await cast(resident, vote, "approve", "abstain")).status_code == 201


async def test_a_resident_says_nothing_of_channel_or_proof(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    for more in ({"channel": "meeting"}, {"assurance": "face"}, {"evidence": "档案 1"}, {"person_id": str(uuid4())}):
        assert (await cast(resident, vote, "approve", **more)).status_code == 422
    assert await lines(estate, vote) == 0


async def test_the_policy_sets_the_least_proof(estate: Estate) -> None:
    head, better = await estate.head("80"), await estate.head("90")
    by_phone, by_code = await estate.resident(head), await estate.resident(better, assurance="code")
    vote = await opened(estate)
    await sql(estate, "UPDATE vote SET assurance = 'code' WHERE id = $1", UUID(vote["id"]))
    refused = await cast(by_phone, vote, "approve")
    assert (code(refused), refused.json()["least"]) == ("ballot-assurance-too-low", "code")
    assert (await cast(by_code, vote, "approve")).status_code == 201
    assert (await entered(estate, vote, head, "approve"))["state"] == "counted"  # seen at the door


async def test_paper_counts_once_a_second_person_reads_the_same(estate: Estate) -> None:
    head = await estate.head("80")
    vote = await opened(estate)
    ballot = await entered(estate, vote, head, "approve", channel="paper")
    assert ballot["state"] == "pending"
    again = await entered(estate, vote, head, "approve", channel="paper")
    assert again == ballot
    assert (await tally(estate, vote))["taking_part"]["heads"] == 0
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert code(await attempt(estate, vote, "publish")) == "vote-ballots-unconfirmed"
    confirm = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}/confirm"
    same, other = {"choices": said("approve")}, {"choices": said("reject")}
    assert code(await estate.world.street.post(confirm, json=same)) == "vote-second-person-needed"
    assert code(await estate.world.city.post(confirm, json=other)) == "ballot-differs"
    assert (await estate.world.city.post(confirm, json=same)).status_code == 200
    assert code(await estate.world.city.post(confirm, json=same)) == "ballot-not-pending"
    assert (await tally(estate, vote))["taking_part"] == {"heads": 1, "area": "80"}


async def test_two_who_confirm_at_once_add_one_line(estate: Estate, staff: Any) -> None:
    vote = await opened_with(estate)
    ballot = await entered(estate, vote, estate.heads[0], "approve", channel="paper")
    people = [await staff("community", estate.at) for _ in range(5)]
    confirm = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}/confirm"
    answers = await asyncio.gather(*(one.post(confirm, json={"choices": said("approve")}) for one in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert await lines(estate, vote) == 2


async def opened_with(estate: Estate) -> dict[str, Any]:
    await estate.head("80")
    return await opened(estate)


async def test_what_was_cast_later_stands_though_paper_is_confirmed_after_it(estate: Estate) -> None:
    head = await estate.head("80")
    resident = await estate.resident(head)
    vote = await opened(estate)
    ballot = await entered(estate, vote, head, "approve", channel="paper")
    await cast(resident, vote, "reject")
    confirm = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}/confirm"
    assert (await estate.world.city.post(confirm, json={"choices": said("approve")})).status_code == 200
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert (await tally(estate, vote))["against"]["heads"] == 1


async def test_a_proxy_needs_its_document(estate: Estate) -> None:
    head = await estate.head("80")
    vote = await opened(estate)
    body = {"owner_id": str(head.id), "channel": "proxy"}
    without = await cast(estate.world.street, vote, "approve", **body)
    assert without.json()["errors"][0]["pointer"] == "/evidence"
    given = await cast(estate.world.street, vote, "approve", **body, evidence="委托书 12 号")
    assert given.json()["state"] == "pending"


async def test_staff_never_cast_by_phone_nor_for_who_is_unknown(estate: Estate) -> None:
    head, unknown = await estate.head("80"), await estate.head("90", kind="unknown")
    company = await estate.head("100", kind="company")
    vote = await opened(estate)
    phone = await cast(estate.world.street, vote, "approve", owner_id=str(head.id), channel="phone")
    assert phone.json()["errors"][0]["pointer"] == "/channel"
    nobody = await cast(estate.world.street, vote, "approve", owner_id=str(unknown.id), channel="door")
    assert nobody.json()["errors"][0]["pointer"] == "/owner_id"
    stranger = await cast(
        estate.world.street, vote, "approve", owner_id=str(head.id), channel="door", person_id=str(uuid4())
    )
    assert stranger.json()["errors"][0]["pointer"] == "/person_id"
    assert (await entered(estate, vote, company, "approve"))["state"] == "counted"
    assert (await entered(estate, vote, head, "approve", person_id=str(head.people[0])))["state"] == "counted"


async def test_a_correction_waits_for_a_second_person_and_a_void_ballot_may_be_cast_again(estate: Estate) -> None:
    head = await estate.head("80")
    vote = await opened(estate)
    ballot = await entered(estate, vote, head, "reject")
    path = f"/v1/votes/{vote['id']}/ballots"
    wrong = {"choices": said("approve"), "reason": "看错选项"}
    corrected = await estate.world.street.post(f"{path}/{ballot['ballot_id']}/correct", json=wrong)
    line = corrected.json()["ballot_id"]
    assert (await tally(estate, vote))["unconfirmed"] == 1
    confirmed = await estate.world.city.post(f"{path}/{line}/confirm", json={"choices": said("approve")})
    assert confirmed.status_code == 200, confirmed.text
    stale = await estate.world.street.post(f"{path}/{ballot['ballot_id']}/void", json={"reason": "重复"})
    assert code(stale) == "ballot-superseded"
    asked = (await estate.world.street.post(f"{path}/{line}/void", json={"reason": "非业主本人"})).json()["ballot_id"]
    assert (await tally(estate, vote))["taking_part"]["heads"] == 1
    assert (await estate.world.city.post(f"{path}/{asked}/confirm", json={})).status_code == 200
    assert (await tally(estate, vote))["taking_part"]["heads"] == 0
    await entered(estate, vote, head, "approve")
    ledger = (await estate.world.city.get(path)).json()["items"]
    assert [(one["n"], one["entry"]) for one in ledger] == [
        (1, "cast"), (2, "correct"), (3, "confirm"), (4, "void"), (5, "confirm"), (6, "cast"),
    ]  # fmt: skip
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert (await tally(estate, vote))["in_favour"]["heads"] == 1


async def test_what_an_owner_cast_himself_is_not_corrected_for_him(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    ballot = (await cast(resident, vote, "reject")).json()
    path = f"/v1/votes/{vote['id']}/ballots/{ballot['ballot_id']}"
    wrong = {"choices": said("approve"), "reason": "看错选项"}
    assert code(await estate.world.street.post(f"{path}/correct", json=wrong)) == "ballot-of-resident"
    assert (await estate.world.street.post(f"{path}/void", json={"reason": "账号被盗"})).status_code == 200


async def test_the_ledger_is_only_added_to(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    await cast(resident, vote, "approve")
    for change in ("UPDATE ballot SET standing = NULL", "DELETE FROM ballot"):
        with pytest.raises(Exception, match="append-only"):
            await sql(estate, f"{change} WHERE vote_id = $1", UUID(vote["id"]))


async def test_after_a_transfer_a_cast_ballot_stands(estate: Estate) -> None:
    seller, buyer = await estate.head("80"), await estate.head("100")
    old, new = await estate.resident(seller), await estate.resident(buyer)
    vote = await opened(estate)
    await cast(old, vote, "approve")
    await estate.transfer(seller.properties[0], buyer)
    buyer.properties = seller.properties
    await estate.bind(new, buyer)
    refused = await cast(new, vote, "reject", owner_id=str(seller.id))
    assert code(refused) == "ballot-stands"
    assert code(await cast(old, vote, "reject")) == "not-found"  # who sold votes no more
    assert (await tally(estate, vote))["taking_part"] == {"heads": 1, "area": "80"}


async def test_after_a_transfer_the_new_owner_votes_on_the_frozen_area(estate: Estate) -> None:
    seller, buyer = await estate.head("80"), await estate.head("100")
    new = await estate.resident(buyer)
    vote = await opened(estate)
    await estate.transfer(seller.properties[0], buyer)
    await sql(estate, "UPDATE property SET area_by_register = 85 WHERE id = $1", seller.properties[0])
    buyer.properties = seller.properties
    await estate.bind(new, buyer)
    assert (await cast(new, vote, "approve", owner_id=str(seller.id))).status_code == 201
    assert (await tally(estate, vote))["taking_part"] == {"heads": 1, "area": "80"}


async def test_a_batch_answers_each_ballot_for_itself(estate: Estate) -> None:
    heads = [await estate.head("10") for _ in range(3)]
    vote = await opened(estate)
    ballots = [{"owner_id": str(head.id), "choices": said("approve"), "channel": "meeting"} for head in heads]
    ballots[1]["choices"] = {"2": "approve"}
    ballots.append({"owner_id": str(uuid4()), "choices": said("approve"), "channel": "meeting"})
    answer = await estate.world.street.post(f"/v1/votes/{vote['id']}/ballots/batch", json={"ballots": ballots})
    assert answer.status_code == 200, answer.text
    told = answer.json()["answers"]
    assert [one["refused"] and one["refused"]["code"] for one in told] == [
        None,
        "ballot-invalid",
        None,
        "ballot-invalid",
    ]
    assert (await tally(estate, vote))["taking_part"]["heads"] == 2
    too_many = [ballots[0]] * 201
    refused = await estate.world.street.post(f"/v1/votes/{vote['id']}/ballots/batch", json={"ballots": too_many})
    assert refused.status_code == 422


async def test_an_idempotency_key_gives_the_same_answer(estate: Estate) -> None:
    resident = await estate.resident(await estate.head("80"))
    vote = await opened(estate)
    path, sent = f"/v1/votes/{vote['id']}/ballots", {"choices": said("approve")}
    first = await resident.post(path, json=sent, headers={"Idempotency-Key": "one"})
    again = await resident.post(path, json=sent, headers={"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.content == again.content


async def test_silence_is_no_ballot_and_an_empty_vote_never_passes(estate: Estate) -> None:
    await estate.head("80")
    vote = await opened(estate)
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    shown = await tally(estate, vote)
    assert (shown["passed"], shown["taking_part"]["heads"]) == (False, 0)
