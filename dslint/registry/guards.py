"""Guards around what plugins of others provide: errors in it are attributed to their authors.

A failing reader becomes a problem of its file. A failing shape, reporter or language detector
raises PluginError, since nothing can replace it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from dslint.data.batch import Batch, Identify
from dslint.data.protocols import Reader
from dslint.engine import describe
from dslint.errors import InputError, PluginError
from dslint.model import Input, Shape, ShapeProblem, Shard, Text, Turn


def require(what: str, thing: Any, **methods: int) -> None:
    """Raise PluginError if a thing lacks a name, or a method that takes so many arguments."""
    name = getattr(thing, "name", None)
    if not isinstance(name, str):
        raise PluginError(f"a {what} has no name")
    for method, count in methods.items():
        found = getattr(thing, method, None)
        if not callable(found) or not takes(found, count):
            raise PluginError(f"{what} {name!r} has no {method}() that takes {count} arguments")


def takes(function: Callable[..., Any], count: int) -> bool:
    """Say whether a function takes so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # written in C, it does not say
        return True
    return True


class GuardedReader:
    """A reader of others."""

    def __init__(self, reader: Reader, who: str) -> None:
        require("reader", reader, split=3, read=4)
        suffixes = getattr(reader, "suffixes", None)
        if not isinstance(suffixes, tuple | list) or not all(
            isinstance(one, str) for one in suffixes
        ):
            raise PluginError(f"reader {reader.name!r} has no tuple of suffixes")
        self.name = reader.name
        self.suffixes = tuple(suffixes)
        self._reader = reader
        self._who = who

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """See `Reader.split`."""
        try:
            shards = list(self._reader.split(item, location, size))
        except InputError:
            raise
        except Exception as error:
            raise self._blamed(describe(error), item.path) from error
        if not all(isinstance(shard, Shard) for shard in shards):
            raise self._blamed("split() returns something else than shards", item.path)
        return shards

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """See `Reader.read`."""
        path = shard.input.path
        try:
            for batch in self._reader.read(shard, shape, max_record, max_depth):
                yield self._batch(batch, path)
        except InputError:
            raise
        except Exception as error:
            raise self._blamed(describe(error), path) from error

    def _batch(self, said: Any, path: str) -> Batch:
        if not isinstance(said, Batch):
            raise self._blamed("read() yields something else than batches", path)
        return said

    def _blamed(self, why: str, path: str) -> InputError:
        hint = f"report it to the authors of {self._who}"
        what = f"reader {self.name!r} of {self._who} failed: {why}"
        return InputError(what, hint, "reader-crashed", path)


class GuardedShape:
    """A shape of others."""

    def __init__(self, shape: Shape, who: str) -> None:
        require("shape", shape, fits=1, read=1, turns=1)
        self.name = shape.name
        self.roles = frozenset(shape.roles)
        self._shape = shape
        self._who = who

    def fits(self, value: Any) -> bool:
        """See `Shape.fits`."""
        return bool(self._asked(self._shape.fits, value))

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """See `Shape.read`."""
        said = self._asked(self._shape.read, value)
        if not (
            isinstance(said, tuple)
            and len(said) == 2
            and all(isinstance(one, list) for one in said)
        ):
            raise PluginError(
                f"shape {self.name!r} of {self._who}: read() returns no texts and problems"
            )
        return said

    def turns(self, value: Any) -> list[Turn]:
        """See `Shape.turns`."""
        turns: list[Turn] = self._asked(self._shape.turns, value)
        return turns

    def _asked(self, method: Callable[[Any], Any], value: Any) -> Any:
        try:
            return method(value)
        except Exception as error:
            raise _blamed(f"shape {self.name!r}", self._who, error) from error


class GuardedReporter:
    """A report format of others."""

    def __init__(self, name: str, reporter: Callable[..., Any], who: str) -> None:
        if not callable(reporter) or not takes(reporter, 2):
            raise PluginError(f"report format {name!r} is no function of a report and a style")
        self._name = name
        self._reporter = reporter
        self._who = who

    def __call__(self, report: Any, style: Any) -> Iterator[str]:
        """Yield the pieces of the report."""
        what = f"report format {self._name!r}"
        try:
            for piece in self._reporter(report, style):
                yield self._text(piece)
        except Exception as error:
            raise _blamed(what, self._who, error) from error

    @staticmethod
    def _text(piece: Any) -> str:
        if not isinstance(piece, str):
            raise PluginError("it yields something else than text")
        return piece


class GuardedLanguages:
    """What tells the languages of texts, of others."""

    def __init__(self, identify: Identify, who: str) -> None:
        if not callable(identify) or not takes(identify, 1):
            raise PluginError("what tells languages is no function of texts")
        self._identify = identify
        self._who = who

    def __call__(self, texts: Sequence[str]) -> list[str | None]:
        """Return the language of each text."""
        try:
            said: Iterable[str | None] = list(self._identify(texts))
        except Exception as error:
            raise _blamed("what tells languages", self._who, error) from error
        codes = [code for code in said if code is None or isinstance(code, str)]
        if len(codes) != len(texts):
            raise PluginError(f"what tells languages, of {self._who}, has no code for each text")
        return codes


def _blamed(what: str, who: str, error: Exception) -> PluginError:
    return PluginError(
        f"{what} of {who} failed: {describe(error)}", f"report it to the authors of {who}"
    )
