"""Output bindings: what a function puts into queues."""

import json

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.host_json import QueueOptions, resolve
from local.host.manifest import Function
from local.host.queue_message import encode
from local.host.queue_wire import Wires
from local.host.worker import Outcome


class Outputs:
    """Writes the queue outputs of an invocation that succeeded."""

    def __init__(self, wires: Wires, options: QueueOptions) -> None:
        self._wires = wires
        self._options = options

    async def write(self, function: Function, outcome: Outcome) -> None:
        """Raises QueueError or FunctionDroppedError; the invocation has then failed."""
        produced = dict(outcome.outputs)
        if outcome.returned is not None:
            produced["$return"] = outcome.returned
        for name, binding in function.outputs.items():
            if binding["type"] == "queue" and name in produced:
                wire = self._wires.get(resolve(binding.get("connection") or ""))
                for content in contents(produced[name]):
                    text = encode(content, is_base64=self._options.base64)
                    await wire.send(resolve(binding["queueName"]), text)


def contents(datum: Datum) -> list[str | bytes]:
    """The messages in one output value: a JSON list is a message each, other JSON is one text."""
    if datum.type is None or datum.value is None:
        return []
    if datum.type in ("string", "bytes"):
        return [datum.value]
    value = json.loads(datum.value) if datum.type == "json" else datum.value
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in items]
