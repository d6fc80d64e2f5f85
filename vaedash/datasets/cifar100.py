"""CIFAR-100: photographs of a hundred kinds of things; its files as torchvision knows them."""

from pathlib import Path

from vaedash.datasets import cifar
from vaedash.datasets.cifar import Archive
from vaedash.datasets.source import Progress, Source, silent

_SIZE = 169_001_437

# As torchvision.datasets.CIFAR100 has them, without the 1.5 s that its import takes; a test compares.
ARCHIVE = Archive(
    title="CIFAR-100",
    url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    size=_SIZE,
    md5="eb9058c3a382ffc7106e4002c42a8d85",
    mirror="VAEDASH_CIFAR100_URL",
    remark=cifar.slow(_SIZE),
    folder="cifar-100-python",
    loader="CIFAR100",
    train={"train": "16019d7e3df5f24257cddd939b257f8d"},
    test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    meta="7973b15100ade9c7d40fb424638fde48",
)


def read(data_dir: Path, *, progress: Progress = silent, archive: Archive = ARCHIVE) -> Source:
    """CIFAR-100's 50,000 training and 10,000 test images, as `cifar.read` finds or fetches them."""
    return cifar.read("cifar100", data_dir, archive, progress=progress)


def lacking(data_dir: Path) -> str:
    """What will be downloaded, how long that takes and how to stop it; empty where there is an archive, or its files."""
    return cifar.lacking("cifar100", data_dir, ARCHIVE)
