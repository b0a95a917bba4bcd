"""host.json and the app settings that bindings refer to, as the real host reads them."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.host.errors import FunctionDroppedError, HostError

OVERRIDES = "AzureFunctionsJobHost"
_SETTING = re.compile(r"%([^%]+)%")
_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")


@dataclass(frozen=True)
class QueueOptions:
    """`extensions.queues`; the defaults are those of the Storage extension for local runs.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    max_polling_interval: timedelta = timedelta(seconds=2)
    base64: bool = True


@dataclass(frozen=True)
class HostJson:
    """What this host uses of host.json."""

    route_prefix: str = "api"
    queues: QueueOptions = field(default_factory=QueueOptions)


def read_host_json(app: Path, settings: Mapping[str, str] = os.environ) -> HostJson:
    """The file with what the app settings override.

    Raises HostError when the file is missing, is not JSON, or holds a value out of range.
    """
    path = app / "host.json"
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise HostError(f"{path} does not exist: every function app needs a host.json") from None
    except json.JSONDecodeError as error:
        raise HostError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("version") != "2.0":
        raise HostError(f'{path} must say "version": "2.0"')
    _override(content, settings)
    extensions = content.get("extensions") or {}
    prefix = (extensions.get("http") or {}).get("routePrefix", "api")
    return HostJson(prefix.strip("/"), _queue_options(extensions.get("queues") or {}))


def _override(content: dict[str, Any], settings: Mapping[str, str]) -> None:
    """`AzureFunctionsJobHost__extensions__queues__batchSize=4` stands for that value of the file.

    https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
    """
    for name, value in settings.items():
        prefix, *path = name.split("__")
        if prefix != OVERRIDES or not path:
            continue
        place = content
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = int(value) if value.isdigit() else value


def timespan(text: str) -> timedelta:
    """A .NET time span such as `00:00:30` or `1.00:00:00`; raises HostError for anything else."""
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        raise HostError(f'"{text}" in host.json is not a time span such as "00:00:30"')
    days, hours, minutes, seconds, fraction = match.groups(default="0")
    return timedelta(
        days=int(days),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int(fraction.ljust(7, "0")) // 10,
    )


def resolve(text: str, settings: Mapping[str, str] = os.environ) -> str:
    """Replaces each %SETTING% by the app setting; a missing one takes the function out."""

    def value(match: re.Match[str]) -> str:
        found = settings.get(match[1])
        if not found:
            raise FunctionDroppedError(f"'%{match[1]}%' does not resolve to a value")
        return found

    return _SETTING.sub(value, text)


def _queue_options(found: dict[str, Any]) -> QueueOptions:
    batch = _between(found, "batchSize", 16, 1, 32)
    encoding = found.get("messageEncoding", "base64").lower()
    if encoding not in ("base64", "none"):
        raise HostError(f'messageEncoding "{encoding}" in host.json is neither base64 nor none')
    return QueueOptions(
        batch_size=batch,
        new_batch_threshold=_between(found, "newBatchThreshold", batch // 2, 0, 1000),
        max_dequeue_count=_between(found, "maxDequeueCount", 5, 1, 1_000_000),
        visibility_timeout=timespan(found.get("visibilityTimeout", "00:00:00")),
        max_polling_interval=timespan(found.get("maxPollingInterval", "00:00:02")),
        base64=encoding == "base64",
    )


def _between(found: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = found.get(name, default)
    if not isinstance(value, int) or not low <= value <= high:
        raise HostError(f"{name} in host.json must be a whole number from {low} to {high}")
    return value
