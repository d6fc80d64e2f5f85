"""The one door through which state reaches the disk and comes from it: whole or not at all, there after a power cut, made once.

Every byte that must survive is written by :func:`write_bytes` or moved by :func:`replace`; so a test can
count the operations, or break the k-th one, by wrapping the three primitives at the top of this module.

What somebody else may have put there is read by :func:`opened`, :func:`read_bytes` or :func:`read_json`: an ordinary file and
nothing else, however it is called.
"""

import contextlib
import hashlib
import json
import math
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from filelock import FileLock, Timeout

from vaedash.errors import VaedashError
from vaedash.languages import Sentence, say, to_say

with contextlib.suppress(ImportError):  # not on Windows
    import fcntl

Value = TypeVar("Value")

MOST_JSON = 20_000_000  # bytes: ten thousand epochs take 7 MB

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # not on Windows
# A pipe is not waited for: what it is shows once it is open.
_CAREFULLY = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_FILE = Sentence("is not an ordinary file")


class UnfitError(OSError):
    """What cannot be read, or must not be, lies in the place of a file; the text says why, after the file's name."""


# ---- the three primitives -------------------------------------------------------------------------


def _write(fd: int, data: memoryview) -> int:
    return os.write(fd, data)


def _fsync(fd: int) -> None:
    os.fsync(fd)


def _rename(source: Path, target: Path) -> None:
    # On Windows a reader that has the target open makes the move fail for a moment; elsewhere once is enough.
    for wait in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(wait)
    os.replace(source, target)


# ---- what the other rooms call --------------------------------------------------------------------


def write_bytes(path: Path, data: bytes | memoryview, *, durable: bool = True) -> None:
    """Replace `path` by `data`: a crash leaves the old file or the new one, never a piece of either.

    Returns when the disk has it; with `durable=False` (for what may be lost) it does not wait for that.
    Raises OSError (a full disk, say); then the old file is whole and no temporary file is left behind.
    """
    # The name carries the process id, so that two processes never share a temporary file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[_write(fd, rest) :]
            if durable:
                _fsync(fd)
        finally:
            os.close(fd)
        replace(temporary, path, durable=durable)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def replace(source: Path, target: Path, *, durable: bool = True) -> None:
    """Move `source` over `target` in one step; a durable move is still there after a power cut."""
    _rename(source, target)
    if not durable or os.name == "nt":  # a directory cannot be opened for fsync there
        return
    fd = os.open(target.parent, os.O_RDONLY)
    try:
        _fsync(fd)
    finally:
        os.close(fd)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Replace `path` by `value` as strict JSON (a NaN raises ValueError: say `None` and why, elsewhere).

    A character that UTF-8 cannot say (a byte that was none, in a command line) becomes a question mark.
    """
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_bytes(path, text.encode(errors="replace"), durable=durable)


def opened(path: Path, *, most: int | None = None) -> IO[bytes]:
    """An ordinary file, of at most `most` bytes, opened for reading.

    Raises FileNotFoundError if there is none, and UnfitError where it is larger, may not be read, or something else is in its
    place: a folder, a pipe, a device, a link that leads out of its folder. Nothing is waited for, and what is looked at is what
    was opened.
    """
    file = _opened(path, os.O_RDONLY, "rb")
    if most is not None and os.fstat(file.fileno()).st_size > most:
        file.close()
        raise UnfitError(Sentence("is larger than {most:,.0f} MB", most=most / 1e6))
    return file


def opened_at_its_end(path: Path) -> IO[bytes]:
    """An ordinary file, made where there is none, to be written on; UnfitError as `opened`."""
    return _opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, "ab")


def read_bytes(path: Path, *, most: int) -> bytes:
    """What an ordinary file of at most `most` bytes holds; raises what `opened` does."""
    with opened(path, most=most) as file:
        try:
            return file.read()
        except OSError as error:
            raise _unreadable(error) from None


def read_end(path: Path, size: int) -> bytes:
    """The last `size` bytes of an ordinary file, however large it is; raises what `opened` does."""
    with opened(path) as file:
        file.seek(-min(size, os.fstat(file.fileno()).st_size), os.SEEK_END)
        return file.read(size)


def unfit(path: Path) -> str:
    """What `opened` would say of what is at `path`; empty where that is an ordinary file, or nothing."""
    try:
        opened(path).close()
    except FileNotFoundError:
        return ""
    except UnfitError as error:
        return str(error)
    return ""


def _opened(path: Path, how: int, mode: str) -> IO[bytes]:
    if not _NO_LINK and path.is_symlink():
        path = _led_to(path)
    try:
        fd = os.open(path, how | _CAREFULLY, 0o666)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.is_symlink():
            return _opened(_led_to(path), how, mode)
        if path.exists() and not path.is_file():
            raise UnfitError(_NO_FILE) from None
        raise _unreadable(error) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnfitError(_NO_FILE)
    return os.fdopen(fd, mode)


def _unreadable(error: OSError) -> UnfitError:
    return UnfitError(Sentence("cannot be read ({strerror})", strerror=error.strerror))


def _led_to(link: Path) -> Path:
    """Where a link leads to, within its folder."""
    target = Path(os.path.realpath(link))
    if target.is_symlink() or not target.is_relative_to(os.path.realpath(link.parent)):
        raise UnfitError(Sentence("is a link that leads out of its folder"))
    return target


def listed(folder: Path, names: re.Pattern[str]) -> list[Path]:
    """The entries of a folder whose whole names fit, sorted; none where there is no such folder. A tenth of the time of `Path.glob`."""
    try:
        return [folder / name for name in sorted(os.listdir(folder)) if names.fullmatch(name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_json(path: Path) -> Any:
    """The value in a strict JSON file of at most MOST_JSON bytes.

    Raises FileNotFoundError if there is none and ValueError (a sentence with the file's name) if it is not
    JSON, so that readers have two cases to tell apart: not there yet, and damaged.
    """
    try:
        text = read_bytes(path, most=MOST_JSON).decode("utf-8-sig")
        value = (_STRICT if _PERHAPS_TOO_LARGE.search(text) else _QUICK).decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair, which nothing can show
        return value
    except (ValueError, RecursionError) as error:
        raise ValueError(
            Sentence("{name} is not readable JSON ({reason})", name=path.name, reason=_no_json(error))
        ) from None
    except FileNotFoundError:
        raise
    except UnfitError as error:
        raise ValueError(Sentence("{name} {flaw}", name=path.name, flaw=reason(error))) from None


def _no_json(error: Exception) -> Sentence | str:
    """Why something is no JSON; the parsers' own words are English."""
    if isinstance(error, json.JSONDecodeError):
        return Sentence("at line {line}, column {column}", line=error.lineno, column=error.colno)
    if isinstance(error, UnicodeError):
        return Sentence("it is no text in UTF-8")
    if isinstance(error, RecursionError):
        return Sentence("it is nested too deeply")
    return reason(error)


def reason(error: Exception) -> Sentence | str:
    """What an error says, to be kept without it and all that was being read."""
    return error.args[0] if error.args and isinstance(error.args[0], Sentence) else str(error)


def once(read: Callable[[], Value | None], make: Callable[[], Value], *, lock: Path) -> Value:
    """What `read` finds; where that is None, what `make` makes and keeps, while all others who ask wait for it at `lock`."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    kept = read()
    if kept is None:
        with locked(lock):
            kept = read()
            if kept is None:
                kept = make()
    return kept


def answers(file: Path) -> dict[str, Any]:
    """What a file of answers holds, by question; nothing where it cannot be read."""
    try:
        return dict(json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def answered(file: Path, question: str, make: Callable[[], Value], *, kind: type | tuple[type, ...]) -> Value:
    """The answer of this kind that a file of answers holds, or what `make` makes, which is then kept there: once, whoever asks."""

    def read() -> tuple[Value] | None:
        known = answers(file)
        return (known[question],) if question in known and isinstance(known[question], kind) else None

    def keep() -> tuple[Value]:
        answer = make()
        write_json(file, answers(file) | {question: answer})
        return (answer,)

    return once(read, keep, lock=file.with_suffix(".lock"))[0]


@contextlib.contextmanager
def locked(path: Path, *, patience: float = -1) -> Iterator[None]:
    """Hold the lock file at `path`, once no other process does, for which it waits `patience` seconds, or for ever.

    Raises Timeout after that, and VaedashError where what lies there can be no lock: a link, or a folder.
    """
    lock = FileLock(path, timeout=patience)
    try:
        lock.acquire()
    except OSError as error:
        if isinstance(error, Timeout) or not (path.is_symlink() or path.is_dir()):
            raise
        raise VaedashError(_no_lock(path)) from None
    try:
        yield
    finally:
        lock.release()


def _no_lock(path: Path) -> str:
    if path.is_symlink():
        sentence = to_say(
            "{name} in {folder} is a link where a lock should be. Remove it: the lock is made anew, and nothing is lost."
        )
    else:
        sentence = to_say(
            "{name} in {folder} is a folder where a lock should be. Remove it: the lock is made anew, and nothing is lost."
        )
    return say(sentence, name=path.name, folder=path.parent.name)


def is_locked(path: Path | str) -> bool:
    """Whether a living process holds the lock file at `path`; asking never disturbs it or another who asks."""
    if "fcntl" in globals():
        try:
            fd = os.open(path, os.O_RDONLY | _CAREFULLY)
        except OSError:
            return False
        try:
            # A shared lock fails only against the holder's exclusive one, never against another reader's.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
    if not Path(path).exists():
        return False
    try:
        with FileLock(path, timeout=0.05):
            return False
    except Timeout:
        return True


def sha256(data: bytes | memoryview) -> str:
    """The SHA-256 of `data` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of(file: IO[bytes]) -> str:
    """The SHA-256 of an open file, read piece by piece."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _refuse_constant(name: str) -> None:
    raise ValueError(Sentence("{name} is not JSON", name=name))


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(Sentence("{start}... is too large a number", start=text[:12]))
    return value


def _whole(text: str) -> int:
    _finite(text)  # beyond that, an integer cannot even be formatted with one decimal
    return int(text)


# Made once: making one takes as long as reading a short file. Where each number is looked at, reading takes twice as long; only one
# with hundreds of digits, or with three in its exponent, can be too large.
_STRICT = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
_QUICK = json.JSONDecoder(parse_constant=_refuse_constant)
_PERHAPS_TOO_LARGE = re.compile("[0-9]{200}|[eE][+]?[0-9]{3}")
