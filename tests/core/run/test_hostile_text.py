"""Data that means ill: no text, file name, key, id, label or rule name has an effect in any report, on a runner of CI, a terminal, or a page."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from dslint.model import Finding, Limit, LimitResult, Location, Problem, RuleResult, Severity
from dslint.reporters import BUILT_IN, Style
from dslint.reporters.style import visible

BAD = [
    "::error::pwned",
    "::add-mask::a",
    "\n::set-env name=x::y",
    "\r::stop-commands::z",
    " ::warning::pwned",
    "##[add-mask]a",
    "##vso[task.setvariable variable=x]y",
    "x\n##vso[task.complete result=Succeeded;]",
    "%0A::error::pwned",
    "a]b;c,d:e",
    "\x1b[2J\x1b[31mred",
    "\x9b31m\u202egnp.exe",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "]]><x/>",
    "&#x1b;&lt;",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\x00\x08\ufffe\uffff",
    "\u2028\u2029",
    "'\"><b>",
]

PLUGIN = """
from dataclasses import dataclass
from dslint.plugin import RecordRule, hookimpl

def made(number, bad):
    @dataclass(frozen=True)
    class Rule(RecordRule):
        __doc__ = "Finds all. " + bad
        name = {name}

        def check(self, record):
            for part in record.texts(("all",)):
                yield self.finding(part.at(0, 1), "bad " + part.text, suggestion=part.text)
    return Rule

@hookimpl
def dslint_rules():
    return [made(number, bad) for number, bad in enumerate({bad!r})]
"""


def github_commands(line):
    """What the runner of GitHub takes a line for: `::name` where it begins, or `##[name` anywhere in it."""
    if match := re.match(r"\s*::([^\s:]+)(?: [^:]*)?::", line):
        return [match[1]]
    return re.findall(r"##\[([^\]\s]+)", line)


def azure_commands(line):
    return re.findall(r"##(?:vso)?\[([^\]\s]+)", line, re.IGNORECASE)


def hold(name, text):
    """Hold a report to it that nothing in it acts."""
    lines = re.split(r"\r\n|\r|\n", text)
    ours = {"github": {"error", "warning", "notice"}, "azure": {"task.logissue"}}
    for line in lines:
        assert set(github_commands(line)) <= (ours["github"] if name == "github" else set()), line
        assert set(azure_commands(line)) <= (ours["azure"] if name == "azure" else set()), line
        assert len(azure_commands(line)) <= 1
    if name == "html":
        text = text.replace(
            (script := re.findall(r"<script>(.*?)</script>", text, re.DOTALL))[0], ""
        )
        assert len(script) == 1
        page = Page()
        page.feed(text)
        assert page.tags <= TAGS, page.tags - TAGS
        assert not [
            attribute
            for attribute in page.attributes
            if attribute.startswith("on") or attribute in ("src", "style", "action")
        ]
        assert page.links == {"#findings"}
        json.loads(page.data["data"])
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]",
        text,
    )
    if name in ("json", "sarif", "gitlab", "rdjson"):
        json.loads(text)
    if name == "jsonl":
        list(map(json.loads, text.splitlines()))
    if name == "junit":
        ET.fromstring(text)


TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "span",
        "main",
        "section",
        "noscript",
        "script",
    ),
    *(
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "div",
        "button",
        "form",
        "label",
        "input",
        "select",
        "option",
    ),
    *("figure", "figcaption", "svg", "rect", "text", "line", "details", "summary"),
}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.links, self.data, self.within = (
            set(),
            set(),
            set(),
            {},
            None,
        )

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.update(value for name, value in attrs if name == "href")
        self.within = dict(attrs).get("id") if tag == "script" else None

    def handle_endtag(self, tag):
        self.within = self.within if tag != "script" else None

    def handle_data(self, data):
        if self.within:
            self.data[self.within] = data


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize(
    "style", [Style(), Style(verbose=True, statistics=True, max_show=1)], ids=["plain", "verbose"]
)
def test_nothing_in_a_report_acts(reports, name, style):
    findings = []
    for row, bad in enumerate(BAD):
        at = Location(f"{bad}.jsonl", row, row + 1, None, f"/{bad}", 0, 1, bad)
        findings.append(
            Finding(
                at=at,
                message=bad,
                severity=Severity.ERROR,
                related=(at,),
                suggestion=bad,
                rule=f"x/{bad}",
                dataset=bad,
                id=bad,
                suppressed=None,
            )
        )
        findings.append(reports.finding(row, message=bad, suppressed=bad, dataset=bad))
        findings.append(
            reports.finding(row, at=Location(), message=bad, dataset=bad, severity=Severity.INFO)
        )
    report = reports.report(
        findings,
        problems=[
            Problem(kind=bad, message=bad, path=bad, rule=bad, plugin=bad, version=bad, hint=bad)
            for bad in BAD
        ],
        rules=[
            RuleResult(
                id=f"x/{bad}", plugin=f"{bad} 1", severity=Severity.ERROR, state="ran", manual=bad
            )
            for bad in BAD
        ]
        + [
            RuleResult(
                id=f"y/{bad}",
                plugin=f"{bad} 1",
                severity=Severity.INFO,
                state="unavailable",
                reason=bad,
            )
            for bad in BAD
        ],
        measures={f"x/y.confusion[{bad}>b]": 1 for bad in BAD}
        | {f"x/y.length[{bad}]": 1 for bad in BAD},
        limits=[
            LimitResult(
                limit=Limit(measure=f"{bad}.count[label={bad}]", max=0, origin=bad),
                value=1,
                passed=False,
            )
            for bad in BAD
        ],
        notes=BAD,
    )
    hold(name, reports.text(name, report, style))


@pytest.mark.parametrize("name", BUILT_IN)
def test_nothing_in_a_dataset_acts(hostile, name):
    result = hostile("check", "-o", name, "-v")
    assert result.code == 1, result
    assert "Traceback" not in result.err
    assert len(result.out) > 1000 or name in ("github", "azure")
    hold(name, result.out)
    hold("text", result.err)


@pytest.fixture
def hostile(work, call):
    """A dataset in which everything that may be chosen is bad, and a plugin whose rules say so and quote all that they see."""
    work.plugin("bad", PLUGIN.format(name='f"x-{number}"', bad=BAD[:6]))
    names = [bad.replace("/", "_").replace("\0", "_") for bad in BAD]
    for bad, name in zip(BAD, names, strict=True):
        rows = [
            {
                "id": bad,
                "label": bad,
                bad: bad,
                "messages": [
                    {"role": bad, "content": bad},
                    {"role": "assistant", "content": f"{{{{name}}}} {bad}"},
                ],
            }
        ] * 2
        work.jsonl(f"data/{name}.jsonl", *rows)
    work.write("data/broken.jsonl", f'{{"{"</script>"}": 1, "</script>": 2}}\n{{"a": ::error::}}\n')
    work.write(
        "dslint.toml",
        '[dataset]\nfiles = ["data/*"]\nslices = ["label"]\ncolumns = { label = "label", id = "id" }\nshape = "chat"\n',
    )
    return call


def test_names_of_rules_do_not_act(work, call):
    work.chat()
    work.plugin("bad", PLUGIN.format(name='"x " + bad', bad=BAD))
    assert "write lower-case words" in call("check", "data.jsonl").err
    assert call("check", "data.jsonl", "--select", "structure").code == 0
    for command in (["check", "data.jsonl"], ["plugins"], ["doctor"]):
        result = call(*command)
        hold("text", result.out + result.err)


def test_errors_of_use_do_not_act(work, call):
    result = call("check", "\n::error::pwned", "##vso[task.complete]", "-o", "::add-mask::x")
    assert result.code == 2
    hold("text", result.err)


@pytest.mark.parametrize("bad", BAD)
def test_what_is_written_out_can_still_be_read(bad):
    letters = re.sub(r"[^A-Za-z ]", "", bad)
    assert letters.replace(" ", "") in re.sub(
        r"\\x..|\\u....|\\[nr]|[^A-Za-z]", "", visible(bad)
    ).replace(" ", "")


def test_other_words_stay_as_they_are():
    for text in ("std::vector", "a::b", "# heading", "## heading", "x ## y", "ratio 1:2"):
        assert visible(text) == text
