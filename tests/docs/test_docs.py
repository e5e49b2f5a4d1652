"""The documentation says what is so: its commands run, its names exist, its generated pages are current.

How a page is tested, from top to bottom, in a folder of its own:

- A fenced block with a title, as ```jsonl title="chats.jsonl"```, is a file; it is written, in place of an earlier one of that name.
- A ```console block is run. A line that begins with `$ ` is a command, the lines below it are all of its output, and a line `...` stands for any
  number of lines, `...` within a line for the rest of what may stand there. `exit code: N` ends the output of a command that does not return 0.
- `$ pip install --editable .` is imitated, without the network: the plugin's entry points become known to the later commands.
"""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
from shown import shows

from dslint import testing
from dslint.data import readers, shapes
from dslint.registry import hooks
from dslint.rules.base import RecordRule

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "RELEASING.md",
    ROOT / "SECURITY.md",
    ROOT / "CHANGELOG.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
BLOCK = re.compile(
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?[^\n]*\n(?P<body>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
RUN = [page for page in PAGES if "```console" in page.read_text()]


WHO = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def run(command: str, folder: Path) -> tuple[str, int]:
    """Run a command of a page and return what it prints, and its exit code."""
    words = shlex.split(command)
    if words == ["pip", "install", "--editable", "."]:
        install(folder)
        return "", 0
    if words[0] in ("dslint", "dslint-gate"):
        words = [sys.executable, "-m", "dslint", *words[1:]]
    elif words == ["pytest"]:
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    elif words[0] == "make":
        folder = checkout(folder)
    elif words[0] not in ("cat", "git"):
        raise AssertionError(
            f"a page may show dslint, make, pytest, cat, git and pip in a console block, not {words[0]}"
        )
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, sorted(folder.parent.rglob("installed")))),
        "COLUMNS": "80",
    }
    env |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}": "nobody@example.org" for who in WHO},
    }
    done = subprocess.run(
        words,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode


def install(folder: Path) -> None:
    """Do what pip would: make a plugin importable, and write down its entry points."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    target = folder / "installed"
    shutil.copytree(folder / "src", target, dirs_exist_ok=True)
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("".join(groups))


def checkout(folder: Path) -> Path:
    """Return a copy of what `make demo` needs, with an environment that is ready."""
    copy = folder / "checkout"
    if not copy.exists():
        shutil.copytree(ROOT / "examples", copy / "examples")
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, copy / name)
        script = copy / ".venv" / "bin" / "dslint"
        script.parent.mkdir(parents=True)
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dslint "$@"\n')
        script.chmod(0o755)
        (copy / ".venv" / ".core").touch()
    return copy


def shown(body: str) -> list[tuple[str, list[str], int]]:
    """Return the commands of a console block: each with the lines shown below it, and its exit code."""
    commands: list[tuple[str, list[str], int]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], [], 0))
        elif code := re.fullmatch(r"exit code: (\d+)", line):
            commands[-1] = (*commands[-1][:2], int(code[1]))
        else:
            commands[-1][1].append(line)
    return commands


def assert_same(expected: list[str], actual: str, command: str) -> None:
    text = "\n".join(line.rstrip() for line in actual.strip("\n").splitlines()) + "\n"
    wanted = "\n".join(expected).strip("\n").splitlines()
    assert shows(wanted or [""], text), (
        f"$ {command}\nshows\n{chr(10).join(expected)}\nbut prints\n{text}"
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=named)
def test_the_commands_of_a_page_do_what_it_shows(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    if page.parent.parent.name == "examples":
        shutil.copytree(page.parent, folder, dirs_exist_ok=True)
    for block in BLOCK.finditer(page.read_text()):
        if block["title"]:
            path = folder / block["title"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["body"])
        elif block["kind"] == "console":
            for command, lines, code in shown(block["body"]):
                printed, returned = run(command, folder)
                assert returned == code, f"$ {command} returned {returned}:\n{printed}"
                assert_same(lines, printed, command)


def test_the_walk_through_a_run_has_six_hops_and_names_what_exists() -> None:
    text = (DOCS / "explanation" / "one-run.md").read_text()
    assert [int(number) for number in re.findall(r"^## (\d)\. ", text, re.MULTILINE)] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    names = sorted(set(re.findall(r"`((?:dslint|dslint_\w+)(?:\.\w+)+)`", text)))
    assert len(names) >= 10
    for name in names:
        assert resolves(name), name


def resolves(name: str) -> bool:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


NAMING = [
    DOCS / "explanation" / "one-run.md",
    DOCS / "explanation" / "architecture.md",
    ROOT / "CONTRIBUTING.md",
]
NO_NAMES = {
    *("-j", "...", "exit code: 1", "map", "fail", "incomplete", "/messages/1"),
    *("ruff", "mypy --strict", "lint-imports", "pre-commit install", ".venv", "dslint check"),
    *("dslint", "merge", "__init__.py", "structure/nothing-to-learn.count"),
    *("Why:", "Flags::", "Passes::", "Options:", "Cure:"),
}
"""Code of these pages that no test looks up: words of other programs and of reports."""


def is_there(name: str) -> bool:
    """Return whether a page's code names something: a module or what it has, a file, a flag, a target, a key."""
    words = name.split()
    if name in NO_NAMES:
        return True
    if name.startswith("make "):
        return bool(re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    if name.startswith("@pytest.mark."):
        return f'"{name.rpartition(".")[2]}: ' in (ROOT / "pyproject.toml").read_text()
    if name.startswith("-"):
        return f"`{words[0]}" in (DOCS / "reference" / "cli.md").read_text()
    if keys := re.fullmatch(r"(\w+)\[\]\.\{(.+)\}", name):
        schema = json.loads((DOCS / "reference" / "report.schema.json").read_text())
        item = schema["properties"][keys[1]]["items"]
        fields = schema["$defs"][item["$ref"].rpartition("/")[2]] if "$ref" in item else item
        return set(keys[2].split(",")) <= set(fields["properties"])
    if words[0] == ".venv/bin/pytest":
        return (ROOT / words[1]).is_file()
    if "/" in name or name.endswith(".txt"):
        return any(ROOT.glob(re.sub("<[^>]+>", "*", name)))
    if name.startswith(("dslint.", "dslint_packs.")):
        return resolves(name)
    return hasattr(RecordRule, name) or hasattr(hooks, name.rstrip("()"))


ROOM = re.compile(r"^\| (?:`(\w+)`|data types) \| ([^|]+) \|.*$", re.MULTILINE)
"""A row of the table of rooms: the room, or the data types, and their modules."""


@pytest.mark.parametrize("page", NAMING, ids=named)
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    prose = ROOM.sub(
        "", re.sub(r"^```\w.*?^```$|````.*?````", "", text, flags=re.MULTILINE | re.DOTALL)
    )
    shown = re.findall(r"^make [a-z-]+", text, re.MULTILINE)
    for name in {*shown, *re.findall(r"`([^`\n]+)`", prose)}:
        assert is_there(name), f"{named(page)} names {name}"


def test_the_rooms_of_the_house_are_those_of_the_page() -> None:
    rooms = dict(ROOM.findall((DOCS / "explanation" / "architecture.md").read_text()))
    packages = {path.parent.name for path in (ROOT / "dslint").glob("*/__init__.py")}
    assert packages <= set(rooms)
    for room, modules in rooms.items():
        for module in ["", *re.findall(r"`(\w+)`", modules)]:
            assert resolves(".".join(filter(None, ("dslint", room, module)))), f"{room}: {module}"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    return generate


def test_the_generated_pages_are_current() -> None:
    made = generator().pages()
    assert {f"rules/{path.name}" for path in (DOCS / "reference" / "rules").glob("*.md")} == {
        name for name in made if name.startswith("rules/")
    }
    for name, text in made.items():
        assert (DOCS / "reference" / name).read_text() == text, (
            f"docs/reference/{name} is out of date; run: make reference"
        )


def test_the_readme_lists_the_rules() -> None:
    assert (ROOT / "README.md").read_text() == generator().readme(), (
        "the table of rules in README.md is out of date; run: make reference"
    )


INTRODUCTIONS = [ROOT / "README.md", DOCS / "index.md", DOCS / "tutorials" / "first-gate.md"]


def test_one_table_names_the_extras_and_what_they_add() -> None:
    tables = {
        re.search(r"^\| Extra \|.*?\n\n", page.read_text(), re.MULTILINE | re.DOTALL)[0]
        for page in INTRODUCTIONS
    }
    assert len(tables) == 1, "the tables of extras differ"
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \| \d+ \| \d+ \|$", tables.pop(), re.MULTILINE))
    assert list(rows) == list(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    )
    for name, entry in generator().own_rules().items():
        if entry.rule.extra:
            named = (
                f"`{name}`" in rows[entry.rule.extra]
                or f"`{name.partition('/')[0]}/*`" in rows[entry.rule.extra]
            )
            assert named, f"{name} is not in the row of {entry.rule.extra}"


def test_the_readme_links_no_page_twice() -> None:
    linked = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert sorted(linked) == sorted(set(linked))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_tables_are_whole(page: Path) -> None:
    """A row that stands apart from its table, or has another number of cells, is shown as text."""
    lines = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    columns = 0
    for before, line in pairwise(["", *lines.splitlines()]):
        if not line.startswith("|"):
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        columns = columns if before.startswith("|") else cells
        assert cells == columns, f"{named(page)}: {line}"
    for table in re.findall(r"(?:^\|.*\n)+", lines, re.MULTILINE):
        assert re.match(r".*\n\|[-:| ]+\|\n", table), f"{named(page)}: no head above {table}"


@pytest.mark.parametrize("page", INTRODUCTIONS[:2], ids=named)
def test_each_guide_is_linked_once(page: Path) -> None:
    linked = re.findall(
        r"how-to/([\w-]+)\.md\)",
        page.read_text().partition("**Something to do?**" if page.parent == DOCS else "- How to ")[
            2
        ],
    )
    guides = {guide.stem for guide in (DOCS / "how-to").glob("*.md")}
    assert sorted(linked) == sorted(guides)


SECTIONS = re.split(r"^## ", (DOCS / "reference" / "shapes.md").read_text(), flags=re.MULTILINE)[1:]
SHOWN = [
    (section.partition("\n")[0], block["body"])
    for section in SECTIONS
    for block in BLOCK.finditer(section)
    if not block["title"]
]
SHOWN = [(name, body) for name, body in SHOWN if name != "custom"]


@pytest.mark.parametrize(("name", "body"), SHOWN)
def test_the_examples_of_shapes_are_detected(name: str, body: str) -> None:
    records = [json.loads(line) for line in body.splitlines()]
    assert shapes.detect(records, shapes.BUILT_IN)[0].name == name
    assert all(shapes.named(name, shapes.BUILT_IN).read(record)[1] == [] for record in records)


def test_every_shape_and_format_has_its_place_in_the_reference() -> None:
    assert {name for name, _ in SHOWN} == {shape.name for shape in shapes.BUILT_IN}
    text = (DOCS / "reference" / "formats.md").read_text()
    for reader in readers.BUILT_IN:
        assert (
            f"| `{reader.name}` | {', '.join(f'`{suffix}`' for suffix in reader.suffixes)} |"
            in text
        )


def test_the_page_on_the_laws_names_all_of_them() -> None:
    assert re.findall(
        r"^\| `([\w-]+)` \|", (DOCS / "explanation" / "laws.md").read_text(), re.MULTILINE
    ) == list(testing.LAWS)


OTHER_PROJECT = re.compile(
    r"""\b(?:uvx|(?:pip3?|pipx|tool|uv)[ ](?:install|run|add))[ ](?:[^\n`]*[ ])?['"]?dslint(?![-\w])(?=['"\[=<>~ ,`)]|$)""",
    re.MULTILINE,
)


def test_what_another_project_would_be_installed_by() -> None:
    name = "dslint"  # put together here, so that the lines themselves stand nowhere
    for line in (
        f"pip install {name}",
        f"pip install '{name}[near]'",
        f"uvx {name} check",
        f"pip install -U {name}==1",
        f"uv tool install {name}",
    ):
        assert OTHER_PROJECT.search(line), line
    for line in (
        "pip install dslint-gate",
        "pip install dslint-gate\ndslint check",
        "pip install 'dslint-gate[near]'",
        "pip install dslint_gate",
    ):
        assert not OTHER_PROJECT.search(line), line


def test_nobody_is_sent_to_another_project() -> None:
    sources = [
        path for folder in ("dslint", "plugins", "docs") for path in (ROOT / folder).rglob("*.py")
    ]
    for path in [
        *PAGES,
        *sources,
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        *ROOT.glob("requirements-*.txt"),
    ]:
        found = OTHER_PROJECT.search(path.read_text())
        assert not found, f"{named(path)}: {found[0]}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_between_files_hold(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{named(page)} links to {target}"


REPORTS = {
    "the example": ["check"],
    "with timings and limits": [
        "check",
        "--timings",
        "--max",
        "duplicates/exact.count=1",
        "--min",
        "duplicates/exact.total=1",
    ],
    "without what was named": ["check", "nowhere.jsonl"],
    "a rule that does not run": ["check", "--select", "structure"],
}


@pytest.mark.parametrize("flags", REPORTS.values(), ids=REPORTS)
def test_reports_fit_their_published_schema(flags: list[str], tmp_path: Path) -> None:
    schema = json.loads((DOCS / "reference" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    copy = shutil.copytree(ROOT / "examples" / "support-chat", tmp_path / "example")
    done = subprocess.run(
        [sys.executable, "-m", "dslint", *flags, "-o", "json"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode
    jsonschema.Draft202012Validator(schema).validate(report)


def test_the_schema_of_the_report_is_closed() -> None:
    schema = json.loads((DOCS / "reference" / "report.schema.json").read_text())
    for where in (schema, *schema["$defs"].values()):
        if "properties" in where:
            assert where["additionalProperties"] is False
            assert sorted(where["required"]) == sorted(where["properties"])
