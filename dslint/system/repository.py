"""A Git repository, read through its objects: what a revision or the index holds, and what has changed since. Writes nothing, fetches nothing."""

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
_COPIED = 1 << 20


class Entry(Struct, frozen=True):
    """A file of a revision or of the index: its mode and the id of its content."""

    mode: str
    id: str


class Repository:
    """The repository that a folder lies in. Paths are relative to its top, in POSIX style; `prefix` is that of the folder, with a slash behind it."""

    def __init__(self, folder: str) -> None:
        """Raise ConfigError if the folder is in no repository, or Git does not work there."""
        self.folder = os.path.abspath(folder)
        self._why = ""
        top = top_of(folder)
        self._top = top or self.folder
        asked = ("--git-common-dir", "--show-toplevel", "--is-shallow-repository")
        found = top and self._git("rev-parse", "--path-format=absolute", *asked)
        if not top or not found:
            cure = self._why or "run dslint inside of one"
            raise ConfigError(f"{self.folder} is in no Git repository that can be read", cure)
        self._store, tree, shallow = found.split("\n")[:3]
        if not os.path.samefile(tree, top):
            what = f"the Git repository in {top} has its files elsewhere"
            raise ConfigError(what, "unset core.worktree")
        self._shallow = shallow == "true"
        place = os.path.relpath(os.path.realpath(folder), top)
        self.prefix = "" if place == os.curdir else place.replace(os.sep, "/") + "/"
        # As the user sees it, who may have come here through a link.
        through = f"{self.folder}/".removesuffix(self.prefix)
        self.top = through.rstrip("/") or "/" if os.path.realpath(through) == top else top

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision means. Raises ConfigError, with the cure, where there is none."""
        found = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
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
        if staged:
            return self._differing("--cached", commit)
        return self._without_data(self._differing(commit), self.files(commit))

    def changed_modules(self, commit: str | None) -> set[str]:
        """Return the paths of submodules that the index has at another commit, or not where a commit has them."""
        then = (
            {}
            if commit is None
            else dict(_entries(self._asked("ls-tree", "-r", "-z", commit), 2, (MODULE,)))
        )
        now = dict(_entries(self._asked("ls-files", "-s", "-z"), 1, (MODULE,)))
        return {path for path in {*then, *now} if then.get(path) != now.get(path)}

    def unstaged(self) -> set[str]:
        """Return the paths whose file in the working folder is not as in the index."""
        return self._without_data(self._differing(), self.index())

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Give access to the contents of files."""
        objects = Objects(self._top, os.path.join(self._store, "lfs", "objects"))
        try:
            yield objects
        finally:
            objects.close()

    def _differing(self, *sides: str) -> set[str]:
        """Return the paths that differ for Git.

        No filter runs, so to Git the data of a Git LFS pointer is another file than the pointer.
        """
        fixed = ("--name-only", "-z", "--no-renames", "--ignore-submodules=all")
        never = ("--no-ext-diff", "--no-textconv")
        said = self._asked("diff", *fixed, *never, *sides, "--", config=self._unfiltered())
        return {path for path in said.split("\0") if path}

    def _unfiltered(self) -> dict[str, str]:
        """Return the configuration that switches all filters off."""
        said = self._git("config", "-z", "--name-only", "--get-regexp", r"^filter\.") or ""
        names = {name.rpartition(".")[0] for name in said.split("\0") if name}
        values = {"clean": "", "smudge": "", "process": "", "required": "false"}
        return {f"{name}.{key}": value for name in sorted(names) for key, value in values.items()}

    def _without_data(self, paths: set[str], entries: Mapping[str, Entry]) -> set[str]:
        """Leave out the files that are the data of the Git LFS pointers in their place."""
        asked = [path for path in sorted(paths) if path in entries and entries[path].mode != LINK]
        if not asked:
            return paths
        ids = "".join(f"{entries[path].id}\n" for path in asked)
        sizes = self._git("cat-file", "--batch-check=%(objectsize)", said=ids.encode())
        if sizes is None:  # a partial clone lacks one
            return paths
        with self.objects() as objects:

            def is_data(path: str, size: str) -> bool:
                small = size.isdecimal() and int(size) <= _POINTER_BYTES
                place = os.path.join(self._top, path)
                return small and _is_data_of(place, objects.read(entries[path]))

            pairs = zip(asked, sizes.splitlines(), strict=True)
            return paths - {path for path, size in pairs if is_data(path, size)}

    def _asked(self, *words: str, config: Mapping[str, str] | None = None) -> str:
        answer = self._git(*words, config=config)
        if answer is None:
            raise ConfigError(
                f"git {words[0]} failed in {self.folder}", self._why or "see what git fsck says"
            )
        return answer

    def _git(
        self,
        *words: str,
        said: bytes = b"",
        config: Mapping[str, str] | None = None,
    ) -> str | None:
        """Return what a Git command prints, None if it fails."""
        self._why = ""
        try:
            done = git(self._top, *words, said=said, config=config)
        except OSError as error:
            self._why = f"git cannot be run: {error.strerror}"
            return None
        if done.returncode:
            self._why = os.fsdecode(done.stderr).strip().partition("\n")[0]
            return None
        return os.fsdecode(done.stdout)


class Objects:
    """The contents of files, by their ids."""

    def __init__(self, top: str, lfs: str) -> None:
        self._top = top
        self._lfs = lfs
        self._process: Popen[bytes] | None = None

    def copy(self, entry: Entry, location: str) -> None:
        """Write a content into a new file; in place of a Git LFS pointer the data. Raises InputError where it is not in this clone."""
        with open(location, "wb") as stream:
            stream.writelines(self._pieces(entry))
        if os.path.getsize(location) <= _POINTER_BYTES and entry.mode != LINK:
            self._unpointed(location)

    def read(self, entry: Entry) -> bytes:
        """Return a content as it is. Raises InputError where it is not in this clone."""
        return b"".join(self._pieces(entry))

    def close(self) -> None:
        """End what gives the contents."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _pieces(self, entry: Entry) -> Iterator[bytes]:
        if self._process is None:
            self._process = open_git(self._top, "cat-file", "--batch")
        asked, said = self._process.stdin, self._process.stdout
        if asked is None or said is None:
            raise RuntimeError("git without pipes")
        asked.write(f"{entry.id}\n".encode())
        asked.flush()
        words = said.readline().split()
        if len(words) != 3:
            if not words:  # Git ends where it would have to fetch, and may not
                self.close()
            raise InputError(
                "its content is not in this clone",
                "fetch all of it: git fetch --refetch --filter=blob:limit=1t",
                "data-pointer",
            )
        size = int(words[2])
        for start in range(0, size, _COPIED):
            yield said.read(min(_COPIED, size - start))
        said.read(1)

    def _unpointed(self, location: str) -> None:
        with open(location, "rb") as stream:
            named = _pointed(stream.read())
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
    """Return those of the files in a folder that Git ignores.

    It is the repository around the working folder that is asked; where the folder is outside of it,
    that of the folder. One that lies inside, as a part of the data, never is.
    """
    here, place = top_of("."), os.path.realpath(folder)
    home = here if here is not None and within(place, here) else top_of(folder)
    if home is None:
        return set()
    tops: dict[str, str | None] = {}
    asked: dict[str, str] = {}
    for file in files:
        base, name = os.path.split(file)
        base = os.path.realpath(base)
        if base not in tops:
            tops[base] = top_of(base)
        if tops[base] == home:
            asked[os.path.join(base, name)] = file
    try:
        done = git(home, "check-ignore", "-z", "--stdin", said=os.fsencode("\0".join(asked)))
    except OSError:
        return set()
    said = os.fsdecode(done.stdout).split("\0") if done.returncode == 0 else []
    return {asked[path] for path in said if path}


def _pointed(content: bytes) -> str | None:
    """Return the id of the data that a Git LFS pointer names, None for what is no pointer."""
    if not content.startswith(_POINTER):
        return None
    ids = [line for line in content.splitlines() if line.startswith(b"oid sha256:")]
    return ids[0].split(b":")[-1].decode(errors="replace") if ids else ""


def _is_data_of(location: str, content: bytes) -> bool:
    """Say whether a file holds the data that a Git LFS pointer names."""
    named = _pointed(content)
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
