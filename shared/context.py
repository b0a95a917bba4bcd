"""Settings -> adapters -> the app. The only place that composes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shared.adapters.clock import OffsetClock, SystemClock
from shared.config import load_desks
from shared.ports import Backlog, Builds, Chat, Clock, Mailer, MailReader
from shared.render.links import Links
from shared.render.texts import DeskTexts
from shared.service.deps import Deps
from shared.service.mail_room import MailRoom
from shared.service.numbers import Numbers
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials import AzureKeyCredential
    from azure.core.credentials_async import AsyncTokenCredential

    from shared.adapters.graph_wire import GraphWire
    from shared.adapters.storage_account import StorageAccount

ROOT = Path(__file__).resolve().parent.parent
TABLE, ARCHIVE, CONTAINER = "docket", "docketarchive", "docket"
QUEUE, MAIL_QUEUE = "docket-outbox", "docket-mail"


class Vendors:
    """The vendors' adapters, each imported and made when it is first used.

    Their SDKs are heavy: a request that needs none of them must not wait for their import.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._mailers: dict[str, Mailer] = {}
        self._backlogs: dict[str, Backlog] = {}

    def mailer(self, way: str) -> Mailer:
        """`graph` or `acs`."""
        if way not in self._mailers:
            self._mailers[way] = self._acs() if way == "acs" else self._graph_mail()
        return self._mailers[way]

    def backlog(self, system: str) -> Backlog:
        """`azure_devops` or `jira`."""
        if system not in self._backlogs:
            make = self._jira if system == "jira" else self._devops
            self._backlogs[system] = make()
        return self._backlogs[system]

    @cached_property
    def chat(self) -> Chat:
        """Teams: through Graph with a service account, or a workflow's webhook."""
        from shared.adapters.graph_wire import GraphWire
        from shared.adapters.teams import Teams
        from shared.adapters.teams_graph import GraphChat
        from shared.adapters.teams_workflow import WorkflowChat

        urls: dict[str, str] = json.loads(self._settings.workflow_urls or "{}")
        wire = GraphWire(self._settings.graph_url, self._service_account())
        return Teams({"graph": GraphChat(wire), "workflow": WorkflowChat(urls)})

    @cached_property
    def builds(self) -> Builds:
        """Jenkins."""
        from shared.adapters.credentials import basic
        from shared.adapters.jenkins import Jenkins

        settings = self._settings
        return Jenkins(settings.jenkins_url, basic(settings.jenkins_user, settings.jenkins_token))

    @cached_property
    def reader(self) -> MailReader:
        """The support mailboxes."""
        from shared.adapters.graph_reader import GraphReader

        return GraphReader(self._graph, self._clock)

    @cached_property
    def _graph(self) -> GraphWire:
        from shared.adapters.graph_wire import GraphWire

        return GraphWire(self._settings.graph_url, self._credential(self._settings.graph_token))

    def _credential(self, token: str) -> AsyncTokenCredential:
        from shared.adapters.credentials import StaticToken

        if token:
            return StaticToken(token)
        from azure.identity.aio import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=self._settings.identity_client_id or None)

    def _service_account(self) -> AsyncTokenCredential:
        settings = self._settings
        if settings.teams_token:
            return self._credential(settings.teams_token)
        from shared.adapters.credentials import VAULT, ServiceAccount, VaultSecret, bearer

        vault = VaultSecret(
            settings.vault_url, "teams-refresh-token", bearer(self._credential(""), VAULT)
        )
        url = f"{settings.login_url}/{settings.tenant_id}/oauth2/v2.0/token"
        return ServiceAccount(url, settings.teams_client_id, vault.read, vault.keep)

    def _graph_mail(self) -> Mailer:
        from shared.adapters.graph_mail import GraphMailer

        return GraphMailer(self._graph)

    def _acs(self) -> Mailer:
        from shared.adapters.acs_mail import AcsMailer

        settings = self._settings
        return AcsMailer(settings.acs_endpoint, self._acs_credential(), settings.acs_sender)

    def _acs_credential(self) -> AsyncTokenCredential | AzureKeyCredential:
        from azure.core.credentials import AzureKeyCredential

        key = self._settings.acs_key
        return AzureKeyCredential(key) if key else self._credential("")

    def _devops(self) -> Backlog:
        from shared.adapters.azure_devops import AzureDevOps
        from shared.adapters.credentials import AZURE_DEVOPS, bearer

        credential = self._credential(self._settings.devops_token)
        return AzureDevOps(self._settings.devops_url, bearer(credential, AZURE_DEVOPS))

    def _jira(self) -> Backlog:
        from shared.adapters.credentials import basic
        from shared.adapters.jira import Jira

        settings = self._settings
        return Jira(settings.jira_url, basic(settings.jira_user, settings.jira_token))


@dataclass(frozen=True)
class App:
    """One running app: what the doors work with."""

    settings: Settings
    deps: Deps
    links: Links
    mail_room: MailRoom


def compose(settings: Settings) -> App:
    """The app for these settings. Nothing is called yet."""
    from shared.adapters.blobs import BlobStore
    from shared.adapters.queues import QueueBell
    from shared.adapters.tables import TableRows

    clock: Clock = OffsetClock(Path(settings.clock_file)) if settings.clock_file else SystemClock()
    account = storage_account(settings)
    rows = TableRows(account, TABLE)
    links = Links(settings.public_url.rstrip("/"), settings.link_key)
    desks = load_desks(settings.desk_folder)
    deps = Deps(
        desks=desks,
        rows=rows,
        archive=TableRows(account, ARCHIVE),
        bell=QueueBell(account, QUEUE),
        blobs=BlobStore(account, CONTAINER),
        clock=clock,
        outside=Vendors(settings, clock),
        texts=DeskTexts(settings.desk_folder, ROOT / "web" / "mail", links, clock),
        numbers=Numbers(rows),
    )
    bell = QueueBell(account, MAIL_QUEUE)
    room = MailRoom(deps, links, bell, links.public_url, settings.graph_state)
    return App(settings, deps, links, room)


def storage_account(settings: Settings) -> StorageAccount:
    """The account that holds everything: by connection string, else by the app's identity."""
    from shared.adapters.storage_account import StorageAccount

    if settings.storage_connection:
        return StorageAccount.from_connection_string(settings.storage_connection)
    return StorageAccount.with_managed_identity(
        tables=settings.table_endpoint,
        queues=settings.queue_endpoint,
        blobs=settings.blob_endpoint,
        client_id=settings.identity_client_id or None,
    )


_apps: dict[int, App] = {}


def get_app() -> App:
    """The app of this event loop, composed at the first call. Raises MissingSettingsError.

    Clients of the vendors' SDKs belong to an event loop, so an app does too.
    """
    loop = id(asyncio.get_running_loop())
    if loop not in _apps:
        _apps[loop] = compose(Settings.read())
    return _apps[loop]


def use_app(app: App) -> None:
    """Lets tests run the doors over their own app in this event loop."""
    _apps[id(asyncio.get_running_loop())] = app
