"""The examples in docs/desk.md work on the desk that they are about."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.config import yaml_loader
from shared.config_check import check_desks
from shared.desk_check.check import MODELINE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "desk.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def _read(text: str) -> Any:
    return yaml.load(text, Loader=yaml_loader())  # noqa: S506  # a safe loader


def _merged(old: Any, new: Any) -> Any:
    """Entries of the same id or address are changed, others come in addition."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _merged(old[key], new[key]) if key in old else new[key] for key in new}
    if not (isinstance(old, list) and isinstance(new, list)):
        return new
    found = list(old)
    for entry in new:
        place = next((n for n, known in enumerate(found) if _same(known, entry)), None)
        if place is None:
            found.append(entry)
        else:
            found[place] = _merged(found[place], entry)
    return found


def _same(known: Any, entry: Any) -> bool:
    return any(key in entry and known.get(key) == entry[key] for key in ("id", "email"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split(":")[0])
def test_an_example_fits_the_mytc_desk(example: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "desks" / "mytc", tmp_path / "mytc")
    path = tmp_path / "mytc" / "desk.yaml"
    changed = _merged(_read(path.read_text("utf-8")), _read(example))
    path.write_text(f"{MODELINE}\n{yaml.safe_dump(changed, allow_unicode=True)}", encoding="utf-8")

    assert [str(mistake) for mistake in check_desks(tmp_path)] == []


def test_the_page_shows_a_message_as_the_check_says_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "desks" / "mytc", tmp_path / "mytc")
    path = tmp_path / "mytc" / "desk.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("to: in_planning", "to: in_planing", 1), encoding="utf-8")

    (mistake,) = check_desks(tmp_path, mails=False)

    said = str(mistake).replace(str(tmp_path), "desks")
    assert re.sub(r":\d+:", ":*:", said) in re.sub(r":\d+:", ":*:", PAGE)
