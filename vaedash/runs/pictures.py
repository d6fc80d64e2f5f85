"""The pictures that a run keeps: made up and redrawn after every epoch, always from the same z and the same test images."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

from vaedash import images, storage
from vaedash.config import USUAL_FRAME
from vaedash.images import Pixels
from vaedash.runs import names

_ORIGINALS = "originals.png"
_MOST = 10_000_000  # bytes
_PICTURE = re.compile(r".+\.(png|webp)")
_COPY = re.compile(rf"([a-z]+-\d{{4,}}|{_ORIGINALS[:-4]}|{names.NOW[:-4]})\W.*")


@dataclass(frozen=True)
class Pictures:
    """Those in the `folder` of one run. Images are uint8 `(N, 3, side, side)`, and None where there are none that can be read.

    A `folder` that is a link holds none: what it leads to is not the run's.
    """

    folder: Path
    side: int = USUAL_FRAME.image_size  # pixels, of each image

    def sample(self, kind: str, epoch: int) -> Pixels | None:
        """What the run made up (`prior`) or redrew (`recon`) after an epoch."""
        return self._tiles(self.file(kind, epoch))

    def originals(self) -> Pixels | None:
        """The test images that every `recon` picture redraws."""
        return self._tiles(self.folder / _ORIGINALS)

    def now(self) -> Pixels | None:
        """The newest of what it makes up while it trains, also in the middle of an epoch; None once that is over."""
        return self._tiles(self.folder / names.NOW)

    def file(self, kind: str, epoch: int) -> Path:
        """Where the picture of an epoch lies, if it was made."""
        return self.folder / f"{kind}-{epoch:04d}.png"

    def of_epoch(self, epoch: int) -> list[Path]:
        """The files of all that was drawn after an epoch."""
        return [file for file in self._files() if file.stem.endswith(f"-{epoch:04d}")]

    def write(self, kind: str, epoch: int, png: bytes) -> None:
        """Keep the picture of an epoch."""
        self.write_file(self.file(kind, epoch).name, png)

    def write_now(self, png: bytes) -> None:
        """Replace what it makes up at the moment, without waiting for the disk."""
        self.write_file(names.NOW, png)

    def forget_now(self) -> None:
        """Take that away: from here on, the picture of the last epoch is the newest."""
        with contextlib.suppress(OSError):  # not there; or, on Windows, somebody is reading it
            if not self.folder.is_symlink():
                (self.folder / names.NOW).unlink()

    def write_originals(self, png: bytes) -> None:
        """Keep the test images that are redrawn."""
        self.write_file(_ORIGINALS, png)

    def write_file(self, name: str, png: bytes) -> None:
        """Keep a picture under the name that it has in another copy of the run."""
        self.folder.mkdir(exist_ok=True)
        storage.write_bytes(self.folder / name, png, durable=name != names.NOW)

    def damaged(self) -> list[Path]:
        """The files that cannot be read. Of the one that comes and goes, that says nothing."""
        return [file for file in self._files() if file.name != names.NOW and not self._is_whole(file)]

    def leftovers(self) -> list[Path]:
        """What killed writers left half written."""
        return self._named(names.HALF_WRITTEN)

    def conflict_copies(self) -> list[Path]:
        """Those under a name that only begins like that of a picture."""
        return [file for file in self._files() if _COPY.fullmatch(file.stem)]

    def _files(self) -> list[Path]:
        return self._named(_PICTURE)

    def _named(self, wanted: re.Pattern[str]) -> list[Path]:
        return [] if self.folder.is_symlink() else storage.listed(self.folder, wanted)

    def _tiles(self, file: Path) -> Pixels | None:
        if self.folder.is_symlink():
            return None
        try:
            # A trainer writes PNG; runs that are passed on may hold the smaller WebP.
            there = file if file.exists() else file.with_suffix(".webp")
            return images.ungrid(images.decode_picture(storage.read_bytes(there, most=_MOST)), side=self.side)
        except (OSError, ValueError, SyntaxError):
            return None

    def _is_whole(self, file: Path) -> bool:
        try:
            return images.is_whole_grid(storage.read_bytes(file, most=_MOST), side=self.side)
        except OSError:
            return False
