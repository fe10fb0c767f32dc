"""Roles, what each may do, and the principal that a token stands for. Deny by default: what is not listed is not allowed."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from services.core.kit.scope import Scope


class Permission(StrEnum):
    """`resource:action`; every route under /v1 declares one (or says that signing in is enough)."""

    AUDIT_READ = "audit:read"
    BALLOT_CAST = "ballot:cast"
    BLACKOUT_WRITE = "blackout:write"
    CATEGORY_WRITE = "category:write"
    CLIENT_WRITE = "client:write"
    COMMITMENT_WRITE = "commitment:write"
    COMPLAINT_ASSIGN = "complaint:assign"
    COMPLAINT_HANDLE = "complaint:handle"
    COMPLAINT_READ = "complaint:read"
    COMPLAINT_SUPERVISE = "complaint:supervise"
    COMPLAINT_TRANSFER = "complaint:transfer"
    COMPLAINT_WRITE = "complaint:write"
    CONSENT_WRITE = "consent:write"
    COMPOUND_READ = "compound:read"
    COMPOUND_RESHAPE = "compound:reshape"
    COMPOUND_WRITE = "compound:write"
    CONSULTATION_ENTER = "consultation:enter"
    CONSULTATION_READ = "consultation:read"
    CONSULTATION_WRITE = "consultation:write"
    DESK_READ = "desk:read"
    DESK_WRITE = "desk:write"
    CONTENT_CHECK = "content:check"
    DISCREPANCY_ADJUDICATE = "discrepancy:adjudicate"
    DISCREPANCY_READ = "discrepancy:read"
    EVENT_READ = "event:read"
    FACT_ATTEST = "fact:attest"
    FACT_READ = "fact:read"
    FILE_READ = "file:read"
    FILE_WRITE = "file:write"
    GATE_EXCEPT = "gate:except"
    IMPORT_READ = "import:read"
    IMPORT_WRITE = "import:write"
    INSPECTION_READ = "inspection:read"
    INSPECTION_WRITE = "inspection:write"
    JUDGEMENT_GIVE = "judgement:give"
    ME = "me"
    OBJECTION_DECIDE = "objection:decide"
    OBJECTION_READ = "objection:read"
    OBJECTION_WRITE = "objection:write"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    OWNER_READ = "owner:read"
    OWNER_WRITE = "owner:write"
    PANEL_IDENTIFY = "panel:identify"
    PANEL_WRITE = "panel:write"
    PERSON_REVEAL = "person:reveal"
    PLAN_ADJUST = "plan:adjust"
    PLAN_READ = "plan:read"
    POLICY_ASSIGN = "policy:assign"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    PROJECT_APPLY = "project:apply"
    PROJECT_BUILD = "project:build"
    PROJECT_DROP = "project:drop"
    PROJECT_READ = "project:read"
    PROJECT_WRITE = "project:write"
    REGION_CHANGE = "region:change"
    REGION_READ = "region:read"
    REGION_WRITE = "region:write"
    RECTIFICATION_ANSWER = "rectification:answer"
    RESIDENT_ACT = "resident:act"
    RESIDENT_DISABLE = "resident:disable"
    REVIEW_ANSWER = "review:answer"
    ROUND_APPROVE = "round:approve"
    ROUND_CONFIRM = "round:confirm"
    ROUND_FREEZE = "round:freeze"
    ROUND_PUBLISH = "round:publish"
    ROUND_READ = "round:read"
    ROUND_RUN = "round:run"
    ROUND_WRITE = "round:write"
    SITE_READ = "site:read"
    SITE_WRITE = "site:write"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    SUPPLEMENT_CONFIRM = "supplement:confirm"
    SUPPLEMENT_WRITE = "supplement:write"
    SURVEY_ANSWER = "survey:answer"
    SURVEY_ENTER = "survey:enter"
    SURVEY_READ = "survey:read"
    SURVEY_WRITE = "survey:write"
    UTILITY_PLAN = "utility:plan"
    VISIT_ENTER = "visit:enter"
    VISIT_READ = "visit:read"
    VISIT_WRITE = "visit:write"
    WARRANTY_HANDLE = "warranty:handle"
    WARRANTY_READ = "warranty:read"
    WARRANTY_SETTLE = "warranty:settle"
    WARRANTY_WRITE = "warranty:write"
    VOTE_CONFIRM = "vote:confirm"
    VOTE_ENTER = "vote:enter"
    VOTE_READ = "vote:read"
    VOTE_WRITE = "vote:write"
    WORKS_WRITE = "works:write"


class Role(StrEnum):
    """Held on a region: it holds in that region's whole subtree.

    `site`: people of firms, who may be put on sites there. It allows nothing by itself: what they may do follows from their posts.
    """

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    EXPERT = "expert"
    AUDITOR = "auditor"
    DEPARTMENT = "department"
    SITE = "site"


class SiteRole(StrEnum):
    """What an organisation is to the works of one project (参建单位); its people act in this role on that site alone."""

    CLIENT = "client"
    SURVEYOR = "surveyor"
    DESIGNER = "designer"
    CONTRACTOR = "contractor"
    SUPERVISOR = "supervisor"
    SUBCONTRACTOR = "subcontractor"
    CONSULTANT = "consultant"
    UTILITY = "utility"
    SUPPLIER = "supplier"


P = Permission
READING = frozenset(
    {
        P.COMPOUND_READ,
        P.DISCREPANCY_READ,
        P.FACT_READ,
        P.FILE_READ,
        P.PLAN_READ,
        P.POLICY_READ,
        P.PROJECT_READ,
        P.REGION_READ,
        P.ROUND_READ,
    }
)
COMMUNITY = READING | {
    P.COMPOUND_WRITE, P.EVENT_READ, P.FACT_ATTEST, P.IMPORT_READ, P.IMPORT_WRITE, P.OWNER_READ, P.OWNER_WRITE,
    P.PERSON_REVEAL, P.BALLOT_CAST, P.VOTE_CONFIRM, P.VOTE_ENTER, P.VOTE_READ,
    P.SURVEY_ANSWER, P.SURVEY_ENTER, P.SURVEY_READ, P.SURVEY_WRITE,
    P.CONSULTATION_ENTER, P.CONSULTATION_READ, P.CONSULTATION_WRITE,
    P.COMPLAINT_HANDLE, P.COMPLAINT_READ, P.COMPLAINT_WRITE, P.FILE_WRITE,
    P.VISIT_ENTER, P.VISIT_READ, P.VISIT_WRITE, P.WARRANTY_HANDLE, P.WARRANTY_READ,
    P.DESK_READ, P.ORGANISATION_READ,
    P.INSPECTION_READ, P.REVIEW_ANSWER, P.SITE_READ,
}  # fmt: skip
STREET = COMMUNITY | {
    P.COMPLAINT_ASSIGN, P.OBJECTION_READ, P.OBJECTION_WRITE, P.PROJECT_WRITE, P.PROJECT_APPLY, P.VOTE_WRITE,
    P.CONTENT_CHECK, P.WARRANTY_WRITE,
    P.COMMITMENT_WRITE, P.INSPECTION_WRITE, P.RECTIFICATION_ANSWER, P.SITE_WRITE, P.UTILITY_PLAN, P.WORKS_WRITE,
}  # fmt: skip
DISTRICT = STREET | {
    P.BLACKOUT_WRITE, P.COMPLAINT_SUPERVISE, P.DESK_WRITE, P.ORGANISATION_WRITE,
    P.COMPOUND_RESHAPE, P.DISCREPANCY_ADJUDICATE, P.GATE_EXCEPT, P.OBJECTION_DECIDE, P.PANEL_WRITE, P.PROJECT_BUILD,
    P.PROJECT_DROP, P.REGION_WRITE, P.RESIDENT_DISABLE, P.ROUND_FREEZE, P.ROUND_RUN, P.ROUND_WRITE, P.STAFF_READ, P.STAFF_WRITE,
    P.SUPPLEMENT_WRITE, P.WARRANTY_SETTLE,
}  # fmt: skip
ALLOWS: dict[Role, frozenset[Permission]] = {
    Role.CITY: DISTRICT
    | {
        P.AUDIT_READ, P.CATEGORY_WRITE, P.CLIENT_WRITE, P.CONSENT_WRITE, P.PLAN_ADJUST, P.POLICY_ASSIGN, P.POLICY_WRITE,
        P.REGION_CHANGE,
        P.ROUND_APPROVE, P.ROUND_CONFIRM, P.ROUND_PUBLISH, P.SUPPLEMENT_CONFIRM,
    },
    Role.DISTRICT: DISTRICT,
    Role.STREET: STREET,
    Role.COMMUNITY: COMMUNITY,
    Role.EXPERT: READING | {P.JUDGEMENT_GIVE},
    Role.AUDITOR: READING
    | {
        P.AUDIT_READ, P.EVENT_READ, P.IMPORT_READ, P.OBJECTION_READ, P.OWNER_READ, P.PANEL_IDENTIFY, P.STAFF_READ,
        P.VOTE_READ, P.SURVEY_READ, P.CONSULTATION_READ, P.COMPLAINT_READ,
        P.VISIT_READ, P.WARRANTY_READ, P.DESK_READ, P.ORGANISATION_READ, P.INSPECTION_READ, P.SITE_READ,
    },
    Role.DEPARTMENT: READING
    | {
        P.COMPLAINT_HANDLE, P.COMPLAINT_READ, P.COMPLAINT_TRANSFER, P.EVENT_READ, P.FACT_ATTEST, P.FILE_WRITE,
        P.OBJECTION_READ,
        P.ROUND_APPROVE,
        P.VISIT_ENTER, P.VISIT_READ, P.WARRANTY_HANDLE, P.WARRANTY_READ, P.DESK_READ, P.ORGANISATION_READ,
        P.INSPECTION_READ, P.REVIEW_ANSWER, P.SITE_READ,
    },
    Role.SITE: frozenset(),
}  # fmt: skip

# What the people of an organisation may do on the site where it has that role, and nowhere else.
ON_SITE = frozenset({P.FILE_READ, P.FILE_WRITE, P.INSPECTION_READ, P.SITE_READ})
SITE_ALLOWS: dict[SiteRole, frozenset[Permission]] = {
    SiteRole.CLIENT: ON_SITE | {P.COMMITMENT_WRITE, P.INSPECTION_WRITE, P.WORKS_WRITE},
    SiteRole.SURVEYOR: ON_SITE | {P.COMMITMENT_WRITE},
    SiteRole.DESIGNER: ON_SITE | {P.COMMITMENT_WRITE},
    SiteRole.CONTRACTOR: ON_SITE | {P.COMMITMENT_WRITE, P.RECTIFICATION_ANSWER, P.WORKS_WRITE},
    SiteRole.SUPERVISOR: ON_SITE | {P.COMMITMENT_WRITE, P.INSPECTION_WRITE, P.WORKS_WRITE},
    SiteRole.SUBCONTRACTOR: ON_SITE | {P.RECTIFICATION_ANSWER},
    SiteRole.CONSULTANT: ON_SITE | {P.INSPECTION_WRITE, P.WORKS_WRITE},
    SiteRole.UTILITY: ON_SITE | {P.UTILITY_PLAN},
    SiteRole.SUPPLIER: ON_SITE,
}

# What a resident may do. Where, is decided by what binds him to properties, never by a part of the region tree.
RESIDENT = frozenset({P.BALLOT_CAST, P.FILE_READ, P.FILE_WRITE, P.ME, P.RESIDENT_ACT, P.SURVEY_ANSWER, P.VOTE_READ})

# Who may give which role: nobody hands out more than stands below them.
GIVES: dict[Role, frozenset[Role]] = {
    Role.CITY: frozenset(Role),
    Role.DISTRICT: frozenset({Role.STREET, Role.COMMUNITY, Role.EXPERT, Role.SITE}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a region's subtree; of a department, for which bureau of a policy it answers there."""

    role: Role
    region_path: str
    bureau: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A place on a site: for which organisation, in which role. It holds while its holder has the role `site` on the region."""

    project_id: UUID
    organisation_id: UUID
    role: SiteRole


@dataclass(frozen=True)
class Principal:
    """Who a token stands for: a member of staff or a department's client with the grants that hold now, or a resident."""

    kind: str
    id: UUID
    session_id: UUID | None
    language: str = "zh"
    must_change_password: bool = False
    grants: tuple[Grant, ...] = ()
    posts: tuple[Post, ...] = ()
    _scopes: dict[Permission, Scope] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """What this principal may do somewhere."""
        if self.kind == "resident":
            return RESIDENT
        return frozenset({Permission.ME}).union(
            *(ALLOWS[grant.role] for grant in self.grants), *(SITE_ALLOWS[post.role] for post in self.posts)
        )

    def bureaus(self, region_path: str) -> frozenset[str] | None:
        """The bureaus for which this principal answers at a region. None: any, by those who keep its papers."""
        answering = [
            grant
            for grant in self.grants
            if Permission.ROUND_APPROVE in ALLOWS[grant.role] and region_path.startswith(grant.region_path)
        ]
        if any(grant.role is not Role.DEPARTMENT for grant in answering):
            return None
        return frozenset(grant.bureau for grant in answering if grant.bureau is not None)

    def scope(self, permission: Permission) -> Scope:
        """Where this principal may do it."""
        if permission not in self._scopes:
            self._scopes[permission] = Scope.of(
                (grant.region_path for grant in self.grants if permission in ALLOWS[grant.role]),
                (post.project_id for post in self.posts if permission in SITE_ALLOWS[post.role]),
            )
        return self._scopes[permission]

    def acts_for(self, permission: Permission, *, project_id: UUID, region_path: str) -> frozenset[UUID] | None:
        """The organisations for which this principal may do it on a site. None: for any, by those who keep the site's papers."""
        if any(permission in ALLOWS[grant.role] and region_path.startswith(grant.region_path) for grant in self.grants):
            return None
        return frozenset(
            post.organisation_id
            for post in self.posts
            if post.project_id == project_id and permission in SITE_ALLOWS[post.role]
        )
