"""What states, acts, channels and kinds are called in both languages (Chinese, English)."""

from services.core.hotline.rules import Act, Channel, Kind, State

STATE_TITLES: dict[State, tuple[str, str]] = {
    State.RECEIVED: ("已受理", "received"),
    State.ASSIGNED: ("已派单", "assigned"),
    State.SIGNED_IN: ("已签收", "signed in"),
    State.IN_PROGRESS: ("办理中", "in progress"),
    State.WAITING: ("暂停计时", "paused"),
    State.ANSWERED: ("已答复", "answered"),
    State.CLOSED: ("已办结", "closed"),
    State.REOPENED: ("重新办理", "reopened"),
    State.MERGED: ("并案办理", "handled with another"),
    State.WITHDRAWN: ("已撤回", "withdrawn"),
    State.REJECTED: ("不予受理", "not taken up"),
}
ACT_TITLES: dict[Act, tuple[str, str]] = {
    Act.RECEIVE: ("受理", "receive"),
    Act.ASSIGN: ("派单", "assign"),
    Act.REFUSE: ("退单", "send back"),
    Act.SIGN_IN: ("签收", "sign in"),
    Act.CONTACT: ("首次联系", "contact"),
    Act.PAUSE: ("暂停", "pause"),
    Act.RESUME: ("恢复", "resume"),
    Act.REPLY: ("答复", "reply"),
    Act.CLOSE: ("办结", "close"),
    Act.REOPEN: ("重新办理", "reopen"),
    Act.REJECT: ("不予受理", "reject"),
    Act.WITHDRAW: ("撤回", "withdraw"),
    Act.MERGE: ("并案", "merge"),
    Act.UNMERGE: ("取消并案", "unmerge"),
    Act.SPLIT: ("分案", "split"),
    Act.NOTE: ("办理记录", "note"),
    Act.ADD: ("补充", "add"),
    Act.URGE: ("催办", "urge"),
    Act.EXTEND: ("延期", "extend"),
    Act.RATE: ("评价", "rate"),
    Act.CALL_BACK: ("回访", "call back"),
    Act.CORRECT: ("更正", "correct"),
}
CHANNEL_TITLES: dict[Channel, tuple[str, str]] = {
    Channel.MINI_PROGRAM: ("随手拍", "mini-program"),
    Channel.PHONE: ("电话", "telephone"),
    Channel.SITE_CODE: ("现场扫码", "site code"),
    Channel.TRANSFER_12345: ("12345 转办", "transferred by 12345"),
    Channel.OPEN311: ("Open311", "Open311"),
}
KIND_TITLES: dict[Kind, tuple[str, str]] = {
    Kind.CONSULT: ("咨询求助", "consultation"),
    Kind.COMPLAINT: ("投诉", "complaint"),
    Kind.URGENT: ("紧急", "urgent"),
}
