"""Decodes bytes whose declared charset may be missing, wrong or invented."""

import codecs
import re

# What senders write, and the superset that really reads it (https://encoding.spec.whatwg.org/
# #names-and-labels names most of these pairs).
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "unicode-1-1-utf-7": "utf-7",
    "x-gbk": "gb18030",
    "utf8mb4": "utf-8",
    "cp-850": "cp850",
}
_LATIN = frozenset({"iso8859-1", "cp1252", "ascii"})
# Python also keeps transforms and escapes among its codecs; mail may name none of them.
_TEXT_CODEC = re.compile(
    r"(utf-|utf_|ascii|iso8859|iso2022|cp\d|koi8|gb|big5|euc|shift_jis|mac-|hz|johab|tis)"
)
_SAMPLE = 32 * 1024
_GUESSABLE = 64  # below this many bytes a statistical guess is worse than Western European


def codec_for(label: str | None) -> str | None:
    """Python's name of the text codec that a charset label means, if it means one."""
    if not label:
        return None
    label = label.strip().strip("\"'").lower().partition("*")[0]
    label = _MEANT.get(label, label)
    if label in {"iso-8859-1", "latin1", "latin-1"}:
        return "iso8859-1"
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return name if _TEXT_CODEC.match(name) else None


def decode(data: bytes, label: str | None = None) -> tuple[str, str | None]:
    """The text, and what had to be repaired (None when the label was right)."""
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _strictly(data, "utf-8-sig" if data[0] == 0xEF else "utf-16")
        if text is not None:
            return text, None
    codec = codec_for(label)
    if codec is None:
        return _guessed(data, label)
    # UTF-8 under a Western label is the commonest lie; real Latin-1 hardly ever is valid UTF-8.
    tries = ("utf-8", "cp1252") if codec in _LATIN else (codec, "utf-8")
    for attempt in tries:
        text = _strictly(data, attempt)
        if text is not None:
            return text, _remark(data, codec, attempt, label)
    return _guessed(data, label)


def _remark(data: bytes, codec: str, used: str, label: str | None) -> str | None:
    if used == codec or data.isascii() or {codec, used} <= _LATIN:
        return None
    return f"text is {used}, not {_printable(label)}"


def _guessed(data: bytes, label: str | None) -> tuple[str, str | None]:
    """Undeclared or undecodable: UTF-8 if it is, else the likeliest charset of a sample."""
    remark = f"unknown charset {_printable(label)}" if label else None
    text = _strictly(data, "utf-8")
    if text is not None:
        return text, remark
    codec = _likeliest(data[:_SAMPLE]) if len(data) >= _GUESSABLE else None
    codec = codec or "cp1252"
    return data.decode(codec, "replace"), remark or f"undeclared 8-bit text read as {codec}"


def _likeliest(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415  costs 30 ms, needed rarely

    best = from_bytes(sample).best()
    return codec_for(best.encoding) if best else None


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _printable(label: str | None) -> str:
    return re.sub(r"[^\w.-]", "", label or "none", flags=re.ASCII)[:40]
