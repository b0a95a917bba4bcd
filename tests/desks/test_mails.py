"""Every notice of every shipped desk makes a mail in every language, whatever people write."""

import html
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shared.config import load_desks
from shared.config_check import check_desks
from shared.desk_check.mails import sample_texts
from shared.desk_check.samples import Sample, Wording, samples
from shared.domain.desk import Desk, Notice
from shared.ports import Mail

DESKS = Path(__file__).resolve().parents[2] / "desks"
HOSTILE = Wording(
    title="<script>alert('t')</script> & {{ 7 * 7 }}\r\nBcc: x@example.org",
    text="<img src=x onerror=alert('d')>\n\n</td></table><a href=javascript:alert(1)>x</a>",
    answer="<b onclick=alert('a')>bold</b> {% raw %} %s",
)
MARKERS = {
    "en": "##- Please type your reply above this line -##",
    "fr": "##- Veuillez répondre au-dessus de cette ligne -##",
}


class Page(HTMLParser):
    """What a mail program would see."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.sources: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = dict(attrs)
        self.links += [known["href"] or ""] if "href" in known else []
        self.sources += [known["src"] or ""] if "src" in known else []
        assert not any(name.startswith("on") for name, _ in attrs), self.get_starttag_text()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _all(wording: Wording) -> Iterator[tuple[Desk, Notice, Sample, Mail]]:
    texts = sample_texts(DESKS)
    for desk in load_desks(DESKS).values():
        for notice in desk.notices:
            for sample in samples(desk, notice, wording):
                mail = texts.mail(desk, sample.ticket, sample.history, sample.owed, "key")
                yield desk, notice, sample, mail


PLAIN = list(_all(Wording()))
WORST = list(_all(HOSTILE))


def test_every_notice_is_tried_in_every_language_of_its_readers() -> None:
    tried = {(d.id, n.id, s.owed.language) for d, n, s, _ in PLAIN}
    for desk in load_desks(DESKS).values():
        for notice in desk.notices:
            languages = desk.languages if notice.audience == "client" else ("en",)
            assert {(desk.id, notice.id, language) for language in languages} <= tried


def test_the_subject_carries_the_number_on_one_line() -> None:
    for _, _, sample, mail in (*PLAIN, *WORST):
        assert f"[{sample.ticket.number}]" in mail.subject
        assert "\n" not in mail.subject
        assert "\r" not in mail.subject


def test_the_link_stands_in_both_twins() -> None:
    for _, notice, sample, mail in PLAIN:
        path = "/r/" if notice.audience == "client" else f"/tickets/{sample.ticket.number}"
        (link,) = {each for each in Page(mail.html).links if path in each}
        assert link in mail.text


def test_no_value_shows_as_code() -> None:
    for _, notice, _, mail in PLAIN:
        for text in (mail.subject, mail.text, " ".join(Page(mail.html).words)):
            assert not re.search(
                r"\bNone\b|\bFalse\b|\bTrue\b|\{\{|\{%|Undefined|frozenset", text
            ), notice.id


def test_what_people_write_stays_text() -> None:
    for _, notice, _, mail in WORST:
        page = Page(mail.html)
        assert not {"script", "img", "b", "iframe"} & set(page.tags), notice.id
        assert page.sources == []
        assert not any(link.startswith("javascript") for link in page.links)
        assert "{{ 7 * 7 }}" in " ".join(page.words), notice.id


def test_no_mail_loads_anything_from_outside() -> None:
    for _, _, _, mail in PLAIN:
        assert Page(mail.html).sources == []
        assert "url(" not in mail.html
        assert "@import" not in mail.html


def test_a_client_may_answer_above_the_line_in_their_language() -> None:
    for _, notice, sample, mail in PLAIN:
        if notice.audience == "client":
            marker = MARKERS[sample.owed.language]
            assert mail.text.startswith(marker)
            assert marker in mail.html
        else:
            assert "##-" not in mail.text


def test_the_french_mails_are_french_throughout() -> None:
    english = re.compile(r"\b(your|request|the|hello|and|we)\b", re.IGNORECASE)
    for _, notice, sample, mail in PLAIN:
        if sample.owed.language == "fr":
            written = (Wording().title, Wording().text, Wording().answer)
            text = mail.text
            for part in (*written, *Wording().text.splitlines()):
                text = text.replace(part, "") if part else text
            assert not english.search(re.sub(r"https?://\S+", "", text)), notice.id


def test_the_text_twin_says_what_the_html_says() -> None:
    for _, notice, sample, mail in PLAIN:
        said = " ".join(Page(mail.html).words)
        for part in (sample.ticket.title, sample.ticket.number):
            assert part in html.unescape(said)
            assert part in mail.text
        if notice.on in ("replied", "client_replied", "not_our_problem"):
            assert Wording().answer in mail.text
            assert Wording().answer in said


def test_the_confirmation_says_what_was_sent_and_what_is_promised() -> None:
    for desk, notice, sample, mail in PLAIN:
        if notice.id != "request_received":
            continue
        severity = desk.severity_by_id[sample.ticket.severity]
        language = sample.owed.language
        text = " ".join(mail.text.split())
        said = " ".join(" ".join(Page(mail.html).words).split())
        for part in (
            sample.ticket.number,
            "We see error 500.",
            "error 500.png",
            severity.definition.get(language, severity.definition["en"]),
        ):
            assert " ".join(part.split()) in text
            assert " ".join(part.split()) in said


def test_the_door_desk_confirms_with_all_severities_and_their_targets() -> None:
    for desk, notice, _, mail in PLAIN:
        if desk.id == "door" and notice.id == "request_received":
            said = " ".join(" ".join(Page(mail.html).words).split())
            for severity in desk.severities:
                hours = severity.resolution_target.total_seconds() / 3600
                assert f"{hours:.0f} hours" in said
                assert " ".join(severity.definition["en"].split()) in said


def test_the_devops_number_is_confirmed_once_it_is_known() -> None:
    texts = sample_texts(DESKS)
    desk = load_desks(DESKS)["mytc"]
    notice = next(n for n in desk.notices if n.on == "opened" and n.audience == "client")
    sample = next(iter(samples(desk, notice)))
    early = sample.ticket.model_copy(update={"work_items": ()})

    with_number = texts.mail(desk, sample.ticket, sample.history, sample.owed, "key")
    without = texts.mail(desk, early, sample.history, sample.owed, "key")

    assert "#1234" in with_number.text
    assert "#1234" in with_number.html
    assert "DevOps" not in without.text + without.html


def test_a_production_issue_is_unmistakable_to_the_lead() -> None:
    for desk, notice, sample, mail in PLAIN:
        if desk.id == "mytc" and notice.id == "new_request":
            is_marked = "[PRODUCTION]" in mail.subject
            assert is_marked == (sample.ticket.type == "production_issue")
            assert ("PRODUCTION" in Page(mail.html).words) == is_marked


def _copy(folder: Path) -> Path:
    shutil.copytree(DESKS, folder / "desks")
    return folder / "desks"


def test_a_missing_template_is_said_at_its_notice(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / "mytc/mail/resolved/body.fr.html").unlink()

    (mistake,) = check_desks(folder)

    line = (folder / "mytc/desk.yaml").read_text("utf-8").splitlines()[mistake.line - 1]
    assert "{id: resolved, on: resolved" in line
    assert "mytc/mail/resolved/body.fr.html is missing" in mistake.message


def test_a_template_that_fails_is_said_with_its_line(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    path = folder / "door/mail/closed/body.txt"
    path.write_text("Hello\n{{ t.titel }}\n", encoding="utf-8")

    (mistake,) = check_desks(folder)

    assert (mistake.file, mistake.line) == (path, 2)
    assert "titel" in mistake.message


def test_a_template_that_is_no_template_is_said_with_its_line(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    path = folder / "door/mail/closed/body.html"
    path.write_text("<p>\n<b>\n{% if %}\n", encoding="utf-8")

    (mistake,) = check_desks(folder)

    assert (mistake.file, mistake.line) == (path, 3)


def test_a_subject_without_the_number_is_a_mistake(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / "door/mail/closed/subject.txt").write_text("Closed\n", encoding="utf-8")

    (mistake,) = check_desks(folder)

    assert "the subject must hold the ticket's number" in mistake.message


def test_texts_that_no_notice_sends_are_a_mistake(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    shutil.copytree(folder / "door/mail/closed", folder / "door/mail/close")

    (mistake,) = check_desks(folder)

    assert "no notice of door has the id 'close'" in mistake.message


@pytest.mark.parametrize("desk", ["mytc", "door"])
def test_one_person_gets_no_two_mails_that_open_a_request(desk: str) -> None:
    found = load_desks(DESKS)[desk]
    audiences = [notice.audience for notice in found.notices if notice.on == "opened"]

    assert sorted(audiences) == ["client", "staff"]
