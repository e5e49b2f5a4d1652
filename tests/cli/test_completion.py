"""Completion, by the scripts that the command prints and installs, in the shells themselves."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ASK = """
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); COMP_LINE="${{COMP_WORDS[*]}}"; COMP_POINT=${{#COMP_LINE}}
_{function}_completion {name} && printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def shell(work, tmp_path):
    """Return a function that runs lines in a shell of a user whose command is this one, under either name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("dslint", "dslint-gate"):
        program = f"import sys; sys.argv[0] = {name!r}; from dslint.cli import main; main()"
        (folder / name).write_text(
            f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(program)} "$@"\n'
        )
        (folder / name).chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    env = {**work.env, "HOME": str(home), "PATH": f"{folder}:{work.env['PATH']}"}

    def run(lines, program="bash", *flags):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this system")
        done = subprocess.run(
            [program, *flags, "-c", lines],
            cwd=work.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("name", ["dslint", "dslint-gate"])
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("che", ["check"]),
        ("ru", ["rules", "rule"]),
        ("check --max", ["--max", "--max-show"]),
        ("baseline cr", ["create"]),
        ("baseline create --ra", ["--ratchet"]),
        ("config s", ["show", "schema"]),
        ("show data.jsonl --r", ["--row"]),
    ],
)
def test_bash_completes_commands_and_options(shell, name, words, wanted):
    ask = ASK.format(words=f"{name} {words}", function=name.replace("-", "_"), name=name)
    code, out, err = shell(f'eval "$({name} --show-completion; true)"\n{ask}')
    assert (code, err) == (0, "")
    assert out.split() == wanted


def test_what_is_installed_completes_in_a_new_shell(shell):
    code, _, err = shell("dslint --install-completion; exit $?")
    assert (code, err) == (0, "")
    code, out, _ = shell(
        f"source ~/.bashrc\ncomplete -p dslint\n{ASK.format(words='dslint doc', function='dslint', name='dslint')}"
    )
    assert code == 0
    assert out.splitlines() == ["complete -o default -F _dslint_completion dslint", "doctor"]


@pytest.mark.parametrize("program", ["zsh", "fish"])
def test_other_shells_take_the_script(shell, program):
    how = {
        "zsh": 'autoload -U compinit && compinit -u\neval "$(dslint --show-completion)"\nwords=(dslint che); CURRENT=2\ncompadd() { print -- $@ }; _arguments() { print -- $@ }; _dslint_completion',
        "fish": 'dslint --show-completion | source\ncomplete --do-complete "dslint che"',
    }
    code, out, err = shell(how[program], program)
    assert code == 0, err
    assert "check" in out


def test_a_variable_of_completion_never_takes_the_place_of_a_run(work):
    work.write("data.jsonl", '{"text": \n')
    result = work.run(
        "check",
        "data.jsonl",
        env={"_DSLINT_COMPLETE": "complete_bash", "COMP_WORDS": "dslint che", "COMP_CWORD": "1"},
    )
    assert (result.code, "\nFAIL\n" in result.out) == (1, True)


@pytest.mark.parametrize("args", [[], ["baseline"], ["config"], ["index"]])
def test_without_a_command_the_help_is_printed(call, args):
    result = call(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(
        f"Usage: {' '.join(['dslint', *args])} [OPTIONS] COMMAND [ARGS]...\n"
    )
    assert "error" not in result.err
