"""A tenant's backlog vendors for tests, a receiver of their webhooks, and the contract check."""

import asyncio
import importlib.util
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.tenant.app import create_app
from local.tenant.core import Tenant, TenantConfig
from local.tenant.server import bind

_PROJECT = Path(__file__).resolve().parents[2]
_DEADLINE = 10.0

# Calls that real clients make and that the published contracts used here leave out.
_UNCONTRACTED = re.compile(
    r"_apis/(hooks|identities|projects|connectiondata|wit/(attachments|workitemtypes|"
    r"classificationnodes|workitems/\d+/updates))|/properties|/user/search|/rest/api/3/search(\?|$)|"
    r"agile/1.0/board/\d+(/issue|/configuration)?(\?|$)|agile/1.0/sprint/\d+(\?|$)",
    re.IGNORECASE,
)

DESK = """
id: mytc
people:
  - {email: holly@contoso.example, name: Holly Reed, roles: [lead]}
  - {email: sam@contoso.example, name: Sam Ortiz, roles: [scrum_master]}
backlog: {system: azure_devops, organisation: contoso, project: myTC}
forms:
  - id: request
    title: {en: Submit a request, fr: Soumettre une demande}
    fields:
      - {id: name, label: {en: Your name, fr: Nom}, kind: text, required: true, max_length: 80}
      - {id: email, label: E-mail, kind: email, required: true}
      - id: type
        label: Type of request
        kind: choice
        required: true
        question_id: r8ad4c37faaac49a7a63d15409155691b
        options:
          - {id: issue, label: {en: Production issue, fr: Incident de production}}
          - {id: idea, label: {en: Idea, fr: Idée}}
      - {id: when, label: Since when, kind: date, show_when: {field: type, in: [issue]}}
      - id: parts
        label: Which parts
        kind: choices
        required: true
        options: [Portal, API, Reports]
        show_when: {field: type, in: [Production issue]}
      - {id: what, label: What happens, kind: long_text, help: What you did and what you saw}
      - {id: shots, label: Screenshots, kind: files}
"""


@dataclass
class Receiver:
    """Takes webhooks as a host would; `answers` are the statuses of the next ones, then 202."""

    got: list[tuple[Request, bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.got.append((request, await request.body()))
        return Response(status_code=self.answers.pop(0) if self.answers else 202)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(body) for request, body in self.got if request.url.path == path]


@dataclass
class Site:
    tenant: Tenant
    http: httpx.AsyncClient
    hooks: Receiver

    async def settled(self) -> None:
        await asyncio.wait_for(self.tenant.settled(), _DEADLINE)

    def contract_violations(self) -> list[str]:
        """What the contract checker says about all calls so far; it may not be at hand."""
        checker = _contract_checker()
        entries = [json.loads(line) for line in self.tenant.journal.text().splitlines()]
        assert entries, "nothing was journalled"
        if checker is None:
            return []
        return [
            f"{entry['method']} {entry['url']}: {violation}"
            for entry in entries
            if not _UNCONTRACTED.search(entry["url"])
            for violation in checker.check(entry)
        ]


@asynccontextmanager
async def backlog_site(folder: Path) -> AsyncIterator[Site]:
    """The backlog vendors with one desk; their webhooks reach `hooks`."""
    desk = folder / "desks" / "mytc" / "desk.yaml"
    desk.parent.mkdir(parents=True)
    desk.write_text(DESK, encoding="utf-8")
    hooks = Receiver()
    routes = [Route("/{path:path}", hooks.take, methods=["POST"])]
    async with _served(Starlette(routes=routes)) as host_url:
        config = TenantConfig("http://tenant.test", host_url, None, desks=folder / "desks")
        tenant = Tenant(config)
        transport = httpx.ASGITransport(app=create_app(tenant))
        try:
            async with httpx.AsyncClient(
                transport=transport, base_url=config.base_url, headers={"Authorization": "Bearer x"}
            ) as http:
                yield Site(tenant, http, hooks)
        finally:
            await tenant.close()


@asynccontextmanager
async def _served(app: Starlette) -> AsyncIterator[str]:
    sock = bind(0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@cache
def _contract_checker() -> Any:
    found = next(iter(sorted(_PROJECT.parent.glob("*/check_contract.py"))), None)
    if found is None:
        return None
    if "contract_check" not in sys.modules:
        spec = importlib.util.spec_from_file_location("contract_check", found)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["contract_check"] = module  # its dataclasses look themselves up there
        spec.loader.exec_module(module)
    return sys.modules["contract_check"].Checker()
