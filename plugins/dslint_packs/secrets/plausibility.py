"""Whether text in the form of a secret is one: placeholders, documented examples, checksums."""

from __future__ import annotations

import base64
import math
import re
import string
from collections import Counter
from itertools import pairwise
from operator import sub

import msgspec

from dslint.plugin import Confidence, SecretSpan, Severity, pattern

_PLACEHOLDER = pattern(
    r"your|example|sample|placeholder|dummy|change.?(?:me|it|this)|redacted|removed|replace|insert"
    r"|goes.?here|x{4}|\*{3}|0{8}|\.{3}|…"
    r"|^(?:<|\{|\[|\$|%|@\{|#\{)|\$\{|\$\(|\{\{|%\(|123456|abcdef"
    r"|foobar|deadbeef|insecure|(?<![a-z])(?:fake|test|demo|todo)(?![a-z])",
    re.IGNORECASE,
)
_NO_PASSWORD = pattern(
    r"p[a@4][s$]{1,2}w[o0]?r?d|passphrase|qwert|letmein|asdf|1234", re.IGNORECASE
)
_NAME = pattern(r"[A-Za-z_.-]+\d{0,4}")
_NAME_PART = pattern(
    r"pass|pwd|secret|admin|root|guest|user|name|string|none|null|hash|strong|secure|token|my"
    r"|input|field|abc|required",
    re.IGNORECASE,
)
_CODE = pattern(
    r"\w[\w.]*[(\[]|->|::|=>|==|\w+(?:\.[A-Za-z_]\w*)+$|[~.]{0,2}/\w|\w+://"
    r"|[\d.,:%+-]+[a-z]{0,3}$|\d{1,3}[-+–][a-z]|x:\d"  # noqa: RUF001 - a dash
)
_WORDS = pattern(
    r"(?:[A-Z]?[a-z]{3,}+|[A-Z]{3,}+|\d{1,4}+(?!\d)"
    r"|(?<![A-Za-z0-9])[A-Za-z]{1,2}\d{0,3}(?![A-Za-z0-9])|[_\-./:+=~|@]++)++",
)
_HEX = pattern(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_RANDOM = pattern(r"[A-Za-z0-9_\-./+=~:|!@#$%^*]{16,200}")
_UUID = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKED = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_")

_DOCUMENTED = (
    "EXAMPLE",
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "4eC39HqLyjWDarjtT1zdp7dc",
    "BQokikJOvBiI2HlWgH4olfQ2",
)
"""Parts of keys that issuers print in their documentation: AWS, jwt.io, Stripe."""

Verdict = tuple[Severity | None, Confidence]
"""Severity, None for that of the rule; and confidence."""


def assess(span: SecretSpan, value: str, user: str = "") -> Verdict | None:
    """Return the verdict on a text in the form of a secret; None for a placeholder.

    `user` is the user name that belongs to a password.
    """
    kind = span.kind
    if any(part in value for part in _DOCUMENTED):
        return Severity.INFO, Confidence.HIGH
    if not kind.starts:  # found by the name it is assigned to, and checked there
        return None, Confidence.MEDIUM
    if kind.family in ("connection-string", "password") and not kind.name.startswith("Azure"):
        return None if is_default_login(value, user) else (None, Confidence.HIGH)
    body = value[len(span.prefix) :]
    if kind.family == "private-key":
        return (None, Confidence.HIGH) if _has_body(value) else None
    if kind.name == "JSON web token":
        return _web_token(value)
    # 30 random characters and a checksum of 6
    checked = span.prefix in _CHECKED and len(body) == 36
    if checked and has_checksum(body):
        return None, Confidence.HIGH
    if not varied(body) or _PLACEHOLDER.search(body):
        return None
    return None, Confidence.MEDIUM if checked else Confidence.HIGH


def varied(text: str) -> bool:
    """Return whether a text is as varied as a random one.

    It has enough different characters, does not repeat itself, and does not count up.
    """
    if len(set(text)) < min(8, len(text) // 3 + 1):
        return False
    folded = text.lower()
    half = len(text) // 2
    return folded[:half] != folded[half : 2 * half] and all(
        _steps(folded, stride) < 0.35 * len(text) for stride in (1, 2)
    )


def _steps(text: str, stride: int) -> int:
    """Return how often a character is followed, at this distance, by the next code point."""
    codes = [*map(ord, text)]
    return [*map(sub, codes[stride:], codes)].count(1)


def is_random(value: str, *, uuids: bool) -> bool:
    """Return whether a value looks random, as keys do: no words, path or code."""
    if not _RANDOM.fullmatch(value) or not varied(value) or _PLACEHOLDER.search(value):
        return False
    if _UUID.fullmatch(value):
        return uuids
    if _HEX.fullmatch(value):
        return any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    if "://" in value or _WORDS.fullmatch(value):
        return False
    kinds = [any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)]
    # The limits are measured on random keys and on names.
    return sum(kinds) >= 2 and _entropy(value) >= 3 and _switches(value) >= 0.2 * len(value)


def is_password(value: str, *, explicit: bool) -> bool:
    """Return whether a value that is called a password may be one.

    It has several kinds of characters and is no placeholder, code or sentence. `explicit` is
    whether it is quoted, or assigned as in code; within a sentence, more kinds are required.
    """
    if (
        len(value) < 6  # shorter ones are words
        or any(form.search(value) for form in (_PLACEHOLDER, _NO_PASSWORD))
        or _CODE.match(value)
    ):
        return False
    if (
        len(set(value)) < 5
        or _steps(value.lower(), 2) > 0.5 * len(value)
        or (_NAME.fullmatch(value) and _NAME_PART.search(value))
    ):
        return False
    kinds = [
        any(map(test, value))
        for test in (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())
    ]
    return (kinds[0] or kinds[1]) and sum(kinds) >= (2 if explicit else 3)


def is_default_login(password: str, user: str) -> bool:
    """Return whether a password in a connection string is a placeholder or a server default."""
    lowered = password.lower()
    return (
        lowered == user.lower()
        or len(set(password)) < 3  # xxxx, ****
        or bool(
            _PLACEHOLDER.search(password)
            or _VARIABLE.search(password)
            or _DEFAULT.fullmatch(password)
        )
    )


_VARIABLE = pattern(r"\$[{(]|^[${<\[(%]|[}>\])]$|^:?[A-Z][A-Z_]{2,}$")
_DEFAULT = pattern(
    r"(?:my|db|the|user|super|some|new|root|admin|mysql|postgres|mongo|redis)?[_-]?"
    r"(?:pass(?:word|wd|phrase)?|pwd|p[a@]ss?w[o0]rd|secret|pw)[_-]?\d{0,4}"
    r"|root|admin|guest|user|test|postgres|mysql|mongo|redis|rabbitmq|example|changeme|toor|sa"
    r"|hunter2|foo|bar|baz|\d{1,6}|string|port|\d{1,5}",
    re.IGNORECASE,
)


def _has_body(value: str) -> bool:
    lines = re.sub(r"-----[^-]*-----|\\[nr]|\b[\w-]+: ?[^\n\\]*", " ", value)
    body = "".join(re.findall(r"[A-Za-z0-9+/=]{16,}", lines)) or value
    return (
        len(body) >= 40  # that of a short Ed25519 key
        and varied(body)
        and "..." not in value
        and not _PLACEHOLDER.search(value[:200])
    )


def _web_token(value: str) -> Verdict | None:
    header, claims = (_decoded(part) for part in value.split(".")[:2])
    if not isinstance(header, dict) or "alg" not in header or not varied(value.rpartition(".")[2]):
        return None
    known = isinstance(claims, dict) and (
        str(claims.get("sub")) == "1234567890" or claims.get("name") == "John Doe"
    )
    return (Severity.INFO if known else None), Confidence.HIGH


def _decoded(part: str) -> object:
    try:
        value: object = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
    return value


def has_checksum(body: str) -> bool:
    """Return whether the last six characters are the CRC-32 of those before, in base 62.

    GitHub and npm document this checksum.
    """
    import zlib

    number = zlib.crc32(body[:-6].encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits == body[-6:]


def _entropy(text: str) -> float:
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def _switches(text: str) -> int:
    kinds = text.translate(_KIND_OF)
    return sum(a != b for a, b in pairwise(kinds))


_KIND_OF = str.maketrans(
    string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "d" * len(string.digits)
    + "u" * len(string.ascii_uppercase)
    + "l" * len(string.ascii_lowercase),
)
"""Maps ASCII letters and digits to a letter for their kind, and keeps all other characters."""
