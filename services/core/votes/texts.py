"""What people write in their own words about a vote is kept as it is, so it may not hold what is kept sealed elsewhere. Pure."""

from services.core.kit.errors import FieldError
from services.core.ownership.rules import holds_personal_number
from services.core.votes.errors import VoteTextPersonal


def refuse_numbers(**texts: str | None) -> None:
    """VoteTextPersonal naming every text, by its field, that holds what looks like a mobile or an identity number."""
    wrong = [
        FieldError(f"/{name}", "不得含有手机号或身份证号", "may not hold a mobile or an identity number")
        for name, text in texts.items()
        if text is not None and holds_personal_number(text)
    ]
    if wrong:
        raise VoteTextPersonal(errors=wrong)
