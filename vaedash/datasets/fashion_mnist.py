"""Fashion-MNIST: things to wear, grey; its files as torchvision knows them."""

from pathlib import Path

from vaedash.datasets import idx
from vaedash.datasets.source import Progress, Source, silent

# As torchvision.datasets.FashionMNIST has them, without the 1.5 s that its import takes; a test compares.
PACKED = idx.Packed(
    title="Fashion-MNIST",
    files=idx.files(
        "Fashion-MNIST",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train/images": ("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            "train/labels": ("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
            "test/images": ("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
            "test/labels": ("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
        },
    ),
    words=("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    places=("FashionMNIST/raw", "/usr/share/datasets/fashion-mnist"),
)


def read(data_dir: Path, *, progress: Progress = silent) -> Source:
    """Fashion-MNIST's 60,000 training and 10,000 test images, as `idx.read` finds or fetches them."""
    return idx.read("fashion_mnist", data_dir, PACKED, progress=progress)


def lacking(data_dir: Path) -> str:
    """What will be downloaded; empty where there are all files."""
    return idx.lacking("fashion_mnist", data_dir, PACKED)
