"""The tenant's own pages: mail, Teams, calls, clock."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from local.tenant.core import Tenant
from local.tenant.viewer import calls_pages, compose_pages, mail_pages, teams_pages
from local.tenant.viewer.page import STATIC

_CARDS = Path("node_modules/adaptivecards/dist/adaptivecards.min.js")


def routes(tenant: Tenant) -> list[BaseRoute]:
    """All pages of the viewer with their static files."""
    return [
        Route("/static/adaptivecards.min.js", _cards_script),
        Mount("/static", StaticFiles(directory=STATIC)),
        *mail_pages.routes(tenant),
        *compose_pages.routes(tenant),
        *teams_pages.routes(tenant),
        *calls_pages.routes(tenant),
    ]


async def _cards_script(request: Request) -> Response:
    """The renderer of Adaptive Cards as its package ships it."""
    return FileResponse(_CARDS, media_type="text/javascript")
