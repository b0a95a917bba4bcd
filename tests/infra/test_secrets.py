"""No secret stands in a file, an output or a setting."""

from __future__ import annotations

import re

import pytest

from tests.infra.bicep import FILES, read
from tests.infra.code import ROOT

PATTERNS = (
    r"AccountKey=", r"SharedAccessSignature", r"[?&]sig=[\w%]{8}", r"listKeys\(", r"listSecrets\(",
    r"-----BEGIN", r"(?i)password'?\s*[:=]\s*'[^'$@\s]{4,}'", r"\bxox[bp]-", r"\beyJ[\w-]{20,}\.",
    r"(?i)connectionString\s*[:=]\s*'[^'$]{10,}'", r"InstrumentationKey=[0-9a-f]",
)  # fmt: skip
WRITTEN = (
    *FILES,
    *sorted((ROOT / "infra").rglob("*.json")),
    *sorted((ROOT / "infra").rglob("*.env")),
    ROOT / "azure.yaml",
    ROOT / "scripts" / "setup-tenant.ps1",
)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: p.name)
def test_nothing_that_is_deployed_holds_a_secret(path: object) -> None:
    from pathlib import Path

    text = Path(str(path)).read_text(encoding="utf-8")
    for pattern in PATTERNS:
        assert not re.search(pattern, text), f"{path} matches {pattern}"


def test_no_output_gives_a_secret_away() -> None:
    for path in FILES:
        for name in read(path).outputs:
            assert not re.search(r"(?i)key|secret|password|token|connectionstring", name)


def test_the_flow_keeps_the_function_key_out_of_its_run_history() -> None:
    from local.logic_app import forms_flow

    actions = forms_flow()["actions"]
    reads = actions["Get_function_key"]["runtimeConfiguration"]["secureData"]["properties"]
    sends = actions["Hand_over"]["runtimeConfiguration"]["secureData"]["properties"]
    assert reads == ["outputs"]
    assert sends == ["inputs"]


def test_what_the_deployment_makes_up_is_a_secure_parameter() -> None:
    text = (ROOT / "infra" / "after-deploy.bicep").read_text()
    assert len(re.findall(r"@secure\(\)\nparam \w+Key string", text)) == text.count("newGuid()") / 2
