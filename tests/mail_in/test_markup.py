import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail_in.flowed import unflow
from shared.mail_in.language import guess_language
from shared.mail_in.markup import looks_like_html, rough_text, sanitised, text_of


def clean(html: str) -> str:
    return (
        sanitised(html, lambda address: address if address.startswith("cid:") else None)
        or "(not shown)"
    )


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe src='https://evil.example'></iframe>",
        "<form action='https://evil.example'><input name=password></form>",
        "<style>@import 'https://evil.example/x.css'</style>",
        "<p style='background:url(https://evil.example/p.gif)'>x</p>",
        "<img src='https://evil.example/p.gif' srcset='https://evil.example/q.gif 2x'>",
        "<img src='//evil.example/p.gif'>",
        "<table background='https://evil.example/p.gif'><tr><td>x</table>",
        "<link rel=stylesheet href='https://evil.example/x.css'>",
        "<meta http-equiv=refresh content='0;https://evil.example'>",
        "<video poster='https://evil.example/p.gif'></video>",
        "<base href='https://evil.example'>",
    ],
)
def test_nothing_in_a_shown_body_acts_or_loads(html: str) -> None:
    shown = clean(html)
    assert "alert" not in shown
    assert "evil.example" not in shown


def test_links_open_without_telling_where_from() -> None:
    assert 'rel="noopener noreferrer nofollow"' in clean('<a href="https://x.example">x</a>')


@pytest.mark.parametrize("html", ["<div>" * 5000, "&a" * 300_000, "<i>x" * 300_000])
def test_a_body_that_would_exhaust_the_parser_is_not_shown(html: str) -> None:
    assert clean(html) == "(not shown)"


def test_formatting_that_multiplies_itself_stays_small() -> None:
    html = "".join(f"<b id={n}>" for n in range(300)) + "x<p>y" * 3000
    assert len(clean(html)) < 50 * len(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b<div>c</div>d", "a\nb\nc\nd"),
        ("<ul><li>x<li>y</ul>", "- x\n- y"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a  b\nc"),
        ("hi<blockquote>old<br>words</blockquote>", "hi\n\n> old\n> words"),
        ('<a href="https://x.example/p">here</a>', "here <https://x.example/p>"),
        ('<a href="https://x.example">x.example</a>', "x.example"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a&nbsp;&lt;b&gt; &amp;  c", "a <b> & c"),
        ('<img src="cid:x" alt="logo">', "[logo]"),
    ],
)
def test_a_page_reads_like_a_plain_mail(html: str, text: str) -> None:
    assert text_of(clean(html)).replace("\n\n\n", "\n\n") == text


@given(st.text(alphabet='<>/="abipdv &;', max_size=300))
def test_any_markup_is_sanitised_to_the_same_again(html: str) -> None:
    once = clean(html)
    assert clean(once) == once
    text_of(once)
    rough_text(html)


def test_a_page_is_known_by_its_first_tag_only() -> None:
    assert looks_like_html(" <!-- x --> <HTML lang=en>")
    assert not looks_like_html("use <html> as the first tag")


def test_flowed_quotations_keep_their_depth() -> None:
    assert unflow("> a \n> b\n>> c \n>> d\ne", delete_space=False) == "> a b\n>> c d\ne"


def test_flowed_text_keeps_stuffed_spaces_and_the_signature_line() -> None:
    assert unflow(" From here\n-- \nJane", delete_space=False) == "From here\n-- \nJane"


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("The report is empty and we cannot work", "", "en"),
        ("Le rapport est vide et nous ne pouvons pas travailler", "", "fr"),
        ("Der Bericht ist leer und wir können nicht arbeiten", "", "de"),
        ("500", "fr-CA", "fr"),
        ("500", "it", None),
        ("", "", None),
    ],
)
def test_the_language_is_guessed_from_the_words_first(
    text: str, declared: str, language: str | None
) -> None:
    assert guess_language(text, declared) == language
