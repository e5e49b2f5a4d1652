"""Rules that were renamed or moved: what was written under a former id keeps its effect, with a note."""

from __future__ import annotations

import json
import shutil
import textwrap

import pytest

TEXTS = [
    {"text": "odd", "lang": "a"},
    {"text": "even", "lang": "a"},
    {"text": "odd", "lang": "b"},
    {"text": "far", "lang": "b"},
]
SLICED = '[dataset]\nfiles = "*.jsonl"\nslices = ["language"]\ncolumns = { language = "lang" }\n'
OLD, NEW = "odd/plain", "shapes/strange"

RULES = """
from dataclasses import dataclass
from dslint.plugin import OptionFile, RecordRule, Severity, hookimpl

@dataclass(frozen=True)
class Strange(RecordRule):
    '''Strange records.

    Flags::

        {"text": "odd"}

    Passes::

        {"text": "even"}
    '''
    name = NAME
    FORMERLY
    word: str = "odd"
    words: OptionFile | None = None

    def check(self, record):
        words = self.words.data.decode().split() if self.words else [self.word]
        for part in record.texts():
            if part.text in words:
                yield self.finding(part.at(), "strange")

@hookimpl
def dslint_rules():
    return [Strange]
"""


def rules(identifier: str, *formerly: str) -> str:
    name = identifier.partition("/")[2]
    text = RULES.replace("FORMERLY", f"formerly = {formerly!r}" if formerly else "")
    return text.replace("NAME", repr(name))


@pytest.fixture
def installed(work):
    """Install the rule under an id and its former ids, in the place of what was installed."""

    def install(identifier: str, *formerly: str) -> None:
        shutil.rmtree(work.plugins, ignore_errors=True)
        namespace = identifier.partition("/")[0]
        work.plugin("dslint-strange", rules(identifier, *formerly), namespace=namespace)

    work.jsonl("data.jsonl", *TEXTS)
    return install


@pytest.fixture
def check(installed, call):
    """Check with the rule under its present id, in this process."""
    installed(NEW, OLD)
    return lambda *args: call("check", "-o", "json", *args)


def note(place: str) -> str:
    return f"rule {OLD} is now {NEW}; write the new name in {place}"


def noted(result) -> list[str]:
    assert result.out, result.err
    return [text for text in result.report["notes"] if " is now " in text]


def rows(result) -> list[int]:
    return [f["row"] for f in result.findings(NEW) if f["suppressed"] is None]


def state(result) -> str:
    return next(rule["state"] for rule in result.report["rules"] if rule["id"] == NEW)


def ran(result) -> list[str]:
    rules = [rule["id"] for rule in result.report["rules"] if rule["state"] == "ran"]
    return [name for name in rules if not name.startswith("dslint/")]


def limits(result) -> dict[str, bool]:
    assert result.out, result.err
    return {item["measure"]: item["passed"] for item in result.report["limits"]}


ONLY = f'[rules]\nselect = ["{OLD}"]\n'
CONFIGURATIONS = {
    "select": (ONLY, ran, [NEW]),
    "extend-select": (
        f'[rules]\nselect = ["duplicates/exact"]\nextend-select = ["{OLD}"]\n',
        rows,
        [0, 2],
    ),
    "ignore": (f'[rules]\nignore = ["{OLD}"]\n', state, "skipped"),
    "options": (f'[rules."{OLD}"]\nword = "far"\n', rows, [3]),
    "severity": (f'[rules."{OLD}"]\nseverity = "error"\n', lambda said: said.code, 1),
    "max-rate": (
        f'[rules."{OLD}"]\nmax-rate = "10%"\n',
        lambda said: limits(said)[f"{NEW}.rate"],
        False,
    ),
    "limits": (
        f'{SLICED}[rules."{OLD}".limits]\n"count[language=a]" = {{ max = 0 }}\n',
        lambda said: limits(said)[f"{NEW}.count[language=a]"],
        False,
    ),
    "overrides": (
        f'[[overrides]]\nfiles = "data.jsonl"\nrules."{OLD}".off = true\n',
        lambda said: said.findings(NEW),
        [],
    ),
    "limits in overrides": (
        f'[[overrides]]\nfiles = "data.jsonl"\nrules."{OLD}".max-count = 1\n',
        lambda said: limits(said)[f"{NEW}.count[files=data.jsonl]"],
        False,
    ),
    "dataset": (
        f'[dataset]\nfiles = "data.jsonl"\nrules."{OLD}".word = "far"\n',
        rows,
        [3],
    ),
    "datasets": (
        f'[[dataset]]\nfiles = "data.jsonl"\nrules."{OLD}".word = "far"\n',
        rows,
        [3],
    ),
    "suppress": (f'[[suppress]]\nrule = "{OLD}"\nreason = "known"\n', rows, []),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_former_id_keeps_its_effect_in_a_configuration(work, check, name):
    text, asked, wanted = CONFIGURATIONS[name]
    work.write("dslint.toml", text)
    former = check()
    assert (asked(former), noted(former)) == (wanted, [note("dslint.toml")])
    work.write("dslint.toml", text.replace(OLD, NEW))
    present = check()
    assert (asked(present), noted(present)) == (wanted, [])
    assert former.code == present.code


def test_a_former_id_keeps_its_effect_in_a_profile(work, check):
    work.write(
        "dslint.toml",
        f'[profiles.far]\nselect = ["{OLD}"]\n[profiles.far.rules."{OLD}"]\nword = "far"\n',
    )
    said = check("--profile", "far")
    assert (rows(said), noted(said)) == ([3], [note("dslint.toml")])


FLAGS = {
    "--select": (["--select", f"duplicates,{OLD}"], rows, [0, 2]),
    "--extend-select": (["--select", "duplicates", "--extend-select", OLD], rows, [0, 2]),
    "--ignore": (["--ignore", OLD], state, "skipped"),
    "--option": (["--option", f"{OLD}.word=far"], rows, [3]),
    "--max": (["--max", f"{OLD}.count=1"], lambda said: limits(said)[f"{NEW}.count"], False),
    "--min": (["--min", f"{OLD}=3"], lambda said: limits(said)[f"{NEW}.count"], False),
}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_former_id_keeps_its_effect_in_a_flag(check, flag):
    args, asked, wanted = FLAGS[flag]
    said = check(*args, "data.jsonl")
    assert (asked(said), noted(said)) == (wanted, [note(flag)])
    assert state(said) == ("skipped" if flag == "--ignore" else "ran")


def test_a_former_id_is_the_present_one_in_every_part_of_a_measure(work, check):
    work.write("dslint.toml", SLICED)
    said = check("--max", f"{OLD}.rate[language=b]=40%")
    assert limits(said)[f"{NEW}.rate[language=b]"] is False
    said = check("--max", f"{OLD}.count[files=*.jsonl]=2")
    assert limits(said)[f"{NEW}.count[files=*.jsonl]"] is True


def test_each_former_id_is_noted_once_for_every_place(work, check, call):
    work.write("dslint.toml", f'{ONLY}[rules."{OLD}"]\nseverity = "info"\n')
    args = ["--option", f"{OLD}.word=far", "--option", f"{OLD}.severity=error", "data.jsonl"]
    assert noted(check(*args)) == [note("dslint.toml"), note("--option")]
    assert call("check", *args).out.count(" is now ") == 2
    said = call("config", "validate")
    assert (said.code, said.err.count(note("dslint.toml"))) == (0, 1)


def test_what_stands_under_the_present_id_goes_first(work, check):
    work.write(
        "dslint.toml",
        f'[rules."{NEW}"]\nword = "far"\n[rules."{OLD}"]\nword = "even"\nseverity = "error"\n',
    )
    said = check()
    assert [(f["row"], f["severity"]) for f in said.findings(NEW)] == [(3, "error")]


def test_a_configuration_with_a_former_id_stands_above_its_preset(work, check):
    preset = f'[rules."{NEW}"]\nword = "even"\nseverity = "error"\n'
    source = f"""
    from dslint.plugin import hookimpl
    @hookimpl
    def dslint_presets():
        return {{"new": {preset!r}, "old": {preset.replace(NEW, OLD)!r}}}
    """
    work.plugin("dslint-preset", source, namespace="house")
    work.write("dslint.toml", f'extends = ["house:new"]\n[rules."{OLD}"]\nword = "far"\n')
    said = check()
    assert [(f["row"], f["severity"]) for f in said.findings(NEW)] == [(3, "error")]
    work.write("dslint.toml", 'extends = ["house:old"]\n')
    said = check()
    assert (rows(said), noted(said)) == ([1], [note("preset house:old")])


# Baselines, suppressions and sheets: what was made with the rule under its old id.


def test_an_accepted_finding_stays_accepted_without_a_renewed_baseline(work, installed):
    work.jsonl("data.jsonl", *TEXTS, TEXTS[0])  # the same record twice: told apart by their number
    work.write("dslint.toml", 'baseline = "dslint-baseline.jsonl"\n[rules.odd]\nseverity="error"\n')
    installed(OLD)
    assert work.run("baseline", "create", "data.jsonl").code == 0
    assert work.check().code == 0
    work.write("dslint.toml", 'baseline = "dslint-baseline.jsonl"\n')
    error = f"{NEW}.severity=error"
    installed(NEW)
    assert work.check("--option", error).code == 1  # nothing tells that it is the same rule
    installed(NEW, "odd/older", OLD)
    said = work.check("--option", error)
    assert (said.code, rows(said)) == (0, [])
    assert noted(said) == [note("dslint-baseline.jsonl")]
    assert said.findings("dslint/unused-suppression") == []
    work.jsonl("data.jsonl", *TEXTS, *[TEXTS[0]] * 2)
    assert rows(work.check("--option", error)) == [5]
    work.jsonl("data.jsonl", *TEXTS[1:])
    stale = [f["message"] for f in work.check().findings("dslint/unused-suppression")]
    wanted = f"baseline entries of {NEW} that match no finding: 2"
    assert [text for text in stale if text.startswith(wanted)]


@pytest.mark.parametrize("command", ["prune", "update"])
def test_prune_and_update_write_present_ids_and_keep_reasons(work, installed, command):
    installed(OLD)
    work.run("baseline", "create", "data.jsonl", "--select", OLD)
    path = work.root / "dslint-baseline.jsonl"
    head, *entries = [json.loads(line) for line in path.read_text().splitlines()]
    entries[0] |= {"reason": "known", "expires": "2999-01-01"}
    work.jsonl("dslint-baseline.jsonl", head, *entries)
    installed(NEW, OLD)
    assert work.run("baseline", command, "data.jsonl", "--select", NEW).code == 0
    _, *now = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["rule"] for entry in now] == [NEW] * 2
    assert not {entry["fingerprint"] for entry in now} & {e["fingerprint"] for e in entries}
    assert [entry["expires"] for entry in now if entry.get("reason") == "known"] == ["2999-01-01"]
    installed(NEW)
    said = work.check("--baseline", "dslint-baseline.jsonl", "data.jsonl")
    assert (rows(said), noted(said)) == ([], [])


def test_an_entry_that_expired_under_a_former_id_accepts_nothing(work, installed):
    installed(OLD)
    work.run("baseline", "create", "data.jsonl", "--select", OLD)
    path = work.root / "dslint-baseline.jsonl"
    head, *entries = [json.loads(line) for line in path.read_text().splitlines()]
    entries[0]["expires"] = "2001-01-01"
    work.jsonl("dslint-baseline.jsonl", head, *entries)
    installed(NEW, OLD)
    assert len(rows(work.check("--baseline", "dslint-baseline.jsonl", "data.jsonl"))) == 1


def test_a_ratchet_on_a_former_id_holds_its_measure(work, installed):
    installed(OLD)
    work.run("baseline", "create", "--ratchet", "count", "data.jsonl")
    work.jsonl("data.jsonl", *TEXTS, {"text": "odd", "lang": "c"})
    installed(NEW, OLD)
    said = work.check("--baseline", "dslint-baseline.jsonl", "data.jsonl")
    assert (said.code, limits(said)[f"{NEW}.count"]) == (1, False)
    assert noted(said) == [note("dslint-baseline.jsonl")]
    shown = work.run("baseline", "show")
    assert f"2  {NEW}.count" in shown.out
    assert OLD not in shown.out


def test_a_suppression_by_a_former_fingerprint_still_holds(work, installed):
    installed(OLD)
    (one, _) = work.check("data.jsonl").findings(OLD)
    installed(NEW, OLD)
    for rule in (OLD, NEW):
        work.write(
            "dslint.toml",
            f'[[suppress]]\nrule = "{rule}"\nfingerprint = "{one["fingerprint"]}"\nreason = "known"\n',
        )
        said = work.check()
        assert rows(said) == [2]
        assert said.findings("dslint/unused-suppression") == []


def test_verdicts_in_a_review_sheet_still_hold(work, installed):
    installed(OLD)
    (one, _) = work.check("data.jsonl").findings(OLD)
    head = "path,row,line,rule,text,label,suggestion,score,fingerprint,verdict,corrected\n"
    work.write("sheet.csv", f"{head}data.jsonl,0,1,{OLD},odd,,,,{one['fingerprint']},ok,\n")
    work.write(
        "dslint.toml", f'[[suppress]]\nrule = "{NEW}"\nreview = "sheet.csv"\nreason = "seen"\n'
    )
    installed(NEW, OLD)
    said = work.check("data.jsonl")
    assert (rows(said), noted(said)) == ([2], [note("sheet.csv")])
    assert work.check().findings("dslint/unused-suppression") == []


def test_the_gate_of_a_revision_has_the_files_that_a_former_id_names(work, installed, git):
    installed(NEW, OLD)
    work.write("words.txt", "far")
    work.write("dslint.toml", f'[rules."{OLD}"]\nwords = "words.txt"\n')
    git("commit")
    work.write("words.txt", "none")
    said = work.check("--policy-from", "HEAD", "data.jsonl")
    assert (rows(said), noted(said)) == ([3], [note("HEAD:dslint.toml")])
    assert any("modifies the gate: words.txt" in text for text in said.report["notes"])
    said = work.check("--policy-from", "HEAD", "--option", f"{OLD}.words=words.txt", "data.jsonl")
    assert rows(said) == [3]


# Pages, schema, and messages.


@pytest.mark.parametrize("command", ["rule", "explain"])
def test_the_manual_page_is_found_under_a_former_id(check, call, command):
    said = call(command, OLD)
    assert said.out.startswith(f"{NEW}\n")
    assert f"formerly {OLD}" in said.out
    assert said.err == f"dslint: rule {OLD} is now {NEW}\n"
    assert json.loads(call(command, OLD, "-o", "json").out)["formerly"] == [OLD]


def test_the_schema_calls_a_former_id_deprecated(check, call):
    tables = json.loads(call("config", "schema").out)["properties"]["rules"]["properties"]
    assert (tables[OLD]["deprecated"], tables[OLD]["description"]) == (True, f"now {NEW}")
    assert "word" in tables[OLD]["properties"]
    assert "deprecated" not in tables[NEW]


def test_no_former_id_is_meant_by_a_misspelled_one(check, refused, work):
    said = check("--select", "shapes/stranger")
    refused(said, f"did you mean '{NEW}'?")
    work.write("dslint.toml", f'[rules."{OLD}s"]\n')
    assert OLD not in check().err.replace(f"{OLD}s", "")


def test_what_is_wrong_below_a_former_id_is_said_with_its_line(work, check, refused):
    work.write("dslint.toml", f'[rules.structure]\n[rules."{OLD}"]\nwrod = "far"\n')
    refused(check(), "dslint.toml:3:", "'wrod'", "did you mean 'word'?")
    work.write("dslint.toml", f'[rules.structure]\n\n[rules."{OLD}".limits]\nrat = {{ max = 1 }}\n')
    refused(check(), "dslint.toml:4:", f"rule {NEW} has no measure 'rat'")


# Declarations.

TWO = """
from dataclasses import dataclass
from dslint.plugin import RecordRule, hookimpl

class Quiet(RecordRule):
    def check(self, record):
        return ()

@dataclass(frozen=True)
class A(Quiet):
    "A."
    name = "a"
    formerly = FIRST

@dataclass(frozen=True)
class B(A):
    "B."
    name = "b"
    SECOND

@hookimpl
def dslint_rules():
    return [A, B]
"""
WRONG = {
    "the id of another rule": ('("odd/b",)', "", "formerly odd/b, which is the id of a rule"),
    "its own id": ('("odd/a",)', "", "formerly odd/a, which is the id of a rule"),
    "a rule of another plugin": (
        '("duplicates/exact",)',
        "",
        "rule odd/a of dslint-odd was formerly duplicates/exact, which is the id of a rule",
    ),
    "two rules": ('("x/y",)', 'formerly = ("x/y",)', "formerly x/y, and so was odd/a"),
    "a text": ('("x/y")', "", "rule odd/a of dslint-odd: `formerly` is not a tuple of full ids"),
    "a name": ('("y",)', "", "`formerly` is not a tuple of full ids"),
    "a number": ("3", "", "`formerly` is not a tuple of full ids"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["check", "plugins", "doctor"])
def test_a_former_id_stands_for_one_rule_only(work, call, refused, name, command):
    first, second, message = WRONG[name]
    work.chat()
    source = TWO.replace("FIRST", first).replace("SECOND", second)
    work.plugin("dslint-odd", source, namespace="odd")
    refused(call(command), message, "formerly")


def test_a_class_that_derives_from_a_renamed_rule_is_another_rule(work, call):
    work.jsonl("data.jsonl", *TEXTS)
    source = TWO.replace("FIRST", '("x/y",)').replace("SECOND", "")
    work.plugin("dslint-odd", source, namespace="odd")
    said = call("check", "-o", "json", "--select", "x/y", "data.jsonl")
    assert ran(said) == ["odd/a"]
    assert "odd          active" in call("plugins").out


def test_the_kit_takes_a_renamed_rule(tmp_path, monkeypatch):
    from dslint import testing

    (tmp_path / "strange_rules.py").write_text(textwrap.dedent(rules(NEW, OLD)))
    monkeypatch.syspath_prepend(tmp_path)
    import strange_rules

    testing.assert_documented(strange_rules.Strange)
    testing.assert_laws(strange_rules.Strange())
