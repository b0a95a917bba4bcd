"""The rules of Exchange that a mail adapter has to live with."""

import asyncio
import base64
from email import message_from_bytes
from typing import Any
from urllib.parse import quote

import httpx
import pytest

DESK = "support@desk.example"
CLIENT = "client@else.example"
BASE = f"/graph/v1.0/users/{DESK}"
TO = [{"emailAddress": {"address": CLIENT}}]


def message(**more: Any) -> dict[str, Any]:
    body = {"contentType": "html", "content": "<p>Hello</p>"}
    return {"subject": "Hello", "body": body, "toRecipients": TO, **more}


async def create(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await http.post(f"{BASE}/messages", json=message(**more))
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def one(found: dict[str, Any], user: str = DESK) -> str:
    return f"/graph/v1.0/users/{user}/messages/{quote(found['id'], safe='')}"


async def listing(http: httpx.AsyncClient, user: str, **query: str) -> list[dict[str, Any]]:
    answer = await http.get(f"/graph/v1.0/users/{user}/messages", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


async def receive(
    http: httpx.AsyncClient, mailbox: str = DESK, subject: str = "Broken", **headers: str
) -> bytes:
    lines = {"From": f"Clara <{CLIENT}>", "To": mailbox, "Subject": subject, **headers}
    lines.setdefault("Message-ID", "<one@else.example>")
    head = "\r\n".join(f"{name.replace('_', '-')}: {value}" for name, value in lines.items())
    raw = f"{head}\r\n\r\nIt is broken.\r\n".encode()
    answer = await http.post("/control/mail", params={"mailbox": mailbox}, content=raw)
    assert answer.status_code == 201
    return raw


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (
            {"internetMessageHeaders": [{"name": "In-Reply-To", "value": "<a@b.example>"}]},
            "InvalidInternetMessageHeader",
        ),
        (
            {"internetMessageHeaders": [{"name": f"x-{n}", "value": "1"} for n in range(6)]},
            "InvalidInternetMessageHeaderCollection",
        ),
        ({"colour": "red"}, "RequestBodyRead"),
        ({"body": "plain"}, "RequestBodyRead"),
        ({"toRecipients": [{"address": CLIENT}]}, "ErrorInvalidRecipients"),
        ({"from": {"emailAddress": {"address": "other@desk.example"}}}, "ErrorSendAsDenied"),
    ],
)
async def test_a_message_that_exchange_would_refuse_is_refused(
    http: httpx.AsyncClient, more: dict[str, Any], code: str
) -> None:
    answer = await http.post(f"{BASE}/sendMail", json={"message": message(**more)})
    assert answer.status_code in (400, 403)
    assert answer.json()["error"]["code"] == code
    assert (await http.get("/control/sent")).json() == []


async def test_threading_headers_travel_as_mapi_properties(http: httpx.AsyncClient) -> None:
    properties = [
        {"id": "String 0x1042", "value": "<one@else.example>"},
        {"id": "String 0x1039", "value": "<zero@else.example> <one@else.example>"},
        {"id": "String 0x1035", "value": "<mine@desk.example>"},
    ]
    more: dict[str, Any] = {
        "singleValueExtendedProperties": properties,
        "internetMessageHeaders": [{"name": "x-docket", "value": "7"}],
    }
    await http.post(f"{BASE}/sendMail", json={"message": message(**more)})
    (mail,) = (await http.get("/control/sent")).json()
    assert mail["message_id"] == "<mine@desk.example>"
    assert mail["headers"]["In-Reply-To"] == "<one@else.example>"
    assert mail["headers"]["References"] == "<zero@else.example> <one@else.example>"
    assert mail["headers"]["x-docket"] == "7"


async def test_a_tenant_may_replace_the_message_id_on_sending(http: httpx.AsyncClient) -> None:
    await http.post("/control/graph", json={"message_ids": "replaced"})
    body = {"message": message(internetMessageId="<mine@desk.example>")}
    await http.post(f"{BASE}/sendMail", json=body)
    (mail,) = (await http.get("/control/sent")).json()
    assert mail["message_id"] != "<mine@desk.example>"


async def test_json_beyond_four_megabytes_is_refused(http: httpx.AsyncClient) -> None:
    large = {"contentType": "text", "content": "x" * (4 * 1024 * 1024)}
    answer = await http.post(f"{BASE}/messages", json=message(body=large))
    assert answer.status_code == 413


async def test_a_fifth_concurrent_request_to_a_mailbox_is_throttled(
    http: httpx.AsyncClient,
) -> None:
    await http.post("/control/graph", json={"latency_ms": 100})
    answers = await asyncio.gather(*(http.get(f"{BASE}/messages") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "ApplicationThrottled"
    assert "MailboxConcurrency" in refused.json()["error"]["message"]
    assert int(refused.headers["Retry-After"]) > 0


async def test_a_comment_and_a_body_exclude_each_other_in_a_reply(
    http: httpx.AsyncClient,
) -> None:
    await receive(http)
    (found,) = await listing(http, DESK)
    body = {"comment": "a", "message": {"body": {"contentType": "text", "content": "b"}}}
    assert (await http.post(f"{one(found)}/createReply", json=body)).status_code == 400


async def test_a_reply_to_all_goes_to_everybody_but_the_own_mailbox(
    http: httpx.AsyncClient,
) -> None:
    await receive(http, To=f"{DESK}, boss@else.example", Cc="x@else.example, " + CLIENT)
    (found,) = await listing(http, DESK)
    draft = (await http.post(f"{one(found)}/createReplyAll", json={"comment": "Hi"})).json()
    to = [entry["emailAddress"]["address"] for entry in draft["toRecipients"]]
    cc = [entry["emailAddress"]["address"] for entry in draft["ccRecipients"]]
    assert (to, cc) == ([CLIENT, "boss@else.example"], ["x@else.example"])


async def test_a_message_of_no_bytes_comes_back_as_such(http: httpx.AsyncClient) -> None:
    await http.post("/control/mail", params={"mailbox": DESK}, content=b"")
    (found,) = await listing(http, DESK)
    assert (await http.get(f"{one(found)}/$value")).content == b""


async def test_inbound_mime_comes_back_byte_for_byte(http: httpx.AsyncClient) -> None:
    raw = b"From: x@y.example\r\nSubject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n\r\n\xff\xfe raw \x80\n"
    await http.post("/control/mail", params={"mailbox": DESK}, content=raw)
    (found,) = await listing(http, DESK)
    assert found["subject"] == "été"
    assert (await http.get(f"{one(found)}/$value")).content == raw


async def test_mail_without_any_structure_is_delivered_all_the_same(
    http: httpx.AsyncClient,
) -> None:
    for raw in (b"", b"\x00\x01\x02", b"Content-Type: multipart/mixed\r\n\r\nno parts"):
        answer = await http.post("/control/mail", params={"mailbox": DESK}, content=raw)
        assert answer.status_code == 201
    assert len(await listing(http, DESK)) == 3


async def test_a_mime_mail_is_sent_as_it_was_written(http: httpx.AsyncClient) -> None:
    raw = (
        f"From: {DESK}\r\nTo: {CLIENT}\r\nBcc: hidden@else.example\r\nSubject: Raw\r\n"
        "Message-ID: <raw@desk.example>\r\nIn-Reply-To: <one@else.example>\r\n\r\nText\r\n"
    )
    answer = await http.post(
        f"{BASE}/sendMail",
        content=base64.b64encode(raw.encode()),
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 202
    (found,) = await listing(http, "hidden@else.example")
    delivered = message_from_bytes(
        (await http.get(one(found, "hidden@else.example") + "/$value")).content
    )
    assert delivered["In-Reply-To"] == "<one@else.example>"
    assert delivered["Message-ID"] == "<raw@desk.example>"
    assert delivered["Bcc"] is None


async def test_broken_base64_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        f"{BASE}/sendMail", content=b"not base64!", headers={"Content-Type": "text/plain"}
    )
    assert answer.json()["error"]["code"] == "ErrorMimeContentInvalidBase64String"


async def test_an_answer_joins_its_conversation_and_a_new_subject_leaves_it(
    http: httpx.AsyncClient,
) -> None:
    await receive(http, Message_ID="<one@else.example>")
    await receive(http, subject="RE: Broken", References="<one@else.example>", Message_ID="<2@x.y>")
    await receive(http, subject="Other", References="<one@else.example>", Message_ID="<3@x.y>")
    ids = {m["subject"]: m["conversationId"] for m in await listing(http, DESK)}
    assert ids["RE: Broken"] == ids["Broken"] != ids["Other"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("internetMessageId eq '<a@x.y>'", ["One"]),
        ("receivedDateTime ge 2000-01-01T00:00:00Z and isRead eq false", ["Two", "One"]),
        ("receivedDateTime gt 2100-01-01T00:00:00Z", []),
        ("subject eq 'Two' or subject eq 'Three'", ["Two"]),
        ("from/emailAddress/address eq 'client@else.example'", ["Two", "One"]),
    ],
)
async def test_filters_find_what_they_say(
    http: httpx.AsyncClient, query: str, found: list[str]
) -> None:
    await receive(http, subject="One", Message_ID="<a@x.y>")
    await receive(http, subject="Two", Message_ID="<b@x.y>")
    subjects = [m["subject"] for m in await listing(http, DESK, **{"$filter": query})]
    assert sorted(subjects) == sorted(found)


@pytest.mark.parametrize("text", ["colour eq 'red'", "subject ~ 'x'", "receivedDateTime ge soon"])
async def test_a_filter_that_is_none_is_refused(http: httpx.AsyncClient, text: str) -> None:
    answer = await http.get(f"{BASE}/messages", params={"$filter": text})
    assert answer.json()["error"]["code"] == "ErrorInvalidUrlQueryFilter"


async def test_an_order_that_the_filter_does_not_begin_with_is_too_complex(
    http: httpx.AsyncClient,
) -> None:
    query = {"$filter": "subject eq 'x'", "$orderby": "receivedDateTime desc"}
    answer = await http.get(f"{BASE}/messages", params=query)
    assert answer.json()["error"]["code"] == "InefficientFilter"


async def test_pages_follow_one_another_without_gap(http: httpx.AsyncClient) -> None:
    for number in range(5):
        await receive(http, subject=str(number), Message_ID=f"<{number}@x.y>")
    seen, url = [], f"{BASE}/messages?$top=2&$select=subject&$orderby=receivedDateTime"
    while url:
        page = (await http.get(url)).json()
        seen += [entry["subject"] for entry in page["value"]]
        url = page.get("@odata.nextLink", "")
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


async def test_a_reset_ends_the_tokens_from_before(http: httpx.AsyncClient) -> None:
    path = f"/graph/v1.0/users/{DESK}/mailFolders/inbox/messages/delta"
    token = (await http.get(path)).json()["@odata.deltaLink"]
    assert (await http.get(token)).status_code == 200
    await http.post("/control/reset")
    assert (await http.get(token)).status_code == 410


async def test_delta_tells_of_removal_and_ends_with_an_expired_token(
    http: httpx.AsyncClient,
) -> None:
    await receive(http)
    delta = f"{BASE}/mailFolders('inbox')/messages/delta()"
    first = (await http.get(delta)).json()
    link = first["@odata.deltaLink"]
    await http.post(f"{one(first['value'][0])}/move", json={"DestinationId": "archive"})
    second = (await http.get(link)).json()
    (gone,) = second["value"]
    assert gone == {"id": first["value"][0]["id"], "@removed": {"reason": "deleted"}}
    await http.post("/control/graph/expire-delta", json={"mailbox": DESK, "folder": "sentitems"})
    assert (await http.get(link)).status_code == 200
    await http.post("/control/graph/expire-delta", json={})
    expired = await http.get(second["@odata.deltaLink"])
    assert expired.status_code == 410
    assert expired.json()["error"]["code"] == "syncStateNotFound"


async def test_an_upload_refuses_a_range_out_of_order_and_a_token(
    http: httpx.AsyncClient,
) -> None:
    draft = await create(http)
    size = 4 * 1024 * 1024
    item = {"AttachmentItem": {"attachmentType": "file", "name": "b.bin", "size": size}}
    url = (await http.post(f"{one(draft)}/attachments/createUploadSession", json=item)).json()[
        "uploadUrl"
    ]
    ranges = {"Content-Range": f"bytes 100-199/{size}"}
    assert (await http.put(url, content=b"x" * 100, headers=ranges)).status_code == 416
    ranges = {"Content-Range": f"bytes 0-199/{size}"}
    assert (await http.put(url, content=b"x" * 100, headers=ranges)).status_code == 400
    ranges = {"Content-Range": f"bytes 0-99/{size}", "Authorization": "Bearer x"}
    assert (await http.put(url, content=b"x" * 100, headers=ranges)).status_code == 401
    item["AttachmentItem"]["size"] = 1000
    small = await http.post(f"{one(draft)}/attachments/createUploadSession", json=item)
    assert small.status_code == 400
