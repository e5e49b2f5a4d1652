"""JSON documents: an array of records, or any other value as a single record.

The file is never decoded as a whole. Elements are cut out of a buffer of one or two blocks (more
for a long element, up to twice `max_record` bytes), and decoded one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from dslint.data.batch import Batch
from dslint.data.readers.collect import (
    BATCH,
    BOM,
    REFUSED,
    Collector,
    decode_json,
    decoded,
    encoded,
    has_spaced_colon,
)
from dslint.data.readers.diagnose import diagnose, too_many
from dslint.data.readers.elements import DAMAGED, MORE, Landmark, element, past_space, plain_objects
from dslint.data.readers.files import BLOCK, chunks
from dslint.errors import InputError
from dslint.model import Input, Shape, Shard

BATCH_BYTES = 8 * BLOCK
"""Bytes of JSON text after which a batch is full, however few records it has."""
LANDMARK_BYTES = 1 << 16
"""Maximum length of the start of an element when searching for one after a damaged element."""
MOST_BRACES = 4096
"""Maximum number of closing braces to count when searching for the end of an element."""
AGAIN = 8
"""Limit for searching the ends of damaged elements, as a multiple of the bytes read.

Beyond it, all that was searched is skipped.
"""

_CONTINUATION = bytes(range(0x80, 0xC0))


class JsonDocument:
    """Reader of `.json` files."""

    name = "json"
    suffixes: tuple[str, ...] = (".json",)

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Keep the file whole: only reading from the start shows where elements begin."""
        del size
        return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the array elements, or the one value, in batches; damaged ones become defects."""
        document = _Document(shard, shape, max_record, max_depth)
        try:
            yield from document.batches()
        except InputError as error:
            yield from document.rest()
            raise InputError(
                f"{error.message} (read up to line {document.line})",
                error.hint,
                error.kind,
                shard.input.path,
            ) from None
        yield from document.rest()


class _Document(Collector):
    """A buffer that moves through the file; `line` and `offset` describe its position `at`."""

    def __init__(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> None:
        super().__init__(shard, shape, max_record, max_depth)
        self.parts = chunks(shard.location, shard.start, shard.stop)
        self.failure: InputError | None = None
        self.buffer = b""
        self.at = 0
        # A position in the buffer, and the code points and bytes of its line before it.
        self.counted = (0, 0, 0)
        self.again = 0  # bytes searched for the ends of damaged elements
        self.spaced = False
        self.braces = 16  # expected number of closing braces of an element
        self.lost = False  # the elements of the rest of the file cannot be found
        self.landmark = Landmark()

    def batches(self) -> Iterator[Batch]:
        """Yield all batches except the last."""
        if self.shard.start:
            yield from self.elements(due=True)
            return
        self.more()
        if self.buffer.startswith(BOM):
            self.buffer = self.buffer[len(BOM) :]
            self.offset = len(BOM)
        first = self.token()
        if first == b"[":
            self.advance(self.at + 1)
            yield from self.elements(due=False)
        elif first:
            self.value()

    def value(self) -> None:
        """Add the whole document as one record."""
        while len(self.buffer) <= self.max_record and self.more():
            pass
        raw = self.buffer[self.at :]
        if len(raw) > self.max_record:
            self.fault(f"the record is longer than {self.max_record:,} bytes")
        else:
            self.record(raw)

    def elements(self, *, due: bool) -> Iterator[Batch]:
        """Yield the elements of the rest of the array; `due` means that a value must come next."""
        taken = self.offset
        while True:
            first = self.token()
            if not first:
                if self.shard.stop is None:
                    self.fault("the file ends inside the array")
                return
            if first == b"]":
                break
            if (
                len(self.values) >= BATCH
                or len(self.defects) >= BATCH
                or self.offset - taken > BATCH_BYTES
            ):
                yield from self.rest()
                taken = self.offset
            if first == b",":
                self.fault("a value is missing before the comma")
                self.advance(self.at + 1)
                due = True
                continue
            if not self.values and not self.defects:
                self.begin()
            if self.landmark.count > 1 and self.many():
                due = True
                continue
            due = self.comma() if self.one(first) else True
            if self.lost:
                return
        if due:
            self.fault("a value is missing after the comma")
        elif self.row == 0 and self.shard.input.stated and self.shape.name == "any":
            # Any value is a record if the user says so; otherwise an empty array has none.
            self.add([], self.line)
        self.advance(self.at + 1)
        if self.token():
            self.fault("data after the end of the array")

    def many(self) -> bool:
        """Add simple elements until the batch is full, and return whether any was added."""
        room = BATCH - len(self.values)
        limit = self.offset + BATCH_BYTES
        start = self.at
        for end, following, value in plain_objects(self.buffer, self.at, self.braces):
            raw = self.buffer[self.at : end]
            if len(raw) > self.max_record:
                break
            self.add_json(raw, value, spaced=self.spaced)
            self.line += self.buffer.count(b"\n", self.at, following)
            self.offset += following - self.at
            self.at = following
            room -= 1
            if room <= 0 or self.offset > limit:
                break
        else:
            self.braces = max(16, self.braces // 2)  # counting them did not find an end
        return self.at > start

    def one(self, first: bytes) -> bool:
        """Add the next element, and return whether its end was found.

        If not, move to the next element that can be found, or to the end of the file.
        """
        if first == b"{" and self.landmark.count < 2:
            self.landmark.learn(self.buffer, self.at)
        end, place = element(self.buffer, self.at)
        while end == MORE and len(self.buffer) - self.at <= self.max_record and self.more():
            end, place = element(self.buffer, self.at)
        if end >= 0:
            raw = self.buffer[self.at : end]
            if len(raw) > self.max_record:
                self.fault(f"the record is longer than {self.max_record:,} bytes")
            else:
                self.record(raw)
                self.braces = max(self.braces, min(MOST_BRACES, 2 * raw.count(b"}")))
            self.advance(end)
            return True
        if end == DAMAGED or len(self.buffer) - self.at <= self.max_record:
            line, column, byte, message = self.diagnosis(self.buffer[self.at : place])
        else:
            line, column, byte, message = (
                *self.position(),
                f"the record is longer than {self.max_record:,} bytes",
            )
        searched = place if end == DAMAGED else len(self.buffer)
        self.again += searched - self.at
        thorough = self.again <= BLOCK + AGAIN * (self.offset - self.at + len(self.buffer))
        if not thorough:
            self.advance(searched)
        if not self.resume():
            message += "; the rest of the file cannot be read"
        elif not thorough:
            message += f"; nothing up to line {self.line:,} can be read"
        self.bad(line, column, message, byte=byte)
        return False

    def record(self, raw: bytes) -> None:
        """Add one JSON text."""
        with suppress(*REFUSED):
            if not too_many(raw):
                self.add_json(raw, decode_json(raw), spaced=self.spaced)
                return
        line, column, byte, message = self.diagnosis(raw)
        self.bad(line, column, message, raw, byte)

    def comma(self) -> bool:
        """Move past the comma after an element, and return whether another value may follow.

        Anything else in place of the comma is a defect, and counts as a comma.
        """
        first = self.token()
        if first == b",":
            self.advance(self.at + 1)
            return True
        if first in (b"", b"]"):
            return False
        if first in b'{["':
            self.fault("a comma is missing between two values")
        else:
            line, column, byte = self.position()
            more = "" if self.resume() else "; the rest of the file cannot be read"
            self.bad(line, column, f"neither a comma nor the end of the array{more}", byte=byte)
        return True

    def resume(self) -> bool:
        """Move to the next object that starts like others, and return whether there is one.

        If none does, move to the end of the file.
        """
        start = self.at + 1
        while (found := self.landmark.find(self.buffer, start)) < 0:
            start = max(self.at, len(self.buffer) - LANDMARK_BYTES)
            self.advance(start)
            if not self.more():
                self.advance(len(self.buffer))
                self.lost = True
                return False
            start = 0
        self.advance(found)
        return True

    def token(self) -> bytes:
        """Skip white space, and return the next byte; nothing at the end of the file."""
        self.advance(past_space(self.buffer, self.at))
        while self.at == len(self.buffer):
            if not self.more():
                return b""
            self.advance(past_space(self.buffer, self.at))
        return self.buffer[self.at : self.at + 1]

    def advance(self, to: int) -> None:
        """Move forward in the buffer."""
        if to > self.at:
            self.line += self.buffer.count(b"\n", self.at, to)
            self.offset += to - self.at
            self.at = to

    def more(self) -> bool:
        """Read more, and return False at the end of the file.

        The buffer doubles, so that a long element is not searched too often.
        """
        if self.failure is not None:
            raise self.failure
        before = self.so_far()
        kept = [self.buffer[self.at :]]
        self.buffer = b""  # so that a long element is not in memory twice
        wanted = max(1, min(len(kept[0]), self.max_record + BLOCK - len(kept[0])))
        try:
            while wanted > 0 and (part := next(self.parts, b"")):
                kept.append(part)
                wanted -= len(part)
        except InputError as error:
            self.failure = error
        self.buffer = b"".join(kept)
        self.at = 0
        self.counted = (0, *before)
        self.spaced = has_spaced_colon(self.buffer)
        if len(kept) == 1 and self.failure is not None:
            raise self.failure
        return len(kept) > 1

    def so_far(self) -> tuple[int, int]:
        """Return how many code points and bytes of the current line come before `at`."""
        place, points, size = self.counted
        line = self.buffer.rfind(b"\n", place, self.at)
        more = self.buffer[max(place, line + 1) : self.at]
        before = (0, 0) if line >= 0 else (points, size)
        self.counted = (
            self.at,
            before[0] + len(more.translate(None, _CONTINUATION)),
            before[1] + len(more),
        )
        return self.counted[1:]

    def fault(self, message: str) -> None:
        """Add a defect at the current position."""
        line, column, byte = self.position()
        self.bad(line, column, message, byte=byte)

    def diagnosis(self, raw: bytes) -> tuple[int, int | None, int | None, str]:
        """Return line, column, column in bytes and reason for a JSON error that starts here."""
        column, message = diagnose(raw)
        if column is None:
            return self.line, None, None, message
        return *self.position(decoded(raw)[: column - 1]), message

    def position(self, text: str = "") -> tuple[int, int, int]:
        """Return line, column and column in bytes of the end of a text that starts here."""
        newlines = text.count("\n")
        points, size = (0, 0) if newlines else self.so_far()
        last = text.rpartition("\n")[2]
        return self.line + newlines, points + len(last) + 1, size + len(encoded(last)) + 1
