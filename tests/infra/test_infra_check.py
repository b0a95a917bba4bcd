"""The check of infra/ itself: it must not be content with a report that says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.infra_check import policies, powershell, syntax
from scripts.infra_check.places import REQUIREMENTS, SCRIPTS
from tests.infra.bicep import FILES


def report(passed: int = policies.FEWEST_PASSED, **more: Any) -> dict[str, Any]:
    results = {"failed_checks": [], "skipped_checks": [], "parsing_errors": [], **more}
    errors = len(results["parsing_errors"])
    return {"results": results, "summary": {"passed": passed, "parsing_errors": errors}}


def check(**more: Any) -> dict[str, Any]:
    return {"check_id": "CKV_1", "check_name": "n", "file_path": "/f", "resource": "r", **more}


def test_a_clean_report_says_nothing() -> None:
    assert policies.judged(report()) == []


def test_a_failed_policy_is_named_with_its_file() -> None:
    [line] = policies.judged(report(failed_checks=[check()]))
    assert line.startswith("infra/f: CKV_1 fails for r")


def test_a_skip_without_a_reason_is_a_failure() -> None:
    bare = check(check_result={"suppress_comment": "no"})
    [line] = policies.judged(report(skipped_checks=[bare]))
    assert "gives no reason" in line


def test_a_reasoned_skip_is_none() -> None:
    reasoned = check(check_result={"suppress_comment": "Flex Consumption has no such thing"})
    assert policies.judged(report(skipped_checks=[reasoned])) == []


def test_a_file_that_checkov_cannot_read_is_a_failure() -> None:
    [line] = policies.judged(report(parsing_errors=["main.bicep"]))
    assert "cannot parse" in line


def test_fewer_checks_than_before_are_a_failure() -> None:
    [line] = policies.judged(report(passed=policies.FEWEST_PASSED - 1))
    assert "what is gone?" in line


def test_all_files_are_bicep() -> None:
    assert len(FILES) > 10
    assert syntax.errors(list(FILES)) == []


def test_a_file_that_is_not_bicep_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.bicep"
    path.write_text("param a string\nresource x = = {\n")
    assert any("wrong.bicep:2" in line for line in syntax.errors([path]))


def test_the_checkers_version_is_pinned() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert "checkov==3.3.30" in lines
    assert all("==" in line for line in lines)


def test_the_scripts_parse_where_something_here_can_tell(tmp_path: Path) -> None:
    assert [path.name for path in SCRIPTS] == ["setup-tenant.ps1"]
    assert powershell.errors(SCRIPTS) == []
    path = tmp_path / "wrong.ps1"
    path.write_text("function Step-One {\n    if ($true) {\n")
    found = powershell.errors([path])
    assert bool(found) == ("not checked" not in powershell.said())
    assert all(line.startswith("wrong.ps1:") for line in found)
