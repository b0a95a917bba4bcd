"""Judges single values: which comparisons with a constant hold rows back, which let all pass."""

import re

from sqlglot import exp

from shared.domain.sql_check.sources import PIN, RANGE, WEAK, Scope, columns_of

_ONE_COLUMN = (
    exp.Lower,
    exp.Upper,
    exp.Trim,
    exp.Cast,
    exp.TryCast,
    exp.Collate,
    exp.Convert,
    exp.Substring,
    exp.Left,
    exp.Right,
    exp.Length,
    exp.Abs,
    exp.Year,
    exp.Month,
    exp.Day,
    exp.Date,
    exp.TsOrDsToDate,
    exp.Extract,
    exp.DateTrunc,
    exp.TimestampTrunc,
    exp.ToChar,
    exp.Add,
    exp.Sub,
    exp.Coalesce,
    exp.JSONExtract,
    exp.JSONExtractScalar,
)
_NOT_FIXED = (exp.Rand, exp.Randn, exp.Uuid, exp.Star, exp.All, exp.Null, exp.Query)
_NOT_FIXED_NAMES = {"ALL", "NEWID", "NEWSEQUENTIALID", "RANDOM", "RANDOMBLOB", "GEN_RANDOM_UUID"}
_ID_NAME = re.compile(r"(?:^|_)(?:id|pk|key|no|number)$|^rowid$")
_ID_CAMEL = re.compile(r"[a-z](?:Id|ID)$")
_HIGHEST = re.compile(r"9{5,}(?:\.9*)?|\d{13,}|2147483647|4294967295|9999\D.*|[zZ~\uffff]{2,}")
_LOWEST_TEXT = re.compile(r"|0001-.*|1753-.*|1[89]00-01-01.*|1970-01-01.*|\s+|0+")


def subject(node: exp.Expr, scope: Scope) -> tuple[exp.Column, bool] | None:
    """The one column that the expression tells apart, and whether it stands there plainly.

    Only expressions that keep rows apart qualify (case, casts, parts of text and dates, a sum
    with a constant); `x * 0` or `CASE` could be the same for all rows and do not.
    """
    plain = True
    while not isinstance(node, exp.Column):
        inner = node.expression if isinstance(node, (exp.Convert, exp.Extract)) else node.this
        if not isinstance(node, (exp.Paren, *_ONE_COLUMN)) or not isinstance(inner, exp.Expr):
            return None
        if isinstance(node, (exp.Add, exp.Sub)) and is_fixed(inner, scope):
            inner = node.expression
        if sum(1 for _ in columns_of(node, scope)) != 1 or node.find(exp.Query):
            return None
        plain = plain and isinstance(node, (exp.Paren, exp.Collate, exp.Cast))
        node = inner
    unfit = scope.is_variable(node) or node.args.get("join_mark") or isinstance(node.this, exp.Star)
    return None if unfit else (node, plain)


def is_fixed(node: exp.Expr, scope: Scope) -> bool:
    """Whether the expression has one non-null value, the same for every row."""
    if isinstance(node, exp.Literal):
        return True
    if next(columns_of(node, scope), None) is not None or node.find(*_NOT_FIXED):
        return False
    return not any(call.name.upper() in _NOT_FIXED_NAMES for call in node.find_all(exp.Anonymous))


def text_of(node: exp.Expr) -> str | None:
    """The literal's text with its sign, through brackets and casts; None when not a literal."""
    sign = ""
    while isinstance(node, (exp.Paren, exp.Neg, exp.Cast, exp.Date, exp.National)):
        sign = "-" if isinstance(node, exp.Neg) and not sign else sign
        if not isinstance(node.this, exp.Expr):
            return node.name if isinstance(node, exp.National) else None
        node = node.this
    return sign + node.name if isinstance(node, exp.Literal) else None


def bound_strength(op: type[exp.Expr], column: exp.Column, plain: bool, bound: exp.Expr) -> int:
    """How firmly `column op bound` restricts, for `<`, `<=`, `>`, `>=`; 0 for not at all.

    Bounds that every row passes (`length(x) >= 0`, `id > 0`, `until < '9999-12-31'`) give 0;
    above zero, or above the empty text, is WEAK.
    """
    text = text_of(bound)
    if text is None:
        return RANGE
    if op in (exp.LT, exp.LTE):
        return 0 if _HIGHEST.fullmatch(text) else RANGE
    if not _is_low(text):
        return RANGE
    everything = not plain or text.startswith("-") or is_id(column.name)
    if everything or (_LOWEST_TEXT.fullmatch(text) and op is exp.GTE):
        return 0
    return WEAK if text.strip("0.1 ") == "" else 0


def _is_low(text: str) -> bool:
    return text.startswith("-") or text == "1" or _LOWEST_TEXT.fullmatch(text) is not None


def between_strength(column: exp.Column, plain: bool, low: exp.Expr, high: exp.Expr) -> int:
    """How firmly `column BETWEEN low AND high` restricts; 0 when both ends are open in effect."""
    above = bound_strength(exp.GTE, column, plain, low)
    below = bound_strength(exp.LTE, column, plain, high)
    return RANGE if max(above, below) == RANGE else 0


def like_strength(pattern: exp.Expr, escape: exp.Expr | None) -> int:
    """How firmly LIKE restricts: PIN for a fixed start, RANGE for text elsewhere, 0 for none."""
    text = text_of(pattern)
    if text is None:
        return _pieced_strength(pattern)
    sign = escape.name if escape is not None else ""
    if sign:
        text = re.sub(re.escape(sign) + r"(.)", "x", text)
    if not _solid(text):
        return 0
    return RANGE if text[:1] in "%_*?[" else PIN


def _solid(text: str) -> bool:
    return bool(re.sub(r"\[[^\]]*\]|[%_*?\s]", "", text))


def _pieced_strength(pattern: exp.Expr) -> int:
    """A pattern put together from pieces needs a variable or one piece of real text."""
    if pattern.find(exp.Any, exp.All, exp.Tuple):
        return 0
    texts = (literal.name for literal in pattern.find_all(exp.Literal))
    named = pattern.find(exp.Parameter, exp.Column) is not None
    return RANGE if named or any(map(_solid, texts)) else 0


def is_id(name: str) -> bool:
    """Whether a column of this name is, by custom, a positive number that no row lacks."""
    return bool(_ID_NAME.search(name.lower()) or _ID_CAMEL.search(name))
