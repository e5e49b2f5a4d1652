"""Nothing of the linted repository is executed: neither its modules nor plugins that it brings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from planted import MARK, plant, ran

pytestmark = pytest.mark.slow

SCRIPT = Path(sys.executable).parent / "dslint"
PARALLEL = ("check", "-o", "json", "a.jsonl", "b.jsonl", "-j", "2")
RUNS = {
    "parallel": PARALLEL,
    "folder": ("check", "-o", "json", "."),
    "rules": ("rules",),
    "plugins": ("plugins",),
    "doctor": ("doctor",),
    "config": ("config", "schema"),
}


def names(*command: str, cwd: Path, env: dict[str, str]) -> set[str]:
    """Return the top names of the modules that a Python has when a program ends."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.rpartition("MODULES ")[2].split()}


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    """What `python -m` imports, from the working folder too, before it comes to dslint."""
    program = "import runpy, sys; print('MODULES', *sys.modules)"
    empty = tmp_path_factory.mktemp("empty")
    return names(sys.executable, "-c", program, cwd=empty, env=dict(os.environ)) | {"dslint"}


@pytest.fixture(params=["script", "module"])
def start(request, work, early):
    """Run dslint as script and as module among planted modules: the run, and which of them ran."""
    marks = work.root.parent / "marks"
    script = request.param == "script"
    plant(work.root, marks, set() if script else early)
    for name in "ab":
        work.chat(f"{name}.jsonl")

    def run(*args, env=None):
        command = [str(SCRIPT)] if script else [sys.executable, "-m", "dslint"]
        done = subprocess.run(
            [*command, *args],
            cwd=work.root,
            env={**work.env, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, ran(marks)

    return run


@pytest.mark.parametrize("args", RUNS.values(), ids=RUNS)
def test_no_module_of_the_working_folder_is_imported(start, args):
    done, seen = start(*args)
    assert seen == set()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["multiprocessing", "numpy", "pickle", "random", "encodings"])
def test_a_worker_imports_none_either(work, name):
    for data in "ab":
        work.chat(f"{data}.jsonl")
    work.write(f"{name}/__init__.py", MARK.format(folder=str(work.root.parent)))
    done = subprocess.run(
        [SCRIPT, *PARALLEL],
        cwd=work.root,
        env=work.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran(work.root.parent) == set()
    assert done.returncode == 0, done.stderr


def test_workers_have_no_working_folder_on_their_path(work):
    for data in "ab":
        work.chat(f"{data}.jsonl")
    work.plugin(
        "dslint-odd",
        """
        import os, sys
        from dataclasses import dataclass
        from dslint.plugin import RecordRule, hookimpl
        @dataclass(frozen=True)
        class Path(RecordRule):
            "The path."
            name = "path"
            def check(self, record):
                with open("path.txt", "a") as stream:
                    for entry in sys.path:
                        stream.write(f"{os.getpid()} {os.path.realpath(entry)}\\n")
                return ()
        @hookimpl
        def dslint_rules(): return [Path]
        """,
        namespace="odd",
    )
    for command in (
        [sys.executable, "-m", "dslint"],
        [sys.executable, "-c", "from dslint.cli import main; main()"],
    ):
        where = {"cwd": work.root, "env": work.env}
        subprocess.run([*command, *PARALLEL], check=True, capture_output=True, **where)
        lines = [line.split(" ", 1) for line in (work.root / "path.txt").read_text().splitlines()]
        (work.root / "path.txt").unlink()
        assert len({process for process, _ in lines}) == 2
        assert str(work.root.resolve()) not in {entry for _, entry in lines}


EVIL = "from dslint.plugin import hookimpl\n@hookimpl\ndef dslint_presets(): return {'mine': ''}\n"


def planted_plugin(folder: Path, marks: Path, kind: str, module: str = "evil") -> None:
    info = folder / f"{module}-1.0.{kind}"
    info.mkdir(parents=True)
    metadata = info / ("METADATA" if kind == "dist-info" else "PKG-INFO")
    metadata.write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[dslint.plugins]\n{module} = {module}\n")
    source = MARK.format(folder=str(marks)).replace("raise ImportError('planted')\n", EVIL)
    (folder / f"{module}.py").write_text(source)


@pytest.mark.parametrize("kind", ["dist-info", "egg-info"])
@pytest.mark.parametrize("where", [".", "data"])
def test_a_plugin_that_lies_in_the_repository_is_not_installed(start, work, kind, where):
    planted_plugin(work.root / where, work.root.parent / "marks", kind)
    work.chat("data/data.jsonl")
    for args in (("check", "-o", "json", "data"), ("plugins",), (*PARALLEL, "data")):
        done, seen = start(*args)
        assert done.returncode == 0, done.stderr
        assert "evil" not in done.stdout
        assert seen == set()


@pytest.fixture
def environment(tmp_path):
    """A virtual environment with all that this one has: its Python and its folder of packages."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    here = [entry for entry in sys.path if entry.endswith("site-packages")]
    added = [f"import site; site.addsitedir({entry!r})\n" for entry in here]
    (packages / "all.pth").write_text("".join(added))
    return folder / "bin" / "python", packages


def test_an_editable_install_of_the_repository_makes_it_no_plugin(work, environment):
    """The project that holds the data is installed in editable mode, as projects are."""
    python, packages = environment
    marks = work.root.parent / "marks"
    marks.mkdir()
    for place in (work.root, work.root / "src"):
        place.mkdir(exist_ok=True)
        planted_plugin(place, marks, "dist-info", f"evil_{place.name}")
        (place / "pandas_or_other.py").write_text("")
        (packages / f"_{place.name}.pth").write_text(f"{place}\n")
    work.chat("a.jsonl")
    program = """
import atexit, importlib.util, sys
from dslint.cli import main
atexit.register(lambda: print("found", importlib.util.find_spec("pandas_or_other")))
sys.argv = ["dslint", "plugins"]
main()
"""
    done = subprocess.run(
        [python, "-c", program],
        cwd=work.root,
        env=work.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("found None\n")
    assert "evil" not in done.stdout
    assert ran(marks) == set()


def test_a_plugin_that_is_installed_from_the_working_folder_runs(work, environment):
    python, packages = environment
    marks = work.root.parent / "marks"
    marks.mkdir()
    planted_plugin(work.root, marks, "dist-info", "mine")
    (work.root / "mine-1.0.dist-info").rename(packages / "mine-1.0.dist-info")
    (packages / "mine.pth").write_text(f"{work.root}\n")
    for name in "ab":
        work.chat(f"{name}.jsonl")
    for args in (("plugins",), PARALLEL):
        done = subprocess.run(
            [python, "-m", "dslint", *args],
            cwd=work.root,
            env=work.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert ran(marks) == {"mine"}


def test_what_is_on_pythonpath_is_the_users_own(work):
    marks = work.root.parent / "marks"
    marks.mkdir()
    planted_plugin(work.root / "mine", marks, "dist-info", "mine")
    done = work.run("plugins", env={"PYTHONPATH": str(work.root / "mine")})
    assert "mine" in done.out
    assert ran(marks) == {"mine"}
    (marks / "ran.txt").unlink()
    planted_plugin(work.root, marks, "dist-info")
    path = f"{os.pathsep}{work.root / 'mine'}"  # begins with an empty entry: the working folder
    assert "evil" not in work.run("plugins", env={"PYTHONPATH": path}).out
    assert ran(marks) == {"mine"}
