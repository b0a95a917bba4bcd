"""Messages are cut to size without breaking them."""

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.teams_size import SHORTENED, shorten_card, shorten_html, size_of

TAGS = st.sampled_from(["p", "b", "ul", "li", "em"])
HTML = st.recursive(
    st.text(alphabet="ab é<>&", max_size=40).map(
        lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    ),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


class Balance(HTMLParser):
    """Fails when elements are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(HTML, st.integers(0, 200))
def test_shortened_html_closes_what_it_opens(text: str, room: int) -> None:
    balance = Balance()
    balance.feed(shorten_html(text, room))
    assert balance.open == []


@given(HTML, st.integers(0, 200))
def test_html_that_fits_is_left_alone_and_other_html_is_marked(text: str, room: int) -> None:
    shortened = shorten_html(text, room)
    if len(text.encode()) <= room:
        assert shortened == text
    else:
        assert SHORTENED in shortened


CARDS = st.lists(st.text(max_size=2_000), max_size=8).map(
    lambda texts: {
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": text} for text in texts],
    }
)


@given(CARDS, st.integers(500, 6_000))
def test_a_shortened_card_fits_and_is_still_a_card(card: dict[str, object], room: int) -> None:
    before = json.dumps(card)
    shortened = shorten_card(card, room)
    assert size_of(json.dumps(shortened)) <= room
    assert shortened["type"] == "AdaptiveCard"
    assert json.dumps(card) == before


@given(st.sampled_from("x字é"), st.integers(300, 5000))
def test_a_text_without_blanks_is_cut_and_not_lost(letter: str, room: int) -> None:
    shortened = shorten_html(f"<p>{letter * 20_000}</p>", room)
    kept = len((letter * shortened.count(letter)).encode())
    assert room - 500 < kept <= room
