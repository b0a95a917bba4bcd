"""Issues in Jira Cloud: REST API v3 and the agile API, with an account's API token.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
https://developer.atlassian.com/cloud/jira/software/rest/api-group-sprint/
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.adapters.adf import document_of, text_of
from shared.adapters.http import Authorise, OnCall, Wire, failure
from shared.adapters.jira_search import JiraSearch
from shared.adapters.marks import needs_settled, tag_of
from shared.domain.errors import NotFound, Rejected, Unavailable
from shared.ports import BacklogPlace, ItemRef, ItemState, NewItem

if TYPE_CHECKING:
    import httpx

API = "/rest/api/3"
AGILE = "/rest/agile/1.0"
_TIMEOUT = 20.0
_PRIORITIES = {1: "Highest", 2: "High", 3: "Medium", 4: "Low", 5: "Lowest"}
# "from a few seconds to minutes": developer.atlassian.com/cloud/jira/platform/search-and-reconcile
SEARCH_LAG = dt.timedelta(minutes=5)
_PROPERTY = "docket"  # the property of issues that holds our key's tag


class Jira:
    """Backlog. A label made from the key tells whether an earlier attempt created the issue.

    No label within SEARCH_LAG of that attempt proves nothing, so a second issue is not made before.
    `place.project` is the project's key, an item's id is the issue's key (`DOOR-12`).
    """

    def __init__(
        self,
        base_url: str,
        authorise: Authorise,
        *,
        priorities: Mapping[int, str] | None = None,
        timeout: float = _TIMEOUT,
        client: httpx.AsyncClient | None = None,
        on_call: OnCall | None = None,
    ) -> None:
        """`priorities`: the site's names for our 1 (highest) to 5, when it renamed them."""
        self._base_url = base_url.rstrip("/")
        self._priorities = dict(priorities or _PRIORITIES)
        self._wire = Wire(
            "Jira", base_url, authorise=authorise, timeout=timeout, client=client, on_call=on_call
        )
        self._search = JiraSearch(self._wire)
        self._account = ""

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        """Creates once per key; then links back to the ticket and enters the sprint."""
        tag = tag_of(key)
        issue = await self._search.labelled(place.project, tag) if again else ""
        if not issue:
            needs_settled("Jira", since, SEARCH_LAG)
            body = self._new(place, item, tag)
            issue = (await self._wire.submit("create issue", "POST", f"{API}/issue", body))["key"]
        # both may be done twice: the link is known by its global id, the sprint is a set
        await self._link_back(issue, item, tag)
        if item.into_sprint:
            await self.into_sprint(place, issue)
        return ItemRef(issue, f"{self._base_url}/browse/{issue}")

    async def comment(
        self, place: BacklogPlace, item_id: str, text: str, mention: tuple[str, str] | None,
        key: str, *, again: bool,
    ) -> None:  # fmt: skip
        """Adds a comment once per key; the key's tag stands small below the text.

        Properties of comments would be out of sight, but lists of comments do not show them.
        """
        path = f"{_issue(item_id)}/comment"
        tag = tag_of(key)
        if again and await self._has_comment(path, tag):
            return
        body = {"body": document_of(text, mention, small_print=tag)}
        await self._wire.submit("comment", "POST", path, body, missing=NotFound)

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        """Takes the transition that leads to that state. Raises Rejected when there is none."""
        issue = await self._fetch(item_id, "status")
        now = str(issue["fields"]["status"]["name"])
        if now.casefold() == state.casefold():
            return
        path = f"{_issue(item_id)}/transitions"
        found = await self._wire.fetch("list transitions", path)
        by_state = {str(t["to"]["name"]).casefold(): t for t in found["transitions"]}
        transition = by_state.get(state.casefold())
        if transition is None:
            names = ", ".join(str(t["to"]["name"]) for t in found["transitions"])
            raise Rejected(f"Jira: no way from {now!r} to {state!r}; there are: {names or 'none'}")
        body = {"transition": {"id": transition["id"]}}
        answer = await self._wire.call("transition", "POST", path, json=body, accept=(400,))
        if answer.is_success:
            return
        if (await self.get(place, item_id)).state != now:  # so the transition is not offered now
            raise Unavailable("Jira: somebody moved the issue meanwhile", 1.0)
        raise failure("Jira", "transition", answer)

    async def into_sprint(self, place: BacklogPlace, item_id: str) -> bool:
        """Puts the issue into the board's active sprint; False when there is none just now."""
        if place.board_id is None:
            return False
        answer = await self._wire.call(
            "active sprint", "GET", f"{AGILE}/board/{place.board_id}/sprint?state=active",
            accept=(400,),  # a board without sprints
        )  # fmt: skip
        sprints = answer.json().get("values", ()) if answer.is_success else ()
        if not sprints:
            return False
        path = f"{AGILE}/sprint/{sprints[0]['id']}/issue"
        await self._wire.call("into sprint", "POST", path, json={"issues": [item_id]})
        return True

    async def rank(
        self, place: BacklogPlace, item_id: str, before: str = "", after: str = ""
    ) -> None:
        """Puts the issue directly before or after another. Raises Rejected when Jira declines."""
        neighbour = {"rankBeforeIssue": before} if before else {"rankAfterIssue": after}
        body = {"issues": [item_id], **neighbour}
        answer = await self._wire.call("rank", "PUT", f"{AGILE}/issue/rank", json=body)
        if answer.status_code == 207:  # "some issues could not be ranked": there is only one
            raise Rejected("Jira: the issue could not be ranked")

    async def get(self, place: BacklogPlace, item_id: str) -> ItemState:
        """The issue as it is. Raises NotFound."""
        issue = await self._fetch(item_id, "*navigable")
        fields = issue["fields"]
        return ItemState(
            id=str(issue["key"]),
            state=str(fields["status"]["name"]),
            title=str(fields["summary"]),
            iteration=_sprint_name(fields),
            fields=fields,
        )

    async def account(self) -> str:
        """The id of the account whose token we use; asked once."""
        if not self._account:
            self._account = str((await self._wire.fetch("myself", f"{API}/myself"))["accountId"])
        return self._account

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _fetch(self, item_id: str, fields: str) -> dict[str, Any]:
        path = f"{_issue(item_id)}?fields={quote(fields)}"
        return await self._wire.fetch("get issue", path, missing=NotFound)

    async def _link_back(self, issue: str, item: NewItem, tag: str) -> None:
        link = {
            "globalId": f"docket={tag.removeprefix('docket-')}",
            "application": {"type": "docket", "name": "Docket"},
            "relationship": "requested by",
            "object": {"url": item.link, "title": item.link_title or item.link},
        }
        await self._wire.submit("remote link", "POST", f"{_issue(issue)}/remotelink", link)

    async def _has_comment(self, path: str, tag: str) -> bool:
        query = "?orderBy=-created&maxResults=50"
        found = await self._wire.fetch("list comments", path + query)
        last = [comment["body"]["content"][-1:] for comment in found["comments"]]
        return any(text_of(content) == tag for content in last)

    def _new(self, place: BacklogPlace, item: NewItem, tag: str) -> dict[str, Any]:
        labels = dict.fromkeys(["docket", *("-".join(t.split()) for t in item.tags), tag])
        fields: dict[str, Any] = {
            "project": {"key": place.project},
            "issuetype": {"name": item.type},
            "summary": " ".join(item.title.split())[:255],
            "description": document_of(item.description),
            "labels": list(labels),
        }
        if item.parent:
            fields["parent"] = {"key": item.parent}
        if item.priority in self._priorities:
            fields["priority"] = {"name": self._priorities[item.priority]}
        body: dict[str, Any] = {
            "fields": fields,
            "properties": [{"key": _PROPERTY, "value": {"key": tag}}],
        }
        if item.related:
            body["update"] = {"issuelinks": [_relation(other) for other in item.related]}
        return body


def verify_signature(body: bytes, header: str, secret: str) -> bool:
    """Whether a webhook's `X-Hub-Signature` (`sha256=<hex>`) is right for the raw body.

    https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
    """
    method, _, given = header.partition("=")
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    right = hmac.compare_digest(given.strip().lower().encode(), wanted.encode())
    return method.strip().lower() == "sha256" and bool(secret) and right


def _issue(item_id: str) -> str:
    return f"{API}/issue/{quote(item_id, safe='')}"


def _relation(other: str) -> dict[str, Any]:
    return {"add": {"type": {"name": "Relates"}, "outwardIssue": {"key": other}}}


def _sprint_name(fields: Mapping[str, Any]) -> str:
    """The name of the sprint the issue is in; the field's id differs from site to site."""
    for name, value in fields.items():
        if name.startswith("customfield_") and isinstance(value, list) and value:
            sprints = [s for s in value if isinstance(s, dict) and "boardId" in s]
            current = [s for s in sprints if s.get("state") != "closed"]
            if current:
                return str(current[-1]["name"])
    return ""
