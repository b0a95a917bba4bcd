"""The limits of Azure's tables, which hold in every implementation of the port Rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters import storage_limits as limits
from shared.ports import Delete, Insert, Put, Replace, Rows

P = "desk"


async def test_a_hundred_writes_are_one_transaction_and_one_more_is_refused(
    rows: Rows, calls: list[str]
) -> None:
    await rows.commit(P, [Insert("first", "1")])
    calls.clear()

    assert len(await rows.commit(P, [Insert(f"{n:03}", "1") for n in range(100)])) == 100
    with pytest.raises(ValueError, match="transaction of 101 writes, at most 100"):
        await rows.commit(P, [Insert(f"x{n:03}", "1") for n in range(101)])
    assert calls == ["table.commit"]


async def test_a_row_of_one_mebibyte_is_stored_and_more_is_refused(rows: Rows) -> None:
    # The service counts two bytes for each UTF-16 code unit.
    fits = "x" * 523_900

    await rows.commit(P, [Insert("k", fits)])

    row = await rows.get(P, "k")
    assert row is not None
    assert row.body == fits
    with pytest.raises(ValueError, match=r"row 'big': 10\d{5} bytes, at most 1048576"):
        await rows.commit(P, [Insert("big", fits + "x" * 400)])


async def test_a_transaction_beyond_four_mebibytes_is_refused_before_it_is_sent(
    rows: Rows, calls: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"transaction of 4\d{6} bytes, at most 4194304"):
        await rows.commit(P, [Insert(f"k{number}", "x" * 470_000) for number in range(9)])
    assert calls == []


@pytest.mark.parametrize("key", ["", "a/b", "a\\b", "a#b", "a?b", "a\x1fb", "a\x85b", "x" * 513])
async def test_a_key_that_azure_forbids_is_refused_everywhere(rows: Rows, key: str) -> None:
    for attempt in (
        rows.get(P, key),
        rows.get(key, "k"),
        rows.scan(key, "a", "b"),
        rows.commit(P, [Insert(key, "1")]),
        rows.commit(key, [Insert("k", "1")]),
    ):
        with pytest.raises(ValueError, match=r"UTF-16|must be given and free of"):
            await attempt


async def test_half_a_surrogate_pair_is_refused(rows: Rows) -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        await rows.commit(P, [Insert("k", "\ud83d")])


async def test_a_row_twice_in_a_transaction_is_refused(rows: Rows) -> None:
    with pytest.raises(ValueError, match="row 'k': twice"):
        await rows.commit(P, [Put("k", "1"), Delete("k")])


async def test_a_replace_without_etag_is_refused(rows: Rows) -> None:
    with pytest.raises(ValueError, match="row 'k': Replace needs an etag"):
        await rows.commit(P, [Replace("k", "1", "")])


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 40_000))
def test_the_pieces_of_a_body_fit_a_property_each_and_make_it_up(text: str, repeat: int) -> None:
    body = (text * repeat)[:100_000]

    pieces = limits.parts(body)

    assert "".join(pieces) == body
    assert all(len(piece.encode("utf-16-le")) // 2 <= 32_000 for piece in pieces)
