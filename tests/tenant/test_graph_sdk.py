"""The vendor's own SDK against the simulated Graph."""

import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import RetryHandlerOption
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.chat_message_attachment import ChatMessageAttachment
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.single_value_legacy_extended_property import (
    SingleValueLegacyExtendedProperty,
)
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import (  # noqa: E501
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.users.item.messages.item.create_reply.create_reply_post_request_body import (
    CreateReplyPostRequestBody,
)
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import (
    SendMailPostRequestBody,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from local.tenant.core import Tenant
from tests.tenant.conftest import Host

DESK = "support@desk.example"
CLIENT = "client@else.example"
KEY = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name OutboxKey"
CARD = '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Hi"}]}'


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[GraphServiceClient]:
    async with httpx.AsyncClient(timeout=10) as client:
        adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), client)
        adapter.base_url = f"{tenant.config.base_url}/graph/v1.0"
        yield GraphServiceClient(request_adapter=adapter)


def draft(subject: str = "Your request", key: str = "") -> Message:
    message = Message(
        subject=subject,
        body=ItemBody(content="<p>We are on it.</p>", content_type=BodyType.Html),
        to_recipients=[Recipient(email_address=EmailAddress(address=CLIENT, name="Clara"))],
    )
    if key:
        message.single_value_extended_properties = [
            SingleValueLegacyExtendedProperty(id=KEY, value=key)
        ]
    return message


async def find_by_key(graph: GraphServiceClient, key: str) -> list[Message]:
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter=f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{key}')",
        expand=[f"singleValueExtendedProperties($filter=id eq '{KEY}')"],
    )
    found = await graph.users.by_user_id(DESK).messages.get(
        RequestConfiguration(query_parameters=query)
    )
    assert found is not None
    return found.value or []


async def test_a_draft_that_is_sent_is_found_by_its_key_and_reaches_the_client(
    graph: GraphServiceClient, http: httpx.AsyncClient
) -> None:
    messages = graph.users.by_user_id(DESK).messages
    created = await messages.post(draft(key="outbox-7"))
    assert created is not None
    assert created.id is not None
    assert set("/+=") <= set(created.id)
    await messages.by_message_id(created.id).send.post()
    (copy,) = await find_by_key(graph, "outbox-7")
    assert copy.is_draft is False
    assert copy.id != created.id
    assert copy.internet_message_id == created.internet_message_id
    (mail,) = (await http.get("/control/sent", params={"to": CLIENT})).json()
    assert mail["via"] == "graph"
    assert mail["message_id"] == created.internet_message_id
    assert "We are on it." in mail["text"]
    assert await find_by_key(graph, "outbox-8") == []


async def test_an_immutable_id_survives_sending(graph: GraphServiceClient) -> None:
    messages = graph.users.by_user_id(DESK).messages
    lasting: RequestConfiguration[Any] = RequestConfiguration()
    lasting.headers.add("Prefer", 'IdType="ImmutableId"')
    created = await messages.post(draft(), lasting)
    assert created is not None
    assert created.id is not None
    await messages.by_message_id(created.id).send.post()
    copy = await messages.by_message_id(created.id).get(lasting)
    assert copy is not None
    assert copy.is_draft is False


async def test_send_mail_takes_the_capitals_that_the_sdk_writes(
    graph: GraphServiceClient, http: httpx.AsyncClient
) -> None:
    body = SendMailPostRequestBody(message=draft("At once"), save_to_sent_items=True)
    await graph.users.by_user_id(DESK).send_mail.post(body)
    assert [mail["subject"] for mail in (await http.get("/control/sent")).json()] == ["At once"]


async def test_create_reply_threads_the_answer_to_what_the_client_wrote(
    graph: GraphServiceClient, http: httpx.AsyncClient
) -> None:
    raw = (
        f"From: Clara <{CLIENT}>\r\nTo: {DESK}\r\nSubject: Broken\r\n"
        "Message-ID: <one@else.example>\r\n\r\nIt is broken.\r\n"
    )
    await http.post("/control/mail", params={"mailbox": DESK}, content=raw)
    messages = graph.users.by_user_id(DESK).messages
    listing = await messages.get()
    assert listing is not None
    assert listing.value is not None
    original = listing.value[0]
    reply = await messages.by_message_id(original.id or "").create_reply.post(
        CreateReplyPostRequestBody(message=draft("Re: Broken"))
    )
    assert reply is not None
    assert reply.conversation_id == original.conversation_id
    await messages.by_message_id(reply.id or "").send.post()
    (mail,) = (await http.get("/control/sent")).json()
    assert mail["headers"]["In-Reply-To"] == "<one@else.example>"
    assert mail["headers"]["References"] == "<one@else.example>"


async def test_delta_pages_through_the_inbox_and_then_tells_only_what_is_new(
    graph: GraphServiceClient, http: httpx.AsyncClient
) -> None:
    for number in range(5):
        await deliver(http, f"Mail {number}")
    builder = graph.users.by_user_id(DESK).mail_folders.by_mail_folder_id("inbox").messages.delta
    small: RequestConfiguration[DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters]
    small = RequestConfiguration()
    small.headers.add("Prefer", "odata.maxpagesize=2")
    page = await builder.get(small)
    seen = []
    while page is not None and page.odata_next_link:
        seen += page.value or []
        page = await builder.with_url(page.odata_next_link).get(small)
    assert page is not None
    assert page.odata_delta_link is not None
    seen += page.value or []
    assert [message.subject for message in seen] == [f"Mail {number}" for number in range(5)]
    await deliver(http, "Late")
    fresh = await builder.with_url(page.odata_delta_link).get()
    assert fresh is not None
    assert [message.subject for message in fresh.value or []] == ["Late"]


async def deliver(http: httpx.AsyncClient, subject: str) -> None:
    raw = f"From: {CLIENT}\r\nSubject: {subject}\r\nMessage-ID: <{uuid.uuid4()}@x.example>\r\n\r\n-"
    answer = await http.post("/control/mail", params={"mailbox": DESK}, content=raw)
    assert answer.status_code == 201


async def test_attachments_go_in_one_piece_or_in_ranges(
    graph: GraphServiceClient, http: httpx.AsyncClient
) -> None:
    messages = graph.users.by_user_id(DESK).messages
    created = await messages.post(draft())
    assert created is not None
    one = messages.by_message_id(created.id or "")
    small = FileAttachment(name="a.txt", content_type="text/plain", content_bytes=b"hello")
    small.odata_type = "#microsoft.graph.fileAttachment"
    await one.attachments.post(small)
    size = 5 * 1024 * 1024
    item = AttachmentItem(attachment_type=AttachmentType.File, name="big.bin", size=size)
    session = await one.attachments.create_upload_session.post(
        CreateUploadSessionPostRequestBody(attachment_item=item)
    )
    assert session is not None
    await upload(http, session.upload_url or "", size)
    await one.send.post()
    (mail,) = (await http.get("/control/sent")).json()
    assert [(file["name"], file["size"]) for file in mail["attachments"]] == [
        ("a.txt", 5),
        ("big.bin", size),
    ]


async def upload(http: httpx.AsyncClient, url: str, size: int) -> None:
    step = 3 * 1024 * 1024
    for first in range(0, size, step):
        last = min(first + step, size) - 1
        headers = {
            "Content-Range": f"bytes {first}-{last}/{size}",
            "Content-Type": "application/octet-stream",
        }
        answer = await http.put(url, content=b"x" * (last - first + 1), headers=headers)
        assert answer.status_code == (201 if last == size - 1 else 200)


async def test_a_subscription_shakes_hands_and_tells_of_new_mail(
    graph: GraphServiceClient,
    http: httpx.AsyncClient,
    tenant: Tenant,
    host: Host,
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    created = await graph.subscriptions.post(
        Subscription(
            change_type="created",
            notification_url=f"{host.url}/api/hooks/graph",
            lifecycle_notification_url=f"{host.url}/api/hooks/graph",
            resource=f"/users/{DESK}/mailFolders('inbox')/messages",
            expiration_date_time=tenant.now() + timedelta(days=2),
            client_state="secret",
        )
    )
    assert created is not None
    await deliver(http, "Hello")
    call = (await eventually(lambda: host.to("/api/hooks/graph")))[0]
    (notice,) = call["body"]["value"]
    assert notice["subscriptionId"] == str(created.id)
    assert notice["clientState"] == "secret"
    told = (
        await graph.users.by_user_id(DESK)
        .messages.by_message_id(notice["resourceData"]["id"])
        .get()
    )
    assert told is not None
    assert told.subject == "Hello"


async def test_a_channel_message_with_a_card_takes_replies(
    graph: GraphServiceClient, http: httpx.AsyncClient
) -> None:
    channel = graph.teams.by_team_id("team-1").channels.by_channel_id("19:general@thread.tacv2")
    mark = str(uuid.uuid4())
    posted = await channel.messages.post(
        ChatMessage(
            body=ItemBody(
                content=f'New request <attachment id="{mark}"></attachment>',
                content_type=BodyType.Html,
            ),
            attachments=[
                ChatMessageAttachment(
                    id=mark,
                    content_type="application/vnd.microsoft.card.adaptive",
                    content=CARD,
                )
            ],
        )
    )
    assert posted is not None
    thread = channel.messages.by_chat_message_id(posted.id or "")
    await thread.replies.post(ChatMessage(body=ItemBody(content="Taken")))
    (place,) = [
        entry for entry in (await http.get("/control/teams")).json() if entry["team"] == "team-1"
    ]
    (message,) = place["messages"]
    assert message["card"]["body"][0]["text"] == "Hi"
    assert [reply["text"] for reply in message["replies"]] == ["Taken"]


async def test_an_error_arrives_as_the_sdks_own_odata_error(graph: GraphServiceClient) -> None:
    once: RequestConfiguration[Any] = RequestConfiguration(
        options=[RetryHandlerOption(max_retries=0, should_retry=False)]
    )
    with pytest.raises(ODataError) as refused:
        await graph.users.by_user_id(DESK).messages.by_message_id("AAMk=").get(once)
    assert refused.value.response_status_code == 404
    assert refused.value.error is not None
    assert refused.value.error.code == "ErrorItemNotFound"
