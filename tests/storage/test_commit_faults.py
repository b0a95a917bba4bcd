"""What a commit makes of lost requests, lost answers and refusals."""

import asyncio
import socket

import pytest

from local.azurite import Ports, connection_string
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.domain.errors import Conflict, Rejected, Unavailable, Unknown
from shared.ports import Insert, Put, Row
from tests.storage.conftest import QUICK
from tests.support.proxy import CuttingProxy

P = "desk"
BATCH = "$batch"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_commit_whose_answer_is_lost_is_unknown_and_not_sent_again(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.cut_after(path=BATCH)

    with pytest.raises(Unknown):
        await proxied.commit(P, [Insert("new", "1")])

    assert calls == ["table.commit"]
    assert await proxied.get(P, "new") is not None


async def test_something_may_happen_between_the_effect_and_the_loss_of_its_answer(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.cut_after(path=BATCH, meanwhile=lambda: calls.append("crash"))

    with pytest.raises(Unknown):
        await proxied.commit(P, [Insert("new", "1")])

    assert calls == ["table.commit", "crash"]
    assert [(seen.method, seen.path.endswith(BATCH)) for seen in tables.requests][-1:] == [
        ("POST", True)
    ]


async def test_a_commit_that_is_lost_on_its_way_is_unknown_and_not_sent_again(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.cut_before(path=BATCH)

    with pytest.raises(Unknown):
        await proxied.commit(P, [Insert("new", "1")])

    assert calls == ["table.commit"]
    assert await proxied.get(P, "new") is None


async def test_after_a_lost_answer_the_same_insert_meets_its_own_row(
    proxied: TableRows, tables: CuttingProxy
) -> None:
    tables.cut_after(path=BATCH)
    with pytest.raises(Unknown):
        await proxied.commit(P, [Insert("new", "1")])

    with pytest.raises(Conflict) as caught:
        await proxied.commit(P, [Insert("new", "1")])

    assert (caught.value.key, caught.value.exists) == ("new", True)


async def test_a_commit_that_takes_too_long_is_unknown(
    tables: CuttingProxy, fresh_name: str
) -> None:
    account = StorageAccount.from_connection_string(connection_string(Ports(table=tables.port)))
    table = TableRows(account, fresh_name, read_seconds=0.05)
    tables.delay(5.0, path=BATCH)

    with pytest.raises(Unknown):
        await table.commit(P, [Insert("new", "1")])
    await table.aclose()


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_server_error_leaves_a_commit_unknown(
    proxied: TableRows, tables: CuttingProxy, calls: list[str], status: int
) -> None:
    tables.answer(status, path=BATCH)

    with pytest.raises(Unknown, match=str(status)):
        await proxied.commit(P, [Insert("new", "1")])

    assert calls == ["table.commit"]


async def test_an_answer_that_does_not_fit_the_question_leaves_a_commit_unknown(
    proxied: TableRows, tables: CuttingProxy
) -> None:
    tables.answer(202, path=BATCH)

    with pytest.raises(Unknown, match="0 answers to 1 writes"):
        await proxied.commit(P, [Insert("new", "1")])


@pytest.mark.parametrize(("status", "code"), [(503, "ServerBusy"), (429, "TooManyRequests")])
async def test_a_commit_refused_for_now_is_unavailable_for_as_long_as_the_server_says(
    proxied: TableRows, tables: CuttingProxy, calls: list[str], status: int, code: str
) -> None:
    tables.answer(status, path=BATCH, x_ms_error_code=code, Retry_After="7")

    with pytest.raises(Unavailable) as caught:
        await proxied.commit(P, [Insert("new", "1")])

    assert caught.value.retry_after == 7.0
    assert calls == ["table.commit"]


async def test_a_commit_that_nobody_listens_to_is_unavailable(fresh_name: str) -> None:
    account = StorageAccount.from_connection_string(connection_string(Ports(table=closed_port())))
    table = TableRows(account, fresh_name, backoff=QUICK)

    for attempt in (table.commit(P, [Insert("k", "1")]), table.get(P, "k"), table.ping()):
        with pytest.raises(Unavailable, match="no connection"):
            await attempt
    await table.aclose()


async def test_missing_rights_are_unavailable_for_a_minute(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.answer(403, path=BATCH, x_ms_error_code="AuthorizationPermissionMismatch")
    tables.answer(403, path="RowKey", x_ms_error_code="AuthorizationPermissionMismatch")

    for attempt in (proxied.commit(P, [Insert("new", "1")]), proxied.get(P, "k")):
        with pytest.raises(Unavailable, match="PermissionMismatch") as caught:
            await attempt
        assert caught.value.retry_after == 60.0
    assert calls == ["table.commit", "table.get"]


async def test_a_request_that_storage_finds_wrong_is_rejected(
    proxied: TableRows, tables: CuttingProxy
) -> None:
    tables.answer(400, path=BATCH, x_ms_error_code="InvalidInput")
    tables.answer(400, path="RowKey", x_ms_error_code="InvalidInput")

    for attempt in (proxied.commit(P, [Insert("new", "1")]), proxied.get(P, "k")):
        with pytest.raises(Rejected, match="400 InvalidInput"):
            await attempt


async def test_a_missing_table_is_created_by_the_first_commit_and_by_nothing_else(
    account: StorageAccount, fresh_name: str, calls: list[str]
) -> None:
    table = TableRows(account, fresh_name, on_call=calls.append)
    await table.ping()
    await table.get(P, "k")
    await table.scan(P, "a", "z")
    await table.commit(P, [Put("k", "1")])
    await table.commit(P, [Put("k", "2")])
    await table.aclose()

    reads = ["table.ping", "table.get", "table.scan"]
    assert calls == [*reads, "table.commit", "table.create", "table.commit", "table.commit"]


async def test_several_may_be_the_first_to_commit(account: StorageAccount, fresh_name: str) -> None:
    table = TableRows(account, fresh_name)
    await asyncio.gather(*(table.commit(P, [Insert(f"k{n}", "1")]) for n in range(5)))

    assert len(await table.scan(P, "a", "z")) == 5
    await table.aclose()


async def test_an_adapter_may_be_used_again_after_it_was_closed(proxied: TableRows) -> None:
    await proxied.aclose()

    assert isinstance(await proxied.get(P, "k"), Row)


def test_one_adapter_serves_several_event_loops(account: StorageAccount, fresh_name: str) -> None:
    table = TableRows(account, fresh_name)

    async def use() -> int:
        await asyncio.gather(*(table.commit(P, [Put(f"k{n}", "1")]) for n in range(3)))
        found = await table.scan(P, "a", "z")
        await table.aclose()
        return len(found)

    assert [asyncio.run(use()), asyncio.run(use())] == [3, 3]
