"""How tokens are had: managed identity, a service account's refresh token, or a fixed secret."""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

from shared.adapters.http import Authorise, Wire
from shared.domain.errors import Unavailable

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import AccessToken
    from azure.core.credentials_async import AsyncTokenCredential

GRAPH = "https://graph.microsoft.com/.default"
AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798/.default"
VAULT = "https://vault.azure.net/.default"

_EARLY = 300  # seconds before its end at which a token is renewed
_NEVER = 4102444800  # the year 2100


class _Credential:
    """What azure-core expects of a credential around `get_token`."""

    async def close(self) -> None:
        """Nothing to close unless a subclass holds something."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()


class StaticToken(_Credential):
    """A fixed token, for the simulated tenant and for personal access tokens."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The token, whatever the scopes."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415

        return AccessToken(self._token, _NEVER)


class ServiceAccount(_Credential):
    """Delegated tokens of an account that once consented (Teams wants a person to post).

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token
    Each refresh brings a new refresh token, and an old one dies after 90 days: `keep` stores it.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        read: Callable[[], Awaitable[str]],
        keep: Callable[[str], Awaitable[None]],
        *,
        client_secret: str = "",
        wire: Wire | None = None,
    ) -> None:
        self._url = token_url
        self._client = {"client_id": client_id}
        if client_secret:
            self._client["client_secret"] = client_secret
        self._read = read
        self._keep = keep
        self._wire = wire or Wire("Entra ID", token_url.rsplit("/", 1)[0])
        self._held: AccessToken | None = None

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for the scopes; `claims` (a challenge) asks for a fresh one."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415

        if self._held and not options.get("claims") and self._held.expires_on - _EARLY > _now():
            return self._held
        answer = await self._refresh(" ".join(scopes), str(options.get("claims") or ""))
        self._held = AccessToken(answer["access_token"], _now() + int(answer["expires_in"]))
        return self._held

    async def _refresh(self, scope: str, claims: str) -> dict[str, Any]:
        old = await self._read()
        form = {
            **self._client,
            "grant_type": "refresh_token",
            "refresh_token": old,
            "scope": f"{scope} offline_access",
        }
        if claims:
            form["claims"] = claims
        answer = await self._wire.call(
            "token",
            "POST",
            self._url,
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            accept=(400,),
        )
        tokens = answer.json()
        if answer.status_code == 400:  # the consent is gone: somebody has to sign in again
            raise Unavailable("Entra ID: the service account has to sign in again")
        if tokens.get("refresh_token", old) != old:
            await self._keep(tokens["refresh_token"])
        return dict(tokens)

    async def close(self) -> None:
        """Closes the connection to the token endpoint."""
        await self._wire.aclose()


class VaultSecret:
    """A secret in Key Vault that is read and written, like a refresh token.

    https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret
    """

    def __init__(
        self,
        vault_url: str,
        name: str,
        authorise: Authorise,
        *,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._path = f"/secrets/{quote(name)}?api-version=7.4"
        self._wire = Wire("Key Vault", vault_url, authorise=authorise, client=client)

    async def read(self) -> str:
        """The newest version's value."""
        return str((await self._wire.fetch("get secret", self._path))["value"])

    async def keep(self, value: str) -> None:
        """Stores a new version."""
        await self._wire.submit("set secret", "PUT", self._path, {"value": value})

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._wire.aclose()


def bearer(credential: AsyncTokenCredential, scope: str) -> Authorise:
    """Authorization by a token for the scope; the credential caches it."""

    async def authorise() -> str:
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        try:
            return f"Bearer {(await credential.get_token(scope)).token}"
        except AzureError as error:
            raise Unavailable("no token for the app's identity") from error

    return authorise


def basic(user: str, secret: str) -> Authorise:
    """Authorization by name and API token (Jira, Jenkins, Azure DevOps with user ``""``)."""
    value = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()

    async def authorise() -> str:
        return value

    return authorise


def _now() -> int:
    return int(time.time())  # the token's own clock is the real one, also when ours is moved
