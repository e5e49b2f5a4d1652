"""Everything that a plugin author imports."""

from msgspec import Meta

from dslint.batch import Batch, primary, selected
from dslint.hooks import hookimpl
from dslint.model import DATASET, Confidence, Finding, Location, Measure, Resource, Severity, Shape, ShapeProblem, Text, Turn
from dslint.patterns import pattern
from dslint.pointers import escape, leaves, lookup, without
from dslint.prose import is_code, outside_code, prose
from dslint.protocols import Source
from dslint.record import Part, Record, Texts, digest
from dslint.rules import DatasetRule, Observer, OptionFile, PairRule, RecordRule, Rule
from dslint.shapes import conversation
from dslint.state import Columns, State

__all__ = [
    "DATASET",
    "Batch",
    "Columns",
    "Confidence",
    "DatasetRule",
    "Finding",
    "Location",
    "Measure",
    "Meta",
    "Observer",
    "OptionFile",
    "PairRule",
    "Part",
    "Record",
    "RecordRule",
    "Resource",
    "Rule",
    "Severity",
    "Shape",
    "ShapeProblem",
    "Source",
    "State",
    "Text",
    "Texts",
    "Turn",
    "conversation",
    "digest",
    "escape",
    "hookimpl",
    "is_code",
    "leaves",
    "lookup",
    "outside_code",
    "pattern",
    "primary",
    "prose",
    "selected",
    "without",
]
