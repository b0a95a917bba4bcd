"""Storage: everything that the code uses is created, and the identity may use it."""

from __future__ import annotations

from shared import context
from tests.infra.bicep import bicep
from tests.infra.code import ROOT, bindings

STORAGE = bicep("modules/storage.bicep")
ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",  # Storage Blob Data Owner: the host's leases
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88",  # Storage Queue Data Contributor
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",  # Storage Table Data Contributor
}


def named(suffix: str) -> set[str]:
    """The names that shared.context gives to tables, queues or containers."""
    return {
        str(value)
        for name, value in vars(context).items()
        if isinstance(value, str) and name.isupper() and name.endswith(suffix)
    }


def test_every_table_that_the_code_uses_is_created() -> None:
    assert {context.TABLE, context.ARCHIVE} == set(STORAGE.variables["tableNames"])


def test_every_queue_of_a_trigger_is_created_with_its_poison_queue() -> None:
    used = {str(b.values["queueName"]) for b in bindings() if "queueName" in b.values}
    assert used
    assert used | {f"{name}-poison" for name in used} == set(STORAGE.variables["queueNames"])


def test_every_queue_that_the_code_rings_has_a_trigger() -> None:
    used = {str(b.values["queueName"]) for b in bindings() if "queueName" in b.values}
    assert named("QUEUE") <= used


def test_the_container_that_the_code_uses_and_the_one_for_releases_are_created() -> None:
    [site] = bicep("modules/function.bicep").of_type("Microsoft.Web/sites")
    deployment = site.body["properties"]["functionAppConfig"]["deployment"]["storage"]["value"]
    assert set(STORAGE.variables["containerNames"]) == {
        context.CONTAINER,
        deployment.rpartition("}")[2],
    }


def test_the_apps_identity_has_the_roles_that_triggers_and_adapters_need() -> None:
    assert set(STORAGE.variables["appRoles"]) == ROLES
    [access] = STORAGE.of_type("Microsoft.Authorization/roleAssignments")
    assert access.body["properties"]["principalId"] == "appPrincipalId"
    assert access.body["scope"] == "account"


def test_nobody_gets_in_with_a_key_or_without_tls() -> None:
    [account] = STORAGE.of_type("Microsoft.Storage/storageAccounts")
    properties = account.body["properties"]
    assert properties["allowSharedKeyAccess"] is False
    assert properties["allowBlobPublicAccess"] is False
    assert properties["supportsHttpsTrafficOnly"] is True
    assert properties["minimumTlsVersion"] == "TLS1_2"


def test_deleted_blobs_come_back_for_a_month_and_old_versions_go() -> None:
    [service] = STORAGE.of_type("Microsoft.Storage/storageAccounts/blobServices")
    properties = service.body["properties"]
    assert properties["deleteRetentionPolicy"] == {"enabled": True, "days": 30}
    assert properties["isVersioningEnabled"] is True
    [lifecycle] = STORAGE.of_type("Microsoft.Storage/storageAccounts/managementPolicies")
    rules = lifecycle.body["properties"]["policy"]["rules"]
    prefixes = {p for r in rules for p in r["definition"]["filters"]["prefixMatch"]}
    assert prefixes == {f"{name}/" for name in STORAGE.variables["containerNames"]}


def test_each_identity_and_role_is_in_the_table_of_the_runbook() -> None:
    from tests.infra.bicep import FILES

    told = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    for path in FILES:
        for role in _roles(path.read_text(encoding="utf-8")):
            assert role in told, f"{role} of {path.name} is missing in docs/runbook.md"


def _roles(text: str) -> set[str]:
    import re

    ids = re.findall(r"'([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})'", text)
    return set(ids)
