"""CIFAR-10: found on disk, or downloaded with progress, then checked, unpacked and read by torchvision."""

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaedash import storage
from vaedash.datasets.source import Progress, Source, silent
from vaedash.errors import DatasetError
from vaedash.images import Pixels

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

FILENAME = "cifar-10-python.tar.gz"
UNPACKED = "cifar-10-batches-py"  # the folder in it
MIRROR = "VAEDASH_CIFAR10_URL"  # environment variable: another address of the same file
STALL_SECONDS = 30.0  # without a byte, after which a download has failed
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What there is to know about `cifar-10-python.tar.gz`: where it is, and what proves that it is whole.

    `size` is in bytes, `md5` is the archive's; `train`, `test` and `meta` hold the MD5 of each file in it.
    """

    url: str
    size: int
    md5: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    meta: str


# As torchvision.datasets.CIFAR10 has them, without the 1.5 s that its import takes; a test compares.
ARCHIVE = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    size=170_498_071,
    md5="c58f30108f718f92721af3b95e74349a",
    train={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    },
    test={"test_batch": "40351d587109b95175f43aff81a1287e"},
    meta="5ff9c542aee3614f3951f8cda6e48888",
)


def read(data_dir: Path, *, progress: Progress = silent, archive: Archive = ARCHIVE) -> Source:
    """CIFAR-10's 50,000 training and 10,000 test images.

    Takes the unpacked folder `cifar-10-batches-py` or the archive, in `data_dir/cifar10/` or in `data_dir`
    itself; without either, downloads the archive from `$VAEDASH_CIFAR10_URL`, else from its home. Raises
    DatasetError, with what to download by hand and where to put it, if that fails or the archive is damaged.
    """
    home, *_ = folders = _folders(data_dir)
    for folder in folders:
        if source := _unpacked(folder, archive, progress):
            return source
    packed = next((folder / FILENAME for folder in folders if (folder / FILENAME).exists()), None)
    if packed is None:
        packed = home / FILENAME
        home.mkdir(parents=True, exist_ok=True)
        _download(packed, archive, progress)
    elif flaw := _flaw(packed, archive):
        raise DatasetError(f"{packed} {flaw}; delete it. {_by_hand(packed, archive)}")

    from torchvision.datasets.utils import extract_archive

    progress("unpacking CIFAR-10", 0, 0)
    extract_archive(packed, home)
    source = _unpacked(home, archive, progress)
    if source is None:
        raise DatasetError(
            f"{packed} is whole, but what was unpacked from it into {home} is not; delete that folder's files and try again."
        )
    return source


def lacking(data_dir: Path) -> str:
    """What will be downloaded, how long that takes and how to stop it; empty where there is an archive, or its folder."""
    if any((folder / name).exists() for folder in _folders(data_dir) for name in (UNPACKED, FILENAME)):
        return ""
    slow = "which can take an hour, since its home has been throttled since June 2026"
    where = f"from the mirror that {MIRROR} names" if os.environ.get(MIRROR) else slow
    return (
        f"CIFAR-10 is not here yet. The first training on it begins with a download of {ARCHIVE.size / 1e6:.0f} MB, {where}. "
        "Stop ends that too; what has come by then is kept, and the next training goes on from there."
    )


def _folders(data_dir: Path) -> tuple[Path, Path]:
    """Where the archive may lie, packed or unpacked; a download goes into the first."""
    return data_dir / "cifar10", data_dir


def _unpacked(folder: Path, archive: Archive, progress: Progress) -> Source | None:
    """The images in `folder/cifar-10-batches-py`, or None if it is absent or any of its files is not what it should be."""
    if not (folder / UNPACKED).is_dir():
        return None
    from torchvision.datasets import CIFAR10

    expected = {
        "train_list": list(archive.train.items()),
        "test_list": list(archive.test.items()),
        "meta": {**CIFAR10.meta, "md5": archive.meta},
    }
    batches = type("Batches", (CIFAR10,), expected)
    progress("reading CIFAR-10", 0, 0)
    try:
        with warnings.catch_warnings():
            # The pickles were made in 2009: NumPy 2.4.0 to 2.4.4 warn of how they write down a dtype (numpy#31177).
            warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
            train, test = batches(folder, train=True), batches(folder, train=False)
    except RuntimeError:  # torchvision's word for a file that is missing or has another MD5
        return None
    return Source(train=_channels_first(train), test=_channels_first(test))


def _channels_first(batches: "CIFAR10") -> Pixels:
    # torchvision turned the planes around for PIL; turning the view back costs nothing.
    return np.ascontiguousarray(batches.data.transpose(0, 3, 1, 2))


def _download(target: Path, archive: Archive, progress: Progress) -> None:
    """Fetch the archive to `target`; what arrived before a failure stays beside it, and the next call goes on from there."""
    url = os.environ.get(MIRROR) or archive.url
    part = target.with_name(f"{target.name}.part")
    try:
        if _size(part) < archive.size:
            _fetch(url, part, archive, progress)
        if flaw := _flaw(part, archive):
            part.unlink()  # whatever it is, more of it would not help
            raise _DownloadError(f"what came {flaw}")
    except _DownloadError as failure:
        kept = f" The {_size(part):,} bytes that came are kept: trying again goes on from there." if _size(part) else ""
        text = f"CIFAR-10 could not be downloaded from {url}: {failure}.{kept} {_by_hand(target, archive)}"
        raise DatasetError(text) from failure
    storage.replace(part, target)


class _DownloadError(Exception):
    """Why a download did not work, as the end of a sentence."""


def _fetch(url: str, part: Path, archive: Archive, progress: Progress) -> None:
    done = _size(part)
    headers = {"User-Agent": "vaedash"} | ({"Range": f"bytes={done}-"} if done else {})
    progress(f"downloading {FILENAME}", done, archive.size)
    with contextlib.ExitStack() as stack:
        with _network():
            request = urllib.request.Request(url, headers=headers)
            response = stack.enter_context(urllib.request.urlopen(request, timeout=STALL_SECONDS))
        if response.status != 206:  # the server sends the whole file, whatever was asked of it
            done = 0
        offered = response.headers.get("Content-Length")
        if offered is not None and done + int(offered) != archive.size:
            raise _DownloadError(
                f"it offers {done + int(offered):,} bytes in place of {archive.size:,}, so it is another file or a web page"
            )
        file = stack.enter_context(part.open("ab" if done else "wb"))
        for piece in _pieces(response):
            if done == 0 and not GZIP_MAGIC.startswith(piece[:2]):
                raise _DownloadError("what came is not a gzip archive but perhaps a web page")
            file.write(piece)
            done += len(piece)
            progress(f"downloading {FILENAME}", done, archive.size)
    if done < archive.size:
        raise _DownloadError(f"the connection ended after {done:,} of {archive.size:,} bytes")


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        with _network():
            piece = response.read1(1 << 18)  # what has arrived, so that a slow line shows progress too
        if not piece:
            return
        yield piece


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Say what the network did as a _DownloadError; a full disk, say, is not caught here."""
    try:
        yield
    except TimeoutError:
        raise _DownloadError(f"no byte came for {STALL_SECONDS:g} seconds") from None
    except urllib.error.HTTPError as error:
        error.close()
        raise _DownloadError(f"the server answered {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _DownloadError(
            f"the server cannot be reached ({getattr(error.reason, 'strerror', None) or error.reason})"
        ) from None
    except ValueError as error:
        raise _DownloadError(f"that is not a web address ({error})") from None
    except (OSError, http.client.HTTPException) as error:
        raise _DownloadError(
            f"the connection broke off ({getattr(error, 'strerror', None) or error or type(error).__name__})"
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _flaw(path: Path, archive: Archive) -> str | None:
    """What is wrong with the archive at `path`, as the end of a sentence; None if it is whole."""
    if _size(path) != archive.size:
        return f"has {_size(path):,} bytes in place of {archive.size:,}"
    with path.open("rb") as file:
        # Not for security; without saying so, MD5 is refused on machines in FIPS mode.
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return f"has the MD5 {md5} in place of {archive.md5}" if md5 != archive.md5 else None


def _by_hand(target: Path, archive: Archive) -> str:
    return (
        f"Its home, www.cs.toronto.edu, has been throttled since June 2026: these {archive.size / 1e6:.0f} MB can take an hour. "
        f"To fetch it by hand, download {FILENAME} ({archive.size:,} bytes, MD5 {archive.md5}) from {archive.url} "
        f"and put it at {target.resolve()}, or set {MIRROR} to the address of a mirror."
    )
