"""The redactor: personal data and secrets are masked in a finding itself, before anything can print, log, cache or compare it.

It runs always, whichever rules are selected: by the table of `dslint.secrets`, which the secrets pack judges by too, and by cheap patterns that lean
towards masking, also of half a key. It guards messages, field names and ids, not texts; for these there is `redact_record`, which goes by findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from msgspec.structs import replace

from dslint.model import Finding, Location
from dslint.patterns import pattern
from dslint.pointers import escape, leaves
from dslint.secrets import find_secrets

Splice = tuple[int, int, str]
"""A span and what is put in its place."""

_SECRETS = "|".join(
    [
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        r"\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9_-]{16,}",
        r"\bgh[opsur]_[A-Za-z0-9]{20,}",
        r"\bgithub_pat_[A-Za-z0-9_]{20,}",
        r"\bglpat-[A-Za-z0-9_-]{16,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
        r"\bAIza[A-Za-z0-9_-]{30,}",
        r"\bya29\.[A-Za-z0-9_-]{20,}",
        r"\bhf_[A-Za-z0-9]{20,}",
        r"\bnpm_[A-Za-z0-9]{30,}",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"\b(?:AC|SK)[0-9a-f]{32}\b",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        r"(?<=://)[^\s/:@]*:[^\s/@]+(?=@)",
        (
            r"(?i:(?:passw(?:or)?d|passphrase|pwd|secret|token|authorization|(?:api|access|auth|account|private)[_ -]?key)"
            r"[\"'\\]{0,3}(?:\s*[=:]|\sis\s)\s*)(?:(?i:bearer|basic)\s+)?\S+"
        ),
    ]
)
_PERSONAL = "|".join(
    [
        r"(?<![\w.+%-])[\w.+%-]++@(?:[\w-]+\.)+[^\W\d_]{2,}",  # e-mail address
        r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b",  # IBAN
        r"\b\d{3}-\d{2}-\d{4}\b",  # US social security number
        r"(?<![\w.])(?:\d[ -]?){12,18}\d(?!\w)",  # payment card
        r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)",  # telephone, North American grouping
        r"(?<!\w)\+\d[\d ().-]{6,}\d(?!\w)",  # telephone, international
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])",  # IPv4
        r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4})(?![\w:])",  # IPv6, MAC
        r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){1,7}(?::[0-9A-Fa-f]{1,4}){1,7}(?![\w:])",  # IPv6, shortened
        r"\b0x[0-9A-Fa-f]{40}\b",  # wallet, Ethereum
        r"\b(?:bc1[a-z0-9]{25,62}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})\b",  # wallet, Bitcoin
    ]
)


_SIGNS = pattern(
    r"[@=:_+(-]|\d(?:\.| \d|\d{11})|(?i:\sis\s)|[A-Z]{2}(?:\d{2}|[A-Z]{2})|(?:AC|SK)[0-9a-f]{2}|AIza|SG\.|eyJ|bc1|0x|[13]\w{25}",
)
"""What some part of everything that the pattern below matches looks like: most messages have nothing of it, and are passed ten times faster."""


@cache
def _pattern() -> re.Pattern[str]:
    """Compile the pattern when there is something to mask: it takes milliseconds, and a clean dataset needs none."""
    return re.compile(f"(?P<secret>{_SECRETS})|(?P<personal>{_PERSONAL})")


def _mask(match: re.Match[str]) -> str:
    return "[secret]" if match.lastgroup == "secret" else "[personal data]"


@lru_cache(maxsize=4096)
def redact(text: str) -> str:
    """Return the text with what looks like personal data or a secret replaced by a mask."""
    # A mask ends what stood glued before a value (`me@example.org4111...`), which only then looks like one.
    while (masked := _without(_spliced(text, [(span.start, span.end, "[secret]") for span in find_secrets(text)]))) != text:
        text = masked
    return text


def _without(text: str) -> str:
    return _pattern().sub(_mask, text) if _SIGNS.search(text) else text


def masks(text: str) -> list[Splice]:
    """Return what `redact` would mask in a text: start, end (in code points) and mask, in order."""
    found: list[Splice] = []

    def keep(match: re.Match[str]) -> str:
        found.append((match.start(), match.end(), _mask(match)))
        return "\0" * len(match[0])

    while True:
        secrets = [(span.start, span.end, "[secret]") for span in find_secrets(text)]
        found += secrets
        rest = _pattern().sub(keep, _spliced(text, [(start, end, "\0" * (end - start)) for start, end, _ in secrets]))
        if rest == text:
            return sorted(set(found))
        text = rest


def masked(kind: str, value: str, prefix: str = "") -> str:
    """Return what a message may say of a matched value: `GitHub token, 40 characters (ghp_****)`.

    `prefix` is a documented beginning that all values of the kind have in common. Nothing else of the value is told but its length.
    """
    return f"{kind}, {len(value):,} character{'s' if len(value) != 1 else ''} ({prefix if value.startswith(prefix) else ''}****)"


def redact_record(value: Any, findings: Iterable[Finding]) -> Any:
    """Return a copy of a record in which the spans of its findings are replaced by the names of what was found: `[EMAIL_ADDRESS]`.

    The name is that of the rule; where spans overlap, their union gets the name of the longest. Findings without a span say nothing of a value and
    are left out. A field that is masked in its finding means every field that has this mask. The record itself is never changed. Raises ValueError if
    a finding is of no text of the record: what was not found there must not pass as redacted.
    """
    spans: dict[str, list[Splice]] = {}
    for finding in findings:
        at = finding.at
        if at.start is not None and at.end is not None:
            spans.setdefault(at.field, []).append((at.start, at.end, f"[{finding.rule.rpartition('/')[2].upper().replace('-', '_')}]"))
    texts: dict[str, list[Splice]] = {}
    for field, found in spans.items():
        mine = texts_at(value, field)
        if not mine or any(end > len(text) for _, end, _ in found for text in mine.values()):
            raise ValueError("a finding is not about a text of this record")
        for pointer in mine:
            texts.setdefault(pointer, []).extend(found)
    return _replaced(value, "", {pointer: _spliced(text, _united(texts[pointer])) for pointer, text in leaves(value) if pointer in texts})


def texts_at(value: Any, field: str) -> dict[str, str]:
    """Return the texts of a record, by JSON pointer, that a finding's field means: one, or several where the field is masked."""
    texts = dict(leaves(value))
    return {field: texts[field]} if field in texts else {pointer: text for pointer, text in texts.items() if redact_pointer(pointer) == field}


def _united(spans: list[Splice]) -> list[Splice]:
    """Return the spans with those that overlap made one, which has the name of the longest."""
    united: list[tuple[int, Splice]] = []
    for start, end, name in sorted(spans):
        length = end - start
        if united and start < united[-1][1][1]:
            longest, (first, last, other) = united.pop()
            united.append((max(longest, length), (first, max(last, end), name if length > longest else other)))
        else:
            united.append((length, (start, end, name)))
    return [span for _, span in united]


def _spliced(text: str, spans: Iterable[Splice]) -> str:
    """Return the text with disjoint spans, in order, replaced."""
    pieces, done = [], 0
    for start, end, name in spans:
        pieces += [text[done:start], name]
        done = end
    return "".join([*pieces, text[done:]])


def _replaced(value: Any, pointer: str, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(pointer, value)
    if isinstance(value, dict):
        return {key: _replaced(item, f"{pointer}/{escape(key)}", texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, f"{pointer}/{number}", texts) for number, item in enumerate(value)]
    return value


def redact_finding(finding: Finding) -> Finding:
    """Return the finding with every string that could carry data masked. The paths of the finding itself stay readable in its message."""
    return replace(
        finding,
        message=_redact_around(finding.message, {path for path in [finding.at.path, *(at.path for at in finding.related)] if path}),
        at=_redact_location(finding.at),
        related=tuple(map(_redact_location, finding.related)),
        id=None if finding.id is None else redact(finding.id),
        suggestion=None if finding.suggestion is None else redact(finding.suggestion),
        slices=tuple((kind, redact(value)) for kind, value in finding.slices),
    )


def _redact_around(text: str, paths: set[str]) -> str:
    if not paths:
        return redact(text)
    safe = "".join(piece if piece in paths else redact(piece) for piece in _borders(frozenset(paths)).split(text))
    return text if safe != text and redact(text) == text else safe


@lru_cache(maxsize=256)
def _borders(paths: frozenset[str]) -> re.Pattern[str]:
    return re.compile("(" + "|".join(re.escape(path) for path in sorted(paths, key=lambda path: (-len(path), path))) + ")")


def _redact_location(at: Location) -> Location:
    if not at.field and not at.role:
        return at
    return replace(at, field=redact_pointer(at.field), role=None if at.role is None else redact(at.role))


def redact_pointer(field: str) -> str:
    """Return a JSON pointer with its names masked, each by itself and as it stands in the record: there `~1` is `/`."""
    return "/".join(escape(redact(name.replace("~1", "/").replace("~0", "~"))) for name in field.split("/"))
