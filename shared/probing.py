"""Settings -> a look at each connection of a desk: what shared.context is to the app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.context import MAIL_QUEUE, QUEUE, App, Vendors, storage_account
from shared.domain.desk import Channel, Desk
from shared.ports import BacklogPlace, ChatPlace
from shared.service.doctor import (
    BrokenError,
    Finding,
    Look,
    NotUsedError,
    Probe,
    examine,
    inner_probes,
)

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from shared.adapters.probes import QueueDepths

# Probes import SDKs in use: the doctor comes seldom.
# ruff: noqa: PLC0415

QUEUES = (QUEUE, MAIL_QUEUE)
_QUEUE_MEND = (
    "Give the app's identity the role Storage Queue Data Contributor; a poison queue is dealt "
    "with as docs/runbook.md, Alerts, says"
)
_GRAPH = (
    "Run scripts/setup-tenant.ps1, step Exchange: it grants the app's identity this mailbox and "
    "no other. Exchange takes up to two hours to know"
)
_TEAMS = (
    "Run scripts/setup-tenant.ps1, step Teams: the service account has to be a member of the "
    "team and to have signed in within the last 90 days"
)
_WORKFLOW = (
    "Put the workflow's address under this name into the vault's secret workflow-urls and "
    "restart the app (scripts/setup-tenant.ps1, step Teams)"
)
_ACS = (
    "Set acs_endpoint and acs_sender, and give the app's identity the role Communication and "
    "Email Service Owner on that resource; the mail domain has to be verified"
)
_DEVOPS = (
    "Run scripts/setup-tenant.ps1, step DevOps: the identity needs a Basic licence and membership "
    "in the project; the desk's file names organisation, project and types"
)
_JIRA = "Make a new API token for jira_user and put it into the vault's secret jira-token"
_JENKINS = (
    "Make a new API token for jenkins_user, put it into the vault's secret jenkins-token; the "
    "job's name stands in the desk's file"
)


async def examine_desk(app: App, desk: Desk) -> list[Finding]:
    """Looks at every connection that this desk may use; never raises."""
    asked = _Connections(app, desk)
    try:
        return await examine([*inner_probes(app.mail_room, desk), *_outer_probes(asked, desk)])
    finally:
        await asked.aclose()


def _outer_probes(asked: _Connections, desk: Desk) -> list[Probe]:
    return [
        Probe("Storage queues", asked.queues, _QUEUE_MEND),
        Probe(f"Mailbox {desk.mail.address}", asked.mailbox, _GRAPH),
        Probe("Mail, Communication Services", asked.acs, _ACS),
        *(Probe(f"Teams channel {c.name}", asked.channel(c), _mend(c)) for c in desk.channels),
        Probe("Azure DevOps", asked.devops, _DEVOPS),
        Probe("Jira", asked.jira, _JIRA),
        Probe("Jenkins", asked.jenkins, _JENKINS),
    ]


def _mend(channel: Channel) -> str:
    return _WORKFLOW if channel.via == "workflow" else _TEAMS


async def poison(app: App) -> dict[str, int]:
    """Poison queues that hold messages, and how many. Raises Unavailable."""
    depths = _depths(app)
    try:
        found = {f"{name}-poison": await depths.depth(f"{name}-poison") for name in QUEUES}
    finally:
        await depths.aclose()
    return {name: count for name, count in found.items() if count}


def _depths(app: App) -> QueueDepths:
    from shared.adapters.probes import QueueDepths

    return QueueDepths(storage_account(app.settings))


class _Connections(Vendors):
    """The vendors' wires, made as the app makes them, and a question to each."""

    def __init__(self, app: App, desk: Desk) -> None:
        super().__init__(app.settings, app.deps.clock)
        self._app = app
        self._desk = desk
        self._opened: list[AsyncTokenCredential] = []

    async def aclose(self) -> None:
        """Closes what the questions opened."""
        if "_graph" in self.__dict__:
            await self._graph.aclose()
        for credential in self._opened:
            await credential.close()

    def _credential(self, token: str) -> AsyncTokenCredential:
        self._opened.append(super()._credential(token))
        return self._opened[-1]

    async def queues(self) -> str:
        full = await poison(self._app)
        if full:
            listed = ", ".join(f"{count} in {name}" for name, count in full.items())
            raise BrokenError(f"messages that nothing could be done with: {listed}")
        depths = _depths(self._app)
        try:
            counts = {name: await depths.depth(name) for name in QUEUES}
        finally:
            await depths.aclose()
        # A queue comes into being with its first message where infra/ did not make it.
        return ", ".join(f"{name}: {count or 0} waiting" for name, count in counts.items())

    async def mailbox(self) -> str:
        from shared.adapters.probes import read_mailbox

        await read_mailbox(self._graph, self._desk.mail.address)
        return "the mailbox can be read"

    async def acs(self) -> str:
        from shared.adapters.probes import AcsProbe

        settings = self._settings
        if self._desk.mail.outgoing != "acs":
            raise NotUsedError("this desk's mail goes out through its mailbox")
        unset = [name for name in ("acs_endpoint", "acs_sender") if not getattr(settings, name)]
        if unset:
            raise BrokenError(f"not set: {', '.join(unset)}")
        probe = AcsProbe(settings.acs_endpoint, self._acs_credential(), settings.acs_sender)
        try:
            await probe.look()
        finally:
            await probe.aclose()
        return f"the service answers; mail goes out as {settings.acs_sender}"

    def channel(self, channel: Channel) -> Look:
        async def look() -> str:
            if channel.via == "workflow":
                urls = json.loads(self._settings.workflow_urls or "{}")
                if not urls.get(channel.url_setting):
                    raise BrokenError(f"no address is set under {channel.url_setting!r}")
                return "an address is set; whether it posts shows only a post"
            return await self._graph_channel(channel)

        return look

    async def _graph_channel(self, channel: Channel) -> str:
        from shared.adapters.graph_wire import GraphWire
        from shared.adapters.probes import read_channel

        wire = GraphWire(self._settings.graph_url, self._service_account())
        try:
            await read_channel(wire, ChatPlace("graph", channel.team_id, channel.channel_id))
        finally:
            await wire.aclose()
        return "the service account sees the channel"

    async def devops(self) -> str:
        from shared.adapters.credentials import AZURE_DEVOPS, bearer
        from shared.adapters.http import Wire
        from shared.adapters.probes import devops_types

        backlog = self._desk.backlog
        if backlog is None or backlog.system != "azure_devops":
            raise NotUsedError("this desk's backlog is not in Azure DevOps")
        credential = self._credential(self._settings.devops_token)
        wire = Wire(
            "Azure DevOps",
            self._settings.devops_url,
            authorise=bearer(credential, AZURE_DEVOPS),
        )
        try:
            known = await devops_types(wire, BacklogPlace(backlog.organisation, backlog.project))
        finally:
            await wire.aclose()
        mirror = (backlog.mirror.item_type,) if backlog.mirror else ()
        missing = {*backlog.kinds.values(), *mirror} - known
        if missing:
            raise BrokenError(f"the project has no type {', '.join(sorted(missing))}")
        return f"project {backlog.project} has every type that the desk names"

    async def jira(self) -> str:
        from shared.adapters.credentials import basic
        from shared.adapters.http import Wire
        from shared.adapters.probes import jira_account, jira_board

        settings, backlog = self._settings, self._desk.backlog
        if backlog is None or backlog.system != "jira":
            raise NotUsedError("this desk's backlog is not in Jira")
        if not settings.jira_url:
            raise BrokenError("jira_url is not set")
        authorise = basic(settings.jira_user, settings.jira_token)
        wire = Wire("Jira", settings.jira_url, authorise=authorise)
        try:
            account = await jira_account(wire)
            board = await jira_board(wire, backlog.board_id) if backlog.board_id else "no board"
        finally:
            await wire.aclose()
        return f"signed in as {account}; {board}"

    async def jenkins(self) -> str:
        from shared.adapters.credentials import basic
        from shared.adapters.http import Wire
        from shared.adapters.probes import jenkins_job

        settings, build = self._settings, self._desk.preprod_build
        if build is None:
            raise NotUsedError("this desk starts no build job")
        if not settings.jenkins_url:
            raise BrokenError("jenkins_url is not set")
        authorise = basic(settings.jenkins_user, settings.jenkins_token)
        wire = Wire("Jenkins", settings.jenkins_url, authorise=authorise)
        try:
            if not await jenkins_job(wire, build.job):
                raise BrokenError(f"job {build.job} is disabled")
        finally:
            await wire.aclose()
        return f"job {build.job} can be built"
