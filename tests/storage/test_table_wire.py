"""Answers of the Table service that the emulator does not give."""

import pytest

from shared.adapters import table_wire
from shared.adapters.table_wire import Refusal
from shared.ports import Delete, Insert, Put, Row, Write

WRITES: list[Write] = [Insert("a", "1"), Delete("b"), Put("c", "3")]


def answer(*parts: str) -> bytes:
    head = "--changesetresponse_1\r\nContent-Type: application/http\r\n"
    head += "Content-Transfer-Encoding: binary\r\n\r\n"
    inner = "".join(f"{head}{part}\r\n" for part in parts)
    return (
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
        f"{inner}--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    ).encode()


def ok(etag: str = "") -> str:
    return "HTTP/1.1 204 No Content\r\nDataServiceVersion: 3.0;\r\n" + (
        f"ETag: {etag}\r\n\r\n" if etag else "\r\n"
    )


def test_etags_come_in_the_order_of_the_writes() -> None:
    assert table_wire.etags(answer(ok('W/"1"'), ok(), ok('W/"3"')), WRITES) == [
        'W/"1"',
        "",
        'W/"3"',
    ]


def test_header_names_in_lower_case_and_http_1_0_are_understood() -> None:
    text = answer(ok('W/"1"'), ok(), ok('W/"3"')).replace(b"ETag", b"etag")

    assert table_wire.etags(text.replace(b"HTTP/1.1", b"HTTP/1.0"), WRITES) == [
        'W/"1"',
        "",
        'W/"3"',
    ]


def test_a_refusal_names_the_write_to_blame() -> None:
    body = '{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"2:x"}}}'

    assert table_wire.etags(
        answer(f"HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\n\r\n{body}"), WRITES
    ) == Refusal(409, "EntityAlreadyExists", 2)


@pytest.mark.parametrize("body", ["", "<error/>", '{"odata.error":{}}', '{"odata.error":null}'])
def test_a_refusal_without_reasons_keeps_its_status(body: str) -> None:
    assert table_wire.etags(answer(f"HTTP/1.1 500 Oops\r\n\r\n{body}"), WRITES) == Refusal(500, "")


@pytest.mark.parametrize("parts", [[], [ok('W/"1"')], [ok('W/"1"')] * 4])
def test_an_answer_to_something_else_is_an_error(parts: list[str]) -> None:
    with pytest.raises(ValueError, match="answers to 3 writes"):
        table_wire.etags(answer(*parts), WRITES)


def test_properties_that_others_added_to_an_entity_do_not_disturb() -> None:
    entity = {"RowKey": "k", "body1": "b", "body0": "a", "odata.etag": "e", "body3": "no"}

    assert table_wire.row_of(entity) == Row("k", "ab", "e")
