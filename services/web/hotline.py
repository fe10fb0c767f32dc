"""What the hotline puts up at a site: the contact board, and the form that its QR code leads to."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.web import pages
from services.web.codes import code_of


def contact_board(language: str, *, board: Mapping[str, Any]) -> bytes:
    """Whom to turn to, to be put up at the site."""
    return pages.page("contact_board", language, board=board, code=code_of(board["form"]))


def complaint_form(
    language: str,
    *,
    project: Mapping[str, Any],
    compounds: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
    key: str,
) -> bytes:
    """A form without scripts. `key`: sent along, so that a form which is sent twice is one complaint."""
    return pages.page("complaint_form", language, project=project, compounds=compounds, categories=categories, key=key)


def complaint_taken(language: str, *, code: str, repeated: bool) -> bytes:
    """What is told after the form: the code, which is the only way back."""
    return pages.page("complaint_taken", language, code=code, repeated=repeated)


def complaint_refused(language: str, *, told: str) -> bytes:
    """Why it was not taken; what was written stands in the form still, one page back."""
    return pages.page("complaint_refused", language, told=told)
