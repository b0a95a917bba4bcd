import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail_in.attachments import File, attachments
from shared.mail_in.model import MailAttachment
from shared.mail_in.smime import signed_content
from shared.mail_in.tnef import NotTnef, read_tnef


def attached(
    name: str, content: bytes, declared: str = "application/octet-stream"
) -> MailAttachment:
    return attachments([File(name, declared, content)])[0]


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.bin", PNG, "image/png"),
        ("a.bin", b"%PDF-1.7\n", "application/pdf"),
        ("a.csv", b"a;b\n", "text/plain"),
        ("a.txt", b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
        ("a.jpg", b"  <html><body>", "text/html"),
        ("a.jpg", b"<?xml version='1.0'?><svg xmlns='x'/>", "image/svg+xml"),
        ("a.dat", b"\0\1\2\3" * 9, "application/octet-stream"),
        ("a.zip", zipped("x.txt"), "application/zip"),
        (
            "a.dat",
            zipped("word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.dat", b"", "text/plain"),
    ],
)
def test_the_bytes_say_what_a_file_is(name: str, content: bytes, kind: str) -> None:
    assert attached(name, content).content_type == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"x"),
        ("a.pdf.js", b"x"),
        ("invoice.exe.zip", zipped("readme.txt")),
        ("a.zip", zipped("run.bat")),
        ("a.zip", zipped("inner.zip")),
        ("a.zip", b"PK\x03\x04 broken"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c"),
        ("a.docx", zipped("word/document.xml", "word/vbaProject.bin")),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le")),
        ("a.pdf", b"%PDF-1.7 /JavaScript (app.alert(1))"),
        ("a.txt", b"#!/bin/sh\n"),
        ("a.txt", b"hello <script>alert(1)</script>"),
        ("a.png", b"<svg onload=alert(1)>"),
        ("a.html", b"plain"),
    ],
)
def test_whatever_could_act_is_called_active(name: str, content: bytes) -> None:
    assert attached(name, content).active


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shot.png", PNG),
        ("a.pdf", b"%PDF-1.7 words"),
        ("a.log", b"500 error\n"),
        ("a.zip", zipped("data.csv", "notes.txt")),
        ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml")),
        ("mail from desk.example.com.pdf", b"%PDF-1.7"),
    ],
)
def test_harmless_files_are_not_called_active(name: str, content: bytes) -> None:
    assert not attached(name, content).active


def test_the_name_of_a_file_on_this_machine_is_not_opened() -> None:
    assert attached(__file__, b"\0\1").content_type == "application/octet-stream"


@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_file_is_examined(content: bytes, name: str) -> None:
    attached(name, content)
    attached(name + ".zip", b"PK\x03\x04" + content + b"PK\x05\x06" + content)


HEAD = struct.pack("<IH", 0x223E9F78, 1)


@given(st.binary(max_size=300))
def test_any_tnef_is_read_or_refused(content: bytes) -> None:
    blocks = struct.pack("<BHHI", 1, 0x9003, 6, len(content)) + content + b"\0\0"
    for data in (content, HEAD + content, HEAD + blocks):
        try:
            read_tnef(data)
        except NotTnef:
            continue


def test_a_tnef_that_claims_four_thousand_million_values_is_read_at_once() -> None:
    properties = struct.pack("<IHHI", 0xFFFFFFFF, 0x1002, 0x1234, 0xFFFFFFFF)
    block = struct.pack("<BHHI", 1, 0x9003, 6, len(properties)) + properties + b"\0\0"
    assert read_tnef(HEAD + block).files == []


@given(st.binary(max_size=300))
def test_any_signature_is_opened_or_not(content: bytes) -> None:
    prefix = bytes.fromhex("308006092a864886f70d010702a0803080")
    signed_content(content)
    signed_content(prefix + content)
