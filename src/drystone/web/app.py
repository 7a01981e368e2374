"""One application out of the routers of all faces: what is served says which of them are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware

from drystone.web import problems
from drystone.web.drawing.pages import Pages
from drystone.web.faces import (
    api,
    ask_api,
    ask_page,
    catalog,
    cite_page,
    lookup,
    moderation,
    operation,
    passage,
    reader,
    releases,
    requests,
    search_api,
    search_page,
)
from drystone.web.faces.choosing import find
from drystone.web.faces.ranking import disputes, ranks
from drystone.web.guards import admit
from drystone.web.network.bodies import BinaryTensors, Unpacked
from drystone.web.network.edge import Edge, Visitors
from drystone.web.network.proxies import BehindProxies
from drystone.web.problems import AsciiJson
from drystone.web.state import ServerState


def create_app(state: ServerState) -> FastAPI:
    """Return the application that serves what `state` holds. Its batchers are drained when the server stops."""
    pages = Pages(state)
    app = FastAPI(
        title=state.name,
        description="Extractive question answering: every answer is a verbatim span of the context."
        if state.readers
        else "Pages about releases.",
        version="1",
        default_response_class=AsciiJson,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.drystone, app.state.pages = state, pages
    guarded = [Depends(admit)]
    app.include_router(operation.router)
    app.include_router(api.router, dependencies=guarded)
    app.include_router(api.description, dependencies=guarded)
    app.include_router(lookup.first, dependencies=guarded, include_in_schema=bool(state.releases))
    if state.readers:
        app.include_router(reader.health)
        app.include_router(reader.router, dependencies=guarded)
        app.include_router(passage.router, dependencies=guarded)
    if state.catalog is not None:
        app.include_router(catalog.router, dependencies=guarded, include_in_schema=False)
        app.include_router(catalog.programs, dependencies=guarded)
        app.include_router(ranks.router, dependencies=guarded, include_in_schema=False)
        app.include_router(ranks.programs, dependencies=guarded)
        app.include_router(disputes.router, dependencies=guarded, include_in_schema=False)
        app.include_router(disputes.programs, dependencies=guarded)
        app.include_router(find.router, dependencies=guarded, include_in_schema=False)
        app.include_router(find.programs, dependencies=guarded)
    if state.releases:
        for face in (lookup, releases, requests, search_api, search_page, ask_api, ask_page, cite_page):
            app.include_router(face.router, dependencies=guarded)
        if state.moderators is not None:
            app.include_router(moderation.router, dependencies=guarded)
    problems.answer_problems(app, pages)
    app.add_middleware(Visitors, secure=state.secure)
    app.add_middleware(BinaryTensors)
    if state.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(state.cors),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
        )
    app.add_middleware(
        Edge,
        limit=state.max_body,
        refusal=lambda scope, status, limit: problems.refusal(pages, scope, status, limit),
        count=state.metrics.request,
    )
    app.add_middleware(Unpacked)
    app.add_middleware(BehindProxies, hops=state.hops)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    state: ServerState = app.state.drystone
    for batcher in state.readers.values():
        await asyncio.to_thread(batcher.close)
    state.highlighter.close()
