"""source/untrusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from dslint.plugin import Batch, Confidence, Finding, Location, Record, RecordRule, pattern

_URL = pattern(
    r"(?:https?|ftp)://(?:[^\s/@?#\"'<>]*@)?(\[[0-9a-fA-F:.]+\]|[^\s/:?#\"'<>(){}\[\]\\|^`,;]+)",
    re.IGNORECASE,
)
_HOST = pattern(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True)
class Untrusted(RecordRule):
    """Records from untrusted sources.

    Why: content farms, the output of other models and material whose licence forbids training do
    not belong in the data.

    The source column (`--column source=FIELD`) and the URLs in the texts of `roles` are compared
    with two lists. Anything that matches `deny` is flagged; with an `allow` list, so is anything
    that does not match it. An entry is a domain, which includes its subdomains (`example.org`),
    a pattern with `*` (`*.blog.example`, `gpt-*`), or the exact value of a source column that is
    not a URL.

    Blind spots: URLs without a scheme such as `http://`; text copied from a source that it does
    not name.

    Options: `allow` and `deny`, lists of entries; `roles`, which texts to search for URLs.

    Flags with {"deny": ["content-farm.example"]}::

        {"text": "Read on at https://www.content-farm.example/ten-facts"}

    Passes with {"deny": ["content-farm.example"]}::

        {"text": "Read on at https://docs.python.org/3/ and at https://not-content-farm.example/"}

    Cure: remove the record, or add its source to the allowed ones.
    """

    name = "untrusted"
    sees = "all"
    needs_options = ("allow|deny",)

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("prompt", "target")

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for an untrusted source column, and one for each untrusted URL."""
        source = record.column("source")
        if source is not None and self._is_untrusted(_source_name(str(source))):
            yield self.finding(record.at(), f"the source column names {self._reason()}")
        for part in record.texts(self.roles):
            for start, end in self._untrusted_hosts(part.text):
                yield self._url_finding(part.at(start, end))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check a whole batch; only texts that contain `://` are searched for URLs."""
        for position, source in enumerate(
            batch.column("source") if "source" in batch.input.columns else ()
        ):
            if source is not None and self._is_untrusted(_source_name(str(source))):
                yield self.finding(
                    batch.records[position].at(), f"the source column names {self._reason()}"
                )
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            if "://" in item.text:
                for start, end in self._untrusted_hosts(item.text):
                    yield self._url_finding(texts.at(number, start, end))

    def _untrusted_hosts(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _URL.finditer(text):
            if self._is_untrusted(match[1].rstrip(".").lower()):
                yield match.span(1)

    def _url_finding(self, at: Location) -> Finding:
        return self.finding(at, f"a URL of {self._reason()}", confidence=Confidence.HIGH)

    def _reason(self) -> str:
        return "a denied source" if self.deny and not self.allow else "a source that is not allowed"

    def _is_untrusted(self, name: str) -> bool:
        if self._deny_pattern is not None and self._deny_pattern.fullmatch(name):
            return True
        return self._allow_pattern is not None and not self._allow_pattern.fullmatch(name)

    @cached_property
    def _deny_pattern(self) -> re.Pattern[str] | None:
        return _pattern_of(self.deny)

    @cached_property
    def _allow_pattern(self) -> re.Pattern[str] | None:
        return _pattern_of(self.allow)


def _source_name(source: str) -> str:
    """Return the host of a URL, or any other source as it is; both in lower case."""
    match = _URL.match(source)
    return (match[1].rstrip(".") if match else source.strip()).lower()


def _pattern_of(entries: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return a pattern that matches any of the entries, or None without entries."""
    if not entries:
        return None
    wild = (".*".join(map(re.escape, re.split(r"\*+", entry.strip().lower()))) for entry in entries)
    domains = (
        rf"(?:[^/]*\.)?{found}" if _HOST.fullmatch(entry.strip()) else found
        for entry, found in zip(entries, wild, strict=True)
    )
    return re.compile("|".join(domains))
