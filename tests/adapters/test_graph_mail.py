"""Mail through Graph."""

import asyncio
from collections.abc import Iterator

import pytest

from shared.adapters.credentials import StaticToken
from shared.adapters.graph_mail import GraphMailer
from shared.adapters.graph_wire import GraphWire
from shared.domain.errors import Rejected, Unavailable
from shared.ports import File
from tests.adapters.control import Control
from tests.adapters.samples import mail


async def test_a_mail_arrives_with_its_thread_and_headers(
    tenant: Control, mailer: GraphMailer, fresh: str
) -> None:
    message_id = await mailer.send(mail(fresh), fresh, again=False)
    (sent,) = tenant.sent(f"{fresh}@client.example")
    assert message_id == sent["message_id"] == f"<{fresh}@docket.contoso.com>"
    assert sent["subject"] == f"[MYTC-42] Your request {fresh}"
    assert "We have it." in sent["html"]
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    assert headers["in-reply-to"] == f"<first-{fresh}@client.example>"
    assert headers["references"].split()[-1] == f"<first-{fresh}@client.example>"
    assert headers["x-docket-ticket"] == "MYTC-42"
    assert headers["x-auto-response-suppress"] == "All"


async def test_the_draft_asks_for_an_auto_submitted_header(
    tenant: Control, mailer: GraphMailer, fresh: str
) -> None:
    await mailer.send(mail(fresh), fresh, again=False)
    (draft,) = [c for c in tenant.calls("graph", fresh) if c["url"].endswith("/messages")]
    properties = draft["request_body"]["singleValueExtendedProperties"]
    name = "String {00020386-0000-0000-C000-000000000046} Name Auto-Submitted"
    assert {"id": name, "value": "auto-generated"} in properties


async def test_a_first_attempt_makes_two_calls(
    tenant: Control, mailer: GraphMailer, fresh: str
) -> None:
    sender = f"{fresh}@contoso.com"
    await mailer.send(mail(fresh, sender=sender), fresh, again=False)
    calls = tenant.calls("graph", f"/users/{fresh}%40contoso.com/")
    assert [(c["method"], c["status"]) for c in calls] == [("POST", 201), ("POST", 202)]


LOSSES: dict[str, tuple[str, dict[str, object]]] = {
    "the draft's answer": ("*/messages", {"status": 504, "after_effect": True}),
    "the draft's connection": ("*/messages", {"drop": True, "after_effect": True}),
    "the draft itself": ("*/messages", {"status": 503}),
    "the send's answer": ("*/send", {"status": 504, "after_effect": True}),
    "the send's connection": ("*/send", {"drop": True, "after_effect": True}),
    "the send itself": ("*/send", {"status": 503}),
}


@pytest.mark.parametrize("lost", LOSSES)
async def test_whatever_is_lost_on_the_way_one_mail_leaves(
    tenant: Control, mailer: GraphMailer, fresh: str, lost: str
) -> None:
    path, fault = LOSSES[lost]
    tenant.fault("graph", method="POST", path=path, **fault)
    with pytest.raises(Unavailable):
        await mailer.send(mail(fresh), fresh, again=False)
    assert await mailer.send(mail(fresh), fresh, again=True) == f"<{fresh}@docket.contoso.com>"
    assert len(tenant.sent(f"{fresh}@client.example")) == 1


async def test_throttling_tells_how_long_to_wait_and_is_not_retried_here(
    tenant: Control, mailer: GraphMailer, fresh: str
) -> None:
    sender = f"{fresh}@contoso.com"
    tenant.fault("graph", method="POST", path="*/messages", status=429, retry_after=17)
    with pytest.raises(Unavailable, match="429") as caught:
        await mailer.send(mail(fresh, sender=sender), fresh, again=False)
    assert caught.value.retry_after == 17
    assert len(tenant.calls("graph", f"/users/{fresh}%40contoso.com/")) == 1


async def test_a_mail_to_nobody_is_rejected_for_good(mailer: GraphMailer, fresh: str) -> None:
    nobody = mail(fresh)
    object.__setattr__(nobody, "to", ())
    with pytest.raises(Rejected, match="ErrorInvalidRecipients"):
        await mailer.send(nobody, fresh, again=False)


async def test_six_headers_are_rejected_before_any_call(
    tenant: Control, mailer: GraphMailer, fresh: str
) -> None:
    crowded = mail(fresh)
    object.__setattr__(crowded, "headers", tuple((f"X-{n}", "1") for n in range(6)))
    with pytest.raises(Rejected, match="5 at most"):
        await mailer.send(crowded, fresh, again=False)
    assert tenant.calls("graph", fresh) == []


@pytest.fixture
def _tidy(tenant: Control) -> Iterator[None]:
    """Large files would burden every later look into the journal."""
    yield
    tenant.reset()


FILES = (
    File("small.txt", "text/plain", b"hello"),
    File("middle.bin", "application/octet-stream", b"m" * 2_600_000),
    File("large.bin", "application/octet-stream", b"l" * 5_000_000),
)


async def _sizes(wire: GraphWire, sender: str) -> list[int]:
    listed = await wire.fetch("list", f"/users/{sender}/messages?$select=id,isDraft")
    sizes = []
    for message in listed["value"]:
        assert message["isDraft"] is False
        path = (
            f"/users/{sender}/messages/{message['id'].replace('/', '%2F')}/attachments?$select=size"
        )
        sizes += [a["size"] for a in (await wire.fetch("list", path))["value"]]
    return sorted(sizes)


@pytest.mark.usefixtures("_tidy")
async def test_attachments_of_all_sizes_arrive(
    mailer: GraphMailer, graph: GraphWire, fresh: str
) -> None:
    sender = f"{fresh}@contoso.com"
    await mailer.send(mail(fresh, sender=sender, files=FILES), fresh, again=False)
    assert await _sizes(graph, sender) == [5, 2_600_000, 5_000_000]


@pytest.mark.usefixtures("_tidy")
@pytest.mark.parametrize("path", ["*/attachments", "*AttachmentSessions*", "*/send"])
async def test_a_second_attempt_adds_only_the_attachments_that_are_missing(
    tenant: Control, mailer: GraphMailer, graph: GraphWire, fresh: str, path: str
) -> None:
    sender = f"{fresh}@contoso.com"
    letter = mail(fresh, sender=sender, files=FILES)
    tenant.fault("graph", method="*", path=path, status=504)
    with pytest.raises(Unavailable):
        await mailer.send(letter, fresh, again=False)
    await mailer.send(letter, fresh, again=True)
    assert await _sizes(graph, sender) == [5, 2_600_000, 5_000_000]
    assert len(tenant.sent(f"{fresh}@client.example")) == 1


async def test_an_attachment_beyond_150_mb_is_rejected_before_any_call(
    tenant: Control, mailer: GraphMailer, fresh: str
) -> None:
    huge = File("huge.bin", "application/octet-stream", bytes(150 * 1024 * 1024 + 1))
    with pytest.raises(Rejected, match="150 MB"):
        await mailer.send(mail(fresh, files=(huge,)), fresh, again=False)
    assert tenant.calls("graph", fresh) == []


async def test_a_message_id_that_exchange_replaced_is_learnt_from_the_sent_copy(
    tenant: Control, graph: GraphWire, fresh: str
) -> None:
    tenant.order("graph", {"message_ids": "replaced"})
    try:
        message_id = await GraphMailer(graph, confirm=True).send(mail(fresh), fresh, again=False)
        again = await GraphMailer(graph).send(mail(fresh), fresh, again=True)
    finally:
        tenant.order("graph", {"message_ids": "kept"})
    (sent,) = tenant.sent(f"{fresh}@client.example")
    assert message_id == again == sent["message_id"] != f"<{fresh}@docket.contoso.com>"


async def test_a_mailbox_gets_four_calls_at_a_time(tenant: Control, fresh: str) -> None:
    sender = f"{fresh}@contoso.com"
    under_way: list[str] = []
    most = 0

    class Counting(GraphWire):
        async def call(self, name, method, path, **options):  # type: ignore[no-untyped-def]
            nonlocal most
            under_way.append(name)
            most = max(most, len(under_way))
            try:
                return await super().call(name, method, path, **options)
            finally:
                under_way.remove(name)

    wire = Counting(f"{tenant.url}/graph/v1.0", StaticToken("app-only.test"))
    mailer = GraphMailer(wire)
    words = [f"{fresh}{n}" for n in range(10)]
    await asyncio.gather(
        *(mailer.send(mail(word, sender=sender), word, again=False) for word in words)
    )
    await wire.aclose()
    assert most == 4


async def test_each_call_is_announced_by_its_name(tenant: Control, fresh: str) -> None:
    names: list[str] = []
    wire = GraphWire(f"{tenant.url}/graph/v1.0", StaticToken("app-only.test"), on_call=names.append)
    await GraphMailer(wire).send(mail(fresh), fresh, again=True)
    await wire.aclose()
    assert names == ["find message", "create draft", "send draft"]
