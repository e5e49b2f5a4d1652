"""Everything that a plugin author imports."""

from msgspec import Meta

from dslint.batch import Batch, Part, Record, Texts, digest, escape, leaves, lookup, selected, without
from dslint.hooks import hookimpl
from dslint.model import DATASET, Confidence, Finding, Location, Measure, Resource, Severity, Shape, ShapeProblem, Text, Turn
from dslint.patterns import pattern
from dslint.protocols import Source
from dslint.redact import masked, redact_record
from dslint.reference import records_in, texts_in
from dslint.rules import DatasetRule, Observer, OptionFile, PairRule, RecordRule, Rule
from dslint.secrets import SecretKind, SecretSpan, disjoint, find_secrets
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
    "SecretKind",
    "SecretSpan",
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
    "disjoint",
    "escape",
    "find_secrets",
    "hookimpl",
    "leaves",
    "lookup",
    "masked",
    "pattern",
    "records_in",
    "redact_record",
    "selected",
    "texts_in",
    "without",
]
