"""Paper ballots as a file: the roll given out to be filled in, keyed in batch, confirmed one by one by somebody else."""

import csv as reading
import io
from typing import Any
from uuid import uuid4

import pytest

from tests.api.exchange.sheets import EN, Clerk, csv
from tests.api.selection.world import MakeStaff
from tests.api.votes.owners import Estate, act, cast, end_voting, opened, said, tally

HEAD = "表决编号,房号,选择,方式,凭据"


@pytest.fixture
def clerk(estate: Estate) -> Clerk:
    """A clerk of the street."""
    return Clerk(estate.world.street, estate.database, estate.at, {"kind": "ballots"})


async def form(clerk: Clerk) -> list[list[str]]:
    """The rows of the exported roll, without its titles."""
    return list(reading.reader(io.StringIO((await clerk.export("ballots")).decode("utf-8-sig"))))[1:]


async def test_a_roll_is_given_out_filled_in_and_confirmed_by_somebody_else(estate: Estate, clerk: Clerk) -> None:
    heads = [await estate.head("80", "70"), await estate.head("90"), await estate.head("60")]
    resident = await estate.resident(heads[2])
    vote = await opened(estate)
    await cast(resident, vote, "reject")
    rows = await form(clerk)
    assert [row[0] for row in rows] == [vote["id"]] * 3
    assert sorted(row[1].count("、") for row in rows) == [0, 0, 1]
    assert {tuple(row[2:]) for row in rows} == {("", "", "")}  # nothing of what was chosen
    two = next(row for row in rows if "、" in row[1])
    filled = [",".join([row[0], row[1], "同意" if row is two else "", "", "档案盒 3"]) for row in rows]
    tried = await clerk.bring(csv(HEAD, *filled), dry_run="true")
    assert (tried["state"], tried["created"], (await tally(estate, vote))["unconfirmed"]) == ("done", 1, 0)
    done = await clerk.bring(csv(HEAD, *filled))
    assert (done["state"], done["created"], done["unchanged"]) == ("done", 1, 2)
    again = await clerk.bring(csv(HEAD, *filled))
    assert (again["created"], (await tally(estate, vote))["unconfirmed"]) == (0, 1)
    assert (await tally(estate, vote))["taking_part"]["heads"] == 1  # the paper waits
    path = f"/v1/votes/{vote['id']}/ballots"
    lines = (await estate.world.city.get(path)).json()["items"]
    paper = next(one for one in lines if one["channel"] == "paper")
    assert (paper["pending"], paper["evidence"], paper["by_kind"]) == (True, "档案盒 3", "staff")
    confirm, read = f"{path}/{paper['id']}/confirm", {"choices": said("approve")}
    assert (await estate.world.street.post(confirm, json=read)).status_code == 409  # he keyed it in himself
    assert (await estate.world.city.post(confirm, json=read)).status_code == 200
    assert (await tally(estate, vote))["taking_part"]["heads"] == 2


async def test_every_wrong_row_is_told_by_its_cell(estate: Estate, clerk: Clerk) -> None:
    first, second = await estate.head("80"), await estate.head("90")
    vote = await opened(estate)
    doors = {row[1] for row in await form(clerk)}
    one, two = sorted(doors)
    rows = [
        f"{vote['id']},{one},同意,,",
        f"{vote['id']},{one},反对,,",
        f"{vote['id']},9-9-999,同意,,",
        f"{vote['id']},{one}、{two},同意,,",
        f"{uuid4()},{one},同意,,",
        f"第一次表决,{one},同意,,",
        f"{vote['id']},{two},也许,,",
        f"{vote['id']},{two},同意、反对,,",
    ]
    done = await clerk.bring(csv(HEAD, *rows))
    assert (done["state"], done["rows_bad"]) == ("refused", 7)
    assert await clerk.places(done["id"]) == [
        (3, "B", "row-repeated"), (4, "B", "door-unknown"), (5, "B", "doors-apart"), (6, "A", "vote-unknown"),
        (7, "A", "identifier"), (8, "C", "choice"), (9, None, "ballot-invalid"),
    ]  # fmt: skip
    told = await clerk.errors(done["id"], EN)
    assert all(one["detail"] for one in told)
    assert (await tally(estate, vote))["unconfirmed"] == 0
    proxy = await clerk.bring(
        csv(HEAD, f"{vote['id']},{one},同意,委托,", f"{vote['id']},{two},同意,委托,委托书 1 号 13812345678")
    )
    assert [code for _, _, code in await clerk.places(proxy["id"])] == ["ballot-invalid", "vote-text-personal"]
    assert {first.id, second.id} == {head.id for head in estate.heads}


async def test_a_file_of_ballots_is_sealed_and_needs_who_may_enter(
    estate: Estate, clerk: Clerk, staff: MakeStaff
) -> None:
    await estate.head("80")
    vote = await opened(estate)
    bad = await clerk.bring(csv(HEAD, f"{vote['id']},9-9-999,反对,,"))
    async with estate.database.read() as reader:
        kept: list[Any] = await reader.fetch(
            "SELECT r.cells, f.content FROM import_bad_row r JOIN import_file f USING (import_id)"
            " WHERE import_id = $1::text::uuid",
            bad["id"],
        )
    assert [row["cells"] for row in kept] == [None]
    assert "反对".encode() not in kept[0]["content"]
    auditor = await staff("auditor", estate.at)
    assert (await auditor.get(f"/v1/imports/{bad['id']}/errors.xlsx")).status_code == 403
    refused = await auditor.get("/v1/exports/ballots", params={"region": str(estate.at.id)})
    assert refused.status_code == 403


async def test_papers_keyed_in_after_the_close_are_refused_row_by_row(estate: Estate, clerk: Clerk) -> None:
    await estate.head("80")
    vote = await opened(estate)
    row = ",".join([vote["id"], (await form(clerk))[0][1], "同意", "", ""])
    await end_voting(estate, vote)
    await act(estate, vote, "close")
    assert await form(clerk) == []
    done = await clerk.bring(csv(HEAD, row))
    assert (done["state"], await clerk.places(done["id"])) == ("refused", [(2, None, "vote-closed")])
