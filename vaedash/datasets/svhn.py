"""SVHN: house numbers, photographed from the street; its files as torchvision knows them, read with scipy."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash.datasets import download
from vaedash.datasets.download import Remote
from vaedash.datasets.source import Progress, Source, silent
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say, to_say

_TITLE, _HOME = "SVHN", "http://ufldl.stanford.edu/housenumbers/"

# As torchvision.datasets.SVHN has them, without the 1.5 s that its import takes; a test compares.
FILES = {
    side: Remote(
        title=_TITLE,
        url=f"{_HOME}{side}_32x32.mat",
        size=size,
        md5=md5,
        begins=b"MATLAB",
        what=to_say("a file of MATLAB's"),
    )
    for side, size, md5 in (
        ("train", 182_040_794, "e26dedcc434d2e4c54c9b2d4a06d8373"),
        ("test", 64_275_384, "eb5a983be6a315427106f1b164d9cef3"),
    )
}


def read(data_dir: Path, *, progress: Progress = silent, files: dict[str, Remote] = FILES) -> Source:
    """SVHN's 73,257 training and 26,032 test images, from `data_dir/svhn/` or downloaded; not its 531,131 extra ones.

    Raises DatasetError where scipy is not installed, or with what is damaged or cannot be downloaded.
    """
    if find_spec("scipy") is None:
        raise DatasetError(say("SVHN is kept in files of MATLAB's: install scipy (pip install scipy), then try again."))
    images: dict[str, Pixels] = {}
    labels: dict[str, NDArray[np.int64]] = {}
    for side, remote in files.items():
        file = _file(data_dir, remote)
        if not file.exists():
            download.fetch(file, remote, progress)
        elif flaw := download.flaw(file, remote):
            raise DatasetError(
                say("{file} {flaw}; delete it. {by_hand}", file=file, flaw=flaw, by_hand=download.by_hand(file, remote))
            )
        progress(f"reading {_TITLE}", len(images), len(files))
        import scipy.io

        inside = scipy.io.loadmat(file)
        images[side] = np.ascontiguousarray(inside["X"].transpose(3, 2, 0, 1))
        labels[f"{side}/class"] = inside["y"].astype(np.int64).reshape(-1) % 10  # 10 stands for the digit 0
    return Source(train=images["train"], test=images["test"], labels=labels, names={"class": tuple("0123456789")})


def lacking(data_dir: Path) -> str:
    """What will be downloaded; empty where both files are there."""
    missing = [remote for remote in FILES.values() if not _file(data_dir, remote).exists()]
    return download.announced(_TITLE, sum(remote.size for remote in missing)) if missing else ""


def _file(data_dir: Path, remote: Remote) -> Path:
    """Where it is, or is to be."""
    places = (data_dir / "svhn" / remote.filename, data_dir / remote.filename)
    return next((place for place in places if place.exists()), places[0])
