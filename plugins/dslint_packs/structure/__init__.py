"""Rules on the structure of records: whether a trainer can read them as intended."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_packs.structure.control_tokens import ChatControlTokens
from dslint_packs.structure.conversation import NothingToLearn, RoleOrder
from dslint_packs.structure.invalid_record import InvalidRecord
from dslint_packs.structure.json_schema import JsonSchema
from dslint_packs.structure.merged_records import MergedRecords
from dslint_packs.structure.missing_attachment import MissingAttachment
from dslint_packs.structure.mixed_shapes import MixedShapes
from dslint_packs.structure.placeholder_value import PlaceholderValue
from dslint_packs.structure.preference_pair import PreferencePair
from dslint_packs.structure.tool_call import ToolCall
from dslint_packs.structure.unfilled_template import UnfilledTemplate


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
