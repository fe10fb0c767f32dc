"""Files as clerks make them, and what an import of one came to."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter

from services.core.kit.uow import Database
from services.worker import runtime
from services.worker.tasks import exchange as _bound  # noqa: F401 - binds the task
from tests.support.people import Client, Region

ZH, EN = {"Accept-Language": "zh"}, {"Accept-Language": "en"}
JOB = "SELECT id FROM job WHERE name = 'exchange.import' AND payload ->> 'import_id' = $1"


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    """Lines of CSV."""
    return "".join(line + "\r\n" for line in lines).encode(encoding)


def xlsx(
    rows: Sequence[Sequence[Any]], *, merged: Sequence[tuple[int, int, int, int, str]] = (), sheet: str = "小区"
) -> bytes:
    """A workbook of one sheet. A cell is a value, or a value and its number format; merged: top, left, bottom, right, text."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            value, shape = cell if isinstance(cell, tuple) else (cell, None)
            if value is not None:
                page.write(number, column, value, shape and book.add_format({"num_format": shape}))
    for one in merged:
        page.merge_range(*one)
    book.close()
    return target.getvalue()


@dataclass
class Clerk:
    """Somebody who sends files about a region, and a worker that does what they ask for."""

    client: Client
    database: Database
    at: Region
    defaults: dict[str, str] = field(default_factory=dict)

    async def send(
        self, content: bytes, *, name: str = "小区.csv", key: str | None = None, **fields: str
    ) -> dict[str, Any]:
        """Sends a file; the import as it was taken in."""
        sent = {"kind": "compounds", "region": str(self.at.id), "source": "街道摸底", **self.defaults, **fields}
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await self.client.post("/v1/imports", data=sent, files={"file": (name, content)}, headers=headers)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/v1/imports/{found['id']}"
        return found

    async def job(self, import_id: str) -> str | None:
        """The job of an import, while it is not done."""
        async with self.database.read() as reader:
            found = await reader.fetchval(JOB, import_id)
        return found and str(found)

    async def work(self, import_id: str) -> dict[str, Any]:
        """Lets a worker carry an import out; what it came to."""
        job = await self.job(import_id)
        assert job is not None
        await runtime.perform({"database": self.database}, job)
        return await self.get(import_id)

    async def get(self, import_id: str) -> dict[str, Any]:
        """An import."""
        answer = await self.client.get(f"/v1/imports/{import_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def bring(self, content: bytes, **fields: str) -> dict[str, Any]:
        """Sends a file and lets it be carried out."""
        return await self.work((await self.send(content, **fields))["id"])

    async def errors(self, import_id: str, language: dict[str, str] = ZH) -> list[dict[str, Any]]:
        """What was wrong."""
        answer = await self.client.get(f"/v1/imports/{import_id}/errors", params={"limit": 100}, headers=language)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def places(self, import_id: str) -> list[tuple[int | None, str | None, str]]:
        """Where what was wrong: row, column, code."""
        return [(one["row"], one["column"], one["code"]) for one in await self.errors(import_id)]

    async def compounds(self) -> dict[str, dict[str, Any]]:
        """The compounds of the region by name, with what holds about each, by key."""
        page = (await self.client.get("/v1/compounds", params={"region": str(self.at.id), "limit": 100})).json()
        found = {}
        for item in page["items"]:
            whole = (await self.client.get(f"/v1/compounds/{item['id']}")).json()
            found[item["name"]] = {**whole, "facts": {fact["key"]: fact for fact in whole["facts"]}}
        return found

    async def export(self, kind: str = "compounds", form: str = "csv") -> bytes:
        """The export of the region."""
        answer = await self.client.get(f"/v1/exports/{kind}", params={"region": str(self.at.id), "format": form})
        assert answer.status_code == 200, answer.text
        return answer.content
