"""What the check of a change script can say: the finding and the meaning of every code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One remark on a script.

    `statement` counts from 1 (empty statements are not counted); a remark on the script as a
    whole carries 1. A `refused` finding cannot be overridden by the author's reason.
    """

    code: str
    statement: int
    message: str
    refused: bool


CODES = {
    # refused outright
    "unknown_dialect": "The dialect is not one that the check can read.",
    "too_large": "The script is larger than the check reads.",
    "empty": "The script holds no statement.",
    "odd_character": "A character that people and databases read differently.",
    "odd_comment": "A comment that databases read differently, or that MySQL executes.",
    "unparsable": "The script cannot be read as this dialect, so it cannot be checked.",
    "check_failed": "The check came to no end on this script.",
    "unclear": "The check reads less than the text says; often a semicolon is missing.",
    "placeholder": "A placeholder is filled in later, so the approved text is not what runs.",
    "truncate": "The statement empties a table.",
    "ddl": "The statement changes the schema, which is not a data change.",
    "rights": "The statement changes access rights.",
    "dynamic_sql": "The statement runs SQL, or reaches systems, that the script does not show.",
    "bulk_data": "The statement moves data between the database and files.",
    "control_flow": "Blocks, branches and loops cannot be checked.",
    "setting_changed": "The statement changes a setting that can alter what the script means.",
    "not_allowed": "This kind of statement is not on the list of allowed statements.",
    "select_into": "The statement writes its result to a new table.",
    "merge_unmatched": "The MERGE joins no column of the target with its source.",
    # to be mended, or overridden with a reason
    "no_where": "The statement changes every row of the table.",
    "few_predicates": "Fewer than two independent predicates restrict the rows.",
    "or_weakened": "An OR lets rows through that the other predicates would hold back.",
    "limit_without_order": "TOP or LIMIT without ORDER BY picks rows by chance.",
    "cross_join": "A table takes part that nothing joins with the target.",
    "insert_unrestricted": "The INSERT copies every row of its source.",
    "unset_variable": "A variable is used whose value the script does not set.",
}

REFUSED = frozenset(list(CODES)[: list(CODES).index("no_where")])


def finding(code: str, statement: int, detail: str) -> Finding:
    """A finding whose message says where, what was seen, and how to mend it."""
    return Finding(code, statement, f"Statement {statement}: {detail}", code in REFUSED)
