"""main.bicep and its modules fit together, which only the Bicep CLI would tell otherwise."""

from __future__ import annotations

import re

import pytest

from scripts.infra_check.places import INFRA
from tests.infra.bicep import FILES, Declared, bicep, every_text, read

MAIN = bicep("main.bicep")
MODULES = {module.symbol: read(INFRA / module.kind) for module in MAIN.modules}


@pytest.mark.parametrize("module", MAIN.modules, ids=lambda m: m.symbol)
def test_a_module_gets_the_parameters_that_it_takes(module: Declared) -> None:
    takes = MODULES[module.symbol].parameters
    given = set(module.body["params"])
    assert given <= set(takes)
    assert {name for name, has_default in takes.items() if not has_default} <= given


def test_every_output_that_is_used_exists() -> None:
    text = MAIN.path.read_text()
    used = re.findall(r"\b(\w+)\.outputs\.(\w+)", text)
    assert used
    for symbol, output in used:
        assert output in MODULES[symbol].outputs, f"{symbol} has no output {output}"


def test_every_module_file_is_used() -> None:
    modules = {path.name for path in FILES if path.parent.name == "modules"}
    assert modules == {m.path.name for m in MODULES.values()}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_no_parameter_or_variable_is_declared_in_vain(path: object) -> None:
    from pathlib import Path

    file = read(Path(str(path)))
    text = file.path.read_text()
    for name in (*file.parameters, *file.variables):
        assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is not used"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_everything_that_takes_tags_carries_the_environments(path: object) -> None:
    from pathlib import Path

    file = read(Path(str(path)))
    for resource in file.resources:
        if "location" in resource.body and not resource.existing:
            assert "tags" in resource.body, f"{resource.symbol} has no tags"


def test_the_service_of_azure_yaml_finds_its_site() -> None:
    import yaml

    azd = yaml.safe_load((INFRA.parent / "azure.yaml").read_text())
    [service] = azd["services"]
    [site] = bicep("modules/function.bicep").of_type("Microsoft.Web/sites")
    assert f"'azd-service-name': '{service}'" in str(site.body["tags"])
    assert MAIN.variables["tags"]["azd-env-name"] == "environmentName"
    assert azd["infra"]["module"] == "main"


def test_the_hooks_of_azure_yaml_name_stages_that_the_script_knows() -> None:
    import yaml

    azd = yaml.safe_load((INFRA.parent / "azure.yaml").read_text())
    script = (INFRA.parent / "scripts" / "setup-tenant.ps1").read_text()
    for hook in azd["hooks"].values():
        stage = hook["run"].rpartition("-Stage ")[2]
        assert f"'{stage}'" in script


def test_what_follows_deployment_gets_its_values_from_the_outputs() -> None:
    script = (INFRA.parent / "scripts" / "setup-tenant.ps1").read_text()
    for name in bicep("after-deploy.bicep").parameters:
        if name not in ("formsKey", "eventsKey"):
            assert f"{name}=" in script
    for value in re.findall(r"Get-Value '(DOCKET_\w+|AZURE_\w+)'", script):
        known = MAIN.outputs | {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID"}
        parameters = re.findall(r"\$\{(\w+)", (INFRA / "main.parameters.json").read_text())
        assert value in known | set(parameters), f"nothing sets {value}"


def test_no_text_of_infra_holds_an_address_of_a_person() -> None:
    for path in FILES:
        for resource in read(path).resources:
            for text in every_text(resource.body):
                assert not re.search(r"\w@\w+\.\w", text)
