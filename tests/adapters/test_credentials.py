"""How tokens are had."""

import base64
from urllib.parse import parse_qs

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.credentials import ServiceAccount, StaticToken, VaultSecret, basic, bearer
from shared.adapters.http import Wire
from shared.domain.errors import Unavailable
from tests.adapters.control import Control


class Kept:
    """A secret store of one value."""

    def __init__(self, value: str) -> None:
        self.values = [value]

    async def read(self) -> str:
        return self.values[-1]

    async def keep(self, value: str) -> None:
        self.values.append(value)


async def test_a_service_account_keeps_the_refresh_token_that_it_was_given_last(
    tenant: Control,
) -> None:
    kept = Kept("first")
    account = ServiceAccount(
        f"{tenant.url}/login/contoso/oauth2/v2.0/token", "client-1", kept.read, kept.keep
    )
    token = await account.get_token("https://graph.microsoft.com/.default")
    assert token.token.startswith("delegated.")
    assert len(kept.values) == 2
    assert await account.get_token("https://graph.microsoft.com/.default") is token
    assert len(kept.values) == 2
    await account.close()


def account_with(answer: httpx.Response, seen: list[dict[str, list[str]]]) -> ServiceAccount:
    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(parse_qs(request.content.decode()))
        return answer

    client = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    wire = Wire("Entra ID", "https://login.example/t", client=client)
    kept = Kept("same")
    url = "https://login.example/t/token"
    return ServiceAccount(url, "c", kept.read, kept.keep, client_secret="s", wire=wire)


async def test_a_challenge_asks_for_a_fresh_token() -> None:
    seen: list[dict[str, list[str]]] = []
    tokens = {"access_token": "a", "expires_in": 3600}
    account = account_with(httpx.Response(200, json=tokens), seen)
    await account.get_token("scope")
    await account.get_token("scope", claims="{}")
    await account.close()
    assert [form.get("claims") for form in seen] == [None, ["{}"]]
    assert seen[0]["grant_type"] == ["refresh_token"]
    assert seen[0]["scope"] == ["scope offline_access"]


async def test_a_consent_that_is_gone_says_who_must_act() -> None:
    account = account_with(httpx.Response(400, json={"error": "invalid_grant"}), [])
    with pytest.raises(Unavailable, match="sign in again"):
        await account.get_token("scope")
    await account.close()


async def test_a_secret_is_read_from_and_kept_in_the_vault() -> None:
    stored = {"value": "old"}

    def respond(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer t"
        assert str(request.url) == "https://v.example/secrets/teams-refresh?api-version=7.4"
        if request.method == "PUT":
            stored["value"] = request.read().decode()
        return httpx.Response(200, json={"value": stored["value"], "id": "x"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    authorise = bearer(StaticToken("t"), "scope")
    secret = VaultSecret("https://v.example", "teams-refresh", authorise, client=client)
    assert await secret.read() == "old"
    await secret.keep("new")
    assert stored["value"] == '{"value": "new"}'
    await secret.aclose()


async def test_an_identity_without_a_token_is_unavailable() -> None:
    class Broken(StaticToken):
        async def get_token(self, *scopes: str, **options: object):  # type: ignore[no-untyped-def]
            raise ClientAuthenticationError("no identity at 169.254.169.254")

    with pytest.raises(Unavailable, match="no token for the app's identity"):
        await bearer(Broken("x"), "scope")()


async def test_basic_is_name_and_secret() -> None:
    value = (await basic("docket@contoso.com", "t:k")()).removeprefix("Basic ")
    assert base64.b64decode(value) == b"docket@contoso.com:t:k"
