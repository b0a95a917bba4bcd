"""What any vendor's answer means to us."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

from shared.adapters.http import Wire, open_client
from shared.domain.errors import DocketError, NotFound, Rejected, Unavailable


def wire(answer: Callable[[httpx.Request], httpx.Response], **options: float) -> Wire:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Wire("Vendor", "https://vendor.example/api", client=client, **options)  # type: ignore[arg-type]


async def outcome(answer: httpx.Response, missing: type[DocketError] = Rejected) -> DocketError:
    one = wire(lambda _: answer)
    with pytest.raises(DocketError) as caught:
        await one.call("do it", "POST", "/x", missing=missing)
    await one.aclose()
    return caught.value


@pytest.mark.parametrize("status", [302, 401, 403, 408, 409, 412, 423, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_unavailable(status: int) -> None:
    assert isinstance(await outcome(httpx.Response(status)), Unavailable)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 413, 415, 422])
async def test_what_will_not_pass_is_rejected(status: int) -> None:
    assert isinstance(await outcome(httpx.Response(status)), Rejected)


async def test_a_missing_thing_is_what_the_caller_says_it_is() -> None:
    assert isinstance(await outcome(httpx.Response(404), missing=NotFound), NotFound)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "0.5"}, 0.5),
        (
            {
                "date": "Sun, 22 Nov 2026 11:00:00 GMT",
                "retry-after": "Sun, 22 Nov 2026 11:01:30 GMT",
            },
            90,
        ),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
async def test_the_wait_that_a_vendor_asks_for_is_passed_on(
    headers: dict[str, str], seconds: float | None
) -> None:
    found = await outcome(httpx.Response(429, headers=headers))
    assert isinstance(found, Unavailable)
    assert found.retry_after == seconds


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": "ErrorInvalidRecipients", "message": "to a@b.example"}}, True),
        ({"typeKey": "ErrorInvalidRecipients", "message": "for a@b.example"}, True),
        ({"errors": {"ErrorInvalidRecipients": "a@b.example"}, "errorMessages": []}, True),
        ({"error": {"code": "see https://b.example"}}, False),
        ({"error": "text a@b.example"}, False),
        (["a@b.example"], False),
    ],
)
async def test_an_error_shows_the_vendors_code_and_never_its_text(body: object, code: bool) -> None:
    found = str(await outcome(httpx.Response(400, content=json.dumps(body).encode())))
    assert ("ErrorInvalidRecipients" in found) is code
    assert "b.example" not in found
    assert found.startswith("Vendor: do it was answered with 400")


async def test_no_answer_is_unavailable_and_keeps_its_cause() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset by https://vendor.example")

    one = wire(answer)
    with pytest.raises(Unavailable, match=r"no answer \(ReadError\)$") as caught:
        await one.call("do it", "POST", "/x")
    assert isinstance(caught.value.__cause__, httpx.ReadError)
    await one.aclose()


async def test_a_call_that_takes_too_long_is_given_up() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        return httpx.Response(200)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    one = Wire("Vendor", "https://vendor.example", client=client, timeout=0.01)
    with pytest.raises(Unavailable, match="TimeoutError"):
        await one.call("do it", "GET", "/x")
    await one.aclose()


async def test_our_token_goes_nowhere_but_to_the_service() -> None:
    one = wire(lambda _: httpx.Response(200))
    for url in ("https://vendor.example/other", "https://vendor.example.evil.example/api/x"):
        with pytest.raises(Rejected, match="leads away"):
            await one.call("do it", "GET", url)
    assert (await one.call("do it", "GET", "https://vendor.example/api/x")).status_code == 200
    await one.aclose()


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"\xff"])
async def test_something_else_than_a_json_object_is_unavailable(content: bytes) -> None:
    one = wire(lambda _: httpx.Response(200, content=content))
    with pytest.raises(Unavailable):
        await one.fetch("read it", "/x")
    await one.aclose()


async def test_a_client_follows_no_redirect_and_no_proxy_setting() -> None:
    client = open_client()
    assert (client.follow_redirects, client.trust_env) == (False, False)
    await client.aclose()


def test_composing_all_adapters_imports_no_vendors_package() -> None:
    program = """
import sys
from shared.adapters import acs_mail, azure_devops, graph_mail, graph_reader, jenkins, jira
from shared.adapters import credentials, teams, teams_graph, teams_workflow
credentials.StaticToken("x"), credentials.basic("a", "b")
acs_mail.AcsMailer("https://x", credentials.StaticToken("x"), "desk@x.example")
wire = graph_mail.GraphWire("https://x", credentials.StaticToken("x"))
graph_mail.GraphMailer(wire), teams_graph.GraphChat(wire), teams_workflow.WorkflowChat({})
jira.Jira("https://x", credentials.basic("a", "b"))
heavy = {"msgraph", "msgraph_core", "kiota_http", "azure.identity", "azure.communication", "httpx"}
print(sorted(heavy & set(sys.modules)))
"""
    run = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
