"""Finds out what an attachment really is, and whether it could act when opened."""

import re
import struct
from io import BytesIO

_HEAD = 4096
_PROGRAMS = {
    b"MZ": "application/vnd.microsoft.portable-executable",
    b"\x7fELF": "application/x-elf",
    b"\xca\xfe\xba\xbe": "application/java-vm",
    b"\xcf\xfa\xed\xfe": "application/x-mach-binary",
    b"\xfe\xed\xfa\xcf": "application/x-mach-binary",
    b"L\0\0\0\x01\x14\x02\0": "application/x-ms-shortcut",
    b"#!": "text/x-shellscript",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_OOXML = "application/vnd.openxmlformats-officedocument."
_ZIP_KINDS = {
    "word/": _OOXML + "wordprocessingml.document",
    "xl/": _OOXML + "spreadsheetml.sheet",
    "ppt/": _OOXML + "presentationml.presentation",
    "META-INF/MANIFEST.MF": "application/java-archive",
}
_OLE_KINDS = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "msi": "application/x-msi",
}
_MARKUP = re.compile(
    rb"(?i)<(!doctype html|html|head|body|script|iframe|svg|xsl:|xhtml|math|\?xml|\?xml-stylesheet)"
)
_SVG = re.compile(rb"(?i)<svg[\s>]")
_XML = re.compile(rb"(?i)^\s*(\xef\xbb\xbf)?<\?xml")

# Opened by a double click, or run by a browser, an office program or a shell.
_ACTIVE_NAMES = frozenset(
    [
        *("exe", "com", "scr", "pif", "bat", "cmd", "msi", "msp", "msix", "appx", "dll", "cpl"),
        *("sys", "drv", "ps1", "psm1", "psd1", "vbs", "vbe", "vb", "js", "jse", "mjs", "ws"),
        *("wsf", "wsc", "wsh", "hta", "jar", "jnlp", "class", "lnk", "url", "scf", "reg", "inf"),
        *("chm", "hlp", "gadget", "application", "appref-ms", "sct", "msc", "ade", "adp", "mde"),
        *("html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "svgz", "xml", "xsl"),
        *("xslt", "swf", "docm", "dotm", "xlsm", "xltm", "xlam", "xll", "pptm", "potm", "ppam"),
        *("ppsm", "sldm", "iqy", "slk", "one", "sh", "bash", "zsh", "command", "app", "dmg"),
        *("pkg", "deb", "rpm", "run", "apk", "ipa", "py", "pyw", "pl", "php", "rb", "asp"),
        *("aspx", "jsp", "settingcontent-ms", "library-ms", "search-ms", "desktop", "workflow"),
    ]
)
# Archives that are not looked into here count as if they held the worst.
_CLOSED_ARCHIVES = frozenset(
    "7z rar tar gz tgz bz2 xz zst cab iso img vhd vhdx ace arj lzh z zipx".split()  # noqa: SIM905
)
_ACTIVE_TYPES = frozenset(
    [
        *("text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml"),
        *("application/java-archive", "application/x-msi", *_PROGRAMS.values()),
    ]
)
_MACROS = (b"vbaProject.bin", "_VBA_PROJECT".encode("utf-16-le"), b"Macros\0V\0B\0A")
_PDF_ACTIONS = (b"/JavaScript", b"/Launch")
_END_OF_ZIP = b"PK\x05\x06"
_DIRECTORY_BYTES = 4 * 2**20
_BROKEN_ZIP = (
    struct.error,
    ValueError,
    ArithmeticError,
    LookupError,
    OSError,
    EOFError,
    RuntimeError,
)


def real_type(content: bytes, declared: str, name: str) -> str:
    """The media type by the bytes; the declared one only for text, where bytes cannot tell."""
    head = content[:_HEAD]
    for magic, kind in _PROGRAMS.items():
        if head.startswith(magic):
            return kind
    if head.startswith(_ZIP):
        return _zip_type(_names_in_zip(content) or [])
    if head.startswith(_OLE):
        return _OLE_KINDS.get(_extension(name), "application/x-ole-storage")
    return _markup_type(head) or _by_magic(content) or _text_type(head, declared)


def _markup_type(head: bytes) -> str | None:
    if not _MARKUP.search(head) or b"\0" in head[:512]:
        return None
    if _SVG.search(head):
        return "image/svg+xml"
    return "application/xml" if _XML.match(head) else "text/html"


def _by_magic(content: bytes) -> str | None:
    import puremagic  # noqa: PLC0415  reads its 200 KB table on import

    # Never hand it a file name: it would open a file of that name.
    found = puremagic.magic_string(content[: 2 * _HEAD]) if content else []
    sure = [each for each in found if each.confidence >= 0.3 and each.mime_type]
    return str(sure[0].mime_type) if sure else None


def _text_type(head: bytes, declared: str) -> str:
    if b"\0" in head:
        return "application/octet-stream"
    plain = declared.startswith("text/") and declared not in _ACTIVE_TYPES
    if declared == "text/plain" or plain:
        return declared
    try:
        head[:-4].decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain"


def _zip_type(names: list[str]) -> str:
    for start, kind in _ZIP_KINDS.items():
        if any(name.startswith(start) for name in names):
            return kind
    return "application/zip"


def is_active(content: bytes, kind: str, name: str) -> bool:
    """Whether it could run something, or hide something that could."""
    if _is_active_name(name) or kind in _ACTIVE_TYPES:
        return True
    if any(mark in content for mark in _MACROS):
        return True
    if kind == "application/pdf":
        return any(action in content for action in _PDF_ACTIONS)
    return content.startswith(_ZIP) and _holds_active(content)


def _is_active_name(name: str) -> bool:
    *inner, last = [part.strip().lower() for part in name.split(".")][1:] or [""]
    hidden = last == "zip" and not _ACTIVE_NAMES.isdisjoint(inner)
    return hidden or last in _ACTIVE_NAMES or last in _CLOSED_ARCHIVES


def _holds_active(archive: bytes) -> bool:
    names = _names_in_zip(archive)
    if names is None:
        return True
    office = any(name.startswith(("word/", "xl/", "ppt/")) for name in names)
    harmless = {"xml"} if office else set()
    extensions = {_extension(name) for name in names}
    return bool(extensions & ((_ACTIVE_NAMES | _CLOSED_ARCHIVES | {"zip"}) - harmless))


def _names_in_zip(archive: bytes) -> list[str] | None:
    """The names that a zip's directory lists; None when it is broken or unreasonably long."""
    end = archive.rfind(_END_OF_ZIP, max(0, len(archive) - 66_000))
    if end < 0 or int.from_bytes(archive[end + 12 : end + 16], "little") > _DIRECTORY_BYTES:
        return None
    import zipfile  # noqa: PLC0415  brings every compressor along, needed for few mails

    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            return opened.namelist()
    except (zipfile.BadZipFile, *_BROKEN_ZIP):
        return None


def _extension(name: str) -> str:
    return name.rpartition(".")[2].strip().lower() if "." in name else ""
