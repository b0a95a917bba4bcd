"""One tenant for the session; every test uses addresses and keys of its own."""

from __future__ import annotations

import base64
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from azure.core.credentials import AzureKeyCredential

from shared.adapters.acs_mail import AcsMailer
from shared.adapters.azure_devops import AzureDevOps
from shared.adapters.credentials import StaticToken, basic
from shared.adapters.graph_mail import GraphMailer
from shared.adapters.graph_wire import GraphWire
from shared.adapters.jenkins import Jenkins
from shared.adapters.jira import Jira
from shared.adapters.teams_graph import GraphChat
from tests.adapters.control import Control

ACS_SENDER = "donotreply@verified.example"


@pytest.fixture(scope="session")
def tenant() -> Iterator[Control]:
    with Control() as process:
        yield process


@pytest.fixture(autouse=True)
def _no_fault_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "tenant" in request.fixturenames:
        request.getfixturevalue("tenant").clear_faults()


@pytest.fixture
def fresh() -> str:
    """A word that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def graph(tenant: Control) -> AsyncIterator[GraphWire]:
    """Graph as the app itself."""
    wire = GraphWire(f"{tenant.url}/graph/v1.0", StaticToken("app-only.test"))
    yield wire
    await wire.aclose()


@pytest.fixture
def mailer(graph: GraphWire) -> GraphMailer:
    return GraphMailer(graph)


@pytest.fixture
async def acs(tenant: Control) -> AsyncIterator[AcsMailer]:
    key = AzureKeyCredential(base64.b64encode(b"simulated").decode())
    mailer = AcsMailer(f"{tenant.url}/acs", key, ACS_SENDER)
    yield mailer
    await mailer.aclose()


@pytest.fixture
async def chat(tenant: Control) -> AsyncIterator[GraphChat]:
    """Teams in the name of the service account."""
    wire = GraphWire(f"{tenant.url}/graph/v1.0", StaticToken("delegated.test"))
    yield GraphChat(wire)
    await wire.aclose()


@pytest.fixture
async def devops(tenant: Control) -> AsyncIterator[AzureDevOps]:
    backlog = AzureDevOps(f"{tenant.url}/azure-devops", basic("", "simulated"))
    yield backlog
    await backlog.aclose()


@pytest.fixture
async def jira(tenant: Control) -> AsyncIterator[Jira]:
    backlog = Jira(f"{tenant.url}/jira", basic("docket@contoso.com", "simulated"))
    yield backlog
    await backlog.aclose()


@pytest.fixture
async def jenkins(tenant: Control) -> AsyncIterator[Jenkins]:
    builds = Jenkins(f"{tenant.url}/jenkins", basic("docket", "simulated"))
    yield builds
    await builds.aclose()
