"""The sets that everybody expects beside those of the study, and arrays and archives in their places."""

import gzip
import io
import struct
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from somebodys import encoded, photograph, plain, shade, shades

from vaedash import datasets
from vaedash.datasets import collection, fashion_mnist, idx, mnist, own, svhn
from vaedash.errors import DatasetError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
GREY = np.random.default_rng(3).integers(0, 256, (9, 28, 28), dtype=np.uint8)


def idx_file(array: np.ndarray) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def put(folder: Path, packed: bool = True, **changed: bytes) -> Path:
    """The four files of a small MNIST: nine images to learn from, four for testing."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "train/images": GREY,
        "train/labels": np.arange(9, dtype=np.uint8),
        "test/images": GREY[:4],
        "test/labels": np.arange(4, dtype=np.uint8),
    }
    for part, remote in mnist.PACKED.files.items():
        data = changed.get(part.replace("/", "_"), idx_file(arrays[part]))
        name = remote.filename if packed else remote.filename.removesuffix(".gz")
        (folder / name).write_bytes(gzip.compress(data) if packed else data)
    return folder


@pytest.mark.parametrize("ours", [mnist, fashion_mnist])
def test_files_and_classes_are_those_of_torchvision(ours):
    import torchvision.datasets

    theirs = {"MNIST": torchvision.datasets.MNIST, "Fashion-MNIST": torchvision.datasets.FashionMNIST}[
        ours.PACKED.title
    ]
    files = ours.PACKED.files.values()
    assert {(remote.filename, remote.md5) for remote in files} == set(theirs.resources)
    assert {remote.url.removesuffix(remote.filename) for remote in files} <= set(theirs.mirrors)
    assert [word.split(" - ")[0] for word in theirs.classes] == list(ours.PACKED.words)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", ["mnist", "MNIST/raw"])
def test_grey_images_of_28_pixels_come_to_lie_in_the_middle_of_32(tmp_path, place, packed):
    put(tmp_path / place, packed)
    source = mnist.read(tmp_path)
    assert source.train.shape == (9, 3, 32, 32) and source.test.shape == (4, 3, 32, 32)
    assert all(np.array_equal(source.train[:, colour, 2:-2, 2:-2], GREY) for colour in range(3))
    assert source.train.sum(dtype=np.int64) == 3 * GREY.sum(dtype=np.int64)
    assert source.labels["train/class"].tolist() == list(range(9)) and source.names["class"][7] == "7"
    assert mnist.lacking(tmp_path) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"train_images": b"<html>"},
            "is not what it should be; delete it. To fetch it by hand, download train-images",
        ),
        (
            {"test_images": idx_file(GREY)[:-5]},
            "is not what it should be; delete it. To fetch it by hand, download t10k-images",
        ),
        ({"train_images": idx_file(GREY[:, :20])}, "is not what it should be"),
        ({"train_labels": idx_file(np.arange(3, dtype=np.uint8))}, "has 9 train images and 3 classes of them"),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, promise, changed, said):
    promise("R14")
    put(tmp_path / "mnist", **changed)
    with pytest.raises(DatasetError, match=said):
        mnist.read(tmp_path)


def test_a_file_that_is_cut_off_in_its_packing_is_named(tmp_path):
    file = put(tmp_path / "mnist") / mnist.PACKED.files["train/images"].filename
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DatasetError, match="cannot be read"):
        mnist.read(tmp_path)


def test_files_that_may_be_those_of_another_set_are_left_alone(tmp_path):
    put(tmp_path)
    put(tmp_path / "MNIST" / "raw")
    for known in (mnist, fashion_mnist):
        places = [place for place in known.PACKED.places if not Path(place).is_absolute()]
        assert "" not in places and "." not in places
    assert "MNIST/raw" not in fashion_mnist.PACKED.places and mnist.lacking(tmp_path) == ""
    (tmp_path / "MNIST").rename(tmp_path / "elsewhere")
    assert mnist.lacking(tmp_path)


def test_what_is_missing_is_said_before_it_is_downloaded(tmp_path):
    assert "a download of 12 MB" in mnist.lacking(tmp_path)
    put(tmp_path / "mnist")
    (tmp_path / "mnist" / mnist.PACKED.files["test/images"].filename).unlink()
    assert "a download of 2 MB" in mnist.lacking(tmp_path)


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_fashion_mnist_itself_is_read_where_debian_puts_it(data_dir):
    dataset = datasets.load("fashion_mnist", data_dir=data_dir, download=False)
    assert dataset.train.shape == (60_000, 3, 32, 32) and dataset.test.shape == (10_000, 3, 32, 32)
    # As published for its 28 x 28 pixels: mean 0.2860 of 1.
    assert dataset.train[:, 0, 2:-2, 2:-2].mean() / 255 == pytest.approx(0.2860, abs=1e-4)
    assert np.bincount(dataset.labels["train/class"]).tolist() == [6000] * 10
    assert dataset.names["class"][dataset.labels["train/class"][0]] == "Ankle boot"


def test_svhn_is_read_by_scipy_with_ten_for_the_digit_nought(tmp_path):
    import hashlib

    scipy_io = pytest.importorskip("scipy.io")
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 5), dtype=np.uint8)
    files = {}
    (tmp_path / "svhn").mkdir()
    for side, remote in svhn.FILES.items():
        file = tmp_path / "svhn" / remote.filename
        scipy_io.savemat(file, {"X": pixels, "y": np.array([[1], [10], [3], [9], [10]], np.uint8)})
        data = file.read_bytes()
        files[side] = type(remote)(
            title="SVHN", url=remote.url, size=len(data), md5=hashlib.md5(data).hexdigest(), begins=b"MATLAB"
        )
    source = svhn.read(tmp_path, files=files)
    assert np.array_equal(source.train[3], pixels[..., 3].transpose(2, 0, 1))
    assert source.labels["test/class"].tolist() == [1, 0, 3, 9, 0]
    assert svhn.lacking(tmp_path) == "" and "a download of 246 MB" in svhn.lacking(tmp_path / "none")


def test_svhn_without_scipy_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(svhn, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match="pip install scipy"):
        svhn.read(tmp_path)


def test_svhns_files_are_those_of_torchvision():
    from torchvision.datasets import SVHN

    for side, remote in svhn.FILES.items():
        assert [remote.url, remote.filename, remote.md5] == SVHN.split_list[side]


# ---- arrays ----------------------------------------------------------------------------------------------

COLOURS = np.random.default_rng(4).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)


def saved(path: Path, **arrays: np.ndarray) -> Path:
    if path.suffix == ".npy":
        np.save(path, next(iter(arrays.values())))
    elif path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path)
    return path


@pytest.mark.parametrize("ending", [".npz", ".npy", ".pt"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: a,
        lambda a: a.transpose(0, 3, 1, 2),
        lambda a: (a / 255).astype(np.float32),
        lambda a: (a / 127.5 - 1).astype(np.float64),
        lambda a: a.astype(np.int64),
        lambda a: np.concatenate([a, np.full((12, 32, 32, 1), 255, np.uint8)], 3),  # with an opaque fourth channel
    ],
)
def test_an_array_of_images_is_read_whatever_its_axes_and_range(tmp_path, ending, change):
    array = np.ascontiguousarray(change(COLOURS))
    source = own.read(saved(tmp_path / f"a{ending}", images=array))
    both = np.concatenate([source.train, source.test])
    assert (len(source.train), len(source.test)) == (11, 1)
    expected = {image.transpose(2, 0, 1).tobytes() for image in COLOURS}
    assert {image.tobytes() for image in both} == expected


@pytest.mark.parametrize("ending", [".npz", ".pt"])
@pytest.mark.parametrize(
    "names",
    [("x_train", "x_test", "y_train", "y_test"), ("train_images", "test_images", "train_labels", "test_labels")],
)
def test_two_arrays_are_two_sides_and_labels_go_with_them(tmp_path, ending, names):
    y = np.array([5, 2, 5, 2, 5, 2, 5, 2]), np.array([2, 2, 5, 5])
    arrays = dict(zip(names, (COLOURS[:8], COLOURS[8:], *y), strict=True))
    source = own.read(saved(tmp_path / f"a{ending}", **arrays))
    assert (len(source.train), len(source.test)) == (8, 4)
    assert source.names == {"class": ("2", "5")}
    assert source.labels["train/class"].tolist() == [1, 0] * 4 and source.labels["test/class"].tolist() == [0, 0, 1, 1]
    assert source.notes[0] == (f"Learned from: the array {names[0]} (8 images). Tested on: {names[1]} (4 images).")


def test_both_sides_share_one_scale_and_that_is_said(tmp_path):
    train, test = (np.full((5, 32, 32), top, np.uint16) for top in (4000, 1000))
    source = own.read(saved(tmp_path / "a.npz", x_train=train, x_test=test))
    assert (source.train == 255).all() and (source.test == 64).all()
    assert "Of the arrays' values, 0 becomes black and 4,000 white." in source.notes


def test_black_and_white_as_nought_and_one_is_no_black(tmp_path):
    source = own.read(saved(tmp_path / "a.npy", a=np.random.default_rng(0).integers(0, 2, (9, 32, 32), dtype=np.uint8)))
    assert source.train.max() == 255


def test_labels_of_another_length_are_none(tmp_path):
    source = own.read(saved(tmp_path / "a.npz", x=COLOURS, y=np.zeros(0)))
    assert not source.labels


def test_grey_arrays_and_larger_ones_become_32_pixels_of_three_colours(tmp_path):
    source = own.read(saved(tmp_path / "a.npy", a=np.full((4, 64, 90), 77, np.uint8)))
    assert source.train.shape == (3, 3, 32, 32) and (source.train == 77).all()


class Trap:
    def __reduce__(self):
        return (print, ("executed",))


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("a.npz", lambda path: path.write_bytes(b"PK no"), "cannot be read as arrays"),
        (
            "a.npy",
            lambda path: np.save(path, np.array([Trap()], object), allow_pickle=True),
            "cannot be read as arrays",
        ),
        ("a.pt", lambda path: torch.save(Trap(), path), "cannot be read as arrays"),
        ("a.npz", lambda path: np.savez(path, a=COLOURS, b=COLOURS), r"has 2 arrays of images: it holds a \(12"),
        ("a.npz", lambda path: np.savez(path, a=np.arange(5)), "has no array of images"),
        ("a.npy", lambda path: np.save(path, np.zeros((64, 80, 3), np.uint8)), "has no array of images"),
        ("a.npy", lambda path: np.save(path, np.zeros((28, 28, 900), np.uint8)), "has no array of images"),
        ("a.npy", lambda path: np.save(path, np.ones((20, 4, 32, 32), np.float32)), "has no array of images"),
        ("a.npy", lambda path: np.save(path, np.full((5, 8, 8), np.nan)), "infinite or missing values"),
        ("a.npy", lambda path: np.save(path, np.zeros((1, 8, 8), np.uint8)), "too few usable images"),
    ],
)
def test_a_file_without_one_array_of_images_says_what_it_holds_and_runs_nothing(
    tmp_path, capfd, promise, name, make, said
):
    promise("R14")
    make(tmp_path / name)
    with pytest.raises(DatasetError, match=said):
        own.read(tmp_path / name)
    assert "executed" not in "".join(capfd.readouterr())


# ---- tars ------------------------------------------------------------------------------------------------


def tarred(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz")]
)
def test_a_tar_is_read_as_a_folder_is(tmp_path, name, mode):
    files = {f"{side}/{number}.png": shade(10 * number) for side in ("train", "test") for number in range(3)}
    source = own.read(tarred(tmp_path / name, files, mode))
    assert (shades(source.train), shades(source.test)) == ([0, 10, 20], [0, 10, 20])


def test_what_a_tar_would_put_elsewhere_or_links_to_is_left_out(tmp_path):
    path = tarred(tmp_path / "a.tar", {"a.png": shade(1), "b.png": shade(2), "../c.png": shade(3), "/d.png": shade(4)})
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("e.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        inside = tarfile.TarInfo("f.png")  # the same file once more, as tar packs it
        inside.type, inside.linkname = tarfile.LNKTYPE, "b.png"
        archive.addfile(inside)
    source = own.read(path)
    assert sorted([*shades(source.train), *shades(source.test)])[:3] == [1, 2, 2]
    assert any("left out: a link, a device, or a name that leads elsewhere" in note for note in source.notes)
    assert not (tmp_path.parent / "c.png").exists() and not Path("/d.png").exists()


def test_a_tar_for_which_there_is_no_room_is_not_unpacked(tmp_path, promise, monkeypatch):
    promise("R14")
    path = tarred(tmp_path / "a.tar.gz", {f"{n}.png": shade(n) for n in range(4)}, "w:gz")
    size = sum(len(shade(n)) for n in range(4))
    for free, enough in ((2 * size, True), (2 * size - 1, False)):
        monkeypatch.setattr(collection.shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        if enough:
            assert len(own.read(path).train) == 3
            continue
        with pytest.raises(DatasetError, match="are free where archives are unpacked; unpack it elsewhere"):
            own.read(path)


def test_how_far_a_tar_is_unpacked_is_told_and_can_be_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "_SAY_EVERY", 2)
    path, told = tarred(tmp_path / "a.tar", {f"{n}.png": shade(n) for n in range(6)}), []
    own.read(path, progress=lambda *what: told.append(what))
    assert [each for each in told if "a.tar" in each[0]] == [
        *(("listing a.tar", count, 0) for count in (2, 4, 6)),
        *(("unpacking a.tar", count, 6) for count in (2, 4, 6)),
    ]

    def stop(what: str, done: int, total: int) -> None:
        if what == "unpacking a.tar":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own.read(path, progress=stop)


def test_a_tar_that_is_cut_off_says_so(tmp_path, promise):
    promise("R14")
    noise = encoded(photograph(300, 300), "BMP")
    path = tarred(tmp_path / "a.tar.gz", {f"{n}.bmp": noise for n in range(4)}, "w:gz")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DatasetError, match=r"cannot be unpacked|can be read"):
        own.read(path)


def test_heic_is_read_where_pillow_heif_is_installed(tmp_path):
    pytest.importorskip("pillow_heif")
    (tmp_path / "a.heic").write_bytes(encoded(photograph(64, 64), "HEIF"))
    (tmp_path / "b.png").write_bytes(plain())
    assert len(own.read(tmp_path).train) == 1


def test_reading_loads_no_library_that_it_does_not_need():
    assert idx.__name__ in sys.modules and "torchvision" not in getattr(idx, "__dict__", {})
