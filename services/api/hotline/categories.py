"""Routes of categories: what complaints are about, as data; and what can happen to one."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.api.deps import IfMatch, Reader, Uow, reply
from services.api.hotline.schemas import ChangeCategoryIn, NewCategoryIn
from services.api.hotline.shown import CategoriesOut, CategoryOut, TransitionOut, TransitionsOut
from services.api.security import Access, requires
from services.core.hotline import queries, rules, service
from services.core.hotline.titles import ACT_TITLES, STATE_TITLES
from services.core.identity.access import Permission
from services.core.kit.uow import UnitOfWork

router = APIRouter(tags=["complaints"])
Writing = Annotated[Access, requires(Permission.CATEGORY_WRITE)]


async def _shown(uow: UnitOfWork, code: str) -> CategoryOut:
    rows = await uow.driver.fetch(queries.ALL_CATEGORIES)
    return next(CategoryOut.model_validate(dict(row)) for row in rows if row["code"] == code)


@router.post("/v1/complaint-categories", status_code=201, response_model=CategoryOut)
async def add_category(_access: Writing, uow: Uow, body: NewCategoryIn) -> Response:
    """A category more, offered everywhere."""
    await service.add_category(uow, code=body.code, parent=body.parent, category=body.category())
    return reply(uow, 201, await _shown(uow, body.code), version=1)


@router.put("/v1/complaint-categories/{category_code}", response_model=CategoryOut)
async def change_category(
    _access: Writing, uow: Uow, match: IfMatch, category_code: str, body: ChangeCategoryIn
) -> Response:
    """Rewords a category or retires it."""
    await service.change_category(
        uow, code=category_code, version=match, category=body.category(), retired=body.retired
    )
    out = await _shown(uow, category_code)
    return reply(uow, 200, out, version=out.version)


@router.get("/public/complaint-categories", response_model=CategoriesOut)
async def list_categories(reader: Reader) -> CategoriesOut:
    """What a complaint can be about, in the order in which it is offered."""
    rows = await reader.fetch(queries.LIVE_CATEGORIES)
    return CategoriesOut(items=[CategoryOut.model_validate(dict(row)) for row in rows])


@router.get("/public/complaint-transitions")
async def get_transitions() -> TransitionsOut:
    """Everything that can happen to a complaint; there is nothing else."""
    return TransitionsOut(
        states={state: _told(titles) for state, titles in STATE_TITLES.items()},
        acts={act: _told(titles) for act, titles in ACT_TITLES.items()},
        transitions=[
            TransitionOut(
                act=one.act,
                by=list(one.by),
                from_states=sorted(one.source),
                to=one.target,
                text_needed=one.text_needed,
            )
            for one in rules.TRANSITIONS
        ],
    )


def _told(titles: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("zh", "en"), titles, strict=True))
