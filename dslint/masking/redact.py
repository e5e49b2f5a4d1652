"""The redactor: personal data and secrets are masked in a finding itself, before anything can print, log, cache or compare it.

It runs always, whichever rules are selected: by the table of `dslint.masking.secret_patterns`, which the
secrets pack judges by too, and by cheap patterns that lean towards masking, also of half a key.
It guards messages, field names and ids, not texts; for these there is `redact_record`, which goes
by findings.
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
"""A span and what is put in its place."""

_NAMED = (
    r"(?i:(?:passw(?:or)?d|passphrase|pwd|secret|token|authorization|(?:api|access|auth|account|private)[_ -]?key)"
    r"[\"'\\]{0,3}(?:\s*[=:]|\sis\s))"
)
_NAMED_SIGN = r"(?:passw(?:or)?d|passphrase|pwd|secret|token|author\w{5,9}|key)[\"'\\]{0,3}(?:\s*[=:]|\s\w.?s\s)"
"""The same, of a text in small letters only: that is searched three times faster."""
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
"""What secrets look like, each with a sign that a text is searched for first: that is many times faster, and most texts have none."""
_PERSONAL = {
    r"(?<![\w.+%-])[\w.+%-]++@(?:[\w-]+\.)+[^\W\d_]{2,}": "@",  # e-mail address
    r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b": r"[A-Z]\d\d[ -]?[A-Z0-9]",  # IBAN
    r"\b\d{3}-\d{2}-\d{4}\b": _NUMBER,  # US social security number
    r"(?<![\w.])(?:\d[ -]?){12,18}\d(?!\w)": _NUMBER,  # payment card
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)": _NUMBER,  # telephone, North American grouping
    r"(?<!\w)\+\d[\d ().-]{6,}\d(?!\w)": _NUMBER,  # telephone, international
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])": _NUMBER,  # IPv4
    r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4})(?![\w:])": _HEX,  # IPv6, MAC
    r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){1,7}(?::[0-9A-Fa-f]{1,4}){1,7}(?![\w:])": _HEX,  # IPv6, shortened
    r"\b0x[0-9A-Fa-f]{40}\b": "0x",  # wallet, Ethereum
    r"\bbc1[a-z0-9]{25,62}\b": "bc1",  # wallet, Bitcoin
    r"\b[13][a-km-zA-HJ-NP-Z1-9]{25,34}\b": r"[13][a-km-zA-HJ-NP-Z1-9]{25}",
}
"""The same of personal data."""


_FORMS = {form: pattern(form) for form in {**_SECRETS, **_PERSONAL}}
_SIGNS = {sign: pattern(sign) for sign in {**_SECRETS, **_PERSONAL}.values()}


def signs(text: str) -> set[str]:
    """Return the signs of personal data and secrets that a text has."""
    return {
        sign
        for sign, form in _SIGNS.items()
        if form.search(text.casefold() if sign is _NAMED_SIGN else text)
    }


@cache
def _pattern() -> re.Pattern[str]:
    """Compile the pattern when there is something to mask: it takes milliseconds, and a clean dataset needs none."""
    return re.compile(f"(?P<secret>{'|'.join(_SECRETS)})|(?P<personal>{'|'.join(_PERSONAL)})")


def _mask(match: re.Match[str]) -> str:
    return "[secret]" if match.lastgroup == "secret" else "[personal data]"


@lru_cache(maxsize=4096)
def redact(text: str) -> str:
    """Return the text with what looks like personal data or a secret replaced by a mask."""
    # A mask ends what stood glued before a value (`me@example.org4111...`), which only then looks like one.
    while (
        masked := _without(
            _spliced(text, [(span.start, span.end, "[secret]") for span in find_secrets(text)])
        )
    ) != text:
        text = masked
    return text


def _without(text: str) -> str:
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
            keep, _spliced(text, [(start, end, "\0" * (end - start)) for start, end, _ in secrets])
        )
        if rest == text:
            return sorted(set(found))
        text = rest


_LONG_NUMBER = pattern(r"\d(?<![\w.-]\d)(?:[ ()/-]{0,2}\d){6,}(?!\w)")
_DATE = pattern(
    r"\d{4}[/-]\d\d?[/-]\d\d?(?: \d\d)?|\d\d?[/-]\d\d?[/-]\d{4}(?: \d\d)?|[12]\d{3} ?[/-] ?[12]\d{3}"
)


def unguessable(value: Any) -> Any:
    """Return a record as what tells it apart may be made from: a digest that everybody can compute must not let a value be guessed.

    Left out of its keys and texts is what has the form of personal data or of a secret, and every number of seven digits and more that is no date:
    there are too few of them. The record itself where there is nothing of that; it is never changed.
    """
    return (
        value
        if _guarded(together := "\n".join(_strings(value))) == together
        else _guarded_in(value)
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from map(str, value)
        yield from chain.from_iterable(map(_strings, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_strings, value))


def _guarded_in(value: Any) -> Any:
    if isinstance(value, str):
        return _guarded(value)
    if isinstance(value, dict):
        return {_guarded(str(name)): _guarded_in(value[name]) for name in sorted(value, key=str)}
    return list(map(_guarded_in, value)) if isinstance(value, list) else value


def _guarded(text: str) -> str:
    """Mask a text of any length: as `redact`, but form by form, which is fastest for few forms."""
    return _guarded_short(text) if len(text) <= _SHORT else _guarded_anew(text)


def _guarded_anew(text: str) -> str:
    text = _spliced(text, [(span.start, span.end, "[secret]") for span in find_secrets(text)])
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
_guarded_short = lru_cache(maxsize=4096)(_guarded_anew)


def masked(kind: str, value: str, prefix: str = "") -> str:
    """Return what a message may say of a matched value: `GitHub token, 40 characters (ghp_****)`.

    `prefix` is a documented beginning that all values of the kind have in common. Nothing else of the value is told but its length.
    """
    return f"{kind}, {len(value):,} character{'s' if len(value) != 1 else ''} ({prefix if value.startswith(prefix) else ''}****)"


def redact_record(value: Any, findings: Iterable[Finding]) -> Any:
    """Return a copy of a record in which the spans of its findings are replaced by the names of what was found: `[EMAIL_ADDRESS]`.

    The name is that of the rule; where spans overlap, their union gets the name of the longest. Findings without a span say nothing of a value and
    are left out. A field that is masked in its finding means every field that has this mask. The record itself is never changed. Raises ValueError if
    a finding is of no text of the record, or says that there are more than are listed: what is not masked must not pass as redacted.
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
        mine = texts_at(value, field)
        if not mine or any(end > len(text) for _, end, _ in found for text in mine.values()):
            raise ValueError("a finding is not about a text of this record")
        for pointer in mine:
            texts.setdefault(pointer, []).extend(found)
    return _replaced(
        value,
        "",
        {
            pointer: _spliced(text, _united(texts[pointer]))
            for pointer, text in leaves(value)
            if pointer in texts
        },
    )


def texts_at(value: Any, field: str) -> dict[str, str]:
    """Return the texts of a record, by JSON pointer, that a finding's field means: one, or several where the field is masked."""
    texts = dict(leaves(value))
    return (
        {field: texts[field]}
        if field in texts
        else {pointer: text for pointer, text in texts.items() if redact_pointer(pointer) == field}
    )


def _united(spans: list[Splice]) -> list[Splice]:
    """Return the spans with those that overlap made one, which has the name of the longest."""
    united: list[tuple[int, Splice]] = []
    for start, end, name in sorted(spans):
        length = end - start
        if united and start < united[-1][1][1]:
            longest, (first, last, other) = united.pop()
            united.append(
                (max(longest, length), (first, max(last, end), name if length > longest else other))
            )
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
        return {
            key: _replaced(item, f"{pointer}/{escape(key)}", texts) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_replaced(item, f"{pointer}/{number}", texts) for number, item in enumerate(value)]
    return value


def redact_finding(finding: Finding) -> Finding:
    """Return the finding with every string that could carry data masked. The paths of the finding itself stay readable in its message."""
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
        for piece in _borders(frozenset(paths)).split(text)
    )
    return text if safe != text and redact(text) == text else safe


@lru_cache(maxsize=256)
def _borders(paths: frozenset[str]) -> re.Pattern[str]:
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
    """Return a JSON pointer with its names masked, each by itself and as it stands in the record: there `~1` is `/`."""
    return "/".join(
        escape(redact(name.replace("~1", "/").replace("~0", "~"))) for name in field.split("/")
    )
