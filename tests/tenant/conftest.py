"""A real tenant on a free port in the test's own loop, and a stand-in for the host it calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.tenant.core import Tenant, TenantConfig
from local.tenant.server import bind, make_server

DESK = """
name: Example desk
mailbox: support@desk.example
people:
  - {email: holly@desk.example, name: Holly Meyer, roles: [lead]}
  - {email: sam@desk.example, name: Sam Okafor, roles: [staff], devops_id: sam-devops}
channels:
  - {id: team, via: graph, team_id: team-1, channel_id: "19:general@thread.tacv2", name: General}
  - {id: alerts, via: workflow, name: Alerts}
"""


@dataclass
class Host:
    """Records the webhooks that the tenant sends; `refuse` is the status of the next answers."""

    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    refuse: list[int] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        if "validationToken" in request.query_params:
            return PlainTextResponse(request.query_params["validationToken"])
        text = await request.body()
        body = await request.json() if text else None
        self.calls.append(
            {
                "path": request.url.path,
                "query": dict(request.query_params),
                "headers": dict(request.headers),
                "body": body,
                "raw": text,
            }
        )
        if self.refuse:
            return Response(status_code=self.refuse.pop(0))
        return _validated(body) or Response(status_code=202)

    def to(self, path: str) -> list[dict[str, Any]]:
        """The calls to one path, in order."""
        return [call for call in self.calls if call["path"] == path]


def _validated(body: Any) -> Response | None:
    first = body[0] if isinstance(body, list) and body else {}
    code = first.get("data", {}).get("validationCode") if isinstance(first, dict) else None
    return JSONResponse({"validationResponse": code}) if code else None


@asynccontextmanager
async def _serving(server: uvicorn.Server, sock: socket) -> AsyncIterator[None]:
    """Start and end without the server's main loop and its pauses, which every test would pay."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[sock])
    yield
    for listener in server.servers:
        listener.close()
    sock.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    await server.lifespan.shutdown()


async def _until(condition: Callable[[], Any]) -> Any:
    async with asyncio.timeout(5):
        while not (value := condition()):  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.005)
        return value


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A stand-in for the Functions host; answers every hook with 202."""
    sock = bind(0)
    host = Host(f"http://127.0.0.1:{sock.getsockname()[1]}")
    route = Route("/{path:path}", host.answer, methods=["GET", "POST"])
    config = uvicorn.Config(Starlette(routes=[route]), log_level="warning", lifespan="off")
    async with _serving(uvicorn.Server(config), sock):
        yield host


@pytest.fixture
async def tenant(host: Host, tmp_path: Path) -> AsyncIterator[Tenant]:
    """A served tenant with one small desk; its address is `tenant.config.base_url`."""
    desks = tmp_path / "desks"
    (desks / "example").mkdir(parents=True)
    (desks / "example" / "desk.yaml").write_text(DESK, encoding="utf-8")
    sock = bind(0)
    base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    tenant = Tenant(TenantConfig(base_url, host.url, None, desks=desks))
    async with _serving(make_server(tenant), sock):
        yield tenant


@pytest.fixture
async def http(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose addresses are relative to the tenant."""
    async with httpx.AsyncClient(base_url=tenant.config.base_url, timeout=10) as client:
        yield client


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Awaits until a condition gives a true value and returns that; fails after five seconds."""
    return _until
