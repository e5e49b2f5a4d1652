"""What rules share that look for the terms of lexicons."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from dslint.data.batch import Batch
from dslint.data.record import Record
from dslint.model import Finding, Location
from dslint.nlp.lexicon import Lexicon, lexicon_of, parse_lexicon
from dslint.nlp.matcher import Hit, Matcher
from dslint.rules.base import OptionFile, RecordRule


@dataclass(frozen=True)
class LexiconRule(RecordRule):
    """A rule that looks for the terms of lexicons: those of the kinds that it `takes`, and the user's own.

    Options that every such rule has: `roles`, which texts to judge; `lexicon`, files with terms of one's own, in CSV, TOML or JSON; `allow`, words
    and phrases that are fine.
    """

    disguises: ClassVar[bool] = False
    """Whether terms are also found in disguise; see `Matcher`."""

    roles: tuple[str, ...] = ("target",)
    lexicon: tuple[OptionFile, ...] = ()
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Read the user's lexicons, so that a mistake in one stops the run before it begins."""
        _ = self._own

    @cached_property
    def _own(self) -> list[Lexicon]:
        return [parse_lexicon(file.path, file.data) for file in self.lexicon]

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher([*self._own, *map(lexicon_of, self.resources)], disguises=self.disguises, allow=self.allow)

    @abstractmethod
    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return the finding for a term in a text, or None if it is fine there. `target` says whether a model learns to say the text."""

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each term in a record."""
        for part in record.texts(self.roles):
            for hit in self._matcher.find(part.text):
                found = self.judge(hit, part.at(hit.start, hit.end), part.text, target=part.target)
                if found is not None:
                    yield found

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look at the texts that may hold a term."""
        texts = batch.texts(self.roles)
        for number, hits in self._matcher.search(batch, self.roles):
            text = texts.items[number]
            for hit in hits:
                found = self.judge(hit, texts.at(number, hit.start, hit.end), text.text, target=text.target)
                if found is not None:
                    yield found
