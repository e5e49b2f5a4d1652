"""Strangers' plugins, installed as distributions of their own: what they may do, and what their failures come to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

HEAD = """
    import os
    from dataclasses import dataclass
    from dslint.plugin import DATASET, DatasetRule, Measure, Record, RecordRule, Rule, Severity, hookimpl
    @hookimpl
    def dslint_rules():
        return [value for value in globals().values() if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == __name__]
"""


@pytest.fixture
def check(call):
    return lambda *args: call("check", "-o", "json", *args)


def record_rule(body, *, name="odd", extra=""):
    return f'''{HEAD}
    @dataclass(frozen=True)
    class Odd(RecordRule):
        """Odd records."""
        name = "{name}"
        {extra}
        def check(self, record):
            {body}
    '''


def dataset_rule(observe="return {'n': [1] * len(batch)}", conclude="return ()", extra=""):
    return f'''{HEAD}
    @dataclass(frozen=True)
    class Whole(DatasetRule):
        """The whole."""
        name = "whole"
        state = {{"n": "int64"}}
        {extra}
        def observe(self, batch):
            {observe}
        def conclude(self, state, source):
            {conclude}
    '''


def problems(result):
    return result.report["problems"]


def states(result):
    return {rule["id"]: rule["state"] for rule in result.report["rules"]}


def test_a_strangers_rule_runs_like_ours(work, check):
    work.chat()
    work.plugin(
        "dslint-odd",
        record_rule(
            "yield self.finding(record.at(), 'odd') if record.row % 2 else self.finding(record.at(), 'even', severity=Severity.INFO)"
        ),
        namespace="odd",
    )
    result = work.check("data.jsonl")
    assert [f["severity"] for f in result.findings("odd/odd")] == ["info", "warning", "info"]
    assert (
        next(rule["plugin"] for rule in result.report["rules"] if rule["id"] == "odd/odd")
        == "dslint-odd 1.0"
    )
    assert check("data.jsonl", "--max", "odd/odd.count=2").code == 1
    assert states(check("data.jsonl", "--select", "structure"))["odd/odd"] == "skipped"


def test_a_crashed_rule_is_named_and_the_others_go_on(work, check):
    work.write("data.jsonl", '{"text": "a"}\n{"text": "hunter2"}\n{"text": "a"}\n')
    work.plugin(
        "dslint-odd",
        record_rule("1 / (record.row != 1); yield self.finding(record.at(), 'odd')"),
        version="2.5",
        namespace="odd",
    )
    result = check("data.jsonl", "--exit-zero")
    assert result.code == 2
    (problem,) = problems(result)
    assert (
        problem["kind"],
        problem["rule"],
        problem["plugin"],
        problem["version"],
        problem["path"],
    ) == (
        "rule-crashed",
        "odd/odd",
        "dslint-odd",
        "2.5",
        "data.jsonl",
    )
    assert "ZeroDivisionError" in problem["message"]
    assert "row 1" in problem["message"]
    assert states(result)["odd/odd"] == "crashed"
    assert len(result.findings("odd/odd")) == 2
    assert len(result.findings("duplicates/exact")) == 1
    assert result.err == ""


@pytest.mark.parametrize(
    "source",
    [
        record_rule("raise ValueError('hunter2')"),
        record_rule("return ['hunter2']"),
        record_rule("return 3"),
        record_rule("yield self.finding(None, 'x')"),
        dataset_rule(observe="raise ValueError('hunter2')"),
        dataset_rule(conclude="raise ValueError('hunter2')"),
        dataset_rule(conclude="return [3]"),
    ],
    ids=["raises", "strings", "number", "nowhere", "observe", "conclude", "numbers"],
)
def test_whatever_a_rule_does_wrong_is_reported_with_its_plugin(work, check, source):
    work.write("data.jsonl", '{"text": "hunter2"}\n{"text": "hunter2"}\n')
    work.plugin("dslint-odd", source, namespace="odd")
    result = check("data.jsonl")
    assert result.code == 2, result
    assert [(p["kind"], p["plugin"]) for p in problems(result)] == [("rule-crashed", "dslint-odd")]
    assert "hunter2" not in result.out + result.err
    assert len(result.findings("duplicates/exact")) == 1


@pytest.mark.parametrize("status", ["0", "1", ""])
def test_a_plugin_that_exits_gives_no_verdict(work, check, refused, status):
    work.chat()
    work.plugin("dslint-odd", record_rule(f"import sys; sys.exit({status})"), namespace="odd")
    refused(check("data.jsonl"), "plugin")


def test_columns_that_disagree_with_the_state_are_refused(work, check, refused):
    work.chat()
    work.plugin(
        "dslint-odd", dataset_rule(observe="return {'m': [1] * len(batch)}"), namespace="odd"
    )
    refused(check("data.jsonl"), "Whole", "state")


def test_findings_on_the_dataset_and_own_measures(work, check):
    work.chat()
    work.plugin(
        "dslint-odd",
        dataset_rule(
            conclude="return [self.finding(DATASET, 'few'), Measure('size', len(state))]",
            extra='measures = {"size": "rows"}',
        ),
        namespace="odd",
    )
    result = check("data.jsonl", "--max", "odd/whole.size=2")
    assert result.code == 1
    measures = result.report["measures"]
    assert (
        measures["odd/whole.count"],
        measures["odd/whole.rate"],
        measures["odd/whole.size"],
    ) == (1, 0, 3)
    (found,) = result.findings("odd/whole")
    assert (found["path"], found["row"]) == (None, None)
    assert check("data.jsonl", "--min", "odd/whole.size=3").code == 0
    assert check("data.jsonl", "--min", "odd/whole.sise=3").code == 2


MISSING = record_rule("return ()", extra='requires = ("no_such_module",); extra = "near"')


def test_a_rule_whose_extra_is_missing(work, check, call):
    work.chat()
    work.plugin("dslint-odd", MISSING, namespace="odd")
    by_default = check("data.jsonl")
    assert (by_default.code, states(by_default)["odd/odd"]) == (0, "unavailable")
    assert "pip install 'dslint-odd[near]'" in " ".join(call("check", "data.jsonl").out.split())


SEVERAL = """
from collections.abc import Iterable
from dataclasses import dataclass
from dslint.plugin import Finding, Record, RecordRule, hookimpl

class Quiet(RecordRule):
    def check(self, record):
        return ()

@dataclass(frozen=True)
class A(Quiet):
    "A."
    name = "a"
    requires = ("no_such_module",); extra = "near"

@dataclass(frozen=True)
class B(Quiet):
    "B."
    name = "b"
    requires = ("no_such_module",); extra = "far"

@dataclass(frozen=True)
class C(Quiet):
    "C."
    name = "c"
    requires = ("no_such_module", "nor_this")

@dataclass(frozen=True)
class D(Quiet):
    "D."
    name = "d"
    requires = ("no_such_module",); extra = "never"
    needs_options = ("wanted",)
    wanted: str = ""

@hookimpl
def dslint_rules():
    return [A, B, C, D]
"""


@pytest.mark.parametrize(
    ("flags", "number"),
    [([], "3 default rules"), (["-q"], "3 default rules"), (["--select", "all"], "3 rules")],
)
def test_one_line_says_what_does_not_run_and_how_it_would(work, call, flags, number):
    work.chat()
    work.plugin("dslint-odd", SEVERAL, namespace="odd")
    cure = "run: pip install 'dslint-odd[far,near]' 'no_such_module' 'nor_this'"
    said = " ".join(call("check", "data.jsonl", *flags).out.split())
    assert f"Not run {number} for lack of extras; {cure} (-v lists them)" in said
    assert said.count("pip install") == 1
    assert "odd/a" not in said
    loud = " ".join(call("check", "data.jsonl", *flags, "-v").out.split())
    assert (
        "odd/a: unavailable; no_such_module not installed; run: pip install 'dslint-odd[near]'"
        in loud
    )
    page = call("check", "data.jsonl", "-o", "markdown", *flags).out
    line = next(line for line in page.splitlines() if line.startswith("- ") and "lack" in line)
    assert line == f"- `not run: {number} for lack of extras; {cure}`"
    assert "odd/a" not in page


def test_the_line_for_a_hook_is_one_of_its_configuration(work, call):
    work.chat()
    work.plugin("dslint-odd", SEVERAL, namespace="odd")
    work.env["PRE_COMMIT"] = "1"
    said = " ".join(work.run("check", "data.jsonl").out.split())
    assert "additional_dependencies: ['dslint-odd[far,near]', 'no_such_module', 'nor_this']" in said


def test_a_rule_by_name_whose_extra_is_missing_is_refused(work, check, refused, monkeypatch):
    work.chat()
    work.plugin("dslint-odd", MISSING, namespace="odd")
    refused(check("data.jsonl", "--select", "odd/odd"), "odd/odd", "pip install 'dslint-odd[near]'")
    for named in (["--select", "odd,structure"], ["--select", "odd/*"], ["--extend-select", "odd"]):
        refused(check("data.jsonl", *named), "odd/odd", "pip install 'dslint-odd[near]'")
    assert check("data.jsonl", "--select", "odd", "--ignore", "odd/odd").code == 0
    monkeypatch.setenv("PRE_COMMIT", "1")
    refused(
        check("data.jsonl", "--select", "odd/odd"), "additional_dependencies", "dslint-odd[near]"
    )
    monkeypatch.delenv("PRE_COMMIT")
    work.write("dslint.toml", '[rules."odd/odd"]\nseverity = "error"\n')
    refused(check("data.jsonl"), "odd/odd", "pip install")


BROKEN = {
    "does not import": "import no_such_module_at_all\n",
    "is no Python": "def\n",
    "raises": "raise RuntimeError('x')\n",
    "exits": "import sys; sys.exit(0)\n",
    "unknown hook": "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_rulez(): return []\n",
    "hook raises": "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_rules(): raise RuntimeError('x')\n",
    "hook gives no rules": "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_rules(): return [3]\n",
    "hook gives nothing": "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_rules(): return None\n",
    "rule without a name": "from dslint.plugin import hookimpl, RecordRule\nclass R(RecordRule):\n    def check(self, record): return ()\n@hookimpl\ndef dslint_rules(): return [R]\n",
    "rule that is no dataclass": "from dslint.plugin import hookimpl, RecordRule\nclass R(RecordRule):\n    name = 'r'\n    def check(self, record): return ()\n@hookimpl\ndef dslint_rules(): return [R]\n",
}


SILENT = {
    "no hook": ("x = 1\n", "dslint_odd brings nothing", "from one of its hooks"),
    "hooks that return nothing": (
        "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_rules(): return []\n",
        "dslint_odd brings nothing",
        "hooks",
    ),
    "no marker": (
        "def dslint_rules(): return []\n",
        "dslint_odd.dslint_rules is not marked as a hook",
        "@hookimpl",
    ),
    "a hook misspelt": (
        "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_rulez(): return []\n",
        "a hook that dslint does not know, dslint_rulez",
        "did you mean 'dslint_rules'?",
    ),
}


@pytest.mark.parametrize(("source", "what", "cure"), SILENT.values(), ids=SILENT)
def test_a_plugin_that_brings_nothing_is_refused_with_its_cure(
    work, check, refused, source, what, cure
):
    work.chat()
    work.plugin("dslint-odd", source, namespace="odd")
    refused(check("data.jsonl"), what, cure)


def test_a_plugin_may_bring_a_word_list_alone(work, check):
    work.chat()
    work.plugin(
        "dslint-more",
        f"    import os\n    from dslint.plugin import Resource, hookimpl\n{BRINGS.format(file='more.txt')}",
        namespace="more",
    )
    (work.plugins / "more.txt").write_text("three")
    assert check("data.jsonl").code == 0


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_stops_the_run_and_is_named(work, check, refused, source):
    work.chat()
    work.plugin("dslint-odd", source, namespace="odd", version="3.1")
    refused(check("data.jsonl"), "odd", "dslint-odd 3.1")


def test_a_broken_plugin_is_listed(work, call):
    work.plugin("dslint-odd", BROKEN["does not import"], namespace="odd")
    result = call("plugins")
    assert result.code == 2
    assert "broken" in result.out
    assert "no_such_module_at_all" in result.out
    assert call("doctor").code == 2


def test_two_plugins_with_one_namespace_are_refused(work, check, refused):
    work.chat()
    work.plugin("dslint-one", record_rule("return ()"), namespace="odd")
    work.plugin("dslint-two", record_rule("return ()"), namespace="odd")
    refused(check("data.jsonl"), "odd", "dslint-one", "dslint-two")


def test_nobody_takes_the_namespace_of_the_core(work, check, refused):
    work.chat()
    work.plugin("dslint-odd", record_rule("return ()"), namespace="dslint")
    refused(check("data.jsonl"), "dslint-odd")


def test_a_plugin_brings_shapes_reporters_and_presets(work, check, call):
    work.write("data.jsonl", '{"q": "hi", "a": " "}\n')
    work.plugin(
        "dslint-odd",
        """
        from dslint.plugin import ShapeProblem, Text, hookimpl
        class Pair:
            name = "pair"
            roles = frozenset({"user", "assistant"})
            def fits(self, value): return type(value) is dict and "q" in value
            def read(self, value): return [Text("/q", "user", value["q"]), Text("/a", "assistant", value["a"], True)], []
            def turns(self, value): return []
        @hookimpl
        def dslint_shapes(): return [Pair()]
        @hookimpl
        def dslint_reporters(): return {"brief": lambda report, style: iter([report.verdict])}
        @hookimpl
        def dslint_presets(): return {"strict": 'fail-on = "info"\\n[rules]\\nselect = ["structure"]\\n'}
        """,
        namespace="odd",
    )
    result = check("data.jsonl")
    assert result.report["inputs"][0]["shape"] == "pair"
    assert [f["field"] for f in result.findings("structure/nothing-to-learn")] == ["/a"]
    assert call("check", "data.jsonl", "-o", "brief").out == "fail"
    work.write("dslint.toml", 'extends = ["odd:strict"]\n')
    assert states(check("data.jsonl"))["duplicates/exact"] == "skipped"


def test_a_file_that_changes_during_the_run_is_said(work, check):
    work.chat()
    work.plugin(
        "dslint-odd", record_rule("os.utime('data.jsonl', (1, 1)); return ()"), namespace="odd"
    )
    result = check("data.jsonl")
    assert result.code == 2
    assert [p["kind"] for p in problems(result)] == ["file-changed"]
    assert "data.jsonl" in problems(result)[0]["path"]


def test_a_rules_own_exception_text_never_reaches_the_report_of_two_runs(work, check):
    work.chat()
    work.plugin("dslint-odd", record_rule("raise ValueError(id(object()))"), namespace="odd")
    assert check("data.jsonl").out == check("data.jsonl").out


def test_options_of_all_kinds_from_flags_and_file(work, check):
    work.chat(rows=1)
    fields = "count: int = 1; share: float = 0.5; deep: bool = False; words: tuple[str, ...] = ()"
    work.plugin(
        "dslint-odd",
        record_rule(
            "yield self.finding(record.at(), f'{self.count}|{self.share}|{self.deep}|{list(self.words)}')",
            extra=fields,
        ),
        namespace="odd",
    )
    flags = ["count=3", "share=1", "deep=true", "words=a, b"]
    (found,) = check(
        "data.jsonl", *[part for flag in flags for part in ("--option", f"odd/odd.{flag}")]
    ).findings("odd/odd")
    assert found["message"] == "3|1.0|True|['a', 'b']"
    work.write(
        "dslint.toml",
        '[rules.odd]\ncount = 9\n[rules."odd/odd"]\nshare = 2\ndeep = true\nwords = ["a"]\n',
    )
    (found,) = check("data.jsonl").findings("odd/odd")
    assert found["message"] == "9|2.0|True|['a']"


BRINGS = """
    @hookimpl
    def dslint_resources():
        return [Resource(kind="words", name=__name__, path=os.path.join(os.path.dirname(__file__), "{file}"), licence="MIT")]
"""
WORDS = f'''{HEAD}
    from dslint.plugin import Resource
    {BRINGS.format(file="words.txt")}
    @dataclass(frozen=True)
    class Words(RecordRule):
        """Words of any list."""
        name = "words"
        takes = ("words",)
        def check(self, record):
            listed = set(b" ".join(resource.data for resource in self.resources).decode().split())
            for part in record.texts():
                if listed & set(part.text.split()):
                    yield self.finding(part.at(), "has a listed word")
'''


def test_a_plugin_brings_words_to_the_rule_of_another_one(work, check, refused):
    work.write("data.jsonl", '{"text": "one"}\n{"text": "two"}\n{"text": "three"}\n')
    work.plugin("dslint-words", WORDS, namespace="words")
    work.plugin(
        "dslint-more",
        f"    import os\n    from dslint.plugin import Resource, hookimpl\n{BRINGS.format(file='more.txt')}",
        namespace="more",
    )
    (work.plugins / "words.txt").write_text("one")
    refused(check("data.jsonl"), "'dslint_more'", "No such file")
    (work.plugins / "more.txt").write_text("three")
    assert [finding["row"] for finding in check("data.jsonl").findings("words/words")] == [0, 2]
    assert [
        finding["row"]
        for finding in check("data.jsonl", "-j", "2", "--shard-size", "16").findings("words/words")
    ] == [0, 2]


def fake(work, source):
    """Put a stranger's package in the place of our packs: first on the path."""
    for pack in (Path(__file__).parents[3] / "plugins" / "dslint_packs").glob("*/__init__.py"):
        place = work.plugins / "dslint_packs" / pack.parent.name
        place.mkdir(parents=True)
        (place / "__init__.py").write_text(source)
    (work.plugins / "dslint_packs" / "__init__.py").write_text("")
    work.env["PYTHONPATH"] = str(work.plugins)


RULES = BROKEN["hook gives no rules"].replace("[3]", "[]")


@pytest.mark.parametrize(
    "source", ["", RULES, 'raise SystemExit("ran")\n'], ids=["empty", "none", "ran"]
)
@pytest.mark.parametrize("command", ["check", "plugins", "doctor"])
def test_a_pack_of_ours_that_is_a_strangers_module_gives_no_verdict(work, source, command):
    work.jsonl(
        "data.jsonl",
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": " "}]},
    )
    fake(work, source)
    result = work.run(command)
    assert result.code == 2
    said = result.err if command == "check" else result.out
    assert "dslint_packs" in said
    assert "not the one that came with dslint-gate" in said
    assert "pip install --force-reinstall --no-deps dslint-gate" in said


def test_a_strangers_distribution_named_by_the_convention_takes_no_place_of_ours(work, check):
    """`dslint-structure`, with the module `dslint_structure`, could once overwrite a pack, and leave nothing behind when it was removed."""
    work.jsonl(
        "data.jsonl",
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": " "}]},
    )
    source = record_rule("return ()")
    work.plugin("dslint-structure", source, namespace="theirs")
    result = check("data.jsonl")
    assert (result.code, len(result.findings("structure/nothing-to-learn"))) == (1, 1)
    assert states(result)["theirs/odd"] == "ran"
    for path in work.plugins.glob("dslint_structure*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    result = check("data.jsonl")
    assert (result.code, len(result.findings("structure/nothing-to-learn"))) == (1, 1)


@pytest.mark.parametrize("source", [None, "", RULES], ids=["gone", "empty", "none"])
def test_a_pack_of_ours_that_was_overwritten_where_it_stands_gives_no_verdict(
    work, tmp_path, source
):
    """In an installation of its own: a stranger's package of the same name has been installed over it, or removed again."""
    import subprocess
    import sys
    from importlib import metadata

    work.chat()
    home = tmp_path / "home"
    home.mkdir()
    (own,) = (item for item in metadata.distributions(name="dslint-gate"))
    info = Path(str(own.locate_file(f"dslint_gate-{own.version}.dist-info")))
    shutil.copytree(info, home / info.name)
    root = Path(__file__).parents[3]
    shutil.copytree(root / "dslint", home / "dslint")
    shutil.copytree(root / "plugins" / "dslint_packs", home / "dslint_packs")
    env = {**work.env, "PYTHONPATH": str(home)}
    command = [sys.executable, "-m", "dslint", "check"]
    run = {"cwd": work.root, "env": env, "capture_output": True, "text": True}
    assert subprocess.run(command, check=False, **run).returncode == 0
    place = home / "dslint_packs" / "structure"
    shutil.rmtree(place)
    (place / "data").mkdir(parents=True)
    if source is not None:
        (place / "__init__.py").write_text(source)
    done = subprocess.run(command, check=False, **run)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "dslint_packs.structure" in done.stderr
    assert "pip install --force-reinstall --no-deps dslint-gate" in done.stderr


READER = f"""{HEAD}
    from dslint.data.batch import Batch
    class Lines:
        name = "lines"
        suffixes = (".lines",)
        def split(self, item, location, size):
            from dslint.model import Shard
            {{split}}
            return [Shard(input=item, location=location)]
        def read(self, {{arguments}}):
            {{read}}
            yield Batch(shard.input, shape, [{{{{"text": "hunter2"}}}}], [0], [1])
    @hookimpl
    def dslint_readers(): return [Lines()]
"""
SIGNATURE = "shard, shape, max_record, max_depth"


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("split", "read", "says"),
    [
        ("raise KeyError('hunter2')", "pass", "KeyError in split"),
        ("return ['hunter2']", "pass", "something else than shards"),
        ("pass", "raise KeyError('hunter2')", "KeyError in read"),
        ("pass", "yield 'hunter2'", "something else than batches"),
        ("pass", "open('/no/such/file')", "FileNotFoundError in read"),
    ],
)
def test_a_reader_that_fails_is_a_problem_of_its_file_and_the_others_are_read(
    work, check, split, read, says, jobs
):
    work.write("a.jsonl", '{"text": " "}\n')
    work.write("b.lines", "x\n")
    work.write("c.lines", "x\n")
    work.plugin(
        "dslint-odd",
        READER.format(split=split, read=read, arguments=SIGNATURE),
        namespace="odd",
        version="2.5",
    )
    result = check(".", "-j", jobs)
    assert result.code == 2, result
    assert [(p["kind"], p["path"]) for p in problems(result)] == [
        ("reader-crashed", "b.lines"),
        ("reader-crashed", "c.lines"),
    ]
    assert all(
        "'lines' of dslint-odd 2.5" in p["message"]
        and says in p["message"]
        and "dslint-odd" in p["hint"]
        for p in problems(result)
    )
    assert [f["path"] for f in result.findings("structure/nothing-to-learn")] == ["a.jsonl"]
    assert "hunter2" not in result.out + result.err


HOOK = "    from dslint.plugin import *\n    from dslint.plugin import hookimpl, Severity\n    @hookimpl\n    def dslint_{hook}(): return {value}\n"
MISFITS = {
    "reader signature": (
        READER.format(split="pass", read="pass", arguments="shard, shape"),
        "read() that takes 4 arguments",
    ),
    "reader without suffixes": (
        READER.format(split="pass", read="pass", arguments=SIGNATURE).replace(
            '(".lines",)', '".lines"'
        ),
        "suffixes",
    ),
    "reporter": (
        HOOK.format(hook="reporters", value="{'odd': lambda report: []}"),
        "'odd' is no function of a report and a style",
    ),
    "shape": (
        HOOK.format(hook="shapes", value="[type('S', (), {'name': 's', 'roles': ()})()]"),
        "'s' has no fits()",
    ),
    "preset": (HOOK.format(hook="presets", value="{'odd': 3}"), "'odd' is no text"),
    "resource": (HOOK.format(hook="resources", value="['words']"), "no Resource"),
    "languages": (HOOK.format(hook="languages", value="lambda: 3"), "languages"),
}


@pytest.mark.parametrize(("source", "says"), MISFITS.values(), ids=MISFITS)
def test_what_is_not_what_it_should_be_is_refused_with_its_plugin(
    work, check, refused, source, says
):
    work.chat()
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    refused(check("data.jsonl"), "dslint-odd 2.5", says)


LOOK = """
    class Look(Observer):
        state = {declared}
        def observe(self, batch): return {"n": [1] * len(batch)}
"""
STATES = {
    "unknown type": ('{"n": "int63"}', "unknown state type 'int63' of column 'n'"),
    "no text": ('{"n": int}', "of column 'n'"),
    "no mapping": ('["n"]', "not a mapping"),
    "no key": ('{"m": "int64"}', "key 'n' is not a column of its state"),
}


@pytest.mark.parametrize(("declared", "says"), STATES.values(), ids=STATES)
def test_state_of_an_observer_that_cannot_be_is_refused_however_little_there_is(
    work, check, refused, declared, says
):
    """What the class of a rule declares is checked before, see test_declarations.py; an observer is known when it is made."""
    work.chat(rows=1)
    source = dataset_rule(extra="key = 'n'; observer = lambda self: Look()")
    source = f"{HEAD.replace('Rule,', 'Rule, Observer,', 1)}{LOOK}{source.removeprefix(HEAD)}"
    source = source.replace("{declared}", declared)
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    refused(check("data.jsonl"), "rule odd/whole of dslint-odd 2.5", says)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("int64", "'hunter2'", "values of the type str"),
        ("string", "3", "values of the type int"),
        ("int32", "1 << 40", "out of range"),
        ("binary[4]", "b'hunter2'", "other lengths"),
        ("double", "b''", "values of the type bytes"),
        ("list<int64>", "['hunter2']", ""),
        ("uint64", "-1", "out of range"),
    ],
)
def test_state_that_does_not_fit_is_a_crash_of_its_rule(work, check, kind, value, says, jobs):
    """In two processes it is Arrow at once, in one only where there is much of it: 131,072 rows."""
    for name in ("a", "b"):
        work.write(f"{name}.jsonl", '{"text": " "}\n')
    source = dataset_rule(observe=f"return {{'n': [{value}] * len(batch)}}").replace(
        '"int64"', f'"{kind}"'
    )
    source = source.replace(
        "return ()", "return [self.finding(DATASET, 'x')] if len(state.table) else ()"
    )
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    result = check(".", "-j", jobs)
    assert result.code == 2
    (problem,) = problems(result)
    assert (problem["kind"], problem["rule"], problem["plugin"]) == (
        "rule-crashed",
        "odd/whole",
        "dslint-odd",
    )
    assert says in problem["message"]
    assert len(result.findings("structure/nothing-to-learn")) == 2
    assert "hunter2" not in result.out + result.err


def test_state_that_only_much_of_it_shows_to_be_wrong_is_a_crash_of_its_rule(
    work, check, monkeypatch
):
    monkeypatch.setattr("dslint.storage.state.ARROW_ROWS", 2)
    work.chat()
    source = dataset_rule(observe="return {'n': [['a']] * len(batch)}").replace(
        '"int64"', '"list<int64>"'
    )
    work.plugin("dslint-odd", source, namespace="odd")
    result = check("data.jsonl")
    assert [(p["kind"], p["plugin"]) for p in problems(result)] == [("rule-crashed", "dslint-odd")]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("record.at(), 'x', severity='error'", "severity is not a Severity"),
        ("record.at(), 'x', severity=3", "severity is not a Severity"),
        ("record.at(), 'x', confidence='high'", "confidence is not a Confidence"),
        ("record.at(), 3", "is not a string"),
        ("record.at(), 'x', score='hunter2'", "score is not a number"),
        ("record.at(), 'x', related=['hunter2']", "location is not a Location"),
    ],
)
@pytest.mark.parametrize("kind", ["record", "dataset"])
def test_a_finding_that_is_none_is_a_crash_that_says_why(work, check, value, says, kind):
    work.write("data.jsonl", '{"text": " "}\n')
    whole = dataset_rule(
        conclude=f"return [self.finding({value.replace('record.at()', 'DATASET')})]"
    )
    work.plugin(
        "dslint-odd",
        whole if kind == "dataset" else record_rule(f"yield self.finding({value})"),
        namespace="odd",
    )
    result = check("data.jsonl")
    assert result.code == 2, result
    (problem,) = problems(result)
    assert (problem["kind"], problem["plugin"]) == ("rule-crashed", "dslint-odd")
    assert says in problem["message"]
    assert len(result.findings("structure/nothing-to-learn")) == 1
    assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize("body", ["raise KeyError('hunter2')", "return [3]", "return 3", "1 / 0"])
def test_a_report_that_fails_keeps_no_other_from_being_written(work, call, body):
    work.chat()
    source = f"""
        from dslint.plugin import hookimpl
        def brief(report, style):
            {body}
        @hookimpl
        def dslint_reporters(): return {{"brief": brief}}
    """
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    result = call("check", "data.jsonl", "-o", "brief=x.txt", "-o", "json=r.json", "-o", "text")
    assert result.code == 2
    assert "report format 'brief' of dslint-odd 2.5 failed" in result.err
    assert "internal error" not in result.err
    assert "hunter2" not in result.err
    assert result.out.endswith("PASS\n")
    assert (work.root / "r.json").exists()
    assert not (work.root / "x.txt").exists()


@pytest.mark.parametrize("method", ["fits", "read", "turns"])
def test_a_shape_that_fails_is_said_to_be_its_plugins(work, check, refused, method):
    work.write("data.jsonl", '{"q": "hunter2", "a": " "}\n')
    source = f"""
        from dslint.plugin import ShapeProblem, Text, hookimpl
        class Pair:
            name = "pair"
            roles = frozenset({{"user", "assistant"}})
            def fits(self, value): return True
            def read(self, value): return [Text("/q", "user", value["q"]), Text("/a", "assistant", value["a"], True)], []
            def turns(self, value): return []
        def fail(self, value): raise KeyError(value["q"])
        Pair.{method} = fail
        @hookimpl
        def dslint_shapes(): return [Pair()]
    """
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    result = check("data.jsonl")
    refused(result, "shape 'pair' of dslint-odd 2.5 failed: KeyError in fail")
    assert "hunter2" not in result.err


@pytest.mark.parametrize(
    "said", ["raise KeyError(texts[0])", "return []", "return [3] * len(texts)"]
)
def test_languages_that_fail_are_said_to_be_their_plugins(work, check, refused, said):
    work.write("data.jsonl", '{"text": "hunter2"}\n')
    source = f"""
        from dslint.plugin import hookimpl
        def tell(texts):
            {said}
        @hookimpl
        def dslint_languages(): return tell
    """
    work.plugin("dslint-odd", source, namespace="odd", version="2.5")
    refused(check("data.jsonl"), "dslint-odd 2.5")


def test_a_batch_method_that_raises_is_a_crash_though_no_record_is_at_fault(work, check):
    work.write("data.jsonl", '{"text": "a"}\n{"text": "b"}\n')
    batch = "def check_batch(self, batch): raise KeyError('hunter2')"
    work.plugin(
        "dslint-odd",
        record_rule("yield self.finding(record.at(), 'one by one')", extra=batch),
        namespace="odd",
    )
    result = check("data.jsonl")
    assert [f["row"] for f in result.findings("odd/odd")] == [0, 1]
    (problem,) = problems(result)
    assert problem["path"] == "data.jsonl"
    assert "failed at row 0: KeyError in check_batch" in problem["message"]
    assert "times" not in problem["message"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        record_rule("raise KeyError(record.value['text'])"),
        dataset_rule(conclude="raise KeyError('hunter2')"),
    ],
)
def test_debug_shows_where_a_rule_failed_and_no_data(work, check, source):
    work.write("data.jsonl", '{"text": "hunter2"}\n' * 3)
    work.plugin("dslint-odd", source, namespace="odd")
    assert "Traceback" not in check("data.jsonl").err
    for jobs in ("1", "2"):
        result = check("data.jsonl", "--debug", "--jobs", jobs, "--shard-size", "20")
        assert result.code == 2
        assert result.err.count("Traceback") == 1
        assert "raise KeyError(" in result.err
        assert "dslint_odd.py" in result.err
        assert "hunter2" not in result.err.replace("KeyError('hunter2')", "")
