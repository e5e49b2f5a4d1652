"""What authors import has types: a checker accepts a sound plugin and refuses a wrong one."""

import subprocess
import sys
from pathlib import Path

import pytest

AUTHOR = Path(__file__).parents[1] / "typing" / "author.py"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    cache = tmp_path_factory.mktemp("mypy")

    def output(path):
        flags = ["--strict", "--config-file=", f"--cache-dir={cache}"]
        command = [sys.executable, "-m", "mypy", *flags, str(path)]
        done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
        return done.stdout

    return output


def test_a_sound_plugin_is_accepted(mypy):
    assert mypy(AUTHOR).startswith("Success")


@pytest.mark.parametrize(
    ("sound", "wrong", "complaint"),
    [
        ("def check(self, record: Record)", "def check(self, record: str)", "[override]"),
        ("severity = Severity.INFO", 'severity = "info"', "[assignment]"),
        ('"a short text", score=0.5', '"a short text", score="0.5"', "[arg-type]"),
        ("part.at(), Location", "part.at(), str", "[assert-type]"),
    ],
)
def test_a_wrong_plugin_is_refused(mypy, sound, wrong, complaint, tmp_path):
    text = AUTHOR.read_text(encoding="utf-8")
    assert text.count(sound) == 1
    (tmp_path / "author.py").write_text(text.replace(sound, wrong), encoding="utf-8")
    assert complaint in mypy(tmp_path / "author.py")
