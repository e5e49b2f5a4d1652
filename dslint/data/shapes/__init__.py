"""Shapes: where the texts of a record are, and which role each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dslint.data.shapes.chat import Chat
from dslint.data.shapes.custom import Custom
from dslint.data.shapes.instruction import Alpaca, PromptCompletion
from dslint.data.shapes.plain import AnyShape, Classification, PlainText, label_field
from dslint.data.shapes.preference import Kto, Preference
from dslint.data.shapes.sharegpt import ShareGpt
from dslint.errors import ConfigError, nearest
from dslint.model import Shape

CONVERSATIONS: tuple[Shape, ...] = (
    Preference(),
    Kto(),
    Chat(),
    ShareGpt(),
    Alpaca(),
    PromptCompletion(),
)
"""Shapes of data with answers to learn, most specific first: the order in which they are tried."""

BUILT_IN: tuple[Shape, ...] = (*CONVERSATIONS, Classification(), PlainText(), AnyShape())
"""All built-in shapes, in the order in which they are tried."""

SAMPLE = 100
"""Number of records from which the shape of a dataset is detected."""

__all__ = [
    "BUILT_IN",
    "SAMPLE",
    "Custom",
    "conversation",
    "detect",
    "label_column",
    "named",
]


def named(name: str, known: Sequence[Shape]) -> Shape:
    """Return the shape with this name. Raises ConfigError with the nearest known name."""
    for shape in known:
        if shape.name == name:
            return shape
    if name == Custom.name:
        raise ConfigError(
            "the shape 'custom' needs `texts`",
            'configure it: [dataset] texts = { user = "question", assistant = "answer" }',
        )
    names = [shape.name for shape in known]
    raise ConfigError(
        f"unknown shape {name!r}", nearest(name, names) or f"known shapes: {', '.join(names)}"
    )


def detect(sample: Sequence[Any], known: Sequence[Shape]) -> tuple[Shape, float]:
    """Return the first shape that fits at least half of the sample, and the share that it fits."""
    for shape in known:
        share = sum(map(shape.fits, sample)) / len(sample) if sample else 0.0
        if share >= 0.5:
            return shape, share
    return known[-1], 1.0


def conversation(value: object) -> str | None:
    """Return the name of the first conversation shape that fits a record, or None."""
    return next((shape.name for shape in CONVERSATIONS if shape.fits(value)), None)


def label_column(sample: Sequence[Any]) -> str | None:
    """Return the usual label field that most of the sampled records have, or None."""
    names = [label_field(value) for value in sample]
    best = max(set(names), key=lambda name: (names.count(name), name or ""), default=None)
    return best if best is not None and names.count(best) > len(names) / 2 else None
