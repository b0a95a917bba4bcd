"""`make form DESK=mytc`: a Word file for Microsoft Forms' quick import, and a mapping template.

Forms has no API for making forms; its quick import reads numbered questions with lettered options
from a Word file and guesses the rest. What it cannot know (required marks, branching, the kind of
a text) stands in the template, with a place for each question's id.
https://support.microsoft.com/forms (Quick import)
"""

from __future__ import annotations

import argparse
import string
import sys
from pathlib import Path

from docx import Document
from docx.document import Document as Page

from shared.config import load_desks
from shared.domain.desk import Desk
from shared.domain.form import Form, FormField
from shared.domain.words import say

PROJECT = Path(__file__).resolve().parent.parent
NO_ID = "r" + "0" * 32  # no question has it: whoever forgets to fill it in sees an unknown question
KINDS = {
    "text": "Text, short answer",
    "long_text": "Text, long answer",
    "choice": "Choice, one answer",
    "choices": "Choice, multiple answers",
    "date": "Date",
    "email": "Text with restriction: email",
    "files": "Upload file",
}


def main(arguments: list[str]) -> int:
    """Writes two files for each form of the desk and says what to do with them."""
    parser = argparse.ArgumentParser(prog="make form", description=__doc__)
    parser.add_argument("desk")
    parser.add_argument("--language", default="en")
    parser.add_argument("--to", type=Path, default=PROJECT / "dist" / "forms")
    given = parser.parse_args(arguments)
    desks = load_desks(PROJECT / "desks")
    if given.desk not in desks:
        print(f"there is no desk {given.desk!r}; there are {', '.join(desks)}", file=sys.stderr)
        return 2
    desk = desks[given.desk]
    if not desk.forms:
        print(f"desk {desk.id} has no form", file=sys.stderr)
        return 2
    for path in write(desk, given.language, given.to):
        print(f"wrote {path}")
    print(
        "In Microsoft Forms: Quick import, choose the Word file, look at every question, then do "
        "what the template lists."
    )
    return 0


def write(desk: Desk, language: str, folder: Path) -> list[Path]:
    """A Word file and a template for each form; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for form in desk.forms:
        page = folder / f"{desk.id}-{form.id}.docx"
        word_file(form, language).save(str(page))
        template = folder / f"{desk.id}-{form.id}.mapping.yaml"
        template.write_text(mapping_template(desk, form, language), encoding="utf-8")
        paths += [page, template]
    return paths


def word_file(form: Form, language: str) -> Page:
    """Title, introduction, and numbered questions with lettered options."""
    page = Document()
    page.add_heading(say(form.title, language), level=0)
    if form.intro:
        page.add_paragraph(say(form.intro, language))
    for number, field in enumerate(_importable(form), start=1):
        page.add_paragraph(f"{number}. {say(field.label, language)}")
        for letter, option in zip(string.ascii_uppercase, field.options, strict=False):
            page.add_paragraph(f"{letter}. {say(option.label, language)}")
        if not field.options:
            page.add_paragraph("")  # an answer line: the import takes it for a text question
    return page


def mapping_template(desk: Desk, form: Form, language: str) -> str:
    """YAML for the desk's file, each question with what is to be set by hand in Forms."""
    lines = [
        f"# Form {form.id} of desk {desk.id}. After the import, set in Microsoft Forms what stands",
        "# at each question. Then send one response in which every answer is telling. Either open",
        f"# /desk/{desk.id}/forms and choose, or write the ids into desks/{desk.id}/desk.yaml.",
        f"# An id that is all zeros ({NO_ID}) is not filled in yet.",
        "fields:",
    ]
    numbers = {field.id: n for n, field in enumerate(_importable(form), start=1)}
    for field in form.fields:
        number = numbers.get(field.id)
        where = f"question {number}" if number else "not in the Word file: add it by hand"
        lines += [f"  # {where}: {say(field.label, language)}", f"  #   {_by_hand(form, field)}"]
        lines += [f"  #   {name}: {text}" for name, text in _other_languages(field, language)]
        lines += [f"  - id: {field.id}", f"    question_id: {NO_ID}"]
    return "\n".join(lines) + "\n"


def _importable(form: Form) -> list[FormField]:
    """What the quick import knows: it has no file questions."""
    return [field for field in form.fields if field.kind != "files"]


def _by_hand(form: Form, field: FormField) -> str:
    told = [KINDS[field.kind], "required" if field.required else "not required"]
    if field.show_when:
        asked = next(f for f in form.fields if f.id == field.show_when.field)
        options = [o for o in asked.options if o.id in field.show_when.any_of]
        names = ", ".join(say(option.label, "en") for option in options)
        told.append(f"branching: only after “{say(asked.label, 'en')}” = {names}")
    return "; ".join(told)


def _other_languages(field: FormField, language: str) -> list[tuple[str, str]]:
    return [(name, text) for name, text in field.label.items() if name != language]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
