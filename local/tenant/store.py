"""Documents in SQLite, written through and held in memory."""

import json
import sqlite3
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  collection TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (collection, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Collection(MutableMapping[str, Document]):
    """Named documents in insertion order.

    A document that was read is the live one: after changing it, put it back with
    ``collection[key] = document``, else the change is lost with the process.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._documents: dict[str, Document] = {}
        self._position = 0
        rows = connection.execute(
            "SELECT key, position, body FROM documents WHERE collection = ? ORDER BY position",
            (name,),
        )
        for key, position, body in rows:
            self._documents[key] = json.loads(body)
            self._position = position

    def __getitem__(self, key: str) -> Document:
        return self._documents[key]

    def __setitem__(self, key: str, document: Document) -> None:
        if key not in self._documents:
            self._position += 1
        self._documents[key] = document
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?)"
            " ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body",
            (self._name, key, self._position, json.dumps(document)),
        )

    def __delitem__(self, key: str) -> None:
        del self._documents[key]
        self._connection.execute(
            "DELETE FROM documents WHERE collection = ? AND key = ?", (self._name, key)
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def forget(self) -> None:
        """Empties the memory after the rows are gone."""
        self._documents.clear()
        self._position = 0


class Store:
    """All documents of one tenant; `path` None keeps them in memory only."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path if path is not None else ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        self._collections: dict[str, Collection] = {}

    def collection(self, name: str) -> Collection:
        """The collection of that name; the same object each time."""
        if name not in self._collections:
            self._collections[name] = Collection(self._connection, name)
        return self._collections[name]

    def next_number(self, name: str) -> int:
        """The next of a sequence that starts at 1 and survives a restart."""
        row = self._connection.execute(
            "INSERT INTO numbers VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        ).fetchone()
        return int(row[0])

    def reset(self) -> None:
        """Deletes every document and sequence."""
        self._connection.execute("DELETE FROM documents")
        self._connection.execute("DELETE FROM numbers")
        for collection in self._collections.values():
            collection.forget()

    def close(self) -> None:
        self._connection.close()
