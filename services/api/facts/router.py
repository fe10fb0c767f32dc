"""Routes of facts: the catalogue, what sources say about a compound, where they differ and what a person decides."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json

from services.api.deps import Page, Reader, Uow, reply, validated_response
from services.api.facts.discrepancies import CURSOR, keys_of, page_of, told
from services.api.facts.schemas import (
    AdjudicateIn,
    AdjudicationPage,
    CatalogueOut,
    DiscrepancyList,
    DiscrepancyPage,
    DiscrepancyQuery,
    EffectiveOut,
    EntryOut,
    FactOut,
    FactsIn,
    FactsOut,
    FigurePage,
    FigureQuery,
)
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.facts.catalogue import CATALOGUE
from services.core.facts.queries import ADJUDICATIONS, OF_SUBJECT
from services.core.facts.service import Claim
from services.core.identity.access import Permission
from services.core.kit.exact import digest
from services.core.territory import findings, queries, service

router = APIRouter(prefix="/v1", tags=["facts"])

CATALOGUE_BODY = to_json(
    CatalogueOut(
        items=[
            EntryOut(
                key=entry.key,
                type=entry.value_type,
                unit=entry.unit,
                subject=entry.subject,
                aggregation=entry.aggregation,
                needs_document=entry.needs_document,
                title_zh=entry.title_zh,
                title_en=entry.title_en,
                meaning_zh=entry.meaning_zh,
                meaning_en=entry.meaning_en,
            )
            for entry in CATALOGUE.values()
        ]
    )
)
CATALOGUE_TAG = f'"{digest(CATALOGUE_BODY.decode())[:16]}"'


@router.get("/facts", response_model=CatalogueOut)
async def get_catalogue(_access: Annotated[Access, requires(Permission.FACT_READ)], request: Request) -> Response:
    """The catalogue: key, type, unit, meaning, and how a fact is taken over the compounds of a project."""
    return validated_response(request, CATALOGUE_BODY, CATALOGUE_TAG)


@router.get("/compounds/{compound_id}/facts", response_model=FigurePage)
async def list_compound_facts(
    access: Annotated[Access, requires(Permission.FACT_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[FigureQuery, Query()],
) -> Response:
    """What each source says about a compound now, or with `history=true` ever said, in the order of recording."""
    await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    after = page.after([UUID])
    rows = await OF_SUBJECT.all(
        reader,
        subject_id=compound_id,
        history=wanted.history,
        key=wanted.key,
        after=None if after is None else after[0],
        limit=page.limit + 1,
    )
    return page.answer([_figure(row) for row in rows], lambda row: (row["fact_id"],))


@router.post("/compounds/{compound_id}/facts", status_code=201, response_model=FactsOut)
async def attest_compound_facts(
    access: Annotated[Access, requires(Permission.FACT_ATTEST)], uow: Uow, compound_id: UUID, body: FactsIn
) -> Response:
    """Records facts of this compound by their source, all of them or none. The same facts again change nothing."""
    attested = await service.attest(
        uow,
        scope=access.scope,
        deciding=access.principal.scope(Permission.DISCREPANCY_ADJUDICATE),
        compound_id=compound_id,
        claims=[
            Claim(fact.key, fact.value, fact.source, fact.kind, fact.document, fact.observed_on) for fact in body.facts
        ],
    )
    facts = [
        FactOut(
            fact_id=fact.fact_id,
            key=fact.key,
            value=fact.value,
            kind=fact.kind,
            source=fact.source,
            document=fact.document,
            observed_on=fact.observed_on,
            recorded_at=fact.recorded_at,
            changed=fact.changed,
        )
        for fact in attested
    ]
    return reply(uow, 201, FactsOut(facts=facts))


@router.post("/compounds/{compound_id}/adjudicate", status_code=201, response_model=EffectiveOut)
async def adjudicate(
    access: Annotated[Access, requires(Permission.DISCREPANCY_ADJUDICATE)],
    uow: Uow,
    compound_id: UUID,
    body: AdjudicateIn,
) -> Response:
    """Decides which of the differing figures holds. It stands until a source gives a value that was not on the table."""
    holding = await service.adjudicate(
        uow,
        scope=access.scope,
        compound_id=compound_id,
        key=body.key,
        fact_id=body.fact_id,
        reason=body.reason,
        document=body.document,
    )
    return reply(uow, 201, EffectiveOut.model_validate(holding))


@router.get("/compounds/{compound_id}/adjudications", response_model=AdjudicationPage)
async def list_compound_adjudications(
    access: Annotated[Access, requires(Permission.DISCREPANCY_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """What people decided where sources differed, each with its reason and document; former decisions too."""
    await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    after = page.after([UUID])
    rows = await ADJUDICATIONS.all(
        reader, subject_id=compound_id, after=after[0] if after else UUID(int=0), limit=page.limit + 1
    )
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.get("/compounds/{compound_id}/discrepancies", response_model=DiscrepancyList)
async def list_compound_discrepancies(
    access: Annotated[Access, requires(Permission.DISCREPANCY_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """Everything open about one compound: conflicts of its sources, totals that it is part of, lines that may mean it."""
    compound = await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    found = await findings.of_compound(
        reader, scope=access.scope, compound_id=compound_id, path=compound["region_path"], name=compound["name"]
    )
    out = DiscrepancyList(items=[told(finding) for finding in found])
    return Response(to_json(out), media_type="application/json")


@router.get("/discrepancies", response_model=DiscrepancyPage)
async def list_discrepancies(
    access: Annotated[Access, requires(Permission.DISCREPANCY_READ)],
    reader: Reader,
    page: Page,
    wanted: Annotated[DiscrepancyQuery, Query()],
) -> Response:
    """Everything open in a region: totals that do not add up, lines that nobody can place, sources that differ."""
    scope = await queries.narrowed(reader, region_id=wanted.region, scope=access.scope)
    found = await page_of(reader, scope=scope, kind=wanted.kind, after=page.after(CURSOR), limit=page.limit + 1)
    rows = [told(finding).model_dump() for finding in found]
    return page.answer(rows, lambda _last: keys_of(found[page.limit - 1]))


def _figure(row: Any) -> dict[str, Any]:
    """A row of a list of figures."""
    figure = dict(row)
    figure["fact_id"] = figure.pop("id")
    return figure
