"""Changes of one folder since a token.

https://learn.microsoft.com/graph/api/message-delta
"""

import re
import secrets
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from local.tenant.core import Tenant
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Operation, answer, context_of, read_token, write_token
from local.tenant.graph.message_view import view
from local.tenant.graph.query import read_filter
from local.tenant.mailbox import Mailbox
from local.tenant.store import Document

_KEPT = ("$select", "$filter", "$expand", "changeType")
_ALLOWED = {*_KEPT, "$top", "$orderby", "$skiptoken", "$deltatoken"}
_FILTER = re.compile(r"receivedDateTime\s+(ge|gt)\s+\S+", re.IGNORECASE)


async def changes(call: Call) -> Response:
    mailbox = call.mailbox()
    folder = mailbox.folder_named(call.params["folder"])
    state = _state(call, mailbox, folder)
    call.query = {**state["query"], **{k: v for k, v in call.query.items() if k == "$top"}}
    waiting = list(_changed(call, mailbox, folder, state))
    size = state.get("size") or call.page_size(10)
    page = waiting[:size]
    more = len(waiting) > size
    since = page[-1][0] if page else state["since"]
    following = {**state, "since": since, "size": size if more else None}
    body: dict[str, Any] = {
        "@odata.context": context_of(call.tenant, "Collection(microsoft.graph.message)"),
        "value": [entry for _, entry in page],
    }
    kind, option = ("nextLink", "$skiptoken") if more else ("deltaLink", "$deltatoken")
    body[f"@odata.{kind}"] = call.url(
        f"users/{mailbox.address}/mailFolders/{folder}/messages/delta",
        {option: write_token(following)},
    )
    return answer(body)


def _state(call: Call, mailbox: Mailbox, folder: str) -> dict[str, Any]:
    """What the token remembers: how far, and the options of the first request."""
    age = _age(call.tenant, mailbox.address, folder)
    token = call.query.get("$skiptoken") or call.query.get("$deltatoken")
    if token:
        state = read_token(token)
        if state.get("age") != age:
            raise GraphError(
                410,
                "syncStateNotFound",
                "The sync state generation is not found; start the synchronization again.",
            )
        return state
    unknown = call.query.keys() - _ALLOWED
    if unknown:
        raise GraphError(400, "BadRequest", f"Delta does not support {min(unknown)}.")
    filter_text = call.query.get("$filter", "")
    if filter_text and not _FILTER.fullmatch(filter_text.strip()):
        raise GraphError(
            400, "ErrorInvalidUrlQueryFilter", "Delta filters only receivedDateTime ge or gt."
        )
    kept = {name: call.query[name] for name in _KEPT if name in call.query}
    return {"since": 0, "age": age, "query": kept}


def _changed(
    call: Call, mailbox: Mailbox, folder: str, state: dict[str, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(change number, entry) in order; removals only for a caller who knows the folder."""
    filter_text = call.query.get("$filter", "")
    test = read_filter(filter_text) if filter_text else None
    present = [m for m in mailbox.in_folder(folder) if m["changed"] > state["since"]]
    found: list[tuple[int, Document, bool]] = [(m["changed"], m, True) for m in present]
    found += [
        (gone["changed"], gone, False)
        for gone in mailbox.removals.values()
        if gone["folder"] == folder and gone["changed"] > state["since"] > 0
    ]
    for changed, entry, is_there in sorted(found, key=lambda item: item[0]):
        if not is_there:
            gone_id = entry["immutable_id"] if call.immutable else entry["id"]
            yield changed, {"id": gone_id, "@removed": {"reason": "deleted"}}
        elif test is None or test(entry):
            yield changed, view(call, mailbox, entry)


# -- expiry


def _age(tenant: Tenant, address: str, folder: str) -> str:
    ages = tenant.store.collection("delta-ages")
    if "birth" not in ages:  # a tenant that was emptied knows no token from before
        ages["birth"] = {"age": secrets.token_hex(4)}
    keys = ("birth", "*", f"{address}/*", f"{address}/{folder}")
    return ".".join(str(ages.get(key, {}).get("age", 0)) for key in keys)


def expire(tenant: Tenant, address: str = "", folder: str = "") -> None:
    """Makes the tokens given so far invalid: of all, of a mailbox, or of one folder."""
    key = f"{address.lower()}/{folder.lower() or '*'}" if address else "*"
    ages = tenant.store.collection("delta-ages")
    ages[key] = {"age": ages.get(key, {}).get("age", 0) + 1}


OPERATIONS = [Operation("GET", "users/{user}/mailFolders/{folder}/messages/delta", changes)]
