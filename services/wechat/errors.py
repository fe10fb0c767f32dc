"""What WeChat's refusals mean to whoever called us."""

from services.core.kit.errors import DomainError, Kind


class WeChatCodeRefused(DomainError):
    """40029: the code of `wx.login` is wrong, used or older than five minutes."""

    code, kind = "wechat-code-refused", Kind.UNAUTHENTICATED
    title_zh, title_en = (
        "微信登录凭证无效或已使用，请重新登录",
        "This WeChat code is wrong or used; call wx.login again",
    )


class PhoneCodeRefused(DomainError):
    """40029 again, of the code that a tap on the phone-number button gives."""

    code, kind = "phone-code-refused", Kind.INVALID
    title_zh = "手机号凭证无效或已使用，请重新点击授权"
    title_en = "This phone-number code is wrong or used; tap the button again"


class WeChatAccountBlocked(DomainError):
    """40226: WeChat holds the user for high-risk and lets nobody sign him in."""

    code, kind = "wechat-account-blocked", Kind.FORBIDDEN
    title_zh, title_en = "微信已限制该账号登录", "WeChat has blocked this account from signing in"


class ContentNotChecked(DomainError):
    """40003, 61010 and their like: WeChat does not know the sender, or did not see him within two hours; it will not judge this."""

    code, kind = "content-not-checked", Kind.UNAVAILABLE
    title_zh, title_en = "微信无法审核该内容", "WeChat does not judge this content"


class WeChatBusy(DomainError):
    """45009, 45011: a quota is used up. `Retry-After` says for how long nothing is asked of WeChat."""

    code, kind = "wechat-busy", Kind.TOO_MANY
    title_zh, title_en = "微信接口调用过于频繁，请稍后再试", "WeChat is asked too often; try again later"


class WeChatUnavailable(DomainError):
    """-1, an HTTP error, no answer in time, or one that cannot be read: the same request may succeed in a moment."""

    code, kind = "wechat-unavailable", Kind.UNAVAILABLE
    title_zh, title_en = "微信服务暂时没有响应，请稍后重试", "WeChat does not answer; try again in a moment"


class WeChatNotConfigured(DomainError):
    """WECHAT_APPID and WECHAT_SECRET are not set, or WeChat says that they are wrong."""

    code, kind = "wechat-not-configured", Kind.UNAVAILABLE
    title_zh, title_en = "本系统尚未接入微信小程序", "This installation is not connected to a WeChat mini-program"
