"""HTML bodies: sanitised for display, and read as text."""

import html as entities
import re
from collections.abc import Callable, Mapping

import nh3

_SCHEMES = frozenset({"http", "https", "mailto", "tel", "cid", "data"})
_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
    "p": {"dir"},
    "div": {"dir"},
}
_DROPPED_WHOLE = frozenset({"script", "style", "title"})

# An HTML5 parser re-opens formatting elements in every later block: a few kilobytes of
# attributes on them unfold to gigabytes. None of their attributes is kept, so they go first.
_FORMATTING = r"(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)"
_FORMATTING_ATTRIBUTES = re.compile(rf"(?i)<({_FORMATTING})[\s/][^<>]*>")
_FORMATTING_TAGS = re.compile(rf"(?i)</?{_FORMATTING}(?:[\s/][^<>]*)?>")
_NESTING = re.compile(
    r"<(/?)(div|span|blockquote|table|ul|ol|center|section|a|font)\b", re.IGNORECASE
)
_PLAIN_TAGS = 20_000
_TAGS = 200_000
_DEPTH = 500

_TOKEN = re.compile(r'<(/?)([a-z0-9]+)((?:[^<>"]|"[^"]*")*)>|([^<]+)')
_ATTRIBUTE = re.compile(r'(alt|href|src)="([^"]*)"')
_ANY_TAG = re.compile(r"<[^<>]*>")
_INVISIBLE = re.compile(r"(?is)<(style|script|head|title)\b[^<>]*>[^<]*")
_BLANKS = re.compile(r"[ \t\n\r\f\xa0]+")
_BLOCKS = frozenset(
    [
        *("p", "div", "br", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("hr", "pre", "blockquote", "center", "dt", "dd", "article", "header", "footer"),
        *("details", "summary", "figure", "caption"),
    ]
)
_SPACED = frozenset({"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "blockquote", "pre"})
_QUOTE_DEPTH = 10

_LOOKS_LIKE_HTML = re.compile(r"(?i)\s*(?:<!--[^<>]{0,200}-->\s*)?<(!doctype html|html|body)\b")


def looks_like_html(text: str) -> bool:
    """Whether text that calls itself plain is a page."""
    return _LOOKS_LIKE_HTML.match(text[:2000]) is not None


def sanitised(html: str, picture: Callable[[str], str | None]) -> str | None:
    """The body with harmless markup only, or None when it is too large or deep to be shown.

    `picture` gets the address of each image and returns the `cid:` address to keep, or None:
    nothing in the result loads anything from elsewhere.
    """
    defused = _defused(html)
    if defused is None:
        return None

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return picture(value.strip())
        if value.strip().lower().startswith(("data:", "cid:")):
            return None
        return value

    return nh3.clean(
        defused,
        tags=nh3.ALLOWED_TAGS - {"map", "area", "data", "bdo"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=keep,
        clean_content_tags=set(_DROPPED_WHOLE),
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )


def _defused(html: str) -> str | None:
    tags = html.count("<")
    if tags > _TAGS or html.count("&") > _TAGS or _depth(html) > _DEPTH:
        return None
    if tags > _PLAIN_TAGS:
        return _FORMATTING_TAGS.sub("", html)
    return _FORMATTING_ATTRIBUTES.sub(r"<\1>", html)


def _depth(html: str) -> int:
    depth = deepest = 0
    for tag in _NESTING.finditer(html):
        depth = max(0, depth - 1) if tag.group(1) else depth + 1
        deepest = max(deepest, depth)
    return deepest


def text_of(html: str) -> str:
    """The readable text of *sanitised* HTML; quotations become `> ` lines."""
    writer = _Writer()
    for token in _TOKEN.finditer(html):
        closing, tag, attributes, text = token.groups()
        if text is not None:
            writer.say(entities.unescape(text))
        elif closing:
            writer.close(tag)
        else:
            writer.open(tag, attributes)
    return writer.text()


def rough_text(html: str) -> str:
    """The text of HTML that is too large or deep to be parsed: tags are simply taken out."""
    text = _ANY_TAG.sub("\n", _INVISIBLE.sub("", html))
    return re.sub(r"\n\s+", "\n", entities.unescape(text)).strip()


class _Writer:
    """Lays out text the way that a plain-text mail would."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._pre = 0
        self._link = ""
        self._link_start = 0

    def say(self, text: str) -> None:
        if self._pre:
            first, *rest = text.split("\n")
            self._line.append(first)
            for line in rest:
                self._break()
                self._line.append(line)
            return
        text = _BLANKS.sub(" ", text)
        if text.strip() or (self._line and not self._line[-1].endswith(" ")):
            self._line.append(text if self._line else text.lstrip())

    def open(self, tag: str, attributes: str) -> None:
        values = dict(_ATTRIBUTE.findall(attributes))
        if tag in _BLOCKS and tag != "br":
            self._end_block(tag)
        match tag:
            case "br":
                self._break()
            case "blockquote":
                self._quotes += 1
            case "pre":
                self._pre += 1
            case "li":
                self._line.append("- ")
            case "td" | "th" if self._line:
                self._line.append("  ")
            case "img" if values.get("alt", "").strip():
                self.say(f"[{entities.unescape(values['alt']).strip()}]")
            case "a":
                self._link = entities.unescape(values.get("href", ""))
                self._link_start = len(self._line)

    def close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_block(tag)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag == "a":
            said = "".join(self._line[self._link_start :]).strip()
            if self._link.startswith("http") and said and said not in self._link:
                self._line.append(f" <{self._link}>")
            self._link = ""

    def text(self) -> str:
        self._end_block("div")
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        return "\n".join(self._lines).strip("\n")

    def _mark(self) -> str:
        return "> " * min(self._quotes, _QUOTE_DEPTH)

    def _break(self) -> None:
        self._lines.append((self._mark() + "".join(self._line)).rstrip())
        self._line = []
        self._link_start = 0

    def _end_block(self, tag: str) -> None:
        if self._line:
            self._break()
        if tag in _SPACED and self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._mark().rstrip())
