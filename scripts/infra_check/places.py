"""Where things lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA = ROOT / "infra"
SCRIPTS = sorted((ROOT / "scripts").glob("*.ps1"))
REQUIREMENTS = ROOT / "requirements-checkov.txt"
VENV = ROOT / ".venv-checkov"
