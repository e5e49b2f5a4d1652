"""A Git repository, read through its objects: revisions, the index, and changes.

Never writes and never fetches.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from dslint.errors import ConfigError, InputError
from dslint.system.children import git, open_git
from dslint.system.installed import top_of, within

if TYPE_CHECKING:
    from subprocess import Popen

LINK = "120000"
"""The mode of a symbolic link; its content is the path that it points to."""
MODULE = "160000"
"""The mode of a submodule."""
_FILES = ("100644", "100755", LINK)
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024
_CHUNK = 1 << 20


class Entry(Struct, frozen=True):
    """A file of a revision or of the index: its mode and the id of its content."""

    mode: str
    id: str


class Repository:
    """The repository that contains a folder.

    Paths are relative to its top, in POSIX style. `prefix` is the path of the folder, with a slash
    at the end.
    """

    def __init__(self, folder: str) -> None:
        """Raise ConfigError if the folder is not in a repository, or Git does not work there."""
        self.folder = os.path.abspath(folder)
        self._why = ""
        top = top_of(folder)
        self._top = top or self.folder
        options = ("--git-common-dir", "--show-toplevel", "--is-shallow-repository")
        found = top and self._git("rev-parse", "--path-format=absolute", *options)
        if not top or not found:
            hint = self._why or "run dslint inside one"
            raise ConfigError(f"{self.folder} is not in a readable Git repository", hint)
        self._store, tree, shallow = found.split("\n")[:3]
        if not os.path.samefile(tree, top):
            what = f"the Git repository in {top} has its working tree elsewhere"
            raise ConfigError(what, "unset core.worktree")
        self._shallow = shallow == "true"
        place = os.path.relpath(os.path.realpath(folder), top)
        self.prefix = "" if place == os.curdir else place.replace(os.sep, "/") + "/"
        # As the user sees it: possibly through a link.
        through = f"{self.folder}/".removesuffix(self.prefix)
        self.top = through.rstrip("/") or "/" if os.path.realpath(through) == top else top

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision names.

        Raises ConfigError with a hint if there is none.
        """
        found = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        if found is None:
            hint = (
                f"fetch it: git fetch origin {revision.removeprefix('origin/')}; "
                "a remote branch is origin/NAME"
            )
            if self._shallow:
                hint = (
                    "this clone is shallow: run git fetch --unshallow, "
                    "or set fetch-depth: 0 in the checkout step of CI"
                )
            raise ConfigError(f"unknown revision {revision!r}", hint)
        return found.strip()

    def head(self) -> str | None:
        """Return the id of the last commit, or None if there is none."""
        found = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return None if found is None else found.strip()

    def files(self, commit: str | None) -> dict[str, Entry]:
        """Return the files of a commit; none if it is None."""
        if commit is None:
            return {}
        return dict(_entries(self._run("ls-tree", "-r", "-z", commit), 2))

    def index(self) -> dict[str, Entry]:
        """Return the files of the index: what would be committed."""
        return dict(_entries(self._run("ls-files", "-s", "-z"), 1))

    def changed(self, commit: str | None, *, staged: bool = False) -> set[str]:
        """Return the tracked paths that differ from a commit.

        They are compared in the index if `staged`, otherwise in the working tree.
        """
        if commit is None:
            return set(self.index())
        if staged:
            return self._differing("--cached", commit)
        return self._without_data(self._differing(commit), self.files(commit))

    def changed_modules(self, commit: str | None) -> set[str]:
        """Return the paths of submodules that differ between a commit and the index."""
        then = (
            {}
            if commit is None
            else dict(_entries(self._run("ls-tree", "-r", "-z", commit), 2, (MODULE,)))
        )
        now = dict(_entries(self._run("ls-files", "-s", "-z"), 1, (MODULE,)))
        return {path for path in {*then, *now} if then.get(path) != now.get(path)}

    def unstaged(self) -> set[str]:
        """Return the paths that differ between the working tree and the index."""
        return self._without_data(self._differing(), self.index())

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Give access to the content of files."""
        objects = Objects(self._top, os.path.join(self._store, "lfs", "objects"))
        try:
            yield objects
        finally:
            objects.close()

    def _differing(self, *sides: str) -> set[str]:
        """Return the paths that differ according to Git.

        Filters do not run, so the data of a Git LFS pointer differs from the pointer.
        """
        fixed = ("--name-only", "-z", "--no-renames", "--ignore-submodules=all")
        never = ("--no-ext-diff", "--no-textconv")
        output = self._run("diff", *fixed, *never, *sides, "--", config=self._unfiltered())
        return {path for path in output.split("\0") if path}

    def _unfiltered(self) -> dict[str, str]:
        """Return configuration that disables all filters."""
        output = self._git("config", "-z", "--name-only", "--get-regexp", r"^filter\.") or ""
        names = {name.rpartition(".")[0] for name in output.split("\0") if name}
        values = {"clean": "", "smudge": "", "process": "", "required": "false"}
        return {f"{name}.{key}": value for name in sorted(names) for key, value in values.items()}

    def _without_data(self, paths: set[str], entries: Mapping[str, Entry]) -> set[str]:
        """Return the paths except those where a file is the data of its Git LFS pointer."""
        tracked = [path for path in sorted(paths) if path in entries and entries[path].mode != LINK]
        if not tracked:
            return paths
        ids = "".join(f"{entries[path].id}\n" for path in tracked)
        sizes = self._git("cat-file", "--batch-check=%(objectsize)", stdin=ids.encode())
        if sizes is None:  # an object is missing in a partial clone
            return paths
        with self.objects() as objects:

            def is_data(path: str, size: str) -> bool:
                small = size.isdecimal() and int(size) <= _POINTER_BYTES
                place = os.path.join(self._top, path)
                return small and _is_data_of(place, objects.read(entries[path]))

            pairs = zip(tracked, sizes.splitlines(), strict=True)
            return paths - {path for path, size in pairs if is_data(path, size)}

    def _run(self, *words: str, config: Mapping[str, str] | None = None) -> str:
        answer = self._git(*words, config=config)
        if answer is None:
            raise ConfigError(
                f"git {words[0]} failed in {self.folder}", self._why or "run: git fsck"
            )
        return answer

    def _git(
        self,
        *words: str,
        stdin: bytes = b"",
        config: Mapping[str, str] | None = None,
    ) -> str | None:
        """Return the output of a Git command, or None if it fails."""
        self._why = ""
        try:
            done = git(self._top, *words, stdin=stdin, config=config)
        except OSError as error:
            self._why = f"git cannot be run: {error.strerror}"
            return None
        if done.returncode:
            self._why = os.fsdecode(done.stderr).strip().partition("\n")[0]
            return None
        return os.fsdecode(done.stdout)


class Objects:
    """The contents of files, by id."""

    def __init__(self, top: str, lfs: str) -> None:
        self._top = top
        self._lfs = lfs
        self._process: Popen[bytes] | None = None

    def copy(self, entry: Entry, location: str) -> None:
        """Write content to a new file, with a Git LFS pointer replaced by its data.

        Raises InputError if it is not in this clone.
        """
        with open(location, "wb") as stream:
            stream.writelines(self._pieces(entry))
        if os.path.getsize(location) <= _POINTER_BYTES and entry.mode != LINK:
            self._replace_pointer(location)

    def read(self, entry: Entry) -> bytes:
        """Return content as it is. Raises InputError if it is not in this clone."""
        return b"".join(self._pieces(entry))

    def close(self) -> None:
        """Stop the Git process."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _pieces(self, entry: Entry) -> Iterator[bytes]:
        if self._process is None:
            self._process = open_git(self._top, "cat-file", "--batch")
        requests, replies = self._process.stdin, self._process.stdout
        if requests is None or replies is None:
            raise RuntimeError("git without pipes")
        requests.write(f"{entry.id}\n".encode())
        requests.flush()
        words = replies.readline().split()
        if len(words) != 3:
            if not words:  # Git exits when it would have to fetch, which is forbidden
                self.close()
            raise InputError(
                "its content is not in this clone",
                "fetch all content: git fetch --refetch --filter=blob:limit=1t",
                "data-pointer",
            )
        size = int(words[2])
        for start in range(0, size, _CHUNK):
            yield replies.read(min(_CHUNK, size - start))
        replies.read(1)

    def _replace_pointer(self, location: str) -> None:
        with open(location, "rb") as stream:
            named = _pointer_target(stream.read())
        if named is None:
            return
        data = os.path.join(self._lfs, named[:2], named[2:4], named)
        if not named.isalnum() or not os.path.isfile(data):
            raise InputError(
                "is a Git LFS pointer whose data is not in this clone",
                "run: git lfs fetch --all",
                "data-pointer",
            )
        shutil.copyfile(data, location)


def ignored(files: Sequence[str], folder: str) -> set[str]:
    """Return the files in a folder that Git ignores.

    The repository around the working directory decides, or that of the folder if it is outside.
    A repository inside, which is part of the data, never decides.
    """
    here, place = top_of("."), os.path.realpath(folder)
    home = here if here is not None and within(place, here) else top_of(folder)
    if home is None:
        return set()
    tops: dict[str, str | None] = {}
    queries: dict[str, str] = {}
    for file in files:
        base, name = os.path.split(file)
        base = os.path.realpath(base)
        if base not in tops:
            tops[base] = top_of(base)
        if tops[base] == home:
            queries[os.path.join(base, name)] = file
    try:
        done = git(home, "check-ignore", "-z", "--stdin", stdin=os.fsencode("\0".join(queries)))
    except OSError:
        return set()
    output = os.fsdecode(done.stdout).split("\0") if done.returncode == 0 else []
    return {queries[path] for path in output if path}


def _pointer_target(content: bytes) -> str | None:
    """Return the id of the data that a Git LFS pointer names, or None if it is not a pointer."""
    if not content.startswith(_POINTER):
        return None
    ids = [line for line in content.splitlines() if line.startswith(b"oid sha256:")]
    return ids[0].split(b":")[-1].decode(errors="replace") if ids else ""


def _is_data_of(location: str, content: bytes) -> bool:
    """Return whether a file holds the data that a Git LFS pointer names."""
    named = _pointer_target(content)
    size = os.path.getsize(location) if os.path.isfile(location) else -1
    if not named or b"size %d" % size not in content.splitlines():
        return False
    import hashlib

    with open(location, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == named


def _entries(
    listed: str, column: int, modes: Sequence[str] = _FILES
) -> Iterator[tuple[str, Entry]]:
    for line in listed.split("\0"):
        facts, _, path = line.partition("\t")
        words = facts.split(" ")
        if words[0] in modes:
            yield path, Entry(words[0], words[column])
