"""What every implementation of the port Rows does."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.errors import Conflict
from shared.ports import Delete, Insert, Put, Replace, Row, Rows, Write

P = "desk"
MANY = "".join(f"{number:05}," for number in range(5_200))  # 31 KB


async def keys(rows: Rows, low: str = "!", high: str = "~") -> list[str]:
    return [row.key for row in await rows.scan(P, low, high)]


async def test_a_committed_row_reads_back_with_the_etag_that_the_commit_returned(
    rows: Rows,
) -> None:
    [etag] = await rows.commit(P, [Insert("ticket|1", '{"a":1}')])

    assert await rows.get(P, "ticket|1") == Row("ticket|1", '{"a":1}', etag)
    assert await rows.scan(P, "ticket|", "ticket}") == [Row("ticket|1", '{"a":1}', etag)]


async def test_what_was_never_written_is_not_there(rows: Rows) -> None:
    assert await rows.get(P, "nothing") is None
    assert await rows.scan(P, "a", "z") == []


async def test_partitions_do_not_see_each_other(rows: Rows) -> None:
    await rows.commit("one", [Insert("k", "1")])
    await rows.commit("two", [Insert("k", "2")])

    row = await rows.get("one", "k")
    assert row is not None
    assert row.body == "1"
    assert len(await rows.scan("two", "a", "z")) == 1


async def test_each_kind_of_write_takes_effect_and_etags_come_in_order(rows: Rows) -> None:
    inserted = await rows.commit(P, [Insert("a", "1"), Insert("b", "1"), Insert("c", "1")])

    etags = await rows.commit(
        P,
        [
            Replace("b", "2", inserted[1]),
            Delete("c"),
            Put("a", "3"),
            Put("d", "4"),
            Insert("e", "5"),
        ],
    )

    assert etags[1] == ""
    found = await rows.scan(P, "a", "z")
    assert [(row.key, row.body) for row in found] == [
        ("a", "3"),
        ("b", "2"),
        ("d", "4"),
        ("e", "5"),
    ]
    assert [row.etag for row in found] == [etags[2], etags[0], etags[3], etags[4]]


async def test_an_etag_changes_at_each_write_even_of_the_same_text(rows: Rows) -> None:
    [first] = await rows.commit(P, [Insert("a", "1")])
    [second] = await rows.commit(P, [Replace("a", "1", first)])
    [third] = await rows.commit(P, [Put("a", "1")])

    assert len({first, second, third}) == 3


async def test_replacing_forgets_all_of_a_longer_body(rows: Rows) -> None:
    [etag] = await rows.commit(P, [Insert("a", MANY * 3)])
    [etag] = await rows.commit(P, [Replace("a", "short", etag)])

    assert await rows.get(P, "a") == Row("a", "short", etag)


@pytest.mark.parametrize(
    ("bad", "key", "exists"),
    [
        (Insert("there", "2"), "there", True),
        (Replace("there", "2", "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""), "there", False),
        (Replace("missing", "2", "*"), "missing", False),
        (Delete("missing"), "missing", False),
        (Delete("there", "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""), "there", False),
    ],
)
async def test_a_write_in_the_way_is_named_and_nothing_of_its_transaction_happens(
    rows: Rows, bad: Write, key: str, exists: bool
) -> None:
    await rows.commit(P, [Insert("there", "1")])

    with pytest.raises(Conflict) as caught:
        await rows.commit(P, [Insert("x", "1"), Put("y", "1"), bad, Insert("z", "1")])

    assert (caught.value.key, caught.value.exists) == (key, exists)
    assert [(row.key, row.body) for row in await rows.scan(P, "a", "z~")] == [("there", "1")]


async def test_a_scan_takes_the_lower_bound_and_leaves_the_upper(rows: Rows) -> None:
    await rows.commit(P, [Insert(key, "1") for key in ("a", "b", "c", "d")])

    assert await keys(rows, "b", "d") == ["b", "c"]
    assert await keys(rows, "b", "b") == []
    assert await keys(rows, "d", "b") == []


async def test_a_limit_takes_the_first_rows(rows: Rows) -> None:
    await rows.commit(P, [Insert(key, "1") for key in ("c", "a", "b")])

    assert [row.key for row in await rows.scan(P, "a", "z", limit=2)] == ["a", "b"]
    assert await rows.scan(P, "a", "z", limit=0) == []


async def test_a_scan_returns_more_rows_than_one_page_holds_in_order(rows: Rows) -> None:
    names = [f"k{number:04}" for number in range(1_105)]
    for start in range(0, len(names), 100):
        chunk = names[start : start + 100]
        await rows.commit(P, [Insert(key, key) for key in reversed(chunk)])

    assert await keys(rows) == names
    assert [row.key for row in await rows.scan(P, "k", "l", limit=1_001)] == names[:1_001]


async def test_rows_sort_by_utf_16_code_units(rows: Rows) -> None:
    # U+FF5E is beyond the surrogates that make up the emoji, though its code point is lower.
    names = ["Z", "a", "é", "😀", "～"]
    await rows.commit(P, [Insert(key, "1") for key in reversed(names)])

    assert await keys(rows, "A", "\uffff") == names


async def test_keys_may_hold_quotes_percent_signs_and_spaces(rows: Rows) -> None:
    names = ["a 'b' + c&d=e", "a%27b%2Fc", "a|b:c;d,e@f.g", 'a"b"<c>~{}[]()*!$^`']
    await rows.commit(P, [Insert(key, key) for key in names])

    for key in names:
        row = await rows.get(P, key)
        assert row is not None
        assert row.body == key
    await rows.commit(P, [Delete(key) for key in names])
    assert await keys(rows) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "😀" * 40_000,
        "a" + "😀" * 40_000,
        "\x01\x02\t\n\r\x1f\x7f\x85\ufffe",
        json.dumps({"quote": "' \" \\ <a>&amp;</a> --batch_ \r\nHTTP/1.1 500 \r\nETag: x"}),
        "HTTP/1.1 500 no\r\nETag: no\r\n\r\n--changeset--",
        MANY * 16,
        "  surrounded by spaces  ",
    ],
    ids=["empty", "emoji", "odd emoji", "controls", "quotes", "http", "500 KB", "spaces"],
)
async def test_a_body_reads_back_exactly(rows: Rows, body: str) -> None:
    await rows.commit(P, [Insert("other", "x"), Put("k", body)])

    row = await rows.get(P, "k")
    assert row is not None
    assert row.body == body
    assert (await rows.scan(P, "k", "l"))[0].body == body


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    repeat=st.integers(1, 9_000),
)
async def test_any_text_reads_back_exactly(rows: Rows, body: str, repeat: int) -> None:
    long = (body * repeat)[:130_000]

    await rows.commit(P, [Put("k", long)])

    row = await rows.get(P, "k")
    assert row is not None
    assert row.body == long


async def test_no_writes_cost_no_call(rows: Rows, calls: list[str]) -> None:
    assert await rows.commit(P, []) == []
    assert calls == []


async def test_each_operation_costs_one_call(rows: Rows, calls: list[str]) -> None:
    await rows.commit(P, [Insert("first", "1")])
    calls.clear()

    await rows.commit(P, [Insert("k", "1"), Put("l", "2")])
    await rows.get(P, "k")
    await rows.scan(P, "a", "z")
    await rows.ping()

    assert calls == ["table.commit", "table.get", "table.scan", "table.ping"]


async def attempt(rows: Rows, *writes: Write) -> Conflict | None:
    """The conflict that the commit met, if any."""
    try:
        await rows.commit(P, writes)
    except Conflict as conflict:
        return conflict
    return None


async def test_of_twenty_writers_on_one_row_one_wins_each_round(rows: Rows) -> None:
    await rows.commit(P, [Insert("counter", "0")])

    for turn in range(5):
        seen = await rows.get(P, "counter")
        assert seen is not None
        change = Replace("counter", str(turn + 1), seen.etag)
        met = await asyncio.gather(
            *(attempt(rows, change, Insert(f"{turn}|{writer}", "1")) for writer in range(20))
        )
        lost = [(conflict.key, conflict.exists) for conflict in met if conflict]
        assert lost == [("counter", False)] * 19

    assert [row.key[0] for row in await rows.scan(P, "0", "9")] == ["0", "1", "2", "3", "4"]
    final = await rows.get(P, "counter")
    assert final is not None
    assert final.body == "5"


async def test_of_twenty_that_insert_the_same_row_one_wins(rows: Rows) -> None:
    met = await asyncio.gather(
        *(
            attempt(rows, Insert("key|form-1", str(n)), Insert(f"ticket|{n}", "1"))
            for n in range(20)
        )
    )

    lost = [(conflict.key, conflict.exists) for conflict in met if conflict]
    assert lost == [("key|form-1", True)] * 19
    assert len(await rows.scan(P, "ticket|", "ticket}")) == 1
