"""Work items in Azure DevOps over its REST API (the Python package cannot use Entra tokens).

The identity must be a member of the organisation with a Basic licence and rights in the project.
https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/create?view=azure-devops-rest-7.1
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from shared.adapters.azure_devops_patch import (
    comment_html,
    new_item,
    related_to,
    relation,
    set_field,
)
from shared.adapters.http import Authorise, OnCall, Wire
from shared.adapters.marks import needs_settled, tag_of
from shared.domain.errors import DocketError, NotFound, Unavailable
from shared.ports import BacklogPlace, ItemRef, ItemState, NewItem

if TYPE_CHECKING:
    import httpx

_VERSION = "7.1"
_COMMENTS = "7.1-preview.4"  # the comments API is still in preview
_PATCH = {"Content-Type": "application/json-patch+json"}
_TIMEOUT = 20.0
# Nothing promises that a query sees what was written a moment ago.
QUERY_LAG = dt.timedelta(minutes=1)
# A test of /rev that failed: somebody else changed the item in between.
_CHANGED = (409, 412)


class AzureDevOps:
    """Backlog. A tag made from the key tells whether an earlier attempt created the item.

    No tag within QUERY_LAG of that attempt proves nothing, so a second item is not made before.
    """

    def __init__(
        self,
        base_url: str,
        authorise: Authorise,
        *,
        timeout: float = _TIMEOUT,
        client: httpx.AsyncClient | None = None,
        on_call: OnCall | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._wire = _DevOpsWire(
            "Azure DevOps",
            base_url,
            authorise=authorise,
            timeout=timeout,
            client=client,
            on_call=on_call,
        )

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        """Creates once per key."""
        if again and (found := await self._tagged(place, tag_of(key))):
            return self._ref(place, found)
        needs_settled("Azure DevOps", since, QUERY_LAG)
        sprint = await self._sprint(place) if item.into_sprint else ""
        path = _path(place, f"wit/workitems/${quote(item.type, safe='')}")
        patch = new_item(item, tag_of(key), place.area_path, sprint, self._items(place))
        made = await self._wire.submit("create work item", "POST", path, patch, headers=_PATCH)
        return self._ref(place, str(made["id"]))

    async def comment(
        self, place: BacklogPlace, item_id: str, text: str, mention: tuple[str, str] | None,
        key: str, *, again: bool,
    ) -> None:  # fmt: skip
        """Adds a comment once per key; the key's tag stands small below the text."""
        tag = tag_of(key)
        path = f"wit/workItems/{quote(item_id)}/comments"
        if again and await self._has_comment(place, path, tag):
            return
        body = comment_html(text, mention, tag)
        await self._wire.submit(
            "comment", "POST", _path(place, path, _COMMENTS), {"text": body}, missing=NotFound
        )

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        """Moves the item to that state; Unavailable when somebody changed it in between."""
        item = await self._item(place, item_id)
        if str(item["fields"].get("System.State", "")).casefold() == state.casefold():
            return
        await self._change(place, item_id, item["rev"], set_field("System.State", state))

    async def into_sprint(self, place: BacklogPlace, item_id: str) -> bool:
        """Puts the item into the team's current sprint; False when there is none just now."""
        sprint = await self._sprint(place)
        if not sprint:
            return False
        item = await self._item(place, item_id)
        if item["fields"].get("System.IterationPath") != sprint:
            entered = set_field("System.IterationPath", sprint)
            await self._change(place, item_id, item["rev"], entered)
        return True

    async def relate(self, place: BacklogPlace, item_id: str, others: Sequence[str]) -> None:
        """Links the item with the others, each once.

        Raises NotFound when the item is gone, Rejected when another is, Unavailable when somebody
        changed the item in between.
        """
        item = await self._item(place, item_id, **{"$expand": "relations"})
        known = related_to(item)
        if missing := [other for other in others if other not in known]:
            steps = [relation(f"{self._items(place)}/{other}") for other in missing]
            await self._change(place, item_id, item["rev"], *steps)

    async def get(self, place: BacklogPlace, item_id: str) -> ItemState:
        """The item as it is. Raises NotFound."""
        item = await self._item(place, item_id)
        fields = item["fields"]
        return ItemState(
            id=str(item["id"]),
            state=str(fields.get("System.State", "")),
            title=str(fields.get("System.Title", "")),
            iteration=str(fields.get("System.IterationPath", "")),
            fields=fields,
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _tagged(self, place: BacklogPlace, tag: str) -> str:
        """The id of the item with exactly that tag, or ''."""
        query = (  # nobody's text: tag_of leaves no quote in a tag
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"  # noqa: S608
            f" AND [System.Tags] CONTAINS '{tag}'"
        )
        found = await self._wire.submit(
            "find work item", "POST", _path(place, "wit/wiql"), {"query": query}
        )
        for reference in found["workItems"]:
            item = await self._item(place, str(reference["id"]))
            tags = str(item["fields"].get("System.Tags", "")).split(";")
            if tag.casefold() in (t.strip().casefold() for t in tags):
                return str(item["id"])
        return ""

    async def _has_comment(self, place: BacklogPlace, path: str, tag: str) -> bool:
        found = await self._wire.fetch(
            "list comments", _path(place, path, _COMMENTS, **{"$top": "50", "order": "desc"})
        )
        return any(f">{tag}<" in str(comment.get("text", "")) for comment in found["comments"])

    async def _item(self, place: BacklogPlace, item_id: str, **query: str) -> dict[str, Any]:
        path = _path(place, f"wit/workitems/{quote(item_id)}", **query)
        return await self._wire.fetch("get work item", path, missing=NotFound)

    async def _change(
        self, place: BacklogPlace, item_id: str, rev: int, *steps: dict[str, Any]
    ) -> None:
        patch = [{"op": "test", "path": "/rev", "value": rev}, *steps]
        path = _path(place, f"wit/workitems/{quote(item_id)}")
        answer = await self._wire.call(
            "change work item", "PATCH", path, json=patch, headers=_PATCH, accept=_CHANGED
        )
        if answer.status_code in _CHANGED:
            raise Unavailable("Azure DevOps: somebody changed the work item meanwhile", 1.0)

    async def _sprint(self, place: BacklogPlace) -> str:
        """The path of the team's iteration on the desk's day, or '' between sprints.

        The service's own `$timeframe=current` goes by its clock, not by the desk's.
        """
        team = f"/{quote(place.team, safe='')}" if place.team else ""
        path = f"{_project(place)}{team}/_apis/work/teamsettings/iterations?api-version={_VERSION}"
        found = await self._wire.fetch("iterations", path)
        current = (i for i in found["value"] if _is_current(i["attributes"], place.today))
        return str(next(current, {"path": ""})["path"])

    def _items(self, place: BacklogPlace) -> str:
        """The address below which the organisation's items stand, as relations name them."""
        return f"{self._base_url}/{quote(place.organisation)}/_apis/wit/workItems"

    def _ref(self, place: BacklogPlace, item_id: str) -> ItemRef:
        return ItemRef(item_id, f"{self._base_url}{_project(place)}/_workitems/edit/{item_id}")


def _is_current(iteration: dict[str, Any], today: dt.date | None) -> bool:
    """Whether the day lies in the iteration, whose dates are days at midnight UTC."""
    start, finish = iteration.get("startDate"), iteration.get("finishDate")
    if today is None or not (start and finish):
        return iteration.get("timeFrame") == "current"
    return str(start)[:10] <= today.isoformat() <= str(finish)[:10]


class _DevOpsWire(Wire):
    """Knows that a refused identity gets a page to sign in instead of an error."""

    def _judge(
        self, name: str, answer: httpx.Response, accept: Collection[int], missing: type[DocketError]
    ) -> httpx.Response:
        kind = answer.headers.get("content-type", "")
        if answer.status_code in (203, 302) or (answer.is_success and "html" in kind):
            raise Unavailable(
                f"Azure DevOps: {name} was answered with a sign-in page: the app's identity must"
                " be a member of the organisation, with a Basic licence and rights in the project"
            )
        return super()._judge(name, answer, accept, missing)


def _project(place: BacklogPlace) -> str:
    return f"/{quote(place.organisation, safe='')}/{quote(place.project, safe='')}"


def _path(place: BacklogPlace, below: str, version: str = _VERSION, **query: str) -> str:
    return f"{_project(place)}/_apis/{below}?{urlencode({**query, 'api-version': version})}"
