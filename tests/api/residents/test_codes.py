"""Codes on paper: told once, typed as people type, used once, guessed by nobody."""

import asyncio
from collections.abc import Callable

import pytest

from services.core.kit.uow import Database
from services.core.residents.rules import ALPHABET
from tests.api.ownership.desk import Desk, people, person
from tests.api.residents.steps import MakeDesk, MakePhone, by_code, later, number, owned, properties, sheet

WRONG = {"type": "/problems/binding-code-wrong"}


async def test_each_person_on_record_gets_a_code_of_his_own(desk: Desk, phone: MakePhone) -> None:
    building = await desk.post(f"{desk.at}/buildings", {"no": "3"})
    held = await desk.property(
        "301", people(person("王伟", number()), person("李娜", number())), building_id=building["id"]
    )
    await desk.post(f"/v1/properties/{held['id']}/tenants", {"tenant": person("=SUM(A1)甲"), "since": "2026-01-01"})
    await desk.property("302", {"kind": "developer", "title": "某置业公司"})
    rows = await sheet(desk)
    assert sorted((row["Building"], row["Door"], row["As"], row["masked"]) for row in rows) == [
        ("3", "301", "业主 owner", "李*"), ("3", "301", "业主 owner", "王*"), ("3", "301", "承租人 tenant", "'=*"),
    ]  # fmt: skip
    assert len({row["Code"] for row in rows}) == 3
    for row in rows:
        me = await phone()
        assert (await by_code(me, row["Code"])).status_code == 201
        assert [one["assurance"] for one in await properties(me)] == ["code"]


async def test_the_file_is_told_once_and_the_table_tells_nothing(
    desk: Desk, phone: MakePhone, database: Database
) -> None:
    await desk.property("301", people(person("王伟", number())))
    path = f"{desk.at}/binding-codes"
    first = await desk.tried(path, {"format": "xlsx"}, key="print-1")
    assert first.status_code == 200, first.text
    assert first.content[:2] == b"PK"
    assert first.headers["cache-control"] == "no-store"
    again = await desk.tried(path, {"format": "xlsx"}, key="print-1")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/secret-told-once")
    (row,) = await sheet(desk)
    code = row["Code"].replace("-", "")
    async with database.read() as connection:
        for table in ("binding_code", "event", "audit_entry", "idempotent_answer"):
            for one in await connection.fetch(f"SELECT t::text FROM {table} AS t"):
                assert code not in one[0]
                assert code[8:] not in one[0]


MANNERS: list[Callable[[str], str]] = [
    lambda code: code.lower().replace("-", " "),
    lambda code: code.replace("0", "O").replace("1", "l"),
    lambda code: "".join(chr(ord(one) + 0xFEE0) for one in code),
]


@pytest.mark.parametrize("manner", MANNERS)
async def test_typed_as_people_type(desk: Desk, phone: MakePhone, manner: Callable[[str], str]) -> None:
    _, code = await owned(desk)
    assert (await by_code(await phone(), manner(code))).status_code == 201


async def test_once_and_not_after_its_day_nor_when_printed_anew(
    desk: Desk, phone: MakePhone, database: Database
) -> None:
    held, code = await owned(desk)
    me, other = await phone(), await phone()
    assert (await by_code(me, code)).status_code == 201
    refused = await by_code(other, code)
    assert (refused.status_code, refused.json()["type"]) == (409, WRONG["type"])
    (row,) = await sheet(desk)
    (newer,) = await sheet(desk, days=1)
    assert (await by_code(other, row["Code"])).json()["type"] == WRONG["type"]
    await later(
        database, "UPDATE binding_code SET expires_at = now() WHERE property_id = $1::text::uuid AND used_at IS NULL",
        held["id"],
    )  # fmt: skip
    assert (await by_code(other, newer["Code"])).json()["type"] == WRONG["type"]


async def test_of_two_who_print_at_once_the_later_sheet_holds(desk: Desk, phone: MakePhone) -> None:
    await desk.property("301", people(person("王伟", number())))
    sheets = await asyncio.gather(*(sheet(desk) for _ in range(4)))
    codes = [row["Code"] for (row,) in sheets]
    assert len(set(codes)) == 4
    answers = [await by_code(await phone(), code) for code in codes]
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_of_ten_who_type_one_code_one_is_bound(desk: Desk, phone: MakePhone) -> None:
    _, code = await owned(desk)
    phones = [await phone() for _ in range(10)]
    answers = await asyncio.gather(*(by_code(me, code) for me in phones))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_the_same_request_again_gets_the_same_answer(desk: Desk, phone: MakePhone) -> None:
    _, code = await owned(desk)
    me, key = await phone(), {"Idempotency-Key": "typed-1"}
    first, again = await by_code(me, code, **key), await by_code(me, code, **key)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


async def test_five_wrong_codes_lock_the_door_for_a_while(desk: Desk, phone: MakePhone, database: Database) -> None:
    _, code = await owned(desk)
    me = await phone()
    for _ in range(5):
        assert (await by_code(me, "0000-0000-0000-0000")).status_code == 409
    locked = await by_code(me, code)
    assert (locked.status_code, locked.json()["type"]) == (429, "/problems/binding-codes-too-many")
    assert 0 < int(locked.headers["retry-after"]) <= 901
    await later(database, "UPDATE resident SET locked_until = now() WHERE id = $1", me.resident_id)
    assert (await by_code(me, code)).status_code == 201


async def test_five_wrong_halves_end_a_code_whoever_tries(desk: Desk, phone: MakePhone) -> None:
    _, code = await owned(desk)
    last = ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]
    for _ in range(5):
        assert (await by_code(await phone(), code[:-1] + last)).status_code == 409
    assert (await by_code(await phone(), code)).status_code == 409


async def test_a_code_of_a_former_owner_is_worth_nothing(desk: Desk, phone: MakePhone) -> None:
    held, code = await owned(desk)
    await desk.transfer(held, people(person("赵敏", number())))
    assert (await by_code(await phone(), code)).status_code == 409


async def test_an_invitation_makes_family_which_invites_nobody(desk: Desk, phone: MakePhone) -> None:
    _, code = await owned(desk)
    me, guest, other = await phone(), await phone(), await phone()
    mine = (await by_code(me, code)).json()["bound"][0]
    path = f"/v1/me/properties/{mine['id']}/invite"
    former = (await me.post(path)).json()["code"]
    made = await me.post(path, headers={"Idempotency-Key": "invite-1"})
    assert made.headers["cache-control"] == "no-store"
    again = await me.post(path, headers={"Idempotency-Key": "invite-1"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/secret-told-once")
    invitation = made.json()["code"]
    assert (await by_code(guest, former)).status_code == 409
    assert (await by_code(me, invitation)).status_code == 409  # nobody is his own family
    assert (await by_code(guest, invitation)).status_code == 201
    (theirs,) = await properties(guest)
    assert (theirs["kind"], theirs["assurance"], theirs["family"]) == ("family", "code", [])
    assert (await guest.post(f"/v1/me/properties/{theirs['id']}/invite")).status_code == 404
    assert (await other.post(path)).status_code == 404


async def test_nobody_on_record_nothing_to_print_and_no_other_community_prints(desk: Desk, community: MakeDesk) -> None:
    elsewhere = await community()
    answer = await desk.tried(f"{desk.at}/binding-codes", {})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nobody-to-issue-codes")
    assert (await elsewhere.tried(f"{desk.at}/binding-codes", {})).status_code == 404
