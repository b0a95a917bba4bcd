"""What is wrong with a value that a model refused, in plain words that say the mend."""

from __future__ import annotations

from pydantic_core import ErrorDetails

_TEXT, _LIST, _OBJECT = "send a text", "send a list", "send an object of names and values"
_WHOLE, _YES_NO = "send a whole number", "send true or false"
_WORDS = {
    "missing": "this field is needed",
    "extra_forbidden": "there is no such field here; leave it out",
    "string_type": _TEXT,
    "string_too_short": "write something here",
    "string_too_long": "shorten this to {max_length} characters",
    "string_pattern_mismatch": "send a text of the form {pattern}",
    "literal_error": "use {expected}",
    "enum": "use {expected}",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "too_long": "send {max_length} at most",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "greater_than_equal": "send {ge} or more",
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
}
_PARTS = {
    "Person": 'send an object such as {"email": "name@example.org", "name": "Their name"}',
    "ExternalRef": 'send an object such as {"system": "ORION", "ref": "4711"}',
    "PlannedItem": 'send an object such as {"kind": "task", "title": "What is to be done"}',
}


def fault_words(fault: ErrorDetails) -> str:
    """One of pydantic's findings as who sent the value understands it."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":  # raised by our own validators, in our own words
        return fault["msg"].removeprefix("Value error, ")
    if words := _PARTS.get(str(context.get("class_name"))):
        return words
    return _WORDS.get(kind, "this value does not fit here").format_map(context)
