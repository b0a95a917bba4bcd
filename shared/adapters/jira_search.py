"""Finds an issue that an earlier attempt may have created in Jira."""

from __future__ import annotations

import re
from typing import Any

from shared.adapters.http import Wire

_API = "/rest/api/3"
_GAP = 3  # numbers in a row without an issue after which nothing newer is expected
_MOST = 20


class JiraSearch:
    """Looks by label, and past the search index at the newest issues themselves.

    Search lags behind writes (its reconcileIssues parameter wants ids that we do not have), while
    reading an issue by its key does not. Keys count up, so what the index has not seen yet stands
    directly after the newest issue that it has.
    https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/
    So an issue is mostly found at once; that none is found proves nothing until the search must
    have caught up (Jira.create waits for that).
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def labelled(self, project: str, label: str) -> str:
        """The key of the project's issue with that label, or ''."""
        condition = f'project = "{project}" AND labels = "{label}"'
        if found := await self._search(f"{condition} ORDER BY created ASC", 1):
            return str(found[0]["key"])
        return await self._unseen(project, label)

    async def _unseen(self, project: str, label: str) -> str:
        """The issue with that label among those that the index does not know yet."""
        newest = await self._search(f'project = "{project}" ORDER BY created DESC', 10)
        number = max((_number(issue["key"]) for issue in newest), default=0)
        misses = 0
        for candidate in range(number + 1, number + 1 + _MOST):
            path = f"{_API}/issue/{project}-{candidate}?fields=labels"
            answer = await self._wire.call("get issue", "GET", path, accept=(404,))
            if answer.status_code == 404:
                misses += 1
                if misses == _GAP:
                    return ""
                continue
            misses = 0
            issue = answer.json()
            if label in issue["fields"]["labels"]:
                return str(issue["key"])
        return ""

    async def _search(self, jql: str, most: int) -> list[dict[str, Any]]:
        body = {"jql": jql, "fields": ["labels"], "maxResults": most}
        found = await self._wire.submit("search issues", "POST", f"{_API}/search/jql", body)
        return list(found["issues"])


def _number(key: str) -> int:
    match = re.search(r"-(\d+)$", key)
    return int(match[1]) if match else 0
