"""The token endpoint of Entra: opaque tokens that the tenant's Graph tells apart."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant

_LIFE = 3599  # seconds


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/{tenant}/oauth2/v2.0/token`."""
    return [Route("/{name}/oauth2/v2.0/token", _token, methods=["POST"])]


async def _token(request: Request) -> Response:
    """An app-only token for client credentials, a delegated one for a refresh token.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    form = await request.form()
    grant = str(form.get("grant_type", ""))
    if not form.get("client_id"):
        return _refuse("invalid_request", "AADSTS900144: 'client_id' is missing.")
    if grant == "client_credentials":
        return JSONResponse(_granted("app-only"))
    if grant == "refresh_token" and form.get("refresh_token"):
        refreshed = {"refresh_token": secrets.token_urlsafe(24), "scope": str(form.get("scope"))}
        return JSONResponse(_granted("delegated") | refreshed)
    return _refuse("unsupported_grant_type", f"AADSTS70003: grant type '{grant}' is not supported.")


def _granted(kind: str) -> dict[str, object]:
    token = f"{kind}.{secrets.token_urlsafe(24)}"
    return {"token_type": "Bearer", "expires_in": _LIFE, "access_token": token}


def _refuse(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, 400)
