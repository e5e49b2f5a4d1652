"""The public API for plugins: everything that a plugin imports."""

from msgspec import Meta

from dslint.data.batch import HIDDEN, Batch, primary, selected
from dslint.data.protocols import Source
from dslint.data.record import Part, Record, Texts, digest, digests, secure_digest, secure_digests
from dslint.data.review_sheet import ReviewedRecord
from dslint.data.review_sheet import read as read_sheet
from dslint.data.shapes import conversation
from dslint.errors import ConfigError, NotApplicableError
from dslint.helpers.lazy_re import pattern
from dslint.helpers.pointers import escape, leaves, lookup, without
from dslint.masking.redact import masked, redact, redact_record
from dslint.masking.secret_patterns import SecretKind, SecretSpan, disjoint, find_secrets
from dslint.model import (
    DATASET,
    Confidence,
    Finding,
    Location,
    Measure,
    Resource,
    Severity,
    Shape,
    ShapeProblem,
    Text,
    Turn,
)
from dslint.nlp.code_spans import is_code, outside, outside_code, prose
from dslint.nlp.embeddings import embed
from dslint.nlp.lexicon import Entry, Lexicon, lexicon_of, parse_lexicon
from dslint.nlp.matcher import Hit, Matcher
from dslint.nlp.words import nfkc
from dslint.registry.hooks import API_VERSION, hookimpl
from dslint.rules.base import DatasetRule, Observer, OptionFile, PairRule, RecordRule, Rule
from dslint.rules.lexicon_rule import LexiconRule
from dslint.rules.option_files import texts_in
from dslint.storage.arrow import Columns
from dslint.storage.state import State

__all__ = [
    "API_VERSION",
    "DATASET",
    "HIDDEN",
    "Batch",
    "Columns",
    "Confidence",
    "ConfigError",
    "DatasetRule",
    "Entry",
    "Finding",
    "Hit",
    "Lexicon",
    "LexiconRule",
    "Location",
    "Matcher",
    "Measure",
    "Meta",
    "NotApplicableError",
    "Observer",
    "OptionFile",
    "PairRule",
    "Part",
    "Record",
    "RecordRule",
    "Resource",
    "ReviewedRecord",
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
    "digests",
    "disjoint",
    "embed",
    "escape",
    "find_secrets",
    "hookimpl",
    "is_code",
    "leaves",
    "lexicon_of",
    "lookup",
    "masked",
    "nfkc",
    "outside",
    "outside_code",
    "parse_lexicon",
    "pattern",
    "primary",
    "prose",
    "read_sheet",
    "redact",
    "redact_record",
    "secure_digest",
    "secure_digests",
    "selected",
    "texts_in",
    "without",
]
