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
    """Kinds of personal data that you define: numbers of staff or customers, names of projects.

    Why: what is personal in your data, you know best.

    `recognizers` is a file in presidio's own YAML: patterns with scores, words of context, lists of words (`deny_list`), or presidio's recognizers
    by name. A recognizer sees every text, whatever its language. `deny` is a list of words that may not stand, without a file.
    Measured: it finds what your patterns match; presidio's bonus for a word of the context (0.35) counts for the six words before a match.

    Blind spots: recognizers that need a language model are refused; see pii/person-name.

    Options: `recognizers`, the file, or its content; `deny`, words that may not stand; `roles`, which texts to judge; `threshold`, the least score
    of presidio's that counts; `allow`, values that may stand (`*` and `?` are wildcards; case, spaces and hyphens do not count).

    Flags with {"recognizers": {"recognizers": [{"supported_entity": "STAFF", "patterns": [{"name": "n", "regex": "EMP-[0-9]{4}", "score": 0.5}]}]}}::

        {"messages": [{"role": "user", "content": "I am EMP-4711."}, {"role": "assistant", "content": "Welcome."}]}

    Flags with {"deny": ["Project Zephyr"]}::

        {"text": "We call it Project Zephyr."}

    Passes with {"deny": ["Project Zephyr"]}::

        {"text": "A zephyr is a wind."}

    Cure: put a placeholder in the place of the value.
    """

    name = "custom"
    needs_options = ("recognizers|deny",)

    recognizers: OptionFile | None = None
    deny: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Load the recognizers, so that a mistake in them is one of the configuration. Raises ValueError."""
        self._loaded()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return what the recognizers find in some texts."""
        loaded = self._loaded()
        return scan(texts, tuple(loaded), lambda: loaded)

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the same for a batch."""
        return self.hits(batch.texts(("all", HIDDEN)).strings)

    def mine(self, hit: Hit) -> bool:
        """Say that every hit is one of this rule."""
        del hit
        return True

    def named(self, hit: Hit) -> str:
        """Name the kind, as its recognizer does."""
        return f"personal data of the kind {hit.kind}"

    def _loaded(self) -> Mapping[str, Any]:
        return load(self.recognizers.data if self.recognizers else b"", self.deny)


@lru_cache(maxsize=8)
def load(data: bytes, deny: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the recognizers of a file in presidio's YAML, and one for a list of words. Raises ValueError for what presidio refuses.

    This imports the whole of presidio, for what such a file may name is open.
    """
    if not data and not deny:
        return {}
    from dslint_packs.pii.presidio import PatternRecognizer

    found = [PatternRecognizer(supported_entity="DENY_LIST", deny_list=list(deny))] if deny else []
    found += _of_file(data) if data else []
    return {f"{number} {one.name}": one for number, one in enumerate(found)}


def _of_file(data: bytes) -> list[Any]:
    import tldextract.tldextract
    import yaml
    from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

    # presidio's own recognizer of e-mail addresses would ask the network for the list of public suffixes.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    try:
        written = yaml.safe_load(data)
        listed = [
            {
                "name": one if isinstance(one, str) else one.get("supported_entity"),
                **({} if isinstance(one, str) else one),
            }
            for one in written["recognizers"]
        ]
        languages = {one.get("supported_language") for one in listed} | {
            language if isinstance(language, str) else language["language"]
            for one in listed
            for language in one.get("supported_languages") or ()
        }
        asked = {
            "supported_languages": sorted(filter(None, languages)) or ["en"],
            "global_regex_flags": 26,
            **written,
            "recognizers": listed,
        }
        recognizers: list[Any] = list(
            RecognizerRegistryProvider(registry_configuration=asked)
            .create_recognizer_registry()
            .recognizers
        )
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"presidio refuses the file of recognizers: {error}") from error
    if modelled := [
        one.name for one in recognizers if ".nlp_engine_recognizers." in type(one).__module__
    ]:
        raise ValueError(
            f"{modelled[0]} needs a language model: use pii/person-name and pii/location"
        )
    return recognizers
