"""Wrong declarations of a plugin's rules: each is one line that names plugin, class and cure, and a run that leaves the rule out goes on."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass

import pytest

from dslint import __version__, registry, testing
from dslint.config.schema import _RULE_KEYS
from dslint.plugin import API_VERSION, DatasetRule, LexiconRule, PairRule, RecordRule, Severity
from dslint.registry.declarations import DECLARATIONS
from dslint.rules.options import RULE_SETTINGS

HEAD = """
    from __future__ import annotations
    import enum, re
    from collections.abc import Mapping
    from dataclasses import dataclass, field
    from functools import cached_property
    from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
    from dslint.plugin import *
    if TYPE_CHECKING:
        from decimal import Decimal

    class Colour(enum.Enum):
        RED = "red"

    @hookimpl
    def dslint_rules():
        return [Good, Odd]

    @dataclass(frozen=True)
    class Good(RecordRule):
        "Good."
        name = "good"
        def check(self, record):
            return ()
"""
FROZEN = "@dataclass(frozen=True)"
NAME = 'name = "odd"'
PAGE = '"""Odd records."""'
CHECK = "def check(self, record): return ()"
OBSERVE = "def observe(self, batch): return {'n': [1] * len(batch)}"
CONCLUDE = "def conclude(self, state, source): return ()"
VERIFY = "def verify(self, pairs, state, source): return ()"


def rule(*body, base="RecordRule", frozen=FROZEN, name=NAME, page=PAGE, called="Odd"):
    lines = [frozen, f"class {called}({base}):", *(f"    {line}" for line in (page, name, *body))]
    return "".join(f"    {line}\n" for line in lines)


def record(*body, **parts):
    return HEAD + rule(*body, CHECK, **parts)


def dataset(*body, methods=(OBSERVE, CONCLUDE), **parts):
    return HEAD + rule(*body, *methods, **{"base": "DatasetRule", **parts})


def pairs(*body):
    return dataset(*body, methods=(OBSERVE, VERIFY), base="PairRule")


CONSTANT = "an option has a type; a constant is a ClassVar, private or in capitals"
TUPLE = "write a tuple of columns, as ('label',)"
SEVERITY = "write Severity.ERROR, Severity.WARNING or Severity.INFO"
TYPES = "use bool, int, float, str, Literal, a tuple or dict of these, or OptionFile"
STATE = "use one of binary[N], list<...>, binary, string, int32, int64, uint64, double, bool"


WRONG = {
    "attribute misspelt": (
        record("severty = Severity.ERROR"),
        "unknown attribute 'severty'; did you mean 'severity'?",
    ),
    "attribute nearly right": (
        record("need_columns = ('label',)"),
        "unknown attribute 'need_columns'; did you mean 'needs_columns'?",
    ),
    "attribute misspelt with a type": (
        record("severty: ClassVar[Severity] = Severity.ERROR"),
        "'severty' looks like a declaration; did you mean 'severity'? Else rename it",
    ),
    "attribute of a capital letter": (
        record("Severity = Severity.ERROR"),
        "unknown attribute 'Severity'; did you mean 'severity'?",
    ),
    "option without a type": (record("limit = 3"), f"unknown attribute 'limit'; {CONSTANT}"),
    "attribute of another kind": (
        record("key = 'text'"),
        "'key' is for another kind of rule; remove it",
    ),
    "no dataclass": (
        record(frozen=""),
        "it is no frozen dataclass; put @dataclass(frozen=True) before the class",
    ),
    "not frozen": (
        record(frozen="@dataclass"),
        "it is no frozen dataclass; put @dataclass(frozen=True) before the class",
    ),
    "name": (
        record(name="name = 'Odd_One'"),
        "name is 'Odd_One'; write lower-case words joined by hyphens, as 'all-caps'",
    ),
    "name is no text": (
        record(name="name = 3"),
        "name is 3; write lower-case words joined by hyphens, as 'all-caps'",
    ),
    "no name": (
        record(name=""),
        "it has no name; write lower-case words joined by hyphens, as 'all-caps'",
    ),
    "name with a type": (
        record(name='name: str = "odd"'),
        "name has a type, which makes an option of it; write name = ... without a type, or with ClassVar",
    ),
    "severity": (record("severity = 'error'"), f"severity is 'error'; {SEVERITY}"),
    "severity is a number": (record("severity = 3"), f"severity is 3; {SEVERITY}"),
    "default": (record("default = 'no'"), "default is 'no'; write True or False"),
    "sees": (record("sees = 'everything'"), "sees is 'everything'; write 'valid' or 'all'"),
    "columns that are no tuple": (
        record("needs_columns = 'label'"),
        f"needs_columns is 'label'; {TUPLE}",
    ),
    "columns that are a list": (
        record("needs_columns = ['label']"),
        f"needs_columns is ['label']; {TUPLE}",
    ),
    "column": (
        record("needs_columns = ('lable',)"),
        "needs_columns names 'lable'; did you mean 'label'?",
    ),
    "column of none": (
        record("needs_columns = ('weather',)"),
        "needs_columns names 'weather'; known: label, id, source, language, created, split",
    ),
    "roles": (
        record("needs_roles = ('user', 3)"),
        "needs_roles is ('user', 3); write a tuple of roles, as ('assistant',)",
    ),
    "needed option": (
        record("needs_options = ('shema|words',); schema: str = ''; words: tuple[str, ...] = ()"),
        "needs_options names 'shema', which is no option; did you mean 'schema'?",
    ),
    "needed option of none": (
        record("needs_options = ('schema',)"),
        "needs_options names 'schema', which is no option; its options: none",
    ),
    "languages": (
        record("languages = ('en-GB',)"),
        "languages is ('en-GB',); write a tuple of primary codes in lower case, as ('en',)",
    ),
    "requires": (
        record("requires = ('scikit-learn',)"),
        "requires is ('scikit-learn',); write a tuple of modules that are imported, as ('sklearn',)",
    ),
    "extra": (
        record("extra = ('near',)"),
        "extra is ('near',); write the name of an extra, as 'near'",
    ),
    "takes": (
        record("takes = 3"),
        "takes is 3; write a tuple of kinds of resources, as ('profanity',)",
    ),
    "by role": (
        record("by_role = True"),
        "by_role needs an option 'roles'; add roles: tuple[str, ...] = ('target',)",
    ),
    "measures": (
        record("measures = ('size',)"),
        "measures is ('size',); write names (none of count, rate, total) with meanings, as {'groups': 'groups of equal texts'}",
    ),
    "measure that dslint makes": (
        record("measures = {'count': 'all of them'}"),
        "measures is a dict; write names (none of count, rate, total) with meanings, as {'groups': 'groups of equal texts'}",
    ),
    "default of an option": (
        record("words: tuple[str, ...] = 'a'"),
        "the default of option 'words' does not fit its type: Expected `array`, got `str`; change one of them",
    ),
    "default of another type": (
        record("most: int = True"),
        "the default of option 'most' does not fit its type: Expected `int`, got `bool`; change one of them",
    ),
    "default of None": (
        record("path: str = None"),
        "the default of option 'path' does not fit its type: Expected `str`, got `null`; change one of them",
    ),
    "default out of range": (
        record("share: Annotated[float, Meta(le=1)] = 2.0"),
        "the default of option 'share' does not fit its type: Expected `float` <= 1.0; change one of them",
    ),
    "no default": (
        record("words: tuple[str, ...]"),
        "option 'words' has no default; give it one, and name it in needs_options if the rule is idle without it",
    ),
    "type of an option": (
        record("words: re.Pattern = None"),
        f"option 'words' has a type that no configuration can give, Pattern; {TYPES}",
    ),
    "type that a schema would define apart": (
        record("colour: Colour = Colour.RED"),
        f"option 'colour' has a type that no configuration can give, Colour; {TYPES}",
    ),
    "declaration that became an option": (
        record("severty: Severity = Severity.ERROR"),
        "option 'severty' has a type that no configuration can give, Severity; did you mean 'severity'?",
    ),
    "type for type checkers only": (
        record("most: Decimal = 3"),
        "the types of its options cannot be told, NameError: name 'Decimal' is not defined; import what they name when the module is imported, not under TYPE_CHECKING",
    ),
    "option named as a method": (
        record("finding: bool = True"),
        "option 'finding' has a name that dslint uses itself; rename it",
    ),
    "option named as a setting": (
        record("max_rate: float = 0.5"),
        "option 'max_rate' has a name that dslint uses itself; rename it",
    ),
    "option that cannot be set": (
        record("words: int = field(init=False, default=1)"),
        "option 'words' cannot be set; keep what is computed in a cached_property",
    ),
    "new default without a type": (
        HEAD + rule("most: int = 2", CHECK, called="Base") + rule("most = 3", base="Base"),
        "without a type, most = ... is no default of the option 'most'; repeat its type",
    ),
    "method missing": (
        HEAD + rule("def chek(self, record): return ()"),
        "it has no check(); did you mean 'chek'?",
    ),
    "no docstring": (
        record(page=""),
        "it has no docstring; say in its first line what the rule finds",
    ),
    "neither kind of rule": (
        record(base="Rule"),
        "it judges nothing; derive it from RecordRule or DatasetRule",
    ),
    "type of a column": (
        dataset("state = {'n': 'int63'}"),
        f"unknown state type 'int63' of column 'n'; {STATE}",
    ),
    "state": (
        dataset("state = ['n']"),
        "state is ['n']; write a mapping from columns to types, as {'text': 'binary[16]'}",
    ),
    "column without a name": (
        dataset("state = {1: 'int64'}; key = 'n'"),
        "its state has a column 1; give it a name",
    ),
    "key": (
        dataset("state = {'opening': 'int64'}; key = 'openings'"),
        "its key 'openings' is not a column of its state; did you mean 'opening'?",
    ),
    "no observer": (
        dataset(methods=(OBSERVE.replace("observe", "observes"), CONCLUDE)),
        "it has no observe(), nor an observer() of its own; did you mean 'observes'?",
    ),
    "pairs without a key": (
        pairs("state = {'n': 'int64'}"),
        "a PairRule needs a key; write key = 'COLUMN', a column of its state",
    ),
    "limit of a group": (
        pairs("state = {'n': 'int64'}; key = 'n'; group_limit = '32'"),
        "group_limit is '32'; write a whole number above 1",
    ),
}


def line(says, name="odd"):
    return f"rule odd/{name} of dslint-odd 2.5, class dslint_odd.Odd: {says}"


@pytest.mark.parametrize(("source", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_declaration_is_one_line_in_a_run_that_chooses_the_rule(
    work, call, refused, source, says
):
    work.chat(rows=1)
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    name = {"name is 'Odd_One'": "Odd_One", "name is 3": "Odd", "it has no name": "Odd"}
    line_of = line(says, name.get(says.partition(";")[0], "odd"))
    result = call("check", "data.jsonl")
    refused(result)
    assert result.err == f"dslint: error: {line_of}\n"
    listed = call("plugins")
    assert listed.code == 2
    assert line_of in [row.strip() for row in listed.out.splitlines()]
    left_out = call("check", "data.jsonl", "--select", "odd/good")
    assert (left_out.code, left_out.err) == (0, "")


SEVERAL = record("severty = Severity.ERROR; sees = 'everything'; most: int = '3'")
LINES = [
    line("sees is 'everything'; write 'valid' or 'all'"),
    line(
        "the default of option 'most' does not fit its type: Expected `int`, got `str`; change one of them"
    ),
    line("unknown attribute 'severty'; did you mean 'severity'?"),
]


@pytest.mark.parametrize("command", ["plugins", "doctor"])
def test_all_wrong_declarations_of_a_plugin_are_listed(work, call, command):
    work.plugin("dslint-odd", SEVERAL, namespace="odd", version="2.5")
    result = call(command)
    assert result.code == 2
    assert "broken" in result.out
    assert [row.strip() for row in result.out.splitlines() if "class" in row] == LINES
    said = json.loads(call(command, "-o", "json").out)
    rows = said if command == "plugins" else said["plugins"]
    assert [row["wrong"] for row in rows if row["wrong"]] == [LINES]


@pytest.mark.parametrize("source", WRONG.values(), ids=WRONG)
def test_a_wrong_declaration_harms_no_command_that_lists_rules(work, call, source):
    work.write("dslint.toml", '[rules]\nselect = ["odd/good"]\n')
    work.chat(rows=1)
    work.plugin("dslint-odd", source[0], namespace="odd")
    for command in (["rules"], ["rules", "-o", "json"], ["config", "schema"], ["check"]):
        result = call(*command)
        assert (result.code, result.err) == (0, ""), result


def test_options_of_a_wrongly_declared_rule_are_taken_until_it_is_chosen(work, call, refused):
    work.chat(rows=1)
    work.write("dslint.toml", '[rules."odd/odd"]\nmost = 5\n')
    work.plugin("dslint-odd", SEVERAL, namespace="odd", version="2.5")
    assert call("check", "--ignore", "odd/odd").code == 0
    refused(call("check"), LINES[0])
    refused(call("check", "--isolated", "--option", "odd/odd.most=4"), LINES[0])


def test_a_wrongly_declared_rule_that_is_no_default_is_left_out_by_default(work, call, refused):
    work.chat(rows=1)
    work.plugin("dslint-odd", record("default = False; sees = 3"), namespace="odd")
    assert call("check", "data.jsonl").code == 0
    refused(call("check", "data.jsonl", "--select", "odd/*"), "sees is 3")


GOOD = record(
    "WORDS = ('a', 'b'); LIMIT = 3",
    "_private = {'a': 1}",
    "pattern = re.compile('a')",
    "texts: ClassVar[tuple[str, ...]] = ('a',)",
    "language: ClassVar[str] = 'en'",
    "wrong: ClassVar[tuple[str, ...]] = ('a',)",
    "later: ClassVar[Mapping[str, Decimal]] = {}",
    "severity = Severity.ERROR; default = True; sees = 'all'; sensitive = True",
    "needs_options = ('words|path', 'mode'); needs_columns = ('label', 'split')",
    "needs_roles = ('user', 'tool'); languages = ('en', 'de'); requires = ('os.path', 're')",
    "extra = 'near'; takes = ('words',); by_role = True; measures = {'shared-words': 'words'}",
    "roles: tuple[str, ...] = ('target',)",
    "words: tuple[str, ...] = ()",
    "lists: list[str] = field(default_factory=list)",
    "table: dict[str, int] = field(default_factory=dict)",
    "path: str | None = None",
    "file: OptionFile | None = None",
    "files: tuple[OptionFile, ...] = ()",
    "mode: Literal['a', 'b'] = 'a'",
    "share: Annotated[float, Meta(ge=0, le=1)] = 1",
    "names: str = 'a'; keys: tuple[int, int] = (1, 2); require: tuple[str, ...] = ()",
    "class Helper: severty = 1",
    "@property",
    "def measure(self): return 1",
    "@cached_property",
    "def model(self): return 1",
    "@staticmethod",
    "def checks(text): return text",
    "@classmethod",
    "def make(cls): return cls()",
    "def check_batch(self, batch): return ()",
)
GOOD_DATASETS = {
    "key": dataset("state = {'n': 'int64'}; key = 'n'"),
    "key of the engine": dataset("state = {'n': 'int64'}; key = 'content'"),
    "observer of its own": dataset(
        "key = 'n'",
        "def observer(self): return Look()",
        methods=(CONCLUDE,),
    )
    + f"    {FROZEN}\n    class Look(Observer):\n        state = {{'n': 'int64'}}\n        {OBSERVE}\n",
    "state told by its options": dataset(
        "width: int = 4", "@property", "def state(self): return {'n': 'int64'}"
    ),
    "pairs": pairs("state = {'n': 'int64'}; key = 'n'; group_limit = 8"),
    "subclass": HEAD
    + rule(
        "state = {'n': 'int64'}",
        "sizes: ClassVar[int] = 1",
        OBSERVE,
        CONCLUDE,
        called="Base",
        base="DatasetRule",
    )
    + rule("sizes = 2", base="Base"),
}


@pytest.mark.parametrize("source", [GOOD, *GOOD_DATASETS.values()], ids=["record", *GOOD_DATASETS])
def test_what_authors_may_put_on_a_class_passes(work, call, source):
    work.chat(rows=1)
    work.plugin("dslint-odd", source, namespace="odd")
    listed = call("plugins")
    assert listed.code == 0, listed.out
    assert "odd          active       dslint-odd 1.0, 2 rules" in listed.out
    assert call("check", "data.jsonl").code == 0


OURS = {
    name: entry.rule
    for name, entry in registry.catalogue(registry.load(registry.discover())).items()
    if not name.startswith("dslint/")
}


@pytest.mark.parametrize("name", OURS)
def test_our_own_rules_are_declared_well(name):
    """A run does not check them, to start sooner."""
    testing.assert_declared(OURS[name])


def test_the_kit_says_what_is_wrong_with_a_rule():
    @dataclass(frozen=True)
    class Odd(RecordRule):
        """Odd."""

        name = "odd"
        severty = Severity.ERROR

        def check(self, record):
            return record and ()

    for check in (testing.assert_declared, testing.assert_documented):
        with pytest.raises(AssertionError, match=r"Odd: unknown attribute 'severty'; did you mean"):
            check(Odd)


def test_every_declaration_is_known_to_the_check():
    kinds = (RecordRule, DatasetRule, PairRule, LexiconRule)
    typed = {
        name: kind
        for one in kinds
        for base in one.__mro__
        for name, kind in inspect.get_annotations(base).items()
    }
    assert {name for name, kind in typed.items() if kind.startswith("ClassVar")} == set(
        DECLARATIONS
    )


def test_every_setting_of_any_rule_is_known_to_the_check():
    assert {*_RULE_KEYS, "off"} == set(RULE_SETTINGS)


API = "    dslint_api = {}\n"


def test_a_plugin_that_asks_for_a_newer_api_is_refused(work, call, refused):
    assert API_VERSION == 0
    work.chat(rows=1)
    source = record() + API.format(1) + "    @hookimpl\n    def dslint_moods(): return []\n"
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    says = f"dslint_odd asks for version 1 of the plugin API, and dslint {__version__} has 0"
    result = call("check", "data.jsonl")
    refused(result)
    assert result.err == (
        f"dslint: error: plugin 'odd' (dslint-odd 2.5) does not load: {says}\n"
        "  run: pip install --upgrade dslint-gate\n"
    )
    listed = call("plugins")
    assert listed.code == 2
    assert f"{says}; run: pip install --upgrade dslint-gate" in listed.out


@pytest.mark.parametrize("wanted", ["0", "-1"])
def test_a_plugin_that_asks_for_this_api_or_an_older_one_runs(work, call, wanted):
    work.chat(rows=1)
    work.plugin("dslint-odd", record() + API.format(wanted), namespace="odd")
    assert call("check", "data.jsonl").code == 0


@pytest.mark.parametrize("wanted", ["'1'", "True", "None", "1.5"])
def test_an_api_that_is_no_number_is_refused(work, call, refused, wanted):
    work.chat(rows=1)
    work.plugin("dslint-odd", record() + API.format(wanted), namespace="odd")
    refused(
        call("check", "data.jsonl"), "dslint_odd.dslint_api is no whole number", "dslint_api = 0"
    )


def test_a_plugin_that_imports_what_only_a_newer_dslint_has_is_told_so(work, call, refused):
    work.chat(rows=1)
    work.plugin("dslint-odd", "from dslint.plugin import NoSuchThing\n", namespace="odd")
    refused(call("check", "data.jsonl"), "NoSuchThing", "made for a newer dslint", "--upgrade")
