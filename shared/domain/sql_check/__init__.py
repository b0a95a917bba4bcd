"""The check of a change's SQL script before a second person looks at it.

The rule: every UPDATE and DELETE, in whatever form, needs two independent predicates that really
restrict the target's rows. What counts as one:

- a comparison of one column (or a part, cast or case form of it) with a fixed value, or of two
  columns of the same table; IN, LIKE, BETWEEN, IS NULL likewise. What lets every row pass in
  effect (`1 = 1`, `x = x`, `id > 0`, `LIKE '%'`, `CASE ...`) does not; forms that the check does
  not know count as none.
- independent: the two have no column in common. Columns that a join equates are one column.
- negative predicates (`<>`, NOT IN, NOT LIKE, IS NOT NULL, NOT EXISTS) and `> 0` are weak: two
  predicates of which both are weak are not enough.
- an OR is one predicate on all its columns if every branch names values, two if every branch by
  itself has two independent predicates, else none. Ranges and negatives in a branch name none.
- a join equality restricts nothing, but predicates on a joined table do, and so does (once) an
  inner join, IN or EXISTS with a subquery that restricts its own rows, and (for each column) a
  join with rows that the script writes out.
- for INSERT ... ON CONFLICT DO UPDATE each key column counts, when the rows are written out or
  chosen by a restricting WHERE.

`CODES` explains the codes. Only what can be read completely is accepted: the words of the text
are compared with what the parser made of them.
"""

from hashlib import sha256

from shared.domain.sql_check.codes import CODES, REFUSED, Finding

__all__ = [
    "CODES",
    "REFUSED",
    "Finding",
    "check_script",
    "dialects",
    "is_dialect",
    "script_sha256",
]


def dialects() -> frozenset[str]:
    """The names that `check_script` accepts as dialect, as sqlglot spells them."""
    from shared.domain.sql_check import rules  # noqa: PLC0415 sqlglot is slow to import

    return rules.database_dialects()


def is_dialect(name: str) -> bool:
    """Whether the name is a dialect that the check reads."""
    return name in dialects()


def check_script(script: str, dialect: str) -> list[Finding]:
    """All findings on a script, ordered by statement; an empty list when it is in order.

    Never raises: what cannot be read is a refused finding.
    """
    from shared.domain.sql_check import rules  # noqa: PLC0415 sqlglot is slow to import

    if not is_dialect(dialect):
        known = ", ".join(sorted(dialects()))
        message = f"{dialect[:40]!r} is not a known dialect. Known: {known}."
        return [Finding("unknown_dialect", 1, message, refused=True)]
    return rules.findings(script, dialect)


def script_sha256(script: str, rollback: str, target: str, dialect: str) -> str:
    """The hash, 64 hex digits, that approval and application of a change must repeat.

    Hashed are the ASCII text `docket change 1`, then script, rollback, target and dialect in
    this order, each as its length in UTF-8 bytes (eight bytes, big-endian) followed by those
    bytes. Nothing is normalised: one changed space or line end is another change.
    """
    digest = sha256(b"docket change 1")
    for part in (script, rollback, target, dialect):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()
