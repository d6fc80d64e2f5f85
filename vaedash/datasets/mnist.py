"""MNIST: handwritten digits, grey; its files as torchvision knows them."""

from pathlib import Path

from vaedash.datasets import idx
from vaedash.datasets.source import Progress, Source, silent

# As torchvision.datasets.MNIST has them, without the 1.5 s that its import takes; a test compares.
PACKED = idx.Packed(
    title="MNIST",
    files=idx.files(
        "MNIST",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train/images": ("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            "train/labels": ("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            "test/images": ("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
            "test/labels": ("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        },
    ),
    words=tuple("0123456789"),
    places=("MNIST/raw",),
)


def read(data_dir: Path, *, progress: Progress = silent) -> Source:
    """MNIST's 60,000 training and 10,000 test images, as `idx.read` finds or fetches them."""
    return idx.read("mnist", data_dir, PACKED, progress=progress)


def lacking(data_dir: Path) -> str:
    """What will be downloaded; empty where there are all files."""
    return idx.lacking("mnist", data_dir, PACKED)
