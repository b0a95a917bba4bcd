"""Posts to Teams, through Graph and through a workflow's address."""

import json
import logging

import pytest

from shared.adapters.credentials import StaticToken
from shared.adapters.graph_wire import GraphWire
from shared.adapters.marks import uuid_of
from shared.adapters.teams import Teams
from shared.adapters.teams_graph import GraphChat
from shared.adapters.teams_replies import reply_of
from shared.adapters.teams_workflow import WorkflowChat
from shared.domain.errors import Rejected, Unavailable
from shared.ports import ChatMention, ChatPlace, Post
from tests.adapters.control import Control

ANN = ChatMention("Ann <Lead>", "9c1b7a52-0d4f-4e0c-9a43-1f2e3d4c5b6a")
CARD: dict[str, object] = {
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [{"type": "TextBlock", "text": "MYTC-42 is new", "wrap": True}],
}


def channel(word: str) -> ChatPlace:
    return ChatPlace("graph", team_id="team-1", channel_id=f"19:{word}@thread.tacv2")


async def test_a_post_shows_its_text_its_card_and_who_is_meant(
    tenant: Control, chat: GraphChat, fresh: str
) -> None:
    post = Post("<p>{mention:0}, a new request</p>", card=CARD, subject="New", mentions=(ANN,))
    posted = await chat.post(channel(fresh), post, fresh, again=False)
    (message,) = tenant.messages("team-1", f"19:{fresh}@thread.tacv2")
    assert message["id"] == posted
    assert message["subject"] == "New"
    assert "Ann <Lead>, a new request" in message["text"]
    card = message["card"]
    assert (json.loads(card) if isinstance(card, str) else card)["body"] == CARD["body"]
    (call,) = tenant.calls("graph", fresh)
    (mention,) = call["request_body"]["mentions"]
    assert mention["mentioned"]["user"]["id"] == ANN.aad_id
    assert call["request_body"]["attachments"][0]["id"] == uuid_of(fresh)


async def test_an_answer_stands_in_its_thread(tenant: Control, chat: GraphChat, fresh: str) -> None:
    first = await chat.post(channel(fresh), Post("<p>one</p>"), f"{fresh}-1", again=False)
    await chat.post(channel(fresh), Post("<p>two</p>"), f"{fresh}-2", thread=first, again=False)
    (message,) = tenant.messages("team-1", f"19:{fresh}@thread.tacv2")
    assert ["two" in reply["text"] for reply in message["replies"]] == [True]


@pytest.mark.parametrize("is_reply", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 504, "after_effect": True},
        {"drop": True, "after_effect": True},
        {"status": 503},
        {"drop": True},
    ],
)
async def test_whatever_is_lost_on_the_way_one_message_is_posted(
    tenant: Control, chat: GraphChat, fresh: str, fault: dict[str, object], is_reply: bool
) -> None:
    place, thread = channel(fresh), ""
    if is_reply:
        thread = await chat.post(place, Post("<p>start</p>"), f"{fresh}-start", again=False)
    tenant.fault("graph", method="POST", path="/teams/*", **fault)
    post = Post("<p>hello</p>", card=CARD)
    with pytest.raises(Unavailable):
        await chat.post(place, post, fresh, thread=thread, again=False)
    posted = await chat.post(place, post, fresh, thread=thread, again=True)
    messages = tenant.messages("team-1", f"19:{fresh}@thread.tacv2")
    found = messages[0]["replies"] if is_reply else messages
    assert [message["id"] for message in found] == [posted]


async def test_an_earlier_post_is_found_behind_newer_ones(
    tenant: Control, chat: GraphChat, fresh: str
) -> None:
    place = channel(fresh)
    posted = await chat.post(place, Post("<p>first</p>"), fresh, again=False)
    for number in range(55):
        await chat.post(place, Post("<p>more</p>"), f"{fresh}-{number}", again=False)
    assert await chat.post(place, Post("<p>first</p>"), fresh, again=True) == posted


async def test_a_post_that_is_too_large_is_shortened_visibly(
    tenant: Control, chat: GraphChat, fresh: str
) -> None:
    large = {**CARD, "body": [{"type": "TextBlock", "text": "é" * 30_000}]}
    post = Post("<p><b>" + "word " * 8_000 + "</b></p>", card=large)
    await chat.post(channel(fresh), post, fresh, again=False)
    (call,) = tenant.calls("graph", fresh)
    body = call["request_body"]
    assert len(json.dumps(body, ensure_ascii=False).encode()) <= 20_000
    assert "(shortened)</b></p>" in body["body"]["content"]
    assert body["attachments"][0]["content"].count("(shortened)") == 1


async def test_throttling_tells_how_long_to_wait(
    tenant: Control, chat: GraphChat, fresh: str
) -> None:
    tenant.fault("graph", method="POST", path="/teams/*", status=429, retry_after=3)
    with pytest.raises(Unavailable) as caught:
        await chat.post(channel(fresh), Post("<p>x</p>"), fresh, again=False)
    assert caught.value.retry_after == 3


async def said(tenant: Control, word: str, thread: str, who: str, content: str) -> None:
    """Somebody writes into the thread in Teams itself."""
    wire = GraphWire(f"{tenant.url}/graph/v1.0", StaticToken(f"delegated:{who}"))
    path = f"/teams/team-1/channels/19:{word}@thread.tacv2/messages/{thread}/replies"
    body = {"body": {"contentType": "html", "content": content}}
    await wire.submit("reply", "POST", path, body)
    await wire.aclose()


async def test_answers_are_read_in_their_order_as_plain_text_and_our_own_posts_are_not(
    tenant: Control, chat: GraphChat, fresh: str
) -> None:
    place = channel(fresh)
    thread = await chat.post(place, Post("<p>Please look</p>", card=CARD), fresh, again=False)
    sam = "sam.okafor@mytc.example"
    await said(tenant, fresh, thread, sam, "<p>The <b>login</b> &amp; co<br>broke</p>")
    await chat.post(place, Post("<p>Proceed</p>"), f"{fresh}-2", thread=thread, again=False)
    face = '<emoji id="smile" alt="\U0001f642" title="Smile"></emoji>'
    await said(tenant, fresh, thread, sam, f"<div><script>alert(1)</script>done {face}</div>")
    first, second = await chat.replies(place, thread)
    assert (first.text, second.text) == ("The login & co\nbroke", "done \U0001f642")
    assert first.by_name == "Sam Okafor"
    assert first.at <= second.at
    assert first.id != second.id


async def test_many_answers_are_read_over_several_pages(
    tenant: Control, chat: GraphChat, fresh: str
) -> None:
    place = channel(fresh)
    thread = await chat.post(place, Post("<p>Please look</p>"), fresh, again=False)
    for number in range(60):
        await said(tenant, fresh, thread, "sam.okafor@mytc.example", f"<p>{number}</p>")
    found = await chat.replies(place, thread)
    assert [reply.text for reply in found] == [str(number) for number in range(60)]


@pytest.mark.parametrize(
    "other",
    [
        {"from": {"user": None, "application": {"id": "bot"}}},
        {"from": None, "messageType": "systemEventMessage"},
        {"deletedDateTime": "2026-11-23T10:00:00Z"},
    ],
)
def test_machines_and_deleted_messages_are_not_heard(other: dict[str, object]) -> None:
    message = {
        "id": "1", "messageType": "message", "createdDateTime": "2026-11-23T10:00:00Z",
        "from": {"user": {"id": "u", "displayName": "Ann"}},
        "body": {"contentType": "text", "content": " Hello "}, "attachments": [],
    }  # fmt: skip
    heard = reply_of(message)
    assert heard is not None
    assert heard.text == "Hello"
    assert reply_of({**message, **other}) is None


def test_what_is_only_to_be_seen_in_teams_is_pointed_at() -> None:
    file = {"id": "f", "contentType": "reference", "name": "log.txt", "contentUrl": "https://x/log"}
    message = {
        "id": "1", "messageType": "message", "createdDateTime": "2026-11-23T10:00:00Z",
        "from": {"user": {"id": "u", "displayName": "Ann"}},
        "body": {"contentType": "html",
                 "content": '<p>See <img src="x"></p><attachment id="f"></attachment>'},
        "attachments": [file],
    }  # fmt: skip
    heard = reply_of(message)
    assert heard is not None
    assert heard.text.split("\n\n") == [
        "(with a picture, to be seen in Teams)", "See", "File: log.txt https://x/log",
    ]  # fmt: skip


async def test_a_thread_that_is_gone_is_rejected(chat: GraphChat, fresh: str) -> None:
    with pytest.raises(Rejected):
        await chat.replies(channel(fresh), "17")


@pytest.fixture
async def hook(tenant: Control, fresh: str) -> WorkflowChat:
    return WorkflowChat({"TEAMS_HOOK": f"{tenant.url}/workflows/{fresh}?sig=very-secret"})


HOOK = ChatPlace("workflow", url_setting="TEAMS_HOOK")


async def test_a_workflow_shows_text_and_card_in_one_card(
    tenant: Control, hook: WorkflowChat, fresh: str
) -> None:
    post = Post("<p>{mention:0}: see *this* &amp; that</p>", card=CARD, mentions=(ANN,))
    assert await hook.post(HOOK, post, fresh, again=False) == ""
    await hook.aclose()
    (call,) = tenant.calls("teams-webhook", fresh)
    content = call["request_body"]["attachments"][0]["content"]
    texts = [block["text"] for block in content["body"]]
    assert texts == [r"<at>Ann <Lead></at>: see \*this\* & that", "MYTC-42 is new"]
    assert content["msteams"]["entities"][0]["mentioned"]["id"] == ANN.aad_id


async def test_a_workflow_address_never_shows(
    tenant: Control, hook: WorkflowChat, fresh: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await hook.post(HOOK, Post("<p>x</p>"), fresh, again=False)
    tenant.fault("workflows", method="POST", path="*", drop=True)
    with pytest.raises(Unavailable) as caught:
        await hook.post(HOOK, Post("<p>x</p>"), fresh, again=False)
    await hook.aclose()
    chain = repr(caught.value) + repr(caught.value.__cause__) + caplog.text
    assert "very-secret" not in chain
    assert "127.0.0.1" not in chain


async def test_a_workflow_without_an_address_is_rejected(hook: WorkflowChat, fresh: str) -> None:
    with pytest.raises(Rejected, match="OTHER"):
        await hook.post(ChatPlace("workflow", url_setting="OTHER"), Post("x"), fresh, again=False)


async def test_teams_takes_the_way_that_a_place_names(
    tenant: Control, chat: GraphChat, hook: WorkflowChat, fresh: str
) -> None:
    teams = Teams({"graph": chat, "workflow": hook})
    assert await teams.post(channel(fresh), Post("<p>x</p>"), fresh, again=False)
    assert await teams.post(HOOK, Post("<p>x</p>"), fresh, again=False) == ""
    await hook.aclose()
    with pytest.raises(Rejected, match="cannot be read"):
        await teams.replies(HOOK, "thread")
    with pytest.raises(Rejected, match="graph, workflow"):
        await teams.post(ChatPlace("pigeon"), Post("x"), fresh, again=False)
