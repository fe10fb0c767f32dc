"""What can be refused about buildings, properties, owners and people."""

from services.core.kit.errors import DomainError, Kind


class BuildingNoTaken(DomainError):
    code, kind = "building-no-taken", Kind.CONFLICT
    title_zh, title_en = "小区内已有此楼号", "The compound has a building of this number"


class EntranceNoTaken(DomainError):
    code, kind = "entrance-no-taken", Kind.CONFLICT
    title_zh, title_en = "楼内已有此单元号", "The building has an entrance of this number"


class BuildingInUse(DomainError):
    code, kind = "building-in-use", Kind.CONFLICT
    title_zh, title_en = (
        "楼栋或单元内尚有单元或房屋，请先注销",
        "Entrances or properties still stand in it; close them first",
    )


class PropertyTaken(DomainError):
    code, kind = "property-taken", Kind.CONFLICT
    title_zh, title_en = "同一楼栋单元内已登记此门牌号", "This door is registered there already"


class PropertyClosed(DomainError):
    code, kind = "property-closed", Kind.CONFLICT
    title_zh, title_en = "房屋或楼栋单元已注销，仅供查阅", "It was closed and is only kept to be read"


class OwnerTaken(DomainError):
    code, kind = "owner-taken", Kind.CONFLICT
    title_zh, title_en = "小区内已有同名单位", "The compound has an organisation of this title"


class OwnerKindDiffers(DomainError):
    code, kind = "owner-kind-differs", Kind.CONFLICT
    title_zh = "该单位在本小区以另一类型登记；同一单位只计一人，请先更正其类型"
    title_en = "This organisation is registered here as another kind; it is one head: correct its kind first"


class OwnerOfPeople(DomainError):
    code, kind = "owner-of-people", Kind.CONFLICT
    title_zh, title_en = "只有单位业主才有名称可改", "Only an organisation has a title to change"


class SameOwners(DomainError):
    code, kind = "same-owners", Kind.CONFLICT
    title_zh, title_en = "房屋已登记在这些业主名下", "The property is theirs already"


class PersonMerged(DomainError):
    code, kind = "person-merged", Kind.CONFLICT
    title_zh, title_en = "此人的登记已并入另一条，请改用该条", "This entry was merged into another; use that one"


class PeopleSettled(DomainError):
    code, kind = "people-settled", Kind.CONFLICT
    title_zh, title_en = "这两条登记是否同一人已有定论", "Whether these two entries are one person is settled already"


class MergeNeedsSecondPerson(DomainError):
    code, kind = "merge-needs-second-person", Kind.CONFLICT
    title_zh = "两条登记的证件号码不同（或由您改过），须由另一名工作人员确认合并"
    title_en = "The two have different identity numbers, or you changed one: somebody else of the staff has to confirm the merge"


class TenancyTaken(DomainError):
    code, kind = "tenancy-taken", Kind.CONFLICT
    title_zh, title_en = "此人已登记为该房屋的承租人", "This person is registered as its tenant already"


class TenancyOver(DomainError):
    code, kind = "tenancy-over", Kind.CONFLICT
    title_zh, title_en = "承租登记已经结束", "The tenancy is over already"


class BuildingsUnassigned(DomainError):
    code, kind = "buildings-unassigned", Kind.CONFLICT
    title_zh = "小区已有房屋登记，拆分时须把每栋楼划给一个新小区，不属于任何楼的房屋须先归入楼栋"
    title_en = (
        "The compound has a register: a split gives each building to one part, and properties without a building"
        " need one first"
    )
