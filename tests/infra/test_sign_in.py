"""Sign-in: exactly those addresses are open that prove their callers in another way."""

from __future__ import annotations

import fnmatch
import re

import azure.functions as func
import pytest

from shared.context import use_app
from tests.infra.bicep import bicep
from tests.infra.code import Binding, bindings
from tests.support.app import DESKS, memory_app

SIGN_IN = bicep("modules/signin.bicep")
ROUTES = [b for b in bindings() if b.kind == "httpTrigger"]
DESK = next(iter(DESKS))
# A flow brings the token of its identity, so sign-in lets it in without an open path.
WITH_TOKEN = {"api_form_response"}


def open_paths() -> list[str]:
    """What App Service lets through without a sign-in, for the desks that ship."""
    intake = SIGN_IN.variables["intakePaths"]
    return [*SIGN_IN.variables["openPaths"], *(intake.replace("${desk}", d) for d in DESKS)]


def address(route: Binding, desk: str = DESK) -> str:
    """An address of the route."""
    values = {"desk": desk, "number": "MYTC-1"}
    found = re.sub(r"\{\*?(\w+)\}", lambda m: values.get(m[1], "x"), route.route)
    return "/" if route.function.startswith("zz_") else f"/{found}"


def is_open(path: str) -> bool:
    """As App Service reads excluded paths: whole, or everything below a `*` at the end.

    https://github.com/MicrosoftDocs/azure-docs/issues/86514
    """
    return any(fnmatch.fnmatchcase(path, known) for known in open_paths())


async def answer_to_nobody(route: Binding) -> func.HttpResponse:
    """What the function says to a visitor who brings nothing."""
    use_app(memory_app().app)
    path = address(route)
    parameters = {
        name: {"desk": DESK, "number": "MYTC-1"}.get(name, "x")
        for name in re.findall(r"\{\*?(\w+)\}", route.route)
    }
    method = (route.values.get("methods") or ["GET"])[0]
    request = func.HttpRequest(
        method=method,
        url=f"http://docket.test{path}",
        headers={"host": "docket.test"},
        route_params={} if route.function.startswith("zz_") else parameters,
        body=b"",
    )
    found: func.HttpResponse = await route.call(request)
    return found


def wants_sign_in(answer: func.HttpResponse) -> bool:
    """Whether the answer sends the visitor to the sign-in, or refuses for want of one."""
    location = str(answer.headers.get("Location") or "")
    return answer.status_code == 401 or (
        answer.status_code == 302 and location.startswith("/.auth/login")
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: r.function)
async def test_an_address_is_open_exactly_when_its_function_asks_for_no_sign_in(
    route: Binding,
) -> None:
    if route.function in WITH_TOKEN:
        assert not is_open(address(route))
        assert route.needs_key
    else:
        staff_only = wants_sign_in(await answer_to_nobody(route))
        assert is_open(address(route)) != staff_only


def test_every_open_path_leads_to_a_function() -> None:
    addresses = {address(route, desk) for route in ROUTES for desk in DESKS}
    for path in open_paths():
        assert fnmatch.filter(addresses, path), path


def test_whoever_does_not_sign_in_is_sent_to_entra_id() -> None:
    [auth] = SIGN_IN.of_type("Microsoft.Web/sites/config")
    properties = auth.body["properties"]
    assert properties["platform"]["enabled"] is True
    assert properties["globalValidation"]["requireAuthentication"] is True
    assert properties["globalValidation"]["unauthenticatedClientAction"] == "RedirectToLoginPage"
    assert properties["httpSettings"]["requireHttps"] is True


def test_sign_in_needs_no_secret_of_its_own() -> None:
    [auth] = SIGN_IN.of_type("Microsoft.Web/sites/config")
    registration = auth.body["properties"]["identityProviders"]["azureActiveDirectory"][
        "registration"
    ]
    assert registration["clientSecretSettingName"] == "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"


def test_the_app_roles_that_the_script_makes_are_those_that_the_code_asks_for() -> None:
    from functions.identity import ADMIN_ROLE, STAFF_ROLE
    from tests.infra.code import ROOT

    script = (ROOT / "scripts" / "setup-tenant.ps1").read_text()
    assert f"'{STAFF_ROLE}'" in script
    assert f"'{ADMIN_ROLE}'" in script
