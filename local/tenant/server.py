"""Serves the tenant over HTTP, able to cut a connection when a fault orders it."""

import asyncio
import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.tenant.app import create_app
from local.tenant.core import Tenant

# Seconds. Far above the five after which our clients let an idle connection go: were both the
# same, a call would now and then meet a connection that is just being closed.
KEEP_ALIVE = 120


class _CuttableProtocol(HttpToolsProtocol):
    """Lets a request reach its own transport; ASGI has no word for a lost connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport


def make_server(tenant: Tenant) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(tenant),
            http=_CuttableProtocol,
            lifespan="on",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=KEEP_ALIVE,
        )
    )


def bind(port: int) -> socket.socket:
    """A listening socket on the loopback; port 0 takes a free one."""
    # asyncio turns Nagle's algorithm off only where the protocol is named: 40 ms an answer else.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(128)
    return sock


def serve(tenant: Tenant, sock: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM."""
    asyncio.run(make_server(tenant).serve(sockets=[sock]))
