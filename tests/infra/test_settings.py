"""Settings: what the code reads, what infra/ sets, and what docs/settings.md says."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.settings import MissingSettingsError, Settings
from tests.infra.bicep import bicep
from tests.infra.code import ROOT, bindings

READ = {f"DOCKET_{field.name.upper()}" for field in dataclasses.fields(Settings)}
# What the host, the worker and App Service read; docs/settings.md gives each its reason.
PLATFORM = {
    "AzureWebJobsDisableHomepage",
    "AzureWebJobsSecretStorageType",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
    "AZURE_CLIENT_ID",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
}
# https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#deprecated-properties-and-settings
FORBIDDEN_ON_FLEX = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "AzureWebJobsStorage",
    "WEBSITE_TIME_ZONE",
}
ENOUGH = {
    "DOCKET_PUBLIC_URL": "https://docket.example",
    "DOCKET_LINK_KEY": "k" * 32,
    "DOCKET_TABLE_ENDPOINT": "https://tables.example",
}
UNREAD = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/a-name-of-some-length/)"
SECRETS = {
    "DOCKET_LINK_KEY", "DOCKET_HOOK_PASSWORD", "DOCKET_JIRA_TOKEN", "DOCKET_JIRA_SECRET",
    "DOCKET_JENKINS_TOKEN", "DOCKET_GRAPH_STATE", "DOCKET_WORKFLOW_URLS",
}  # fmt: skip


def deployed() -> dict[str, Any]:
    """The application settings that infra/ sets."""
    [settings] = bicep("modules/settings.bicep").of_type("Microsoft.Web/sites/config")
    found: dict[str, Any] = settings.body["properties"]
    return found


def documented() -> dict[str, str]:
    """Settings in docs/settings.md, each with the heading that it stands under."""
    found, heading = {}, ""
    for line in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif match := re.match(r"\| `(\w+)` \|", line):
            found[match[1]] = heading
    return found


def local_only() -> set[str]:
    """What only a run without Azure sets."""
    return {name for name, heading in documented().items() if heading == "Never on Azure"}


def used() -> Iterator[str]:
    """Every `settings.<name>` of the app's own code, and what Settings itself makes of a field."""
    for folder in ("shared", "functions"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute):
                    owner = ast.unparse(node.value)
                    if owner.endswith("settings") or path == ROOT / "shared" / "settings.py":
                        yield node.attr


def test_every_setting_that_is_declared_is_used() -> None:
    assert {field.name for field in dataclasses.fields(Settings)} <= set(used())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"DOCKET_LINK_KEY": ""}, {"DOCKET_LINK_KEY"}),
        ({"DOCKET_LINK_KEY": "k" * 31}, {"DOCKET_LINK_KEY"}),
        ({"DOCKET_LINK_KEY": UNREAD}, {"DOCKET_LINK_KEY"}),
        ({"DOCKET_HOOK_PASSWORD": UNREAD, "DOCKET_GRAPH_STATE": UNREAD, "DOCKET_PUBLIC_URL": ""},
         {"DOCKET_HOOK_PASSWORD", "DOCKET_GRAPH_STATE", "DOCKET_PUBLIC_URL"}),
    ],
    ids=["no key", "a short key", "a key that was not read", "several at once"],
)  # fmt: skip
def test_a_setting_that_protects_nothing_stops_the_app_and_is_named(
    given: dict[str, str], named: set[str]
) -> None:
    with pytest.raises(MissingSettingsError) as told:
        Settings.read(ENOUGH | given)
    assert set(re.findall(r"DOCKET_\w+", str(told.value))) == named


def test_settings_that_are_whole_are_read() -> None:
    assert Settings.read(ENOUGH | {"DOCKET_HOOK_PASSWORD": "secret"}).hook_password == "secret"


def test_every_setting_that_the_code_reads_is_set_by_infra_or_is_never_on_azure() -> None:
    missing = READ - set(deployed()) - local_only()
    assert not missing, f"set in infra/modules/settings.bicep or explain as local: {missing}"


def test_no_setting_of_ours_is_set_that_the_code_does_not_read() -> None:
    ours = {name for name in deployed() if name.startswith("DOCKET_")}
    assert ours <= READ
    assert not ours & local_only()


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert set(documented()) == READ | set(deployed())


def test_what_is_not_ours_is_known_to_the_platform() -> None:
    connections = {str(b.values["connection"]) for b in bindings() if "connection" in b.values}
    foreign = {
        name
        for name in deployed()
        if not name.startswith("DOCKET_")
        and name.partition("__")[0] not in connections | {"AzureWebJobsStorage"}
    }
    assert foreign == PLATFORM


def test_nothing_is_set_that_flex_consumption_does_not_take() -> None:
    assert not set(deployed()) & FORBIDDEN_ON_FLEX


def test_every_secret_is_a_reference_into_the_vault_and_only_secrets_are() -> None:
    references = {name for name, value in deployed().items() if "${secrets}/" in str(value)}
    assert references == SECRETS


def test_the_local_run_sets_only_what_the_code_or_the_host_reads() -> None:
    from local.environment import app_settings

    local = app_settings(public_url="", tenant_url="", storage="", data=Path())
    assert {name for name in local if name.startswith("DOCKET_")} <= READ


def test_each_trigger_connection_has_an_identity_and_an_address_and_no_key() -> None:
    connections = {str(b.values["connection"]) for b in bindings() if "connection" in b.values}
    assert connections
    for name in (*connections, "AzureWebJobsStorage"):
        assert deployed()[f"{name}__credential"] == "managedidentity"
        assert deployed()[f"{name}__clientId"] == "identityClientId"
        assert f"{name}__queueServiceUri" in deployed()
        assert f"{name}__blobServiceUri" in deployed()


def test_the_host_speaks_open_telemetry_as_the_worker_does() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    assert host["telemetryMode"] == "OpenTelemetry"
    assert deployed()["PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"] == "true"
    assert "azure-monitor-opentelemetry" in (ROOT / "requirements.txt").read_text()


def test_the_hosts_address_prefix_is_the_one_that_sign_in_and_hooks_are_written_for() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["http"]["routePrefix"] == ""
    assert host["extensions"]["queues"]["messageEncoding"] == "base64"
    assert host["extensions"]["queues"]["maxDequeueCount"] >= 3


def test_the_runtime_on_azure_is_the_one_that_is_tested() -> None:
    [site] = bicep("modules/function.bicep").of_type("Microsoft.Web/sites")
    runtime = site.body["properties"]["functionAppConfig"]["runtime"]
    assert runtime == {"name": "python", "version": "3.13"}
    assert 'requires-python = ">=3.13"' in (ROOT / "pyproject.toml").read_text()


def test_parameters_that_the_file_gives_are_those_that_the_template_takes() -> None:
    given = json.loads((ROOT / "infra" / "main.parameters.json").read_text())["parameters"]
    takes = bicep("main.bicep").parameters
    assert set(given) <= set(takes)
    assert {name for name, has_default in takes.items() if not has_default} <= set(given)


def test_each_environments_values_are_variables_of_the_parameters_file() -> None:
    known = set(re.findall(r"\$\{(\w+)", (ROOT / "infra" / "main.parameters.json").read_text()))
    for name in ("dev", "prod"):
        lines = (ROOT / "infra" / "environments" / f"{name}.env").read_text().splitlines()
        given = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
        assert given <= known
