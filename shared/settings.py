"""Settings: read once from the environment, typed; a wrong one stops the first request."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

SHORTEST_KEY = 32  # characters: what signs links must not be guessed
# What App Service hands over in place of a secret that it cannot read, for anybody to guess.
_UNREAD = "@Microsoft.KeyVault("


class MissingSettingsError(RuntimeError):
    """Names every setting that is missing or wrong, and what it is for."""


@dataclass(frozen=True)
class Settings:
    """Every setting that the code reads. docs/settings.md explains each; infra/ sets each."""

    # Where people and vendors reach this app, without a slash at the end.
    public_url: str
    # Signs the links that clients get.
    link_key: str
    # Storage: a connection string (emulator), or else the endpoints and a managed identity.
    storage_connection: str = ""
    table_endpoint: str = ""
    queue_endpoint: str = ""
    blob_endpoint: str = ""
    identity_client_id: str = ""
    # Microsoft Graph: base address; `token` instead of the identity where one is given.
    graph_url: str = "https://graph.microsoft.com/v1.0"
    graph_token: str = ""
    # Teams posts need a delegated account: its refresh token and the app that it consented to.
    teams_token: str = ""
    teams_client_id: str = ""
    vault_url: str = ""  # holds the service account's refresh token, teams-refresh-token
    login_url: str = "https://login.microsoftonline.com"
    tenant_id: str = ""
    workflow_urls: str = ""  # JSON object: name -> secret address
    # Azure Communication Services Email. It sends from addresses of its verified domain only.
    acs_endpoint: str = ""
    acs_key: str = ""
    acs_sender: str = ""
    # Backlog tools and the build server.
    devops_url: str = "https://dev.azure.com"
    devops_token: str = ""
    devops_identity: str = ""  # our own name there: its changes are ours and do not come back
    jira_url: str = ""
    jira_user: str = ""
    jira_token: str = ""
    jenkins_url: str = ""
    jenkins_user: str = ""
    jenkins_token: str = ""
    # What vendors prove themselves with when they call us.
    hook_user: str = ""
    hook_password: str = ""
    jira_secret: str = ""
    graph_state: str = ""
    # Where a page sends somebody who is not signed in.
    login_path: str = "/.auth/login/aad"
    # Base address under which /{desk} is the desk's Microsoft Form, for desks whose form names no
    # address of its own; empty: the built-in form.
    form_urls: str = ""
    # Where the desks lie, and a clock that can be moved (development only).
    desks: str = "desks"
    clock_file: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """From variables named DOCKET_<NAME>. Raises MissingSettingsError naming all at once."""
        source = os.environ if environment is None else environment
        values = {
            field.name: source[f"DOCKET_{field.name.upper()}"]
            for field in fields(cls)
            if f"DOCKET_{field.name.upper()}" in source
        }
        if faults := "; ".join(_faults(values)):
            raise MissingSettingsError(faults)
        return cls(**values)

    @property
    def desk_folder(self) -> Path:
        """The folder of the desks, next to function_app.py unless it is absolute."""
        return Path(__file__).resolve().parent.parent / self.desks


def _faults(values: Mapping[str, str]) -> Iterator[str]:
    """What keeps the app from working, each with its mend."""
    missing = [name for name in ("public_url", "link_key") if not values.get(name)]
    if not values.get("storage_connection") and not values.get("table_endpoint"):
        missing.append("storage_connection (or table_endpoint, queue_endpoint, blob_endpoint)")
    if missing:
        yield f"set these application settings: {_named(missing)}"
    if unread := [name for name, value in values.items() if value.startswith(_UNREAD)]:
        yield (
            f"App Service could not read the vault for {_named(unread)}: see that each secret is "
            "there and that the app's identity has the role Key Vault Secrets User, then restart "
            "the app"
        )
    if 0 < len(values.get("link_key", "")) < SHORTEST_KEY:
        yield f"{_named(['link_key'])} is too short: set {SHORTEST_KEY} random characters or more"


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"DOCKET_{name.upper()}" for name in names)
