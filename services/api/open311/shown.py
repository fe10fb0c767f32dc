"""What Open311's readers are shown: whole records of the specification, null where we say nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.api.open311.formats import Record
from services.core.hotline import open311_rules, public_rules
from services.core.hotline.rules import State
from services.core.hotline.titles import STATE_TITLES
from services.core.kit.calendar import SHANGHAI

CHANGESET = "2026-11-22T00:00:00+08:00"
"""When this door last changed."""
TOLD = frozenset({State.ANSWERED, State.CLOSED})
"""In which an answer is the answer; a case that was reopened waits for another."""
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CONTACT = "政务服务便民热线 12345 (the government's hotline, telephone 12345)"
KEY_SERVICE = (
    "向市老旧小区改造主管部门申请，由其登记接入单位并发放 api_key。"
    " Ask the city's renewal office: it registers your organisation and gives the api_key."
)


def discovery(*, address: str, production: bool) -> Record:
    """Where the service is and how it is written (Service Discovery)."""
    return {
        "changeset": CHANGESET,
        "contact": CONTACT,
        "key_service": KEY_SERVICE,
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{address.rstrip('/')}/open311/v2",
                "changeset": CHANGESET,
                "type": "production" if production else "test",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }


def service(row: Mapping[str, Any], language: str) -> Record:
    """A category of complaints; none asks for more than the form itself (`metadata`)."""
    name, group = row[f"title_{language}"], row[f"group_{language}"]
    return {
        "service_code": row["code"],
        "service_name": name,
        "description": name if group is None else f"{group}: {name}",
        "metadata": False,
        "type": "realtime",
        "keywords": f"{row['title_zh']}, {row['title_en']}",
        "group": group or name,
    }


def definition(row: Mapping[str, Any]) -> Record:
    """Its attributes: none."""
    return {"service_code": row["code"], "attributes": []}


def taken(number: str, notice: str | None) -> Record:
    """What a client is told of a request that it handed over."""
    return {"service_request_id": number, "service_notice": notice, "account_id": None}


def request(row: Mapping[str, Any], language: str) -> Record:
    """One request: no name, no contact, no door; the cell of the grid that it lies in; the words in which staff made it public."""
    state = State(row["state"])
    handled = State(row["merged_state"] or state)
    notes = STATE_TITLES[state][0 if language == "zh" else 1]
    if row["answer"] is not None and state in TOLD:
        notes = f"{notes}: {row['answer']}"
    long, lat = (None, None) if row["point"] is None else public_rules.spot(*row["point"])
    return {
        "service_request_id": row["no"],
        "status": "open" if open311_rules.is_open(handled) else "closed",
        "status_notes": notes,
        "service_name": row[f"title_{language}"],
        "service_code": row["category"],
        "description": row["question"],
        "agency_responsible": row["desk_title"],
        "service_notice": None,
        "requested_datetime": _told(row["created_at"]),
        "updated_datetime": _told(row["updated_at"]),
        "expected_datetime": _told(row["first_promise_at"]),
        "address": row["address"],
        "address_id": None if row["compound_id"] is None else str(row["compound_id"]),
        "zipcode": None,
        "lat": lat,
        "long": long,
        "media_url": None,
    }


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(SHANGHAI).isoformat(timespec="seconds")
