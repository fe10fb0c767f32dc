"""WeChat as the one who is asked about contents."""

from services.core.files.checking import ContentChecker, PeopleAlone, Verdict
from services.core.files.rules import CheckState, state_suggested
from services.wechat.client import WeChat
from services.wechat.errors import ContentNotChecked


class WeChatChecker:
    """`msg_sec_check` and `media_check_async`. What WeChat will not judge, a person does."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat

    async def text(self, *, openid: str, content: str) -> Verdict:
        """Answered at once."""
        try:
            said = await self._wechat.text_suggestion(openid=openid, content=content)
        except ContentNotChecked:
            return Verdict(CheckState.REVIEW)
        return Verdict(state_suggested(said.suggest), said.label)

    async def image(self, *, openid: str, url: str) -> Verdict | str:
        """Answered by a push."""
        try:
            return await self._wechat.image_check(openid=openid, url=url)
        except ContentNotChecked:
            return Verdict(CheckState.REVIEW)


def checker_of(wechat: WeChat | None) -> ContentChecker:
    """Who is asked on this installation."""
    return PeopleAlone() if wechat is None else WeChatChecker(wechat)
