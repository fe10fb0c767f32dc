"""What can be refused about surveys."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class SurveyInputInvalid(InputInvalid):
    code, kind = "survey-input-invalid", Kind.INVALID
    title_zh, title_en = "调查或问卷的设置有误", "The survey is not valid"


class AnswersInvalid(InputInvalid):
    code, kind = "survey-answers-invalid", Kind.INVALID
    title_zh, title_en = "答卷内容有误", "The answers do not fit the questionnaire"


class SurveyNotDraft(DomainError):
    code, kind = "survey-not-draft", Kind.CONFLICT
    title_zh, title_en = "调查已开始，不能再改", "The survey has been opened and cannot be changed"


class SurveyNotOpen(DomainError):
    code, kind = "survey-not-open", Kind.CONFLICT
    title_zh, title_en = "调查不在进行中", "The survey is not open"


class SurveyNotClosed(DomainError):
    code, kind = "survey-not-closed", Kind.CONFLICT
    title_zh, title_en = "调查尚未结束或已公布", "The survey is not closed yet, or is published already"


class SurveyOver(DomainError):
    code, kind = "survey-over", Kind.CONFLICT
    title_zh, title_en = "调查截止日期已过", "The last day of the survey has ended"


class SurveyAsksNobody(DomainError):
    code, kind = "survey-asks-nobody", Kind.CONFLICT
    title_zh, title_en = "调查范围内没有登记的住户，请先登记", "Nobody is on the register where the survey asks"


class SurveyUnconfirmed(DomainError):
    code, kind = "survey-unconfirmed", Kind.CONFLICT
    title_zh, title_en = (
        "还有录入的答卷未经第二人核对，不能结束",
        "Entries still wait for a second person: the survey cannot be closed yet",
    )


class SurveyUnderWay(DomainError):
    code, kind = "survey-under-way", Kind.CONFLICT
    title_zh, title_en = (
        "截止日期未到，仍有住户可以作答，不能提前结束",
        "The last day has not ended and somebody may still answer: the survey cannot be closed yet",
    )


class SurveyQuotaFull(DomainError):
    code, kind = "survey-quota-full", Kind.CONFLICT
    title_zh, title_en = (
        "本楼栋的样本数已满",
        "So many of this building have answered that the survey takes no more of it",
    )


class NotAsked(InputInvalid):
    code, kind = "survey-not-asked", Kind.INVALID
    title_zh, title_en = "不在本次调查范围内", "Is not among those that the survey asks"


class QuestionnaireChanged(DomainError):
    code, kind = "survey-questionnaire-changed", Kind.STALE
    title_zh, title_en = "问卷已更新，请按新问卷作答", "The questionnaire has changed; answer the new one"


class TenantsNotAsked(DomainError):
    code, kind = "survey-tenants-not-asked", Kind.FORBIDDEN
    title_zh, title_en = "本次调查由业主一方作答", "This survey is for owners and their families"


class OwnerAnswered(DomainError):
    code, kind = "survey-owner-answered", Kind.CONFLICT
    title_zh, title_en = "业主一方已作答，承租人不能更改", "The owners have answered; a tenant cannot change that"


class ResponseNotPending(DomainError):
    code, kind = "survey-response-not-pending", Kind.CONFLICT
    title_zh, title_en = "该答卷无须核对", "The answer does not wait for a second person"


class ResponseEnded(DomainError):
    code, kind = "survey-response-ended", Kind.CONFLICT
    title_zh, title_en = "该答卷已不计入", "The answer no longer counts"


class SecondPersonNeeded(DomainError):
    code, kind = "survey-second-person-needed", Kind.CONFLICT
    title_zh, title_en = "录入人不能核对自己的录入", "Who entered an answer does not confirm it"


class ResultsTooLong(DomainError):
    code, kind = "survey-results-too-long", Kind.CONFLICT
    title_zh, title_en = (
        "公布的内容超过 32 KB，请少公布几题",
        "What is to be published exceeds 32 KB: choose fewer questions",
    )
