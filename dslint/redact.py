"""The redactor: personal data and secrets are masked in a finding itself, before anything can print, log, cache or compare it.

It runs always, whichever rules are selected. Its patterns are cheap and lean towards masking: it guards messages, field names and ids, not texts.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from msgspec.structs import replace

from dslint.model import Finding, Location

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
        r"(?i:\b(?:password|passwd|pwd|secret|token|api[_-]?key)\b\s*[=:]\s*)\S+",
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
    while (masked := _pattern().sub(_mask, text)) != text:
        text = masked
    return text


def masks(text: str) -> list[tuple[int, int, str]]:
    """Return what `redact` would mask in a text: start, end (in code points) and mask, in order."""
    found: list[tuple[int, int, str]] = []

    def keep(match: re.Match[str]) -> str:
        found.append((match.start(), match.end(), _mask(match)))
        return "\0" * len(match[0])

    while (rest := _pattern().sub(keep, text)) != text:
        text = rest
    return sorted(set(found))


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
    if redact(text) == text or not paths:
        return redact(text)
    pieces = re.split("(" + "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True)) + ")", text)
    return "".join(piece if piece in paths else redact(piece) for piece in pieces)


def _redact_location(at: Location) -> Location:
    if not at.field and not at.role:
        return at
    return replace(at, field=redact(at.field), role=None if at.role is None else redact(at.role))
