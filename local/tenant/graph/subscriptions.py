"""Subscriptions, and the notifications that they bring.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from local.tenant.core import Tenant
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Operation, answer, context_of, empty, segments_of
from local.tenant.store import Document

_REQUIRED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
_WRITABLE = (
    *_REQUIRED, "lifecycleNotificationUrl", "clientState", "includeResourceData",
    "latestSupportedTlsVersion", "encryptionCertificate", "encryptionCertificateId",
    "notificationQueryOptions", "notificationUrlAppId",
)  # fmt: skip
_LONGEST_STATE = 128
_MAIL_LIFE = timedelta(minutes=10_080)
_TEAMS_LIFE = timedelta(minutes=4_320)
_SHORTEST_LIFE = timedelta(minutes=45)
_TEAMS_WITHOUT_LIFECYCLE = timedelta(hours=1)
_APPLICATION = "0f1ccf4a-0b8e-4d0a-9a5e-2f7b1d6b3c11"


def subscriptions(tenant: Tenant) -> list[Document]:
    """Those that have not expired; expired ones are forgotten."""
    stored = tenant.store.collection("subscriptions")
    now = tenant.now()
    for number, entry in list(stored.items()):
        if datetime.fromisoformat(entry["expirationDateTime"]) <= now:
            del stored[number]
    return list(stored.values())


async def create(call: Call) -> Response:
    written = {key: value for key, value in call.json().items() if not key.startswith("@")}
    _check(written)
    entry = {name: written.get(name) for name in _WRITABLE}
    entry["expirationDateTime"] = _expiry(call, written["expirationDateTime"], written)
    if any(_same(entry, other) for other in subscriptions(call.tenant)):
        raise GraphError(
            409,
            "Conflict",
            "A subscription for this resource and change type exists already for this application.",
        )
    await _validate(call.tenant, entry)
    entry |= {
        "id": str(uuid.uuid4()),
        "applicationId": _APPLICATION,
        "creatorId": _APPLICATION,
        "immutable": call.immutable,
    }
    call.tenant.store.collection("subscriptions")[str(entry["id"])] = entry
    return _entity(call, entry, 201)


def _check(written: dict[str, Any]) -> None:
    for name in _REQUIRED:
        if not isinstance(written.get(name), str) or not written[name]:
            raise GraphError(400, "InvalidRequest", f"Subscription property '{name}' is required.")
    for name in written.keys() - set(_WRITABLE):
        raise GraphError(400, "InvalidRequest", f"The property '{name}' does not exist.")
    if len(written.get("clientState") or "") > _LONGEST_STATE:
        raise GraphError(400, "InvalidRequest", "clientState has 128 characters at most.")
    kinds = set(written["changeType"].split(","))
    if not kinds <= {"created", "updated", "deleted"}:
        raise GraphError(400, "InvalidRequest", "changeType is created, updated or deleted.")
    _watched(written["resource"])


def _watched(resource: str) -> tuple[str, ...]:
    """What a resource means: (mail, user, folder) or (channel, team, channel)."""
    match segments_of(resource):
        case ["users", user, "messages"]:
            return ("mail", user.lower(), "*")
        case ["users", user, folders, folder, "messages"] if folders.lower() == "mailfolders":
            return ("mail", user.lower(), folder.lower())
        case ["teams", team, "channels", channel, "messages"]:
            return ("channel", team, channel)
    raise GraphError(400, "InvalidRequest", f"Unsupported resource: {resource}")


def _same(one: Document, other: Document) -> bool:
    return _watched(one["resource"]) == _watched(other["resource"]) and set(
        one["changeType"].split(",")
    ) == set(other["changeType"].split(","))


def _expiry(call: Call, text: str, subscription: dict[str, Any]) -> str:
    """The moment of expiry in UTC, within the limits of the resource."""
    now = call.tenant.now()
    try:
        moment = datetime.fromisoformat(text)
        life = moment - now
    except (ValueError, TypeError) as error:
        raise GraphError(400, "InvalidRequest", f"Not a UTC date: {text}") from error
    teams = _watched(subscription["resource"])[0] == "channel"
    longest = _TEAMS_LIFE if teams else _MAIL_LIFE
    if life <= timedelta():
        raise GraphError(400, "InvalidRequest", "Subscription expiration is in the past.")
    if life > longest:
        minutes = int(longest.total_seconds() // 60)
        raise GraphError(
            400,
            "InvalidRequest",
            f"Subscription expiration can only be {minutes} minutes in the future.",
        )
    if (
        teams
        and life > _TEAMS_WITHOUT_LIFECYCLE
        and not subscription.get("lifecycleNotificationUrl")
    ):
        raise GraphError(
            400, "InvalidRequest", "lifecycleNotificationUrl is required beyond one hour."
        )
    return stamp(max(moment, now + _SHORTEST_LIFE))


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def _validate(tenant: Tenant, entry: Document) -> None:
    """The handshake: each address gives the token back within ten seconds."""
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        url = entry[name]
        if url is None:
            continue
        token = (
            "Validation: Testing client application reachability for subscription"
            f" Request-Id: {uuid.uuid4()}"
        )
        reply = await tenant.call_host(
            "POST",
            url,
            params={"validationToken": token},
            json=None,
            headers={"Content-Type": "text/plain; charset=utf-8"},
            kind="graph-validation",
        )
        if reply is None or reply.status_code != 200 or reply.text != token:
            found = "no answer" if reply is None else f"{reply.status_code}: {reply.text[:100]}"
            raise GraphError(
                400,
                "ValidationError",
                "Subscription validation request failed. Notification endpoint must respond with"
                f" 200 OK to validation request. {name}: {found}",
            )


async def listing(call: Call) -> Response:
    entries = [_shown(entry) for entry in subscriptions(call.tenant)]
    return answer({"@odata.context": context_of(call.tenant, "subscriptions"), "value": entries})


async def one(call: Call) -> Response:
    return _entity(call, _find(call))


async def renew(call: Call) -> Response:
    entry = _find(call)
    written = {key: value for key, value in call.json().items() if not key.startswith("@")}
    for name in written.keys() - {"expirationDateTime", "notificationUrl"}:
        raise GraphError(400, "InvalidRequest", f"The property '{name}' cannot be changed.")
    if "notificationUrl" in written:
        await _validate(call.tenant, {**entry, **written, "lifecycleNotificationUrl": None})
    if "expirationDateTime" in written:
        written["expirationDateTime"] = _expiry(call, written["expirationDateTime"], entry)
    entry.update(written)
    call.tenant.store.collection("subscriptions")[entry["id"]] = entry
    return _entity(call, entry)


async def reauthorize(call: Call) -> Response:
    _find(call)
    return empty(200)


async def delete(call: Call) -> Response:
    entry = _find(call)
    del call.tenant.store.collection("subscriptions")[entry["id"]]
    return empty(204)


def _find(call: Call) -> Document:
    for entry in subscriptions(call.tenant):
        if entry["id"] == call.params["subscription"]:
            return entry
    raise GraphError(404, "ResourceNotFound", "The object was not found.")


def _shown(entry: Document) -> dict[str, Any]:
    return {
        "id": entry["id"],
        **{name: value for name, value in entry.items() if name != "immutable"},
    }


def _entity(call: Call, entry: Document, status: int = 200) -> Response:
    context = context_of(call.tenant, "subscriptions/$entity")
    return answer({"@odata.context": context, **_shown(entry)}, status)


def watching(tenant: Tenant, kind: str, names: tuple[str, ...], change: str) -> list[Document]:
    """The subscriptions for a change; `names` are spellings of the user or team, then the place."""
    *owners, place = names
    found = []
    for entry in subscriptions(tenant):
        watched_kind, owner, watched_place = _watched(entry["resource"])
        if (
            watched_kind == kind
            and owner in owners
            and watched_place in (place, "*")
            and change in entry["changeType"].split(",")
        ):
            found.append(entry)
    return found


OPERATIONS = [
    Operation("POST", "subscriptions", create),
    Operation("GET", "subscriptions", listing),
    Operation("GET", "subscriptions/{subscription}", one),
    Operation("PATCH", "subscriptions/{subscription}", renew),
    Operation("DELETE", "subscriptions/{subscription}", delete),
    Operation("POST", "subscriptions/{subscription}/reauthorize", reauthorize),
]
