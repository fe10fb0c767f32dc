"""A roll as a file: properties and their owners, entered in one go, sent again without harm, given out masked."""

import csv as reading
import io
from typing import Any

import asyncpg
import pytest

from services.core.exchange.running import BATCH
from services.core.kit.uow import Database
from tests.api.exchange.sheets import EN, Clerk, csv, xlsx
from tests.api.selection.world import MakeStaff
from tests.support.people import Region

HEAD = "小区编号,楼栋,单元,门牌号,房屋类型,专有面积,面积来源,业主类型,业主,电话,证件号码,取得日期"
ONE, TWO = "11010519491231002X", "440524188001010014"


@pytest.fixture
async def compound(clerk: Clerk, communities: list[Region]) -> dict[str, Any]:
    """A compound, and a clerk who sends rolls."""
    body = {"region_id": str(communities[0].id), "name": "南岳新村"}
    answer = await clerk.client.post("/v1/compounds", json=body)
    assert answer.status_code == 201, answer.text
    clerk.defaults = {"kind": "properties"}
    return dict(answer.json())


class Roll:
    """The register of the compound."""

    def __init__(self, clerk: Clerk, compound: dict[str, Any]) -> None:
        self.clerk, self.no, self.at = clerk, compound["no"], f"/v1/compounds/{compound['id']}"

    async def items(self, path: str) -> list[dict[str, Any]]:
        answer = await self.clerk.client.get(f"{self.at}/{path}", params={"limit": 100})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def figures(self) -> dict[str, Any]:
        return dict((await self.clerk.client.get(f"{self.at}/register")).json())

    async def doors(self) -> dict[str, dict[str, Any]]:
        return {one["door_no"]: one for one in await self.items("properties")}

    async def bring(self, *rows: str, **fields: str) -> dict[str, Any]:
        return await self.clerk.bring(csv(HEAD, *(f"{self.no},{row}" for row in rows)), **fields)

    async def refused(self, *rows: str) -> list[tuple[int | None, str | None, str]]:
        done = await self.bring(*rows)
        assert done["state"] == "refused"
        return await self.clerk.places(done["id"])


@pytest.fixture
async def roll(clerk: Clerk, compound: dict[str, Any]) -> Roll:
    """The empty roll of the compound."""
    return Roll(clerk, compound)


ROWS = (
    f"3号楼,1单元,101,住宅,80.01,登记,,王伟,138 1234 1234,{ONE},",
    f"3,1,102,住宅,70,登记,自然人,王伟、李娜,13812341234；-,{ONE}、-,",
    f"3,1,103室,住宅,70.5,实测,,李娜、王伟,,-、{ONE},",
    "3,,S1,商铺,30,合同,公有,全椒县房管局,,,",
    ",,G1,车库,12,登记,不明,,,,",
    "5,,101,住宅,,,开发商,甲置业公司,,,",
    "5,,102,住宅,60,登记,,,,,",
)


async def test_a_roll_is_entered_and_the_same_file_again_changes_nothing(roll: Roll) -> None:
    done = await roll.bring(*ROWS)
    assert (done["state"], done["created"], done["rows_bad"]) == ("done", 7, 0), await roll.clerk.errors(done["id"])
    doors = await roll.doors()
    figures = await roll.figures()
    assert (figures["buildings"], figures["entrances"], figures["properties"]) == (2, 1, 7)
    assert figures["exclusive_area"] == "322.51"
    # 王伟 by his number is one person; 李娜 has none, and is somebody new in each row.
    assert (figures["people"], figures["heads"]) == (3, 7)
    assert {one["name"] for one in doors["103"]["owner"]["members"]} == {"李*", "王*"}
    assert (doors["S1"]["owner"]["title"], doors["G1"]["owner"]["kind"]) == ("全椒县房管局", "unknown")
    again = await roll.bring(*ROWS)
    assert (again["state"], again["created"], again["changed"], again["unchanged"]) == ("done", 0, 0, 7)
    assert (await roll.figures()) == figures


async def test_a_later_file_adds_changes_and_hands_over(roll: Roll) -> None:
    await roll.bring("3,1,101,住宅,80,合同,,王伟,,,", "3,1,102,住宅,80,登记,,李娜,13900001234,,")
    done = await roll.bring(
        f"3,1,101,住宅,79.9,登记,,王伟,13812341234,{ONE},",  # a better area, more about the same owner
        f"3,1,102,住宅,,,,王伟,,{ONE},2026-03-01",  # sold
        "3,1,103,住宅,50,登记,,张三,,,",
    )
    assert (done["created"], done["changed"], done["unchanged"]) == (1, 2, 0)
    doors = await roll.doors()
    assert doors["101"]["owner"]["id"] == doors["102"]["owner"]["id"]
    assert (doors["101"]["exclusive_area"], doors["101"]["area_by_contract"]) == ("79.9", "80")
    assert doors["101"]["owner"]["members"][0]["phone"] == "138****1234"
    history = (await roll.clerk.client.get(f"/v1/properties/{doors['102']['id']}/transfers")).json()["items"]
    assert [(one["act"], one["effective_on"]) for one in history] == [("transfer", "2026-03-01")]
    assert await roll.refused("3,1,102,住宅,,,,赵六,,,2026-02-01") == [(2, "L", "title-earlier")]
    corrected = await roll.bring("3,1,103,住宅,,,,李四,,,")
    assert corrected["changed"] == 1
    path = f"/v1/properties/{doors['103']['id']}/transfers"
    (told,) = (await roll.clerk.client.get(path)).json()["items"]
    assert (told["act"], told["document"]) == ("correction", f"import {corrected['id']}")


async def test_of_two_co_owners_of_one_name_the_number_says_which_is_meant(roll: Roll) -> None:
    await roll.bring(f"3,1,101,住宅,80,登记,,王伟、王伟,-、13812341234,-、{ONE},")
    before = (await roll.doors())["101"]["owner"]
    again = await roll.bring(f"3,1,101,住宅,,,,王伟、王伟,13812341234、-,{ONE}、-,")
    assert (again["changed"], again["unchanged"]) == (0, 1)
    by_phone = await roll.bring("3,1,101,住宅,,,,王伟、王伟,13812341234、13900001234,,")
    assert by_phone["changed"] == 1
    after = (await roll.doors())["101"]["owner"]
    assert after["id"] == before["id"]
    assert sorted((one["phone"], one["identity_number"] is None) for one in after["members"]) == [
        ("138****1234", False), ("139****1234", True),
    ]  # fmt: skip
    assert await roll.items("people/matches") == []


async def test_a_number_of_another_entry_makes_no_second_entry_with_it(roll: Roll) -> None:
    await roll.bring(f"3,1,101,住宅,80,登记,,王伟,13812341234,{ONE},", "3,1,102,住宅,80,登记,,王伟,13900001234,,")
    before = await roll.figures()
    # Under another name; and of somebody of that name, of whom another entry is present at this door.
    for row in (f"3,1,103,住宅,80,登记,,王玮,,{ONE},", f"3,1,102,住宅,80,登记,,王伟,13900001234,{ONE},"):
        assert await roll.refused(row) == [(2, "K", "number-of-another")]
    assert await roll.figures() == before
    good = await roll.bring(f"3,1,103,住宅,80,登记,,王伟,,{ONE},")
    assert good["created"] == 1
    assert (await roll.figures())["people"] == before["people"]


async def test_what_a_change_of_owners_rests_on_holds_nobodys_number(roll: Roll) -> None:
    row = f"{roll.no},3,1,101,住宅,80,登记,,王伟,,,,买方电话 13812341234"
    done = await roll.clerk.bring(csv(f"{HEAD},依据", row))
    assert await roll.clerk.places(done["id"]) == [(2, "M", "text-personal")]


async def test_a_file_from_before_a_merge_does_not_undo_it(roll: Roll) -> None:
    rows = (
        "3,1,101,住宅,80,登记,,王伟,13812341234,,",
        f"3,1,102,住宅,80,登记,,王玮,13912341234,{ONE},",
        "3,1,103,住宅,80,登记,,王伟,13912341234,,",
    )
    await roll.bring(*rows)
    kept, *others = [(await roll.doors())[no]["owner"]["members"][0] for no in ("101", "102", "103")]
    people = f"/v1/people/{kept['person_id']}"
    for other in others:
        version = (await roll.clerk.client.get(people)).json()["version"]
        body = {"other_id": other["person_id"], "reason": "同一人"}
        done = await roll.clerk.client.post(f"{people}/merge", json=body, headers={"If-Match": f'"{version}"'})
        assert done.status_code == 200, done.text
    again = await roll.bring(*rows)
    assert (again["state"], again["changed"], again["unchanged"]) == ("done", 0, 3), await roll.clerk.errors(
        again["id"]
    )
    figures = await roll.figures()
    assert (figures["heads"], figures["people"]) == (1, 1)


async def test_what_is_wrong_with_a_row_is_told_in_its_cell(roll: Roll) -> None:
    await roll.bring("3,1,101,住宅,80,登记,,王伟,13812341234,,", "3,1,S1,商铺,80,登记,公有,房管局,,,")
    assert await roll.refused(
        "3,1,201,别墅,80,登记,,,,,",
        "3,1,202,住宅,80,,,,,,",
        "3,1,203,住宅,0,登记,,,,,",
        ",1,204,住宅,80,登记,,,,,",
        "3,1,205,住宅,80,登记,,王伟,12345,,",
        "3,1,206,住宅,80,登记,,王伟、李娜,13812341234,,",
        "3,1,207,住宅,80,登记,,王伟,,110105194912310021,",
        "3,1,208,住宅,80,登记,,王*,,,",
        "3,1,209,住宅,80,登记,企业,,,,",
        "3,1,210,住宅,80,登记,企业,甲、乙,,,",
        "3,1,211,住宅,80,登记,企业,房管局,,,",
        "3,1,101,住宅,80,登记,,王伟,13800005678,,",
        f"3,1,212,住宅,80,登记,,王伟、王伟,,{ONE}、{ONE},",
        "3,1,201,商铺,80,登记,,,,,",
        "3,1,213,住宅,80,登记,,王伟,,,2999-01-01",
    ) == [
        (2, "E", "choice"), (3, "G", "area-source-missing"), (4, "F", "area-zero"), (5, "B", "building-missing"),
        (6, "J", "phone"), (7, "J", "list-uneven"), (8, "K", "identity-number"), (9, "I", "person-name"),
        (10, "I", "owner-missing"), (11, "I", "owner-several"), (12, "H", "owner-kind-differs"),
        (13, "I", "owner-differs"), (14, "I", "owner-repeated"), (16, "L", "date-to-come"),
    ]  # fmt: skip
    assert (await roll.figures())["properties"] == 2


async def test_good_rows_alone_and_a_dry_run(roll: Roll) -> None:
    rows = ("3,1,101,住宅,80,登记,,王伟,,,", "3,1,102,住宅,80,,,,,,", "3,1,101,住宅,80,登记,,王伟,,,")
    tried = await roll.bring(*rows, mode="good_rows", dry_run="true")
    assert (tried["created"], tried["rows_bad"]) == (1, 2)
    assert (await roll.figures())["properties"] == 0
    done = await roll.bring(*rows, mode="good_rows")
    assert (done["state"], done["created"], done["rows_bad"]) == ("done", 1, 2)
    told = await roll.clerk.errors(done["id"], EN)
    assert [one["detail"] for one in told] == ["States an exclusive area and needs its source", "repeats row 2"]


async def test_a_compound_of_elsewhere_is_not_known(
    roll: Roll, staff: MakeStaff, region: Any, database: Database
) -> None:
    away = await region("street")
    other = Clerk(await staff("street", away), database, away, {"kind": "properties"})
    done = await other.bring(csv(HEAD, f"{roll.no},3,1,101,住宅,80,登记,,王伟,,,"))
    assert await other.places(done["id"]) == [(2, "A", "compound-unknown")]


async def test_the_file_and_its_bad_rows_lie_sealed_and_are_given_to_who_may_reveal(
    roll: Roll, database: Database, staff: MakeStaff, communities: list[Region]
) -> None:
    name, phone = "欧阳震华", "13912345678"
    done = await roll.bring(f"3,1,101,住宅,80,,,{name},{phone},{ONE},")
    async with database.read() as connection:
        for table in ("import_file", "import_bad_row", "import_finding", "data_import"):
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t")
            kept = "\n".join(row["row"] for row in rows)
            for secret in (name, phone, ONE):
                assert secret not in kept
                assert secret.encode().hex() not in kept
    path = f"/v1/imports/{done['id']}/errors.xlsx"
    mended = await roll.clerk.client.get(path)
    assert mended.status_code == 200
    auditor = await staff("auditor", roll.clerk.at)
    assert (await auditor.get(path)).status_code == 403
    again = await roll.clerk.bring(mended.content, name="错误.xlsx")
    assert await roll.clerk.places(again["id"]) == [(2, "G", "area-source-missing")]  # whole as it was
    async with database.read() as connection:
        audited = await connection.fetch(
            "SELECT actor_id, details FROM audit_entry WHERE action = 'person.revealed_in_file' AND target_id = $1",
            done["id"],
        )
    assert [dict(row) for row in audited] == [
        {"actor_id": roll.clerk.client.staff_id, "details": {"purpose": "verify"}}
    ]


async def exported(roll: Roll, **query: str) -> list[dict[str, str]]:
    answer = await roll.clerk.client.get(
        "/v1/exports/properties", params={"region": str(roll.clerk.at.id), "format": "csv", **query}
    )
    assert answer.status_code == 200, answer.text
    rows = list(reading.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    return [dict(zip([title.split()[0].rstrip("*") for title in rows[0]], row, strict=True)) for row in rows[1:]]


async def test_an_export_is_masked_and_no_import_takes_it(roll: Roll) -> None:
    await roll.bring(*ROWS, "3,1,104,住宅,50,登记,,张三,,,")
    masked = await exported(roll)
    assert (masked[0]["业主"], masked[0]["电话"], masked[0]["证件号码"]) == ("王*", "138****1234", "1****************X")
    answer = await roll.clerk.export("properties")
    refused = await roll.clerk.bring(answer)
    assert refused["state"] == "refused"
    assert {code for _, _, code in await roll.clerk.places(refused["id"])} == {
        "phone",
        "identity-number",
        "person-name",
    }


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_an_export_in_the_clear_sent_back_changes_nothing(roll: Roll, database: Database, form: str) -> None:
    await roll.bring(*ROWS)
    before = await roll.figures()
    assert (await exported(roll, purpose="verify"))[0]["证件号码"] == ONE
    query = {"region": str(roll.clerk.at.id), "format": form, "purpose": "verify"}
    answer = await roll.clerk.client.get("/v1/exports/properties", params=query)
    done = await roll.clerk.bring(answer.content)
    assert (done["state"], done["unchanged"]) == ("done", 7), await roll.clerk.errors(done["id"])
    assert await roll.figures() == before
    async with database.read() as connection:
        audited = await connection.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'person.revealed_in_file' AND target_id = $1",
            roll.clerk.at.id,
        )
    assert audited == 2


async def test_who_may_not_reveal_gets_no_roll_in_the_clear(roll: Roll, staff: MakeStaff) -> None:
    auditor = await staff("auditor", roll.clerk.at)
    query = {"region": str(roll.clerk.at.id)}
    assert (await auditor.get("/v1/exports/properties", params=query)).status_code == 200
    refused = await auditor.get("/v1/exports/properties", params={**query, "purpose": "verify"})
    assert refused.status_code == 403


class Work:
    """What was asked of the database: statements, and the rows that they gave."""

    def __init__(self) -> None:
        self.statements = self.rows = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Counts from here on."""
    done = Work()
    for name in ("fetch", "fetchrow", "execute", "prepare", "copy_records_to_table"):
        asked = getattr(asyncpg.Connection, name)

        async def counted(*given: Any, asked: Any = asked, **named: Any) -> Any:
            found = await asked(*given, **named)
            done.statements += 1
            done.rows += len(found) if isinstance(found, list) else 1
            return found

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    return done


async def test_a_roll_of_five_thousand_is_written_and_compared_by_the_thousand(roll: Roll, work: Work) -> None:
    titles = HEAD.split(",")
    rows = [
        [
            roll.no,
            str(n // 100),
            str(n % 100 // 25),
            str(n),
            "住宅",
            "80.5",
            "登记",
            None,
            f"业主{n}",
            f"138{n:08}",
            None,
            None,
        ]
        for n in range(5000)
    ]
    content = xlsx([titles, *rows], sheet="房屋")
    done = await roll.clerk.bring(content, name="名册.xlsx")
    assert (done["created"], done["rows_bad"]) == (5000, 0)
    written = work.statements
    assert written <= 20 * (5000 // BATCH)  # a dozen tables and what surrounds them, whatever a batch holds
    again = await roll.clerk.bring(content, name="名册.xlsx")
    assert again["unchanged"] == 5000
    assert work.statements - written < written
    assert work.rows < 5 * 5000  # the property, its head, his entry and the person: each is read once
    assert (await roll.figures())["exclusive_area"] == "402500"
