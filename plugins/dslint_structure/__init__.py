"""Rules on the structure of records: whether they are what a trainer takes them for."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_structure.control_tokens import ChatControlTokens
from dslint_structure.conversation import NothingToLearn, RoleOrder
from dslint_structure.invalid_record import InvalidRecord
from dslint_structure.json_schema import JsonSchema
from dslint_structure.merged_records import MergedRecords
from dslint_structure.missing_attachment import MissingAttachment
from dslint_structure.mixed_shapes import MixedShapes
from dslint_structure.placeholder_value import PlaceholderValue
from dslint_structure.preference_pair import PreferencePair
from dslint_structure.tool_call import ToolCall
from dslint_structure.unfilled_template import UnfilledTemplate


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [
        ChatControlTokens,
        InvalidRecord,
        JsonSchema,
        MergedRecords,
        MissingAttachment,
        MixedShapes,
        NothingToLearn,
        PlaceholderValue,
        PreferencePair,
        RoleOrder,
        ToolCall,
        UnfilledTemplate,
    ]
