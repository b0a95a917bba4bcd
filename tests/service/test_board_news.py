"""What Jira's webhooks say, in our own words."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.backlog_news import jira_news
from shared.domain.errors import Invalid

ISSUE = {"key": "DOOR-7"}


def comment(text: str) -> dict[str, Any]:
    author = {"accountId": "5b10", "displayName": "Rui Costa"}
    return {
        "webhookEvent": "comment_created",
        "issue": ISSUE,
        "comment": {"body": text, "author": author},
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[~accountid:5b10ac8d82e05b22cc7d4ef5] please look", "please look"),
        ("Hello [casey@client.example|mailto:casey@client.example]", "Hello casey@client.example"),
        ("See [the page|https://door.example/a]", "See https://door.example/a"),
        ("See [it|https://door.example/a|smart-link]!", "See https://door.example/a!"),
        ("rows[1] and [a|b] stay", "rows[1] and [a|b] stay"),
    ],
)
def test_a_comment_is_read_without_markup_and_accounts(written: str, read: str) -> None:
    news = jira_news(comment(written), "d1")
    assert news is not None
    assert (news.text, news.by_id, news.by_email) == (read, "5b10", "")


def test_the_last_of_several_statuses_counts() -> None:
    items = [{"field": "status", "toString": name} for name in ("QA", "Done")]
    body = {
        "webhookEvent": "jira:issue_updated", "issue": ISSUE, "changelog": {"items": items},
        "user": {"displayName": "Rui Costa", "emailAddress": "RUI@doorfunds.example"},
    }  # fmt: skip
    news = jira_news(body, "d2")
    assert news is not None
    assert (news.state, news.by_email, news.id) == ("Done", "rui@doorfunds.example", "DOOR-7")


@pytest.mark.parametrize(
    "body",
    [
        {"webhookEvent": "sprint_started", "sprint": {"id": 1}},
        {"webhookEvent": "jira:issue_created", "issue": ISSUE},
        {"webhookEvent": "jira:issue_updated", "issue": ISSUE, "changelog": {"items": []}},
    ],
)
def test_what_does_not_concern_us_is_no_news(body: dict[str, Any]) -> None:
    assert jira_news(body, "d3") is None


def test_a_change_without_its_issue_is_bad_input() -> None:
    with pytest.raises(Invalid):
        jira_news({"webhookEvent": "comment_created"}, "d4")
