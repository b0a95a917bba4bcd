"""checkov's policies for Azure, offline, in an environment of its own.

checkov ends with 0 when it cannot parse a file, so its report is read, not its exit code.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.infra_check.places import INFRA, REQUIREMENTS, VENV

FEWEST_PASSED = 32  # that many checks passed when this was written: fewer means they did not run
SHORTEST_REASON = 20  # characters; a skip has to say why
_SECONDS = 600


def findings(folder: Path = INFRA) -> tuple[list[str], str]:
    """What is wrong, a line each, and a summary for when nothing is."""
    _prepare()
    report = _report(folder)
    return judged(report), _summary(report)


def judged(report: dict[str, Any], fewest: int = FEWEST_PASSED) -> list[str]:
    """What a report says against the files: failures, unreasoned skips, and checks not run."""
    results, summary = report["results"], report["summary"]
    wrong = [
        f"infra{check['file_path']}: {check['check_id']} fails for {check['resource']}: "
        f"{check['check_name']}"
        for check in results.get("failed_checks", ())
    ]
    wrong += [
        f"infra{check['file_path']}: the skip of {check['check_id']} gives no reason"
        for check in results.get("skipped_checks", ())
        if len(str(check["check_result"].get("suppress_comment") or "")) < SHORTEST_REASON
    ]
    if summary["parsing_errors"] or results.get("parsing_errors"):
        wrong.append(f"checkov cannot parse {results.get('parsing_errors') or 'a file'}")
    if summary["passed"] < fewest:
        wrong.append(f"only {summary['passed']} checks passed, {fewest} did before: what is gone?")
    return wrong


def _summary(report: dict[str, Any]) -> str:
    summary = report["summary"]
    return f"{summary['passed']} policies hold, {summary['skipped']} are skipped with a reason"


def _prepare() -> None:
    """The environment, made when it is missing or its pins changed."""
    stamp = VENV / "docket-pins"
    pins = REQUIREMENTS.read_text()
    python = VENV / "bin" / "python"
    if python.exists() and stamp.exists() and stamp.read_text() == pins:
        return
    print("  installing the policy checker (a minute or two)", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "-r", str(REQUIREMENTS)])
    stamp.write_text(pins)


def _report(folder: Path) -> dict[str, Any]:
    checkov = [str(VENV / "bin" / "checkov"), "--directory", str(folder), "--framework", "bicep"]
    # --skip-download: it would look its policies' severities up on the internet.
    said = _run([*checkov, "--skip-download", "--soft-fail", "--quiet", "--output", "json"])
    report = json.loads(said)
    if not isinstance(report, dict) or "results" not in report:
        raise SystemExit("checkov found nothing to check in infra/")
    return report


def _run(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603  # our own command lines
        command, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed: {done.stderr.strip()[-1500:]}")
    return done.stdout
