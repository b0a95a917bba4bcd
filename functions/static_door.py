"""Style sheets, scripts and images of the pages."""

from __future__ import annotations

import azure.functions as func

from functions.pages import page
from functions.visit import Visit
from shared.domain.errors import NotFound
from shared.render.pages import STATIC

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain",
}
# Addresses carry the content's hash, so what was fetched once stays true.
FOR_LONG = "public, max-age=31536000, immutable"


@page
async def static_files(visit: Visit) -> func.HttpResponse:
    """A file below web/static, and nothing from anywhere else."""
    name = visit.route("path")
    path = (STATIC / name).resolve() if name.isprintable() else STATIC
    kind = TYPES.get(path.suffix)
    if kind is None or not path.is_relative_to(STATIC) or not path.is_file():
        raise NotFound("there is no such file")
    return func.HttpResponse(
        path.read_bytes(),
        mimetype=kind,
        charset="utf-8",
        headers={
            "Cache-Control": FOR_LONG if visit.query("v") else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        },
    )
