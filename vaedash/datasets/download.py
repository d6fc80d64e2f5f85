"""One file of a well-known dataset from a web server: with progress, going on where it broke off, checked; or put there by hand."""

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vaedash import storage
from vaedash.datasets.source import Progress
from vaedash.errors import DatasetError
from vaedash.languages import Sentence, say, to_say

STALL_SECONDS = 30.0  # without a byte, after which a download has failed


@dataclass(frozen=True, kw_only=True)
class Remote:
    """What there is to know about a file: where it is, and what proves that it is whole.

    `title` is what it belongs to; `size` is in bytes; `mirror` is an environment variable with another address of the same file,
    where there is one; `remark` a sentence on its home; `begins` and `what` are how a whole one begins, and what that is.
    """

    title: str
    url: str
    size: int
    md5: str
    mirror: str = ""
    remark: Sentence | str = ""
    begins: bytes = b"\x1f\x8b"
    what: str = to_say("a gzip archive")

    @property
    def filename(self) -> str:
        """What it is called, there and here."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def mirrored(self) -> str:
        """The other address, where somebody has named one."""
        return os.environ.get(self.mirror, "") if self.mirror else ""


def fetch(target: Path, remote: Remote, progress: Progress) -> None:
    """Fetch the file to `target`; what arrived before a failure stays beside it, and the next call goes on from there.

    Raises DatasetError, with what to download by hand and where to put it, if that fails.
    """
    url = remote.mirrored or remote.url
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if _size(part) < remote.size:
            _fetch(url, part, remote, progress)
        if found := flaw(part, remote):
            part.unlink()  # whatever it is, more of it would not help
            raise _DownloadError(say("what came {found}", found=found))
    except _DownloadError as failure:
        words = say(
            "{title} could not be downloaded from {url}: {failure}.", title=remote.title, url=url, failure=failure
        )
        if kept := _size(part):
            words += " " + say("The {n:,} bytes that came are kept: trying again goes on from there.", n=kept)
        raise DatasetError(f"{words} {by_hand(target, remote)}") from failure
    storage.replace(part, target)


def announced(title: str, size: int, *, where: str = "") -> str:
    """What somebody is told who is about to have so many bytes downloaded: how long that takes, and how to stop it."""
    return say(
        "{title} is not here yet. The first training on it begins with a download of {size:.0f} MB{where}. "
        "Stop ends that too; what has come by then is kept, and the next training goes on from there.",
        title=title,
        size=size / 1e6,
        where=where,
    )


def flaw(path: Path, remote: Remote) -> str | None:
    """What is wrong with the file at `path`, as the end of a sentence; None if it is whole."""
    if _size(path) != remote.size:
        return say("has {n:,} bytes in place of {size:,}", n=_size(path), size=remote.size)
    with path.open("rb") as file:
        # Not for security; without saying so, MD5 is refused on machines in FIPS mode.
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return say("has the MD5 {md5} in place of {right}", md5=md5, right=remote.md5) if md5 != remote.md5 else None


def by_hand(target: Path, remote: Remote) -> str:
    """How somebody fetches it, in sentences."""
    mirror = say(", or set {variable} to the address of a mirror", variable=remote.mirror) if remote.mirror else ""
    words = say(
        "To fetch it by hand, download {file} ({size:,} bytes, MD5 {md5}) from {url} and put it at {target}{mirror}.",
        file=remote.filename,
        size=remote.size,
        md5=remote.md5,
        url=remote.url,
        target=target.resolve(),
        mirror=mirror,
    )
    return f"{remote.remark} {words}".lstrip()


class _DownloadError(Exception):
    """Why a download did not work, as the end of a sentence."""


def _fetch(url: str, part: Path, remote: Remote, progress: Progress) -> None:
    done = _size(part)
    headers = {"User-Agent": "vaedash"} | ({"Range": f"bytes={done}-"} if done else {})
    progress(f"downloading {remote.filename}", done, remote.size)
    with contextlib.ExitStack() as stack:
        with _network():
            request = urllib.request.Request(url, headers=headers)
            response = stack.enter_context(urllib.request.urlopen(request, timeout=STALL_SECONDS))
        if response.status != 206:  # the server sends the whole file, whatever was asked of it
            done = 0
        offered = response.headers.get("Content-Length")
        if offered is not None and done + int(offered) != remote.size:
            raise _DownloadError(
                say(
                    "it offers {offered:,} bytes in place of {size:,}, so it is another file or a web page",
                    offered=done + int(offered),
                    size=remote.size,
                )
            )
        file = stack.enter_context(part.open("ab" if done else "wb"))
        for piece in _pieces(response):
            if done == 0 and not remote.begins.startswith(piece[: len(remote.begins)]):
                raise _DownloadError(say("what came is not {what} but perhaps a web page", what=say(remote.what)))
            file.write(piece)
            done += len(piece)
            progress(f"downloading {remote.filename}", done, remote.size)
    if done < remote.size:
        raise _DownloadError(say("the connection ended after {done:,} of {size:,} bytes", done=done, size=remote.size))


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
        raise _DownloadError(say("no byte came for {n:g} seconds", n=STALL_SECONDS)) from None
    except urllib.error.HTTPError as error:
        error.close()
        raise _DownloadError(say("the server answered {code} {reason}", code=error.code, reason=error.reason)) from None
    except urllib.error.URLError as error:
        raise _DownloadError(
            say(
                "the server cannot be reached ({reason})",
                reason=getattr(error.reason, "strerror", None) or error.reason,
            )
        ) from None
    except ValueError as error:
        raise _DownloadError(say("that is not a web address ({error})", error=error)) from None
    except (OSError, http.client.HTTPException) as error:
        raise _DownloadError(
            say(
                "the connection broke off ({reason})",
                reason=getattr(error, "strerror", None) or error or type(error).__name__,
            )
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
