"""The speed guard: a record costs the function calls that `speed.json` says, whatever the load of the machine.

More than 5 % up fails until the figure is stored anew with a reason; more than 5 % down as well, so that what was won is kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "benchmarks" / "calls.py"
STORE = Path(__file__).parent / "speed.json"
STORED = json.loads(STORE.read_text())
TOLERANCE = 0.05


def script(*args):
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, args)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    return done.stdout


def changed(run, calls, stored):
    """Return in words how the calls of a run have changed; nothing if they have stayed near what is stored."""
    share = calls / stored - 1
    if abs(share) <= TOLERANCE:
        return ""
    return (
        f"{run}: {calls} function calls a record, {abs(share):.1%} {'more' if share > 0 else 'less'} than the {stored} of tests/core/run/speed.json.\n"
        f"{'If they are worth it' if share > 0 else 'To keep what was won'}: .venv/bin/pytest tests/test_speed.py -n0 --renew-speed 'the reason'"
    )


@pytest.mark.slow
@pytest.mark.parametrize("run", STORED)
def test_a_record_costs_no_more_function_calls(run, tmp_path, pytestconfig):
    counted = json.loads(script(run, tmp_path))
    said = changed(run, counted["calls"], STORED[run]["calls"])
    if said and (reason := pytestconfig.getoption("--renew-speed")):
        STORED[run] = {"calls": counted["calls"], "reason": reason}
        STORE.write_text(json.dumps(STORED, indent=2) + "\n")
    else:
        most = "".join(f"\n  {calls:8} {name}" for name, calls in counted["most"].items())
        assert not said, f"{said}\nMost calls a record:{most}"


def test_each_run_is_guarded_and_says_why_it_costs_what_it_does():
    assert script().splitlines() == list(STORED)
    assert all(run["reason"] for run in STORED.values())


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (104.9, ""),
        (95.1, ""),
        (106.0, "chats: 106.0 function calls a record, 6.0% more than the 100.0 of"),
        (90.0, "chats: 90.0 function calls a record, 10.0% less than the 100.0 of"),
    ],
)
def test_what_counts_as_a_change(calls, said):
    assert changed("chats", calls, 100.0).startswith(said)
    assert bool(changed("chats", calls, 100.0)) == bool(said)
    assert ("--renew-speed" in changed("chats", calls, 100.0)) == bool(said)
