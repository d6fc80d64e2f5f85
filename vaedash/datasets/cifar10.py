"""CIFAR-10: photographs of ten kinds of animals and vehicles; its files as torchvision knows them."""

from pathlib import Path

from vaedash.datasets import cifar
from vaedash.datasets.cifar import Archive
from vaedash.datasets.source import Progress, Source, silent

_SIZE = 170_498_071

# As torchvision.datasets.CIFAR10 has them, without the 1.5 s that its import takes; a test compares.
ARCHIVE = Archive(
    title="CIFAR-10",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    size=_SIZE,
    md5="c58f30108f718f92721af3b95e74349a",
    mirror="VAEDASH_CIFAR10_URL",
    remark=cifar.slow(_SIZE),
    folder="cifar-10-batches-py",
    loader="CIFAR10",
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
    """CIFAR-10's 50,000 training and 10,000 test images, as `cifar.read` finds or fetches them."""
    return cifar.read("cifar10", data_dir, archive, progress=progress)


def lacking(data_dir: Path) -> str:
    """What will be downloaded, how long that takes and how to stop it; empty where there is an archive, or its files."""
    return cifar.lacking("cifar10", data_dir, ARCHIVE)
