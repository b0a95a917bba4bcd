"""The Python worker: Microsoft's own runtime, indexed and invoked in this process.

azure-functions-runtime is the code that Azure runs for Python 3.13 and newer; its
native_invocation module takes and gives plain values, without gRPC.
https://github.com/Azure/azure-functions-python-worker/tree/dev/runtimes/v2
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from azure_functions_runtime import handle_event
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.native_invocation import invocation_request_native
from azure_functions_runtime.utils.threadpool import start_threadpool_executor

log = logging.getLogger("local.host.worker")

type Binding = Mapping[str, Any]


@dataclass(frozen=True)
class IndexedFunction:
    """A function as the worker reports it: raw bindings in function.json's words."""

    name: str
    id: str
    bindings: tuple[Binding, ...]
    has_retry_policy: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: `returned` for $return, `outputs` for the Out parameters."""

    ok: bool
    returned: Datum | None
    outputs: tuple[tuple[str, Datum], ...]
    error: str = ""


class _BindingInfo(SimpleNamespace):
    """Stands for the gRPC message whose direction codes the runtime compares with."""

    out, inout, undefined = 1, 2, 0


_PROTOS = SimpleNamespace(
    BindingInfo=_BindingInfo, RpcFunctionMetadata=SimpleNamespace, RpcRetryOptions=SimpleNamespace
)


def index(app: Path) -> list[IndexedFunction]:
    """Imports the app's entry file and indexes it; once a process, as in Azure.

    Raises whatever the app or the runtime raises; the app then has no functions at all.
    """
    # The runtime logs every binding on every start; func hides that as well.
    logging.getLogger("azure.functions").setLevel(logging.WARNING)
    load_binding_registry()
    start_threadpool_executor()
    handle_event.protos = _PROTOS
    handle_event.load_function_metadata(str(app), caller_info="local host")
    found = handle_event._metadata_result or []
    return [
        IndexedFunction(
            each.name,
            each.function_id,
            tuple(map(json.loads, each.raw_bindings)),
            each.retry_options is not None,
        )
        for each in found
    ]


async def invoke(
    function_id: str, trigger: str, value: Datum, metadata: Mapping[str, Datum]
) -> Outcome:
    """Runs one function; a failure inside is an Outcome, never an exception."""
    try:
        ok, returned, outputs, error, _ = await invocation_request_native(
            str(uuid4()), function_id, [(trigger, value)], metadata
        )
    except (SystemExit, asyncio.CancelledError) as stray:
        # The runtime lets these through; in Azure they end the worker, here only the invocation.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        log.error("Function tried to end the worker: %r", stray)  # noqa: TRY400
        return Outcome(ok=False, returned=None, outputs=(), error=repr(stray))
    return Outcome(ok, returned, tuple(outputs), error or "")
