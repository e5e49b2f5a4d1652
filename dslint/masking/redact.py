"""Masking of personal data and secrets in findings, before they are printed, logged or cached.

It always runs, whichever rules are selected. It uses the table of `dslint.masking.secret_patterns`,
as the secrets pack does, and cheap patterns that rather mask too much, including half a key.
It covers messages, field names and ids. For texts there is `redact_record`, which uses findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from msgspec.structs import replace

from dslint.helpers.lazy_re import pattern
from dslint.helpers.pointers import escape, leaves
from dslint.masking.secret_patterns import find_secrets
from dslint.model import Finding, Location

Splice = tuple[int, int, str]
"""A span and its replacement."""

_NAMED = (
    r"(?i:(?:passw(?:or)?d|passphrase|pwd|secret|token|authorization"
    r"|(?:api|access|auth|account|private)[_ -]?key)"
    r"[\"'\\]{0,3}(?:\s*[=:]|\sis\s))"
)
_NAMED_SIGN = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|author\w{5,9}|key)"
    r"[\"'\\]{0,3}(?:\s*[=:]|\s\w.?s\s)"
)
"""The same for lower-case text, which is searched three times faster."""
_NUMBER = r"\d[\d ().-]{6}"
_HEX = r"[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:"
_SECRETS = {
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?": "-----BEGIN",
    r"\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9_-]{16,}": "k[-_]",
    r"\bgh[opsur]_[A-Za-z0-9]{20,}": "gh[opsur]_",
    r"\bgithub_pat_[A-Za-z0-9_]{20,}": "github_pat_",
    r"\bglpat-[A-Za-z0-9_-]{16,}": "glpat-",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}": "xox",
    r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b": "A(?:KI|SI|RO|ID)A",
    r"\bAIza[A-Za-z0-9_-]{30,}": "AIza",
    r"\bya29\.[A-Za-z0-9_-]{20,}": r"ya29\.",
    r"\bhf_[A-Za-z0-9]{20,}": "hf_",
    r"\bnpm_[A-Za-z0-9]{30,}": "npm_",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}": r"SG\.",
    r"\b(?:AC|SK)[0-9a-f]{32}\b": "[CK][0-9a-f]{32}",
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?": "eyJ",
    r"(?<=://)[^\s/:@]*:[^\s/@]+(?=@)": "://",
    rf"{_NAMED}\s*(?:(?i:bearer|basic)\s+)?\S+": _NAMED_SIGN,
}
"""Patterns of secrets, each with a sign to search for first.

That is many times faster, because most texts have no sign.
"""
_PERSONAL = {
    r"(?<![\w.+%-])[\w.+%-]++@(?:[\w-]+\.)+[^\W\d_]{2,}": "@",  # e-mail address
    # IBAN
    r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b": (
        r"[A-Z]\d\d[ -]?[A-Z0-9]"
    ),
    r"\b\d{3}-\d{2}-\d{4}\b": _NUMBER,  # US social security number
    r"(?<![\w.])(?:\d[ -]?){12,18}\d(?!\w)": _NUMBER,  # payment card
    # telephone, North American grouping
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)": _NUMBER,
    r"(?<!\w)\+\d[\d ().-]{6,}\d(?!\w)": _NUMBER,  # telephone, international
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])": _NUMBER,  # IPv4
    r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4})(?![\w:])": _HEX,  # IPv6, MAC
    # IPv6, shortened
    r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){1,7}(?::[0-9A-Fa-f]{1,4}){1,7}(?![\w:])": _HEX,
    r"\b0x[0-9A-Fa-f]{40}\b": "0x",  # wallet, Ethereum
    r"\bbc1[a-z0-9]{25,62}\b": "bc1",  # wallet, Bitcoin
    r"\b[13][a-km-zA-HJ-NP-Z1-9]{25,34}\b": r"[13][a-km-zA-HJ-NP-Z1-9]{25}",
}
"""Patterns of personal data, likewise."""


_FORMS = {form: pattern(form) for form in {**_SECRETS, **_PERSONAL}}
_SIGNS = {sign: pattern(sign) for sign in {**_SECRETS, **_PERSONAL}.values()}


def signs(text: str) -> set[str]:
    """Return the signs of personal data and secrets in a text."""
    return {
        sign
        for sign, form in _SIGNS.items()
        if form.search(text.casefold() if sign is _NAMED_SIGN else text)
    }


@cache
def _pattern() -> re.Pattern[str]:
    """Compile the pattern on first use: it takes milliseconds, and clean data does not need it."""
    return re.compile(f"(?P<secret>{'|'.join(_SECRETS)})|(?P<personal>{'|'.join(_PERSONAL)})")


def _mask(match: re.Match[str]) -> str:
    return "[secret]" if match.lastgroup == "secret" else "[personal data]"


@lru_cache(maxsize=4096)
def redact(text: str) -> str:
    """Return the text with possible personal data and secrets replaced by masks."""
    # A value may match only after what precedes it is masked: `me@example.org4111...`.
    while (
        masked := _mask_matches(
            _splice(text, [(span.start, span.end, "[secret]") for span in find_secrets(text)])
        )
    ) != text:
        text = masked
    return text


def _mask_matches(text: str) -> str:
    return _pattern().sub(_mask, text) if signs(text) else text


def masks(text: str) -> list[Splice]:
    """Return what `redact` would mask in a text: start, end (in code points) and mask, in order."""
    found: list[Splice] = []

    def keep(match: re.Match[str]) -> str:
        found.append((match.start(), match.end(), _mask(match)))
        return "\0" * len(match[0])

    while True:
        secrets = [(span.start, span.end, "[secret]") for span in find_secrets(text)]
        found += secrets
        rest = _pattern().sub(
            keep, _splice(text, [(start, end, "\0" * (end - start)) for start, end, _ in secrets])
        )
        if rest == text:
            return sorted(set(found))
        text = rest


_LONG_NUMBER = pattern(r"\d(?<![\w.-]\d)(?:[ ()/-]{0,2}\d){6,}(?!\w)")
_DATE = pattern(
    r"\d{4}[/-]\d\d?[/-]\d\d?(?: \d\d)?|\d\d?[/-]\d\d?[/-]\d{4}(?: \d\d)?"
    r"|[12]\d{3} ?[/-] ?[12]\d{3}"
)


def unguessable(value: Any) -> Any:
    """Return a record without what could be guessed from its digest, which anyone can compute.

    Masked in keys and texts are personal data, secrets, and numbers of seven or more digits (not
    dates), because there are too few possible ones. Returns the record itself if it has nothing
    of that; never changes it.
    """
    joined = "\n".join(_strings(value))
    if len(joined) <= _SHORT and _mask_text(joined) == joined:  # faster than text by text
        return value
    without = _mask_value(value)
    return value if without == value else without


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from map(str, value)
        yield from chain.from_iterable(map(_strings, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_strings, value))


def _mask_value(value: Any) -> Any:
    if isinstance(value, str):
        return _mask_text(value)
    if isinstance(value, dict):
        return {_mask_text(str(name)): _mask_value(value[name]) for name in sorted(value, key=str)}
    return list(map(_mask_value, value)) if isinstance(value, list) else value


def _mask_text(text: str) -> str:
    """Mask a text of any length: as `redact`, but form by form, which is fastest for few forms."""
    return _masked_short(text) if len(text) <= _SHORT else _masked_anew(text)


def _masked_anew(text: str) -> str:
    text = _splice(text, [(span.start, span.end, "[secret]") for span in find_secrets(text)])
    found = signs(text)
    for forms, mask in ((_SECRETS, "[secret]"), (_PERSONAL, "[personal data]")):
        for form, sign in forms.items():
            if sign in found:
                text = _FORMS[form].sub(mask, text)
    return _LONG_NUMBER.sub(
        lambda match: match[0] if _DATE.fullmatch(match[0]) else "[number]", text
    )


_SHORT = 1_000
"""Code points of the longest text whose result is kept: findings on duplicates ask for the same."""
_masked_short = lru_cache(maxsize=4096)(_masked_anew)


def masked(kind: str, value: str, prefix: str = "") -> str:
    """Return how to name a matched value in a message: `GitHub token, 40 characters (ghp_****)`.

    `prefix` is a documented prefix of all values of this kind. Only it and the length are shown.
    """
    return (
        f"{kind}, {len(value):,} character{'s' if len(value) != 1 else ''} "
        f"({prefix if value.startswith(prefix) else ''}****)"
    )


def redact_record(value: Any, findings: Iterable[Finding]) -> Any:
    """Return a copy of a record with spans of findings replaced by names: `[EMAIL_ADDRESS]`.

    The name is that of the rule. Overlapping spans are joined and get the name of the longest.
    Findings without a span are ignored. If the field of a finding is masked, it means every field
    with this mask. Raises ValueError if a finding is not about a text of the record, or states that
    there are more findings than listed: what is not masked must not pass as redacted.
    """
    spans: dict[str, list[Splice]] = {}
    for finding in findings:
        at = finding.at
        if finding.more:
            raise ValueError("the record has more findings than are listed")
        if at.start is not None and at.end is not None:
            spans.setdefault(at.field, []).append(
                (at.start, at.end, f"[{finding.rule.rpartition('/')[2].upper().replace('-', '_')}]")
            )
    texts: dict[str, list[Splice]] = {}
    for field, found in spans.items():
        matches = texts_at(value, field)
        if not matches or any(end > len(text) for _, end, _ in found for text in matches.values()):
            raise ValueError("a finding is not about a text of this record")
        for pointer in matches:
            texts.setdefault(pointer, []).extend(found)
    return _replace_texts(
        value,
        "",
        {
            pointer: _splice(text, _join_overlapping(texts[pointer]))
            for pointer, text in leaves(value)
            if pointer in texts
        },
    )


def texts_at(value: Any, field: str) -> dict[str, str]:
    """Return the texts of a finding's field, by JSON pointer; several if the field is masked."""
    texts = dict(leaves(value))
    return (
        {field: texts[field]}
        if field in texts
        else {pointer: text for pointer, text in texts.items() if redact_pointer(pointer) == field}
    )


def _join_overlapping(spans: list[Splice]) -> list[Splice]:
    """Return the spans with overlapping ones joined under the name of the longest."""
    joined: list[tuple[int, Splice]] = []
    for start, end, name in sorted(spans):
        length = end - start
        if joined and start < joined[-1][1][1]:
            longest, (first, last, other) = joined.pop()
            joined.append(
                (max(longest, length), (first, max(last, end), name if length > longest else other))
            )
        else:
            joined.append((length, (start, end, name)))
    return [span for _, span in joined]


def _splice(text: str, spans: Iterable[Splice]) -> str:
    """Return the text with these disjoint, ordered spans replaced."""
    pieces, done = [], 0
    for start, end, name in spans:
        pieces += [text[done:start], name]
        done = end
    return "".join([*pieces, text[done:]])


def _replace_texts(value: Any, pointer: str, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(pointer, value)
    if isinstance(value, dict):
        return {
            key: _replace_texts(item, f"{pointer}/{escape(key)}", texts)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _replace_texts(item, f"{pointer}/{number}", texts) for number, item in enumerate(value)
        ]
    return value


def redact_finding(finding: Finding) -> Finding:
    """Return the finding with every string masked that could carry data.

    The paths of the finding itself stay readable in its message.
    """
    return replace(
        finding,
        message=_redact_around(
            finding.message,
            {path for path in [finding.at.path, *(at.path for at in finding.related)] if path},
        ),
        at=_redact_location(finding.at),
        related=tuple(map(_redact_location, finding.related)),
        id=None if finding.id is None else redact(finding.id),
        suggestion=None if finding.suggestion is None else redact(finding.suggestion),
        slices=tuple((kind, redact(value)) for kind, value in finding.slices),
    )


def _redact_around(text: str, paths: set[str]) -> str:
    if not paths:
        return redact(text)
    safe = "".join(
        piece if piece in paths else redact(piece)
        for piece in _path_pattern(frozenset(paths)).split(text)
    )
    return text if safe != text and redact(text) == text else safe


@lru_cache(maxsize=256)
def _path_pattern(paths: frozenset[str]) -> re.Pattern[str]:
    return re.compile(
        "("
        + "|".join(re.escape(path) for path in sorted(paths, key=lambda path: (-len(path), path)))
        + ")"
    )


def _redact_location(at: Location) -> Location:
    if not at.field and not at.role:
        return at
    return replace(
        at, field=redact_pointer(at.field), role=None if at.role is None else redact(at.role)
    )


def redact_pointer(field: str) -> str:
    """Return a JSON pointer with each of its names masked, in unescaped form (`~1` is `/`)."""
    return "/".join(
        escape(redact(name.replace("~1", "/").replace("~0", "~"))) for name in field.split("/")
    )
