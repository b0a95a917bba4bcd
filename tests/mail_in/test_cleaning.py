import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail_in.cleaning import clean_text, distinct_names, one_line, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("..\\..\\windows\\evil.txt", "evil.txt"),
        ("/etc/passwd", "passwd"),
        ("con", "_con"),
        ("LPT1.tar.gz", "_LPT1.tar.gz"),
        ("console.log", "console.log"),
        ('a<b>:"c|d?*.txt', "a_b___c_d__.txt"),
        (" .hidden. ", "hidden"),
        ("...", "attachment"),
        ("", "attachment"),
        ("été\u202etxt.exe", "ététxt.exe"),
        ("a\r\nBcc: x.txt", "a Bcc_ x.txt"),
    ],
)
def test_a_file_name_loses_what_could_harm(name: str, safe: str) -> None:
    assert safe_name(name, "attachment") == safe


def test_a_long_name_keeps_its_extension() -> None:
    safe = safe_name("n" * 500 + ".xlsx", "attachment")
    assert len(safe) == 120
    assert safe.endswith(".xlsx")


@given(st.text())
def test_a_safe_name_is_safe_already(name: str) -> None:
    safe = safe_name(name, "attachment")
    assert safe_name(safe, "attachment") == safe


@given(st.lists(st.sampled_from(["a.txt", "A.TXT", "a (2).txt", "b", "B", "n" * 120]), max_size=12))
def test_names_are_told_apart_without_regard_to_case(names: list[str]) -> None:
    distinct = distinct_names(names)
    assert len({name.casefold() for name in distinct}) == len(names)
    assert all(len(name) <= 120 for name in distinct)


@given(st.text())
def test_a_line_has_no_line_break_of_any_kind(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


def test_text_keeps_its_lines_tabs_and_right_to_left_marks() -> None:
    assert clean_text("a\r\nb\rc\td\u200f\x00\x1b") == "a\nb\nc\td\u200f"
