"""The Markdown report: what stands first, what is cut, and that nothing of the data becomes markup."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint.model import Limit, LimitResult, Location, Problem
from dslint.reporters import Style
from dslint.reporters.markdown import MAX_BYTES, code, prose

HOSTILE = [
    "a|b",
    "a\\|b",
    "`x` | `y`",
    "<img src=x onerror=alert(1)>",
    "![x](http://example.org/x.png)",
    "[x](javascript:y)",
    "hello @everyone",
    "see #12 and GH-3",
    "www.example.org",
    "https://example.org/x",
    "x\n| y | z |\n# h",
    "\x1b[31m\u202ex",
    "--> <!-- x",
    "&lt;b&gt;",
    "\\",
    "$x$",
    ":smile:",
]


def cells(line):
    """Cut a row of a table as GitHub does: at every `|` that no backslash stands before; a backslash pairs with what follows it."""
    return re.findall(r"(?:\\.|[^|\\])+", line.strip()[1:-1])


def shows_as_code(cell):
    """Say whether all of a cell is code, or words in which nothing could be a link, a mention or markup."""
    bare = re.sub(r"`[^`|\\<>&]+`|<code>(?:[^\W_]| |&#\d+;)+</code>", "", cell)
    return not re.search(r"[`<>|@#\[\]*_~$&\\]|www\.|//|GH-\d", bare)


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=600)))
def test_no_text_breaks_a_cell(text):
    for made in (code(text), prose(text)):
        assert "|" not in made
        assert "\n" not in made
        assert shows_as_code(made), made


@pytest.mark.parametrize("text", ["data/train.jsonl:3", "/messages/0/content 3-9", *HOSTILE])
def test_code_shows_the_text_itself(text):
    shown = html.unescape(re.sub(r"^`|`$|</?code>", "", code(text)))
    assert shown == text or any(not letter.isprintable() for letter in text)


@pytest.mark.parametrize("bad", HOSTILE)
def test_data_in_every_place_leaves_the_tables_whole(reports, bad):
    findings = [
        reports.finding(
            at=Location(bad, 0, 1, None, bad, 0, 1),
            message=bad,
            suggestion=bad,
            suppressed=bad,
            id=bad,
        ),
        reports.finding(at=Location(None), dataset=bad, rule="other/rule"),
    ]
    problems = [Problem(kind="crash", message=bad, path=bad, hint=bad)]
    limits = [
        LimitResult(
            limit=Limit(measure=f"r/x.count[files={bad}]", max=0, origin="config"),
            value=1,
            passed=False,
        )
    ]
    text = reports.text(
        "markdown", reports.report(findings, problems=problems, limits=limits), Style(verbose=True)
    )
    widths = {"Limits": 5, "Could not check": 3, "Findings by rule": 3, "Findings": 4}
    for title, block in re.findall(r"^### ([^\n]+)\n\n((?:\|.*\n)+)", text, re.MULTILINE):
        for line in block.splitlines():
            assert len(cells(line)) == widths[title], line
            if "---" not in line:
                assert all(shows_as_code(cell.replace("**FAIL**", "")) for cell in cells(line)), (
                    line
                )
    assert len([line for line in text.splitlines() if line.startswith("#")]) == 1 + len(widths)


def test_the_verdict_and_the_limits_come_first(reports):
    limits = [LimitResult(limit=Limit(measure="a/b.count", max=0), value=1, passed=False)]
    text = reports.text(
        "markdown",
        reports.report(
            [reports.finding()], problems=[Problem(kind="x", message="m")], limits=limits
        ),
    )
    heads = re.findall(r"^##+ (.*)", text, re.MULTILINE)
    assert heads == [
        "dslint: PASS with 1 warning",
        "Limits",
        "Could not check",
        "Findings by rule",
        "Findings",
    ]


def test_broken_limits_stand_before_those_that_hold(reports):
    limits = [
        LimitResult(limit=Limit(measure=f"a/{name}.count", max=0), value=1, passed=passed)
        for name, passed in (("a", True), ("b", None), ("c", False))
    ]
    assert re.findall(
        r"`a/(\w)\.count`", reports.text("markdown", reports.report(limits=limits))
    ) == ["c", "b", "a"]


def test_findings_of_a_rule_are_capped_aloud(reports):
    text = reports.text(
        "markdown", reports.report([reports.finding(row) for row in range(7)]), Style(max_show=3)
    )
    assert text.count("| `structure/role-order` | out of order |") == 3
    assert "4 more of `structure/role-order` are not listed below" in text


def test_suppressed_findings_are_shown_when_asked(reports):
    found = [reports.finding(suppressed="accepted")]
    assert "accepted" not in reports.text("markdown", reports.report(found))
    assert "(suppressed: accepted)" in reports.text(
        "markdown", reports.report(found), Style(verbose=True)
    )


def test_the_report_is_bounded_and_says_what_is_missing(reports):
    many = [reports.finding(at=Location(f"{'d' * 400}.jsonl", row, row + 1)) for row in range(5000)]
    text = reports.text("markdown", reports.report(many), Style(max_show=10_000))
    assert len(text.encode()) <= MAX_BYTES
    assert re.search(r"\*\*Truncated\*\* at 900 KiB: [\d,]+ more lines", text)
    assert "### Findings by rule" in text


def test_a_path_ending_in_md_is_a_markdown_report(work, call):
    work.chat()
    assert call("check", "-o", "summary.md").code == 0
    assert (
        (work.root / "summary.md")
        .read_text()
        .startswith("## dslint: PASS\n\n3 records in 1 file: ")
    )
