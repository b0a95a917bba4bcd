import pytest

from shared.mail_in.charset import codec_for, decode
from shared.mail_in.headers import addresses, decode_words, message_ids, moment, normal_email


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?caf=C3=A9?= bar", "café bar"),
        ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
        ("=?iso-8859-1?Q?5_=80?=", "5 €"),
        ("=?utf-8*en?Q?hi?=", "hi"),
        ("=?utf-8?Q?ok??=", "ok?"),
        ("=?utf-8?B?////?= x", "ÿÿÿ x"),
        ("=?nonsense?Q?caf=C3=A9?=", "café"),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("a =?utf-8?Q?b?= c =?utf-8?Q?d?=", "a b c d"),
    ],
)
def test_encoded_words_are_decoded_however_they_are_broken(value: str, decoded: str) -> None:
    assert decode_words(value) == decoded


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("jane@client.example", [("jane@client.example", "")]),
        ("jane@client.example (Jane)", [("jane@client.example", "Jane")]),
        ('"Roe, Jane" <J@X.example>', [("j@x.example", "Roe, Jane")]),
        ('"ceo@bank.example" <e@evil.example>', [("e@evil.example", "ceo@bank.example")]),
        ("ceo@bank.example <e@evil.example>", [("e@evil.example", "ceo@bank.example")]),
        (
            "=?utf-8?Q?A=3Cx=40y.example=3E,?= <e@evil.example>",
            [("e@evil.example", "A<x@y.example>,")],
        ),
        ("undisclosed-recipients:;", []),
        ("Team: a@x.example, b@x.example;", [("a@x.example", ""), ("b@x.example", "")]),
        ("<jane@client.example.>", [("jane@client.example", "")]),
        ("no address here", []),
        ("a@b@c.example", []),
        ("<>", []),
        ("(" * 5000, []),
    ],
)
def test_addresses_are_what_is_delivered_to_not_what_is_displayed(
    value: str, found: list[tuple[str, str]]
) -> None:
    assert [(each.email, each.name) for each in addresses([value])] == found


def test_an_address_is_compared_in_lower_case_and_ascii() -> None:
    assert normal_email(" <Jane@BÜRO.Example> ") == "jane@xn--bro-hoa.example"


def test_message_ids_are_found_with_and_without_brackets() -> None:
    assert message_ids(["<a@x>\t<b@x>", "<a@x>"]) == ("<a@x>", "<b@x>")
    assert message_ids(["a@x, b@x"]) == ("<a@x>", "<b@x>")


def test_of_endless_references_the_first_and_the_nearest_are_kept() -> None:
    ids = message_ids([" ".join(f"<{number}@x>" for number in range(1000))])
    assert len(ids) == 200
    assert (ids[0], ids[-1]) == ("<0@x>", "<999@x>")


@pytest.mark.parametrize("value", ["", "soon", "Tue, 99 Mar 2025 10:00:00 +0000", "1 Jan 0001"])
def test_an_impossible_date_is_no_date(value: str) -> None:
    assert moment(value) is None


@pytest.mark.parametrize(
    "label", ["unicode_escape", "rot13", "zlib", "idna", "punycode", "", "\0", "undefined"]
)
def test_a_charset_that_is_no_charset_is_not_used(label: str) -> None:
    assert codec_for(label) is None
    assert decode("é\\n".encode(), label)[0] == "é\\n"


def test_a_statistical_guess_reads_undeclared_cyrillic() -> None:
    text = "Отчёт за месяц пуст, пожалуйста, проверьте выгрузку данных и сообщите нам." * 3
    assert decode(text.encode("koi8-r"))[0] == text
