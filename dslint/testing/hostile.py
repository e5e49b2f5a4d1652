"""Records that make a careless rule slow: one short text, turn or field, over and over."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dslint.rules.base import RecordRule, Rule, examples
from dslint.testing.strategies import places

HOSTILE: Mapping[str, str] = {
    # one sign
    "spaces": " ",
    "no-break spaces": "\xa0",
    "tabs": "\t",
    "line ends": "\n",
    "line ends and spaces": "\n ",
    "carriage returns": "\r\n",
    "letters": "a",
    "capitals": "A",
    "digits": "7",
    "ones and zeros": "10",
    "at signs": "@",
    "hashes": "#",
    "stars": "*",
    "bars": "|",
    "low lines": "_",
    "equals signs": "=",
    "plus signs": "+",
    "exclamation marks": "!",
    "question marks": "?",
    "hyphens": "-",
    "full stops": ".",
    "ellipses": "…",
    "commas": ",",
    "colons": ":",
    "semicolons": ";",
    "slashes": "/",
    "backslashes": "\\",
    "backquotes": "`",
    "tildes": "~",
    "dollars": "$",
    "dollar pairs": "$$ ",
    "ampersands": "&",
    "percent signs": "%",
    "carets": "^",
    "quotes": '"',
    "apostrophes": "'",
    "typographic quotes": "“",
    "open parentheses": "(",
    "close parentheses": ")",
    "open brackets": "[",
    "close brackets": "]",
    "open braces": "{",
    "close braces": "}",
    "less-than signs": "<",
    "greater-than signs": ">",
    # signs that one does not see, or that belong to others
    "combining marks": "e\u0301\u0323",
    "combining marks alone": "\u0301",
    "combining marks out of order": "\u0301\u0323",
    "tag characters": "\U000e0041",
    "flags without end": "\U0001f3f4\U000e0067\U000e0062",
    "zero-width joiners": "\u200d",
    "zero-width spaces": "a\u200b",
    "emoji": "\U0001f468\u200d\U0001f469\ufe0f",
    "directions": "\u202e",
    "controls": "\x1b[1m",
    "Arabic": "\u0645\u06cc\u200c",
    "Thai": "\u0e01\u0e34",
    "Hangul letters": "\u1112\u1161\u11ab",
    "CJK": "中文字符",
    "Japanese": "これは、",
    "fullwidth": "\uff21\uff11\uff0e",
    "mojibake": "Ã©â€™",
    "replacement characters": "\ufffd",
    # words
    "words without stops": "the quick brown fox jumps over it ",
    "sentences": "The nurse said that she was late. The engineer said that he was not. ",
    "groups and occupations": (
        "The woman is a nurse, the old man is an engineer and the Muslim girl is a doctor. "
    ),
    "groups in one sentence": "the woman nurse and the black man engineer ",
    "lines of words": "the quick brown fox\n",
    "one line again": "This line of some length comes again and again, word for word, as it is.\n",
    "capitalised words": "Green Apple ",
    "one long word": "abcdefghij",
    "mixed case": "aB",
    "letters and digits": "a1",
    "spelt words": "f u c k ",
    "spelt letters": "a b c d ",
    "dotted letters": "f.u.c.k.",
    "masked words": "f**k s#!t ",
    "masked without end": "a*b!c|",
    "swear words": "fuck ",
    "stretched words": "fuuuck shiiit ",
    "idiots": "you idiot, you moron, ",
    "misspellings": "recieve teh occured ",
    "contractions": "don't it's we\u2019re ",
    "I am sorry": "I'm sorry, but as an AI language model I cannot ",
    "sorry": "sorry I cannot ",
    "translations": "translate it\n",
    "questions": "What is it? ",
    "bullets": "- one thing\n",
    "numbered lines": "1. one thing\n",
    "turns": "User: hello\nAssistant: hi\n",
    "instructions": "### Instruction:\ndo it\n### Response:\ndone\n",
    "attachments": "see the attached file in the image above ",
    "placeholders": "[Your Name] [Company ",
    "TODO": "TODO N/A null ",
    # what looks like code or markup
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3ODk+/",
    "hexadecimal digits": "deadbeef0123",
    "dotted words": "a.a.",
    "paths": "a/b\\c/",
    "addresses": "http://",
    "addresses without space": "http://a.b/c?d=e&",
    "addresses in words": "see http://example.org/a_b for it ",
    "www": "www.a",
    "tags": "<b>",
    "line breaks in HTML": "<br> ",
    "open tags": "<div a=b ",
    "tags with attributes": '<td a="b" c ',
    "paragraphs": "<p>text</p>",
    "code tags": "<code><pre>",
    "entities": "&amp;",
    "entities without end": "&#12",
    "fences": "```\na\n",
    "fences without end": "``` ~~~ ",
    "code in backquotes": "`a` ",
    "backquotes and lines": "`a\n",
    "template variables": "{{x}}",
    "open template variables": "{{x ",
    "open template variables with bars": "{{a|b. -",
    "LaTeX": "\\begin{a}\\(",
    "formulas": "$x = 1$ + ",
    "table rows": "| a | b |\n",
    "table lines": "|---|---|",
    "JSON": '{"a": [1, ',
    "JSON lines": '{"messages": [{"role": "user", "content": "a"}]}\n',
    "JSON escapes": "\\u00e9\\n\\t",
    "statements": "if a = b:\n    return c;\n",
    "assignments": "a = b; ",
    "comma values": "a,b,",
    "control tokens": "<|im_start|>",
    "control tokens with words": "<|im_start|>user\nhi<|im_end|>\n",
    "Llama tokens": "[INST] <<SYS>> ",
    "sentence tokens": "<s> ",
    "sentence tokens at the end": "</s> ",
    "DeepSeek tokens": "<｜a",  # noqa: RUF001 - as they are written
    "thoughts": "<think>",
    "calls": '<tool_call>{"name": "a", "arguments": {',
    # numbers
    "numbers": "1 2 3 ",
    "numbers with signs": "+1 ",
    "numbers with stops": "1.2.",
    "numbers with commas": "1,000,",
    "phone numbers": "(212) 555-",
    "phone numbers in words": "call 030 1234567 ",
    "cards": "4111 1111 1111 1112 ",
    "cards without space": "4111-1111-",
    "IBANs": "DE89 3704 0044 ",
    "IBANs without space": "DE893704",
    "social security numbers": "078-05-",
    "IP addresses": "1.2.3.4.",
    "IPv6 addresses": "fe80:",
    "IPv6 addresses, short": "::1",
    "MAC addresses": "aa:bb:",
    "wallets": "1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf ",
    "wallets without space": "bc1qar0s0x12",
    "dates": "2024-01-02 ",
    "times": "12:30:",
    "coordinates": "12.3456, -98.7654 ",
    # addresses and secrets
    "e-mail addresses": "ada@lovelace.org ",
    "e-mail addresses without space": "ada@lovelace.",
    "e-mail names": "a.b-c+d%",
    "e-mail names and at signs": "a@b",
    "logins": "://a:b@",
    "logins without end": "http://a:",
    "databases": "postgres://a:",
    "AKIA": "AKIA",
    "AWS keys": "AKIAIOSFODNN7EXAMPLE ",
    "eyJ": "eyJ",
    "JSON web tokens": "eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiI.",
    "sk-": "sk-",
    "Slack tokens": "xoxb-",
    "GitHub tokens": "ghp_",
    "PEM heads": "-----BEGIN RSA PRIVATE KEY-----",
    "PEM heads and letters": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
    "Private-Lines": "Private-Lines: 12 ",
    "passwords": "password=",
    "passwords in words": "my password is ",
    "passwords with quotes": '"password": "',
    "keys": "api_key: ",
    "key names": "api_key_secret_token_",
    "connection strings": "Server=a;Password=b;",
    "jdbc": "jdbc:a:",
    "accounts": "AccountKey=",
    "signatures": "?sig=",
    "bearers": "Authorization: Bearer ",
}
"""Pieces of text by name. Some rule's pattern starts at them, or may scan them in vain."""


_RECORDS = 4
"""Maximum number of records from a manual page: enough for pairs, and for a few of each label.

A record rule gets one.
"""
LISTS, FIELDS = "long lists", "many fields"
SHAPES = (*HOSTILE, LISTS, FIELDS)
"""What a record can have many of: pieces of text, items of its lists, or fields."""


def hostile(rule: type[Rule], shape: str, size: int) -> tuple[list[Any], list[str | None]]:
    """Return records with so many characters, items or fields, and their splits.

    They are made of records that the rule's manual page flags. The hostile text replaces their
    texts in one copy and surrounds them in another, for rules that look for a word first.
    """
    shown = [example for example in examples(rule) if example.flags][:1]
    most = 1 if issubclass(rule, RecordRule) else _RECORDS
    records: list[Any] = list(shown[0].records)[:most] if shown else [{"text": "Yes."}]
    splits: list[str | None] = list(shown[0].splits)[:most] if shown else [None]
    if shape == LISTS:
        return [_longer(record, size // 20) for record in records], splits
    if shape == FIELDS:
        more = {f"field {number}": "Yes." for number in range(size // 20)}
        return [record | more if isinstance(record, dict) else record for record in records], splits
    unit = HOSTILE[shape]
    text = (unit * (size // len(unit) + 1))[:size]
    made = [copy.deepcopy(record) for record in records * 2]
    for number, record in enumerate(made):
        for holder, key in places(record):
            half = text[: size // 2]
            holder[key] = text if number < len(records) else f"{half} {holder[key]} {half}"
    return made, splits * 2


def _longer(value: Any, times: int) -> Any:
    if isinstance(value, dict):
        return {key: _longer(item, times) for key, item in value.items()}
    return [_longer(item, 1) for item in value] * times if isinstance(value, list) else value
