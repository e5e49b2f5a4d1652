"""A Git repository, read through its objects: what a revision or the index holds, and what has changed since. Writes nothing, fetches nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from msgspec import Struct

from dslint.errors import ConfigError, InputError

LINK = "120000"
"""The mode of a symbolic link; its content is the path that it points to."""
MODULE = "160000"
"""The mode of a submodule."""
_FILES = ("100644", "100755", LINK)
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024
_COPIED = 1 << 20


class Entry(Struct, frozen=True):
    """A file of a revision or of the index: its mode and the id of its content."""

    mode: str
    id: str


class Repository:
    """The repository that a folder lies in. Paths are relative to its top, in POSIX style; `prefix` is that of the folder, with a slash behind it."""

    def __init__(self, folder: str) -> None:
        """Raise ConfigError if the folder is in no repository, or Git does not work there."""
        self.folder = self._top = os.path.abspath(folder)
        self._why = ""
        # What Git sets for its hooks is about the folder that the hook starts in, and would be wrong in another.
        self._env = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")}
        if index := self._env.get("GIT_INDEX_FILE"):
            self._env["GIT_INDEX_FILE"] = os.path.abspath(index)
        self._env |= {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        found = self._git("rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel", "--show-prefix", "--is-shallow-repository")
        if found is None:
            raise ConfigError(f"{self.folder} is in no Git repository that can be read", self._why or "run dslint inside of one")
        self._store, self._top, self.prefix, shallow = found.split("\n")[:4]
        self._shallow = shallow == "true"
        # As the user sees it, who may have come here through a link.
        through = f"{self.folder}/".removesuffix(self.prefix)
        self.top = through.rstrip("/") or "/" if os.path.realpath(through) == os.path.realpath(self._top) else self._top

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision means. Raises ConfigError, with the cure, where there is none."""
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found is None:
            cure = f"fetch it: git fetch origin {revision.removeprefix('origin/')}; a branch of the server is origin/NAME"
            if self._shallow:
                cure = "this clone is shallow: run git fetch --unshallow, or set fetch-depth: 0 where CI checks the repository out"
            raise ConfigError(f"unknown revision {revision!r}", cure)
        return found.strip()

    def head(self) -> str | None:
        """Return the id of the last commit, None before the first."""
        found = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return None if found is None else found.strip()

    def files(self, commit: str | None) -> dict[str, Entry]:
        """Return the files of a commit; none of None."""
        if commit is None:
            return {}
        return dict(_entries(self._asked("ls-tree", "-r", "-z", commit), 2))

    def index(self) -> dict[str, Entry]:
        """Return the files of the index: what would be committed."""
        return dict(_entries(self._asked("ls-files", "-s", "-z"), 1))

    def changed(self, commit: str | None, *, staged: bool = False) -> set[str]:
        """Return the paths that are not as in a commit: in the index if `staged`, else in the working folder. Untracked files are not among them."""
        if commit is None:
            return set(self.index())
        return self._differing(*(["--cached"] if staged else []), commit)

    def changed_modules(self, commit: str | None) -> set[str]:
        """Return the paths of submodules that the index has at another commit, or not where a commit has them."""
        then = {} if commit is None else dict(_entries(self._asked("ls-tree", "-r", "-z", commit), 2, (MODULE,)))
        now = dict(_entries(self._asked("ls-files", "-s", "-z"), 1, (MODULE,)))
        return {path for path in {*then, *now} if then.get(path) != now.get(path)}

    def unstaged(self) -> set[str]:
        """Return the paths whose file in the working folder is not as in the index."""
        return self._differing()

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Give access to the contents of files."""
        import subprocess

        with subprocess.Popen(self._command("cat-file", "--batch"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._env) as process:  # noqa: S603 - the user's own git
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("git without pipes")
            yield Objects(process.stdin, process.stdout, os.path.join(self._store, "lfs", "objects"))

    def _differing(self, *sides: str) -> set[str]:
        fixed = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=all")
        return {path for path in self._asked("diff", *fixed, *sides, "--").split("\0") if path}

    def _asked(self, *words: str) -> str:
        said = self._git(*words)
        if said is None:
            raise ConfigError(f"git {words[0]} failed in {self.folder}", self._why or "see what git fsck says")
        return said

    def _git(self, *words: str) -> str | None:
        """Return what a Git command prints, None if it fails."""
        import subprocess

        self._why = ""
        try:
            done = subprocess.run(self._command(*words), env=self._env, capture_output=True, check=False)  # noqa: S603 - the user's own git
        except OSError as error:
            self._why = f"git cannot be run: {error.strerror}"
            return None
        if done.returncode:
            self._why = os.fsdecode(done.stderr).strip().partition("\n")[0]
            return None
        return os.fsdecode(done.stdout)

    def _command(self, *words: str) -> list[str]:
        return ["git", "-C", self._top, *words]


class Objects:
    """The contents of files, by their ids."""

    def __init__(self, asked: IO[bytes], said: IO[bytes], lfs: str) -> None:
        self._asked = asked
        self._said = said
        self._lfs = lfs

    def copy(self, entry: Entry, location: str) -> None:
        """Write a content into a new file; in place of a Git LFS pointer the data. Raises InputError where it is not in this clone."""
        self._asked.write(f"{entry.id}\n".encode())
        self._asked.flush()
        words = self._said.readline().split()
        if len(words) != 3:
            raise InputError("its content is not in this clone", "fetch all of it: git fetch --refetch --filter=blob:limit=1t", "data-pointer")
        size = int(words[2])
        with open(location, "wb") as stream:
            stream.writelines(self._said.read(min(_COPIED, size - start)) for start in range(0, size, _COPIED))
        self._said.read(1)
        if size <= _POINTER_BYTES and entry.mode != LINK:
            self._unpointed(location)

    def text(self, entry: Entry) -> str:
        """Return a small content as text: where a link points to. Empty where it is not in this clone."""
        self._asked.write(f"{entry.id}\n".encode())
        self._asked.flush()
        words = self._said.readline().split()
        if len(words) != 3:
            return ""
        content = self._said.read(int(words[2]))
        self._said.read(1)
        return os.fsdecode(content)

    def _unpointed(self, location: str) -> None:
        with open(location, "rb") as stream:
            content = stream.read()
        if not content.startswith(_POINTER):
            return
        named = next((line.split(b":")[-1].decode() for line in content.splitlines() if line.startswith(b"oid sha256:")), "")
        data = os.path.join(self._lfs, named[:2], named[2:4], named)
        if not named.isalnum() or not os.path.isfile(data):
            raise InputError("is a Git LFS pointer whose data is not in this clone", "run: git lfs fetch --all", "data-pointer")
        shutil.copyfile(data, location)


def _entries(listed: str, column: int, modes: Sequence[str] = _FILES) -> Iterator[tuple[str, Entry]]:
    for line in listed.split("\0"):
        facts, _, path = line.partition("\t")
        words = facts.split(" ")
        if words[0] in modes:
            yield path, Entry(words[0], words[column])
