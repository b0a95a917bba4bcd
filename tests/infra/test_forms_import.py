"""`make form`: what goes into Microsoft Forms comes back under the ids of the desk's fields."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from docx import Document

from local.forms_import import NO_ID, main, write
from shared.domain.desk import Desk
from shared.domain.words import say
from tests.support.app import DESKS

WITH_FORMS = [desk for desk in DESKS.values() if desk.forms]


@pytest.mark.parametrize("desk", WITH_FORMS, ids=lambda d: d.id)
def test_every_question_but_files_is_in_the_word_file_with_its_options(
    desk: Desk, tmp_path: Path
) -> None:
    word, _ = write(desk, "en", tmp_path)[:2]
    lines = [paragraph.text for paragraph in Document(str(word)).paragraphs]
    number = 0
    for field in desk.forms[0].fields:
        label = say(field.label, "en")
        if field.kind == "files":
            assert not any(label in line for line in lines)
            continue
        number += 1
        place = lines.index(f"{number}. {label}")
        for letter, option in zip("ABCDEFGHIJKLMN", field.options, strict=False):
            place += 1
            assert lines[place] == f"{letter}. {say(option.label, 'en')}"


@pytest.mark.parametrize("desk", WITH_FORMS, ids=lambda d: d.id)
def test_the_template_lists_every_field_and_no_id_yet(desk: Desk, tmp_path: Path) -> None:
    template = write(desk, "en", tmp_path)[1].read_text(encoding="utf-8")
    fields = yaml.safe_load(template)["fields"]
    assert [field["id"] for field in fields] == [field.id for field in desk.forms[0].fields]
    assert {field["question_id"] for field in fields} == {NO_ID}


def test_the_template_says_what_the_import_cannot_know(tmp_path: Path) -> None:
    template = write(DESKS["mytc"], "en", tmp_path)[1].read_text(encoding="utf-8")
    assert "branching: only after “What is your request about?”" in template
    assert "not in the Word file: add it by hand" in template
    assert "required" in template


def test_the_word_file_is_written_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    word = write(DESKS["mytc"], "fr", tmp_path)[0]
    lines = [paragraph.text for paragraph in Document(str(word)).paragraphs]
    assert any(line.startswith("1. Sur quoi porte votre demande") for line in lines)


def test_an_unknown_desk_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["nope"]) == 2
    assert "mytc" in capsys.readouterr().err
