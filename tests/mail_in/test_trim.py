import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail_in.trim import REPLY_MARKERS, is_forward, new_part

HISTORY = "Dear Jane,\nwe have received it.\n"
QUOTED = "> Dear Jane,\n> we have received it.\n"


@pytest.mark.parametrize(
    "head",
    [
        "On Tue, Mar 4, 2025 at 10:12 AM Desk <support@desk.example> wrote:\n",
        "On Tuesday, March 4th, 2025 at 10:12 AM, Desk <support@desk.example>\nwrote:\n",
        "Le mar. 4 mars 2025 à 10:12, Desk <support@desk.example> a écrit\u202f:\n",
        "Am 04.03.25 um 10:12 schrieb Desk <support@desk.example>:\n",
        "Desk <support@desk.example> wrote on 3/4/2025:\n",
        "Il giorno mar 4 mar 2025 alle ore 10:12 Desk <support@desk.example> ha scritto:\n",
        "*From:* Desk <support@desk.example>\n*Sent:* Tuesday\n*To:* Jane\n*Subject:* x\n",
        "De: Desk\nDate: 4 mars 2025\nObjet: x\n",
        "De : Desk\nEnvoyé : mardi\nÀ : Jane\nObjet : x\n",
        "Von: Desk\nDatum: 4. März\nAn: Jane\nBetreff: x\n",
        "-----Message d'origine-----\n",
        "-----Ursprüngliche Nachricht-----\n",
        "________________________________\nFrom: Desk\nSent: Tuesday\nTo: Jane\n",
        *(marker + "\n" for marker in REPLY_MARKERS.values()),
    ],
)
@pytest.mark.parametrize("history", [HISTORY, QUOTED])
def test_history_is_cut_off_below_the_line_of_every_program(head: str, history: str) -> None:
    assert new_part(f"My answer.\n\n{head}\n{history}") == "My answer."


@pytest.mark.parametrize(
    "head",
    [
        "Op di 4 mrt 2025 om 10:12 schreef Desk <support@desk.example>:\n",
        "Em ter., 4 de mar. de 2025 às 10:12, Desk <support@desk.example> escreveu:\n",
        *("> " + marker + "\n" for marker in REPLY_MARKERS.values()),
    ],
)
def test_quoted_history_is_cut_off_with_what_introduces_it(head: str) -> None:
    assert new_part(f"My answer.\n\n{head}\n{QUOTED}") == "My answer."


@pytest.mark.parametrize(
    "text",
    [
        "From: May\nTo: June\nthe list is wrong",
        "Subject: the list\nDate: tomorrow\nis all I see",
        "On 3 March the server wrote:\nERROR 42",
        "The log says that module X wrote:\nERROR 42",
        "Le 3 mars, le serveur a écrit :\nERREUR 42",
        "Thanks, but the report is still empty",
        "We need\n- one\n- two\n-- three",
        "Best regards to the team, and\nplease look again",
        "CAUTION: the mail import\nwrites twice",
        "a\n----------\nb",
        "> quoted by me\nand commented",
    ],
)
def test_the_writers_own_words_are_never_cut(text: str) -> None:
    assert new_part(text) == text


@pytest.mark.parametrize(
    "last",
    [
        *("Sent from my iPhone", "Get Outlook for Android<https://aka.example/x>"),
        *("Envoyé de mon iPhone", "Envoyé depuis mon mobile", "Von meinem iPhone gesendet"),
        "[cid:image001.png@01DB8D00.1A2B]",
        *("Gesendet von meinem Galaxy", "-- \nJane Roe\nClient Ltd", "--\nJane"),
    ],
)
def test_a_signature_at_the_end_is_left_out(last: str) -> None:
    assert new_part(f"Yes.\n\n{last}\n") == "Yes."


def test_a_sentence_in_the_middle_is_no_phone_signature() -> None:
    text = "Sent from my iPhone is what the mail says\nbut the export fails"
    assert new_part(text) == text


def test_answers_between_and_below_quotations_stay() -> None:
    text = f"On 3/4/25 10:12, Desk wrote:\n{QUOTED}It is Firefox.\n> Since when?\nMonday."
    assert new_part(text) == text


def test_answers_between_quotations_below_our_marker_stay() -> None:
    text = f"See below.\n> {REPLY_MARKERS['en']}\n> Which browser?\nFirefox."
    assert "Firefox." in new_part(text)


def test_a_signature_below_the_quotation_is_no_answer() -> None:
    text = f"Fine.\n\nOn 3/4/25 10:12, Desk wrote:\n{QUOTED}\n-- \nJane\n"
    assert new_part(text) == "Fine."


def test_a_mail_that_is_nothing_but_history_is_shown_whole() -> None:
    assert new_part(QUOTED) == QUOTED.strip()


@pytest.mark.parametrize("subject", ["FW: x", "Fwd: x", "TR: x", "Tr : x", "WG: x", "[EXT] Fw: x"])
def test_a_forward_is_known_by_its_subject_and_kept_whole(subject: str) -> None:
    text = "See\n\nFrom: C <c@x.example>\nSent: Monday\nTo: D\nSubject: y\n\nthe matter"
    assert is_forward(subject, text)
    assert new_part(text, forwarded=True) == text


def test_a_reply_that_quotes_a_forward_is_no_forward() -> None:
    head = "No.\nOn 3/4/25 10:12, Desk <d@x.example> wrote:\n"
    text = f"{head}{QUOTED}> -------- Forwarded Message --------\n"
    assert not is_forward("Re: x", text)


@given(st.text(alphabet="> \n-_:@1aOn wroteFromSent#", max_size=200))
def test_nothing_is_invented_and_something_is_always_left(text: str) -> None:
    shown = new_part(text)
    assert shown.strip() in text or not shown.strip() or "\n" in shown
    assert bool(shown.strip()) == bool(text.strip())
