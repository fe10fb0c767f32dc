"""A community's desk: one compound, and its register through the API."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.people import Client, Region

ONE, TWO = "11010519491231002X", "440524188001010014"
"""Two valid citizen's numbers, of GB 11643's own examples."""

DEED = "皖（2026）全椒县不动产权第0001234号"


def person(name: str, phone: str | None = None, number: str | None = None) -> dict[str, Any]:
    """Somebody's particulars."""
    told = {"name": name, "phone": phone, "identity_number": number}
    return {key: value for key, value in told.items() if value is not None}


def people(*named: dict[str, Any]) -> dict[str, Any]:
    """Co-owners."""
    return {"kind": "persons", "people": list(named)}


def entry(person_id: str) -> dict[str, Any]:
    """Somebody by their entry."""
    return {"person_id": person_id}


@dataclass
class Desk:
    """Whoever sits there, and the compound."""

    client: Client
    compound: str
    region: Region

    @property
    def at(self) -> str:
        """Where the compound is."""
        return f"/v1/compounds/{self.compound}"

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What is there."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def post(self, path: str, body: dict[str, Any] | None, *, version: int | None = None) -> dict[str, Any]:
        """Does something that goes through."""
        answer = await self.tried(path, body, version=version)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())

    async def tried(
        self,
        path: str,
        body: dict[str, Any] | None,
        *,
        version: int | None = None,
        method: str = "POST",
        key: str | None = None,
    ) -> httpx.Response:
        """Tries something."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.client.request(method, path, json=body, headers=headers)

    async def property(self, door: str, owners: dict[str, Any] | None = None, **over: Any) -> dict[str, Any]:
        """Enters a property."""
        body: dict[str, Any] = {"door_no": door, "kind": "dwelling", "area_by_register": "80", **over}
        if owners is not None:
            body["owners"] = owners
        return await self.post(f"{self.at}/properties", body)

    async def transfer(
        self, held: dict[str, Any], owners: dict[str, Any], *, on: str = "2026-03-01", version: int | None = None
    ) -> httpx.Response:
        """Hands a property over."""
        body = {"owners": owners, "on": on, "document": DEED}
        return await self.tried(f"/v1/properties/{held['id']}/transfer", body, version=version or held["version"])
