"""A file comes in, a worker carries it out: what is written, what is refused and told, what is never done twice."""

from uuid import uuid4

from tests.api.exchange.sheets import EN, Clerk, csv, xlsx

HEAD = "小区编号,小区名称,所属区域,户数,建筑面积"


async def test_good_rows_become_compounds_with_attested_figures(clerk: Clerk) -> None:
    taken = await clerk.send(csv(HEAD, f"A-{clerk.at.name[-6:]},南岳,何家社区,120,8000.5", ",龙泉,文昌社区,80,"))
    assert (taken["state"], taken["rows_read"]) == ("queued", 0)
    done = await clerk.work(taken["id"])
    assert (done["state"], done["rows_read"], done["rows_bad"], done["created"]) == ("done", 2, 0, 2)
    found = await clerk.compounds()
    assert found["南岳"]["region_name"] == "何家社区"
    assert {key: fact["value"] for key, fact in found["南岳"]["facts"].items()} == {
        "compound.households": "120",
        "compound.floor_area": "8000.5",
    }
    fact = found["龙泉"]["facts"]["compound.households"]
    assert (fact["kind"], fact["source"]) == ("attested", "街道摸底")
    assert fact["source_rows"] == [{"import": done["id"], "file": "小区.csv", "sheet": None, "row": 3}]


async def test_each_wrong_cell_is_told_by_row_and_column_in_the_callers_language(clerk: Clerk) -> None:
    refused = await clerk.bring(csv(HEAD, ",南岳,何家社区,很多,8000", ",,何家社区,1,-3", ",龙泉,无此社区,1,12户"))
    assert (refused["state"], refused["rows_bad"], refused["findings"]) == ("refused", 3, 5)
    assert await clerk.places(refused["id"]) == [
        (2, "D", "number"),
        (3, "B", "required"),
        (3, "E", "number"),
        (4, "C", "region-unknown"),
        (4, "E", "unit-other"),
    ]
    told = {language: (await clerk.errors(refused["id"], head))[4] for language, head in (("zh", {}), ("en", EN))}
    assert (told["zh"]["header"], told["zh"]["detail"]) == ("建筑面积", "单位不符，本列的单位是 m2")
    assert told["en"]["detail"] == "has another unit; this column's is m2"


async def test_one_bad_row_keeps_all_out_or_only_itself(clerk: Clerk) -> None:
    file = csv(HEAD, ",南岳,何家社区,120,", ",龙泉,何家社区,x,")
    refused = await clerk.bring(file)
    assert (refused["state"], refused["created"]) == ("refused", 1)
    assert await clerk.compounds() == {}
    done = await clerk.bring(file, mode="good_rows")
    assert (done["state"], done["rows_bad"], done["created"]) == ("done", 1, 1)
    assert set(await clerk.compounds()) == {"南岳"}


async def test_a_dry_run_finds_the_same_and_writes_nothing(clerk: Clerk) -> None:
    file = csv(HEAD, ",南岳,何家社区,120,", ",龙泉,何家社区,x,")
    tried = await clerk.bring(file, mode="good_rows", dry_run="true")
    assert (tried["state"], tried["rows_bad"], tried["created"]) == ("done", 1, 1)
    assert await clerk.places(tried["id"]) == [(3, "D", "number")]
    assert await clerk.compounds() == {}
    async with clerk.database.read() as reader:
        told = await reader.fetch(
            "SELECT kind FROM event WHERE region_path LIKE $1 AND kind NOT LIKE 'import.requested'", f"{clerk.at.path}%"
        )
    assert told == []


async def test_the_same_file_again_changes_nothing_and_says_so(clerk: Clerk) -> None:
    file = csv(HEAD, ",南岳,何家社区,120,8000", ",龙泉,文昌社区,80,")
    first = await clerk.bring(file)
    before = await clerk.compounds()
    again = await clerk.bring(file)
    assert again["same_as"] == first["id"]
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 2)
    assert await clerk.compounds() == before


async def test_a_repeated_request_is_one_import(clerk: Clerk) -> None:
    file, key = csv(HEAD, ",南岳,何家社区,120,8000"), uuid4().hex
    first = await clerk.send(file, key=key)
    assert (await clerk.send(file, key=key))["id"] == first["id"]
    other = await clerk.client.post(
        "/v1/imports",
        data={"kind": "compounds", "region": str(clerk.at.id)},
        files={"file": ("小区.csv", file + b",x,,,\r\n")},
        headers={"Idempotency-Key": key},
    )
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_a_later_file_changes_what_it_states_and_nothing_else(clerk: Clerk) -> None:
    await clerk.bring(csv("小区名称,所属区域,地址,户数,楼栋数", "南岳,何家社区,一号,120,4"))
    changed = await clerk.bring(csv("小区名称,所属区域,地址,户数,楼栋数", "南岳,何家社区,,121,"))
    assert (changed["changed"], changed["created"]) == (1, 0)
    found = (await clerk.compounds())["南岳"]
    assert found["address"] == "一号"
    assert {key: fact["value"] for key, fact in found["facts"].items()} == {
        "compound.households": "121",
        "compound.buildings": "4",
    }


async def test_a_workbook_as_clerks_make_it(clerk: Clerk) -> None:
    """A title above, the header in another order, merged regions, padded codes, dates in many forms, a blank row, marks."""
    mark = uuid4().int % 9000 + 1000
    done = await clerk.bring(
        xlsx(
            [
                ["凤冈县老旧小区摸底表"],
                [
                    "所属区域",
                    "小区名称\n（全称）",
                    "小区编号",
                    "户 数（户）",
                    "建筑面积（㎡）",
                    "党组织",
                    "数据日期",
                    "自建住房占比",
                ],
                [None, "　南岳　新村", (mark, "0000000"), "１２０", "1,200㎡", "√", (46082, "yyyy-mm-dd"), "12.5%"],
                [None, "龙泉", f"0{mark}", 80.0, "0.35万平方米", "否", "2026.3.1", (0.125, "0%")],
                [],
                ["文昌社区", "碧桂", f"Ｂ{mark}", "80户", 720.5, None, "2026年3月", "1/8"],
            ],
            merged=[(2, 0, 3, 0, "何家社区")],
        ),
        name="摸底.xlsx",
    )
    assert done["state"] == "done", await clerk.errors(done["id"])
    assert done["sheet"] == "小区"
    found = await clerk.compounds()
    assert {name: (one["no"], one["region_name"]) for name, one in found.items()} == {
        "南岳 新村": (f"{mark:07}", "何家社区"),
        "龙泉": (f"0{mark}", "何家社区"),
        "碧桂": (f"B{mark}", "文昌社区"),
    }
    values = {name: {key: fact["value"] for key, fact in one["facts"].items()} for name, one in found.items()}
    assert values["南岳 新村"] == {
        "compound.households": "120",
        "compound.floor_area": "1200",
        "compound.self_built_share": "0.125",
        "governance.party_organisation": "true",
    }
    assert values["龙泉"]["compound.floor_area"] == "3500"
    assert values["龙泉"]["governance.party_organisation"] == "false"
    assert values["碧桂"]["compound.self_built_share"] == "0.125"
    days = {one["facts"]["compound.households"]["observed_on"] for one in found.values()}
    assert days == {"2026-03-01"}
