"""Reading a mailbox through Graph."""

import datetime as dt
from urllib.parse import unquote

import pytest

from shared.adapters.graph_reader import GraphReader
from shared.adapters.graph_wire import GraphWire
from shared.domain.errors import NotFound, Rejected, Unavailable
from shared.ports import MailboxChange
from tests.adapters.control import Control
from tests.adapters.hook_server import HookServer


class TenantClock:
    """The tenant's own time."""

    def __init__(self, tenant: Control) -> None:
        self._tenant = tenant

    def now(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self._tenant.now())


@pytest.fixture
def reader(graph: GraphWire, tenant: Control) -> GraphReader:
    return GraphReader(graph, TenantClock(tenant))


@pytest.fixture
def mailbox(fresh: str) -> str:
    return f"{fresh}@contoso.com"


def raw(word: str) -> bytes:
    return (
        f"From: client@client.example\r\nTo: support@contoso.com\r\nSubject: {word}\r\n"
        f"Message-ID: <{word}@client.example>\r\n\r\nHello\r\n"
    ).encode()


async def read_all(
    reader: GraphReader, mailbox: str, cursor: str
) -> tuple[list[MailboxChange], str]:
    changes: list[MailboxChange] = []
    more = True
    while more:
        page, cursor, more = await reader.changes(mailbox, cursor)
        changes += page
    return changes, cursor


async def test_each_mail_is_seen_once_and_in_order(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    _, cursor = await read_all(reader, mailbox, "")
    for word in ("one", "two"):
        tenant.mail(mailbox, raw(f"{word}-{mailbox[:13]}"))
    arrived, cursor = await read_all(reader, mailbox, cursor)
    assert [c.internet_message_id.split("-")[0] for c in arrived] == ["<one", "<two"]
    assert all(c.received_at.tzinfo is not None for c in arrived)
    assert await read_all(reader, mailbox, cursor) == ([], cursor)


async def test_many_mails_come_in_pages_of_fifty(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    for number in range(53):
        tenant.mail(mailbox, raw(f"{number}-{mailbox[:13]}"))
    page, cursor, more = await reader.changes(mailbox, "")
    assert (len(page), more) == (50, True)
    rest, _, more = await reader.changes(mailbox, cursor)
    assert (len(rest), more) == (3, False)


async def test_the_first_run_looks_back_one_day(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    await reader.changes(mailbox, "")
    (call,) = tenant.calls("graph", mailbox[:13])
    since = dt.datetime.fromisoformat(unquote(call["url"]).rsplit("ge ", 1)[1])
    reach = dt.datetime.fromisoformat(tenant.now()) - since
    assert dt.timedelta(days=1) <= reach < dt.timedelta(days=1, minutes=5)


async def test_a_cursor_is_handed_back_to_graph_as_it_came(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    _, cursor, _ = await reader.changes(mailbox, "")
    await reader.changes(mailbox, cursor)
    assert cursor.endswith(tenant.calls("graph", mailbox[:13])[-1]["url"])


async def test_an_expired_cursor_starts_over_without_losing_mail(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    _, cursor = await read_all(reader, mailbox, "")
    tenant.mail(mailbox, raw(f"late-{mailbox[:13]}"))
    tenant.order("graph/expire-delta", {"mailbox": mailbox})
    arrived, cursor = await read_all(reader, mailbox, cursor)
    assert [c.internet_message_id for c in arrived] == [f"<late-{mailbox[:13]}@client.example>"]
    assert await read_all(reader, mailbox, cursor) == ([], cursor)


async def test_our_token_follows_no_link_to_another_place(
    reader: GraphReader, mailbox: str
) -> None:
    with pytest.raises(Rejected, match="leads away"):
        await reader.changes(mailbox, "https://graph.example.org/v1.0/steal")


async def test_throttled_reading_says_how_long_to_wait(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    tenant.fault("graph", method="GET", path="*/delta", status=429, retry_after=11)
    with pytest.raises(Unavailable) as caught:
        await reader.changes(mailbox, "")
    assert caught.value.retry_after == 11


async def test_a_mail_is_read_as_it_was_written(
    reader: GraphReader, tenant: Control, mailbox: str
) -> None:
    tenant.mail(mailbox, raw(f"raw-{mailbox[:13]}"))
    (change,), _ = await read_all(reader, mailbox, "")
    assert await reader.raw(mailbox, change.id) == raw(f"raw-{mailbox[:13]}")


async def test_a_mail_that_is_gone_is_not_found(reader: GraphReader, mailbox: str) -> None:
    with pytest.raises(NotFound):
        await reader.raw(mailbox, "AAMkADgone=")


@pytest.fixture
def until(tenant: Control) -> dt.datetime:
    return dt.datetime.fromisoformat(tenant.now()) + dt.timedelta(days=2)


async def test_a_subscription_can_be_renewed_until_it_is_gone(
    graph: GraphWire, reader: GraphReader, mailbox: str, until: dt.datetime
) -> None:
    with HookServer() as hooks:
        name = await reader.subscribe(mailbox, hooks.url, "secret", until)
    assert await reader.renew(name, until + dt.timedelta(days=1)) is True
    await graph.call("unsubscribe", "DELETE", f"/subscriptions/{name}")
    assert await reader.renew(name, until) is False


async def test_subscribing_twice_keeps_one_subscription(
    reader: GraphReader, mailbox: str, until: dt.datetime
) -> None:
    with HookServer() as hooks:
        first = await reader.subscribe(mailbox, hooks.url, "secret", until)
        second = await reader.subscribe(mailbox, hooks.url, "secret", until)
    assert first == second


async def test_a_subscription_that_leads_to_an_old_address_is_replaced(
    graph: GraphWire, reader: GraphReader, mailbox: str, until: dt.datetime
) -> None:
    with HookServer() as old, HookServer() as new:
        first = await reader.subscribe(mailbox, old.url, "secret", until)
        second = await reader.subscribe(mailbox, new.url, "secret", until)
        listed = await graph.fetch("list", "/subscriptions")
        ours = [s for s in listed["value"] if mailbox in s["resource"]]
        assert [(s["id"], s["notificationUrl"]) for s in ours] == [(second, new.url)]
    assert first != second
