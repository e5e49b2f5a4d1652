"""What a run does once: it looks at a file, and it builds a rule."""

import json
import subprocess
import sys

from dslint.config import build
from dslint.run import api

OPENS = """
import sys
opened = []
sys.addaudithook(
    lambda event, args: event == "open" and str(args[0]).endswith("data.jsonl") and opened.append(1)
)
from dslint.cli import main
sys.argv = ["dslint", "check", "--isolated", "-j", "1", "data.jsonl"]
try:
    main()
except SystemExit:
    print(len(opened))
"""


def test_a_small_file_is_opened_six_times_at_most(tmp_path):
    """A look at its head, its format, a sample, the run, and twice for records of findings."""
    record = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}]}
    (tmp_path / "data.jsonl").write_text(json.dumps(record) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", OPENS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert 1 <= int(done.stdout.splitlines()[-1]) <= 6, done.stdout


def test_datasets_with_equal_settings_share_their_rules(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text('{"text": "Yes."}\n')
    configuration = tmp_path / "dslint.toml"
    configuration.write_text(
        "".join(f'[[dataset]]\nname = "{name}"\nfiles = ["{name}.jsonl"]\n' for name in "ab")
    )
    built = []
    rule = build._rule
    monkeypatch.setattr(build, "_rule", lambda entry, _: built.append(entry.id) or rule(entry, _))
    report = api.lint(config=str(configuration))
    assert report.counts["records"] == 2
    assert built
    assert len(built) == len(set(built))
