"""A folder, a zip or a tar as one collection of named files; a name in a zip is looked up, never used to write."""

import lzma
import os
import shutil
import stat
import struct
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from vaedash.datasets.decode import IMAGE_ENDINGS, MAX_BYTES
from vaedash.datasets.notes import Note
from vaedash.datasets.source import Progress, silent
from vaedash.errors import DatasetError
from vaedash.languages import counted, say
from vaedash.text import visible

_SAY_EVERY = 100  # files of an archive
_OF_CIFAR10 = {"data_batch_1", "test_batch", "batches.meta"}
_UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Names of all files, sorted, `/` between folders; hidden ones and macOS's `__MACOSX/` are left out.

    `read(name)` gives a file's bytes, or None where it cannot be read or is larger than an image may be; it may
    be called from any thread while the collection is open.
    """

    names: tuple[str, ...]
    read: Callable[[str], bytes | None]
    note: str = ""  # on what was not taken out of an archive

    def images(self) -> list[str]:
        """The names that end as images do, in order."""
        return [name for name in self.names if name.lower().endswith(IMAGE_ENDINGS)]

    def only(self, ending: str) -> bool:
        """Whether there is something, and all of it ends so."""
        return bool(self.names) and all(name.lower().endswith(ending) for name in self.names)

    def content(self) -> str:
        """What it holds, in a few words for a person: `12 .heic files`."""
        if not self.names:
            return say("nothing")
        endings = Counter(PurePosixPath(name).suffix.lower() or "nameless-type" for name in self.names)
        ending, count = endings.most_common(1)[0]
        if len(endings) > 1:
            return counted("{n} {ending} file and others", "{n} {ending} files and others", n=count, ending=ending)
        return counted("{n} {ending} file", "{n} {ending} files", n=count, ending=ending)


@contextmanager
def open_collection(path: Path, *, advice: str = "", progress: Progress = silent) -> Iterator[Collection]:
    """The files in the folder, zip or tar at `path`. Raises DatasetError if it is neither: what it is, then `advice`."""
    if path.is_dir():
        yield _folder(path)
        return
    if path.is_file() and _is_tar(path):
        with tempfile.TemporaryDirectory(prefix="vaedash-") as unpacked:
            note = _unpack(path, Path(unpacked), progress)
            yield replace(_folder(Path(unpacked)), note=note)
        return
    try:
        archive = zipfile.ZipFile(path)
    except PermissionError:
        raise DatasetError(say("{path} may not be read by this user; change its permissions.", path=path)) from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        if "multiple disks" in str(error) or path.with_suffix(".z01").exists():
            raise DatasetError(
                say(
                    "{path} is one part of a zip that was split; unpack it with all parts beside it, and give the folder.",
                    path=path,
                )
            ) from None
        words = say("{path} is not a zip that can be opened: it is {what}.", path=path, what=describe(path))
        raise DatasetError(f"{words} {advice}".rstrip()) from None
    with archive:
        yield _zip(path, archive)


def _is_tar(path: Path) -> bool:
    try:
        return not zipfile.is_zipfile(path) and tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):  # packed, and cut off before its first file ends
        return False


def _unpack(path: Path, folder: Path, progress: Progress) -> str:
    """Put the files of a tar where they can be read in any order: one that is packed can only be read from its beginning. The answer
    is a sentence on what was left in it."""
    left: list[str] = []
    names: set[str] = set()
    count = bytes_in = done = 0

    def plain_files(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
        """Files and folders that stay where they belong, links from one file to another among them; no others, no devices."""
        nonlocal done
        done += 1
        if done % _SAY_EVERY == 0:
            progress(f"unpacking {visible(path.name)}", done, count)
        try:
            if member.isfile() or member.isdir() or member.islnk():
                return tarfile.data_filter(member, folder)
        except tarfile.FilterError:
            pass
        left.append(member.name)
        return None

    try:
        with tarfile.open(path) as archive:
            for count, member in enumerate(archive, start=1):
                if count % _SAY_EVERY == 0:
                    progress(f"listing {visible(path.name)}", count, 0)
                names.add(PurePosixPath(member.name).name)
                bytes_in += max(0, member.size)
            if names >= _OF_CIFAR10:
                raise DatasetError(
                    say(
                        "{path} is the archive of CIFAR-10: put it into the folder cifar10 of the data folder, and choose the dataset "
                        "cifar10.",
                        path=path,
                    )
                )
            free = shutil.disk_usage(folder).free
            if bytes_in > free // 2:
                raise DatasetError(
                    say(
                        "{path} holds {bytes_in:,.0f} MB, and {free:,.0f} MB are free where archives are unpacked; unpack it "
                        "elsewhere and give the folder, or name another place in TMPDIR.",
                        path=path,
                        bytes_in=bytes_in / 1e6,
                        free=free / 1e6,
                    )
                )
            archive.extractall(folder, filter=plain_files)
    except (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DatasetError(
            say(
                "{path} cannot be unpacked ({error}): download it again, or unpack it and give the folder.",
                path=path,
                error=error,
            )
        ) from None
    if not left:
        return ""
    return Note.ENTRIES(count=len(left), archive=path.name, name=visible(left[0]))


def describe(path: Path) -> str:
    """What the file at `path` seems to be, with what to do about it, to be read after `it is`."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        return say("not readable ({reason})", reason=error.strerror or error)
    if what := known(head):
        return what
    if path.suffix.lower() in IMAGE_ENDINGS:
        return say("a single image; give a folder, a zip, a tar or a Parquet file of images, or a file of arrays")
    return say("something else; give a folder, a zip, a tar or a Parquet file of images, or a file of arrays")


def walk(path: Path) -> Iterator[tuple[str, Path]]:
    """All files below a folder: their names, `/` between folders, and where they are. Hidden ones are left out; links are followed, and
    each real folder is entered once, by its own way rather than by a link beside it.
    """
    seen: set[str] = set()
    for folder, folders, files in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(
            (name for name in folders if not _hidden(name)), key=lambda name: (Path(folder, name).is_symlink(), name)
        )
        inside = os.path.relpath(folder, path).replace(os.sep, "/")
        prefix = "" if inside == "." else inside + "/"
        yield from ((prefix + name, Path(folder, name)) for name in sorted(files) if not _hidden(name))


def known(head: bytes) -> str:
    """What a file that begins so is, if no image, with what to do about it; empty where that cannot be said."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return say("an empty file of 0 bytes; download it again")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")) or b"<html" in start:
        return say(
            "a web page, as sites send when a quota is used up or a login is needed; download it again in a browser"
        )
    if start.startswith(b"version https://git-lfs"):
        return say(
            "a pointer that Git LFS leaves where a file was not fetched; fetch the files with `git lfs pull`, then try again"
        )
    if head.startswith(b"PK"):
        return say("the beginning of a zip whose end is missing or damaged; download it again")
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"Rar!", b"7z\xbc\xaf")):
        return say("another kind of archive; unpack it and give the folder")
    return ""


def _folder(path: Path) -> Collection:
    try:
        os.scandir(path).close()
    except OSError as error:
        raise DatasetError(
            say(
                "The folder {path} cannot be listed ({strerror}); change its permissions.",
                path=path,
                strerror=error.strerror,
            )
        ) from None
    names = [name for name, _ in walk(path)]

    def read(name: str) -> bytes | None:
        try:
            file = os.stat(path / name)
            # A pipe or a device named .jpg would be waited for forever.
            if not stat.S_ISREG(file.st_mode) or file.st_size > MAX_BYTES:
                return None
            return (path / name).read_bytes()
        except OSError:
            return None

    return Collection(names=tuple(sorted(names)), read=read)


def _zip(path: Path, archive: zipfile.ZipFile) -> Collection:
    # Windows tools have written backslashes; a name such as ../../x is as good as any, since nothing is unpacked.
    members = {
        info.filename.replace("\\", "/"): info
        for info in archive.infolist()
        if not info.is_dir() and not any(map(_hidden, info.filename.replace("\\", "/").split("/")))
    }
    if members and all(info.flag_bits & 1 for info in members.values()):
        raise DatasetError(say("{path} is locked with a password; unpack it and give the folder.", path=path))
    if members and all(info.compress_type not in _UNPACKED for info in members.values()):
        raise DatasetError(
            say(
                "{path} is packed in a way that Python does not unpack (Deflate64, as Windows packs large folders); unpack it and give "
                "the folder.",
                path=path,
            )
        )
    lock = threading.Lock()  # a ZipFile counts its open members without one

    def read(name: str) -> bytes | None:
        info = members[name]
        if info.file_size > MAX_BYTES:
            return None
        try:
            with lock:
                return archive.read(info)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, struct.error):
            return None

    return Collection(names=tuple(sorted(members)), read=read)


def _hidden(part: str) -> bool:
    return part == "__MACOSX" or (part.startswith(".") and part not in (".", ".."))
