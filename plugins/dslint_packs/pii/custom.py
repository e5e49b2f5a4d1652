"""pii/custom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dslint.plugin import HIDDEN, Batch, OptionFile
from dslint_packs.pii.rule import PersonalData
from dslint_packs.pii.scan import Hit, scan


@dataclass(frozen=True)
class Custom(PersonalData):
    """Kinds of personal data that you define, such as staff numbers or project names.

    Why: you know best what is personal in your data.

    `recognizers` is a file in presidio's YAML format: patterns with scores, context words, lists of
    words (`deny_list`), or presidio's recognizers by name. A recognizer checks every text, whatever
    its language. `deny` is a list of forbidden words, without a file.
    Measured: finds what your patterns match; presidio's bonus for a context word (0.35) applies to
    the six words before a match.

    Blind spots: recognizers that need a language model are refused; see pii/person-name.

    Options: `recognizers`: the file, or its content. `deny`: forbidden words. `roles`: which texts
    to check. `threshold`: the minimum presidio score of a finding. `allow`: values to accept (`*`
    and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags with {"recognizers": {"recognizers": [{"supported_entity": "ID", "deny_list": ["K7"]}]}}::

        {"prompt": "I am agent K7.", "completion": "Welcome."}

    Flags with {"deny": ["Project Zephyr"]}::

        {"text": "We call it Project Zephyr."}

    Passes with {"deny": ["Project Zephyr"]}::

        {"text": "A zephyr is a wind."}

    Cure: replace the value with a placeholder.
    """

    name = "custom"
    needs_options = ("recognizers|deny",)

    recognizers: OptionFile | None = None
    deny: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Load the recognizers, so that a mistake in them is a configuration error.

        Raises ValueError.
        """
        self._load()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return what the recognizers find in some texts."""
        recognizers = self._load()
        return scan(texts, tuple(recognizers), lambda: recognizers)

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return what the recognizers find in a batch."""
        return self.hits(batch.texts(("all", HIDDEN)).strings)

    def matches(self, hit: Hit) -> bool:
        """Return True: every hit belongs to this rule."""
        del hit
        return True

    def describe(self, hit: Hit) -> str:
        """Return the kind of a hit, as its recognizer names it."""
        return f"personal data of the kind {hit.kind}"

    def _load(self) -> Mapping[str, Any]:
        return load(self.recognizers.data if self.recognizers else b"", self.deny)


@lru_cache(maxsize=8)
def load(data: bytes, deny: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the recognizers of a file in presidio's YAML format, and one for a list of words.

    Imports presidio completely, because the file may name any of its recognizers.
    Raises ValueError for what presidio rejects.
    """
    if not data and not deny:
        return {}
    from dslint_packs.pii.presidio import PatternRecognizer

    recognizers = (
        [PatternRecognizer(supported_entity="DENY_LIST", deny_list=list(deny))] if deny else []
    )
    recognizers += _read(data) if data else []
    return {f"{number} {one.name}": one for number, one in enumerate(recognizers)}


def _read(data: bytes) -> list[Any]:
    import tldextract.tldextract
    import yaml
    from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

    # presidio's own e-mail recognizer would download the list of public suffixes.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    try:
        content = yaml.safe_load(data)
        listed = [
            {
                "name": one if isinstance(one, str) else one.get("supported_entity"),
                **({} if isinstance(one, str) else one),
            }
            for one in content["recognizers"]
        ]
        languages = {one.get("supported_language") for one in listed} | {
            language if isinstance(language, str) else language["language"]
            for one in listed
            for language in one.get("supported_languages") or ()
        }
        configuration = {
            "supported_languages": sorted(filter(None, languages)) or ["en"],
            "global_regex_flags": 26,
            **content,
            "recognizers": listed,
        }
        recognizers: list[Any] = list(
            RecognizerRegistryProvider(registry_configuration=configuration)
            .create_recognizer_registry()
            .recognizers
        )
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"presidio rejects the recognizers file: {error}") from error
    if with_model := [
        one.name for one in recognizers if ".nlp_engine_recognizers." in type(one).__module__
    ]:
        raise ValueError(
            f"{with_model[0]} needs a language model; use pii/person-name and pii/location instead"
        )
    return recognizers
