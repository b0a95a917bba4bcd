"""Posts to Teams, through Graph and through a workflow's address."""

import json
import logging

import pytest

from shared.adapters.marks import uuid_of
from shared.adapters.teams import Teams
from shared.adapters.teams_graph import GraphChat
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
    with pytest.raises(Rejected, match="graph, workflow"):
        await teams.post(ChatPlace("pigeon"), Post("x"), fresh, again=False)
