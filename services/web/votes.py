"""What is printed of a vote: the ballot paper, the notice to post, the certificate. Each leads back by a QR code."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.web import pages
from services.web.codes import code_of


def ballot_paper(
    language: str, *, vote: Mapping[str, Any], doors: Sequence[str], area: str | None, address: str
) -> bytes:
    """A paper to mark by hand: every matter with its three choices. `doors` and `area` of a head, or places to write them."""
    return pages.page(
        "ballot_paper", language, vote=vote, doors=doors, area=area, address=address, code=code_of(address)
    )


def notice(language: str, *, vote: Mapping[str, Any], result: Mapping[str, Any] | None, address: str) -> bytes:
    """The notice that fits the stage: the roll, the vote, or its result. It names no owner and no door."""
    return pages.page("vote_notice", language, vote=vote, result=result, address=address, code=code_of(address))


def certificate(language: str, *, told: Mapping[str, Any], digest: str, address: str) -> bytes:
    """A final result with all that proves it."""
    finalised_at = datetime.fromisoformat(told["finalised_at"])
    return pages.page(
        "vote_certificate",
        language,
        told=told,
        finalised_at=finalised_at,
        digest=digest,
        address=address,
        code=code_of(address),
    )
