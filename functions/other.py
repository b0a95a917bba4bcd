"""Every address that no other function has: the portal at the root, else a page that says so."""

from __future__ import annotations

import azure.functions as func

from functions.client_pages import client, client_refusal
from functions.portal import portal_page
from functions.visit import Visit, problem
from shared.domain.errors import NotFound


# The host takes the first route that fits in the order of the functions' names, so this name has
# to be the last. A method that an address does not take ends here too: the host knows no 405.
@client
async def zz_portal_or_not_found(visit: Visit) -> func.HttpResponse:
    """`/` is the portal; below `/api/` the answer is JSON."""
    path = visit.route("path").strip("/")
    if not path and visit.req.method in ("GET", "HEAD"):
        return portal_page(visit)
    missing = NotFound("there is no such address, or it does not take this method")
    if path == "api" or path.startswith("api/"):
        return problem(visit, missing)
    return client_refusal(visit, missing)
