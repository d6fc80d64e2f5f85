"""CelebA as people have it on their disks: unpacked or packed, whole or half there."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaedash.datasets import celeba
from vaedash.datasets.split import share
from vaedash.errors import DatasetError

HOME = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
PARTS = "0" * 40 + "1" * 5 + "2" * 5  # in order, as CelebA has it


def face(number: int) -> bytes:
    """A portrait of CelebA's size whose centre square has the shade `number * 4`, with black above and below."""
    image = Image.new("L", (178, 218))
    image.paste(number * 4, (0, 20, 178, 198))
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


FACES = {f"{number:06}.jpg": face(number) for number in range(1, len(PARTS) + 1)}
TEXT = "".join(f"{name} {part}\n" for name, part in zip(FACES, PARTS, strict=True))
CSV = "image_id,partition\n" + TEXT.replace(" ", ",")


def unpacked(data_dir: Path, inside: str = "img_align_celeba/", faces: dict[str, bytes] = FACES) -> Path:
    folder = data_dir / "celeba" / inside
    folder.mkdir(parents=True)
    for name, data in faces.items():
        (folder / name).write_bytes(data)
    return data_dir


def packed(data_dir: Path, inside: str = "img_align_celeba/", name: str = "img_align_celeba.zip", **more: str) -> Path:
    (data_dir / "celeba").mkdir(exist_ok=True)
    with zipfile.ZipFile(data_dir / "celeba" / name, "w") as archive:
        for file, data in FACES.items():
            archive.writestr(inside + file, data)
        for file, text in more.items():
            archive.writestr(file, text)
    return data_dir


def partition(data_dir: Path, text: str = TEXT, name: str = "list_eval_partition.txt") -> None:
    (data_dir / "celeba" / name).write_text(text)


def numbers(images: np.ndarray) -> list[int]:
    """Which faces these are; the corners too, so that the crop is the centre square."""
    assert images.shape[1:] == (3, 32, 32)
    assert images.dtype == np.uint8
    middle, corner = images[:, 0, 16, 16].astype(int), images[:, 2, 2, 2].astype(int)
    assert np.abs(middle - corner).max() <= 2
    return np.round(middle / 4).astype(int).tolist()


@pytest.mark.parametrize("inside", ["img_align_celeba/", "img_align_celeba/img_align_celeba/", ""])
@pytest.mark.parametrize("layout", [unpacked, packed])
@pytest.mark.parametrize(("text", "name"), [(TEXT, "list_eval_partition.txt"), (CSV, "list_eval_partition.csv")])
def test_the_official_partition_is_used_in_every_layout(tmp_path, layout, inside, text, name):
    layout(tmp_path, inside)
    partition(tmp_path, text, name)
    source = celeba.read(tmp_path, fraction=1.0)
    assert numbers(source.train) == list(range(1, 41))
    assert numbers(source.test) == list(range(46, 51))
    assert source.skipped == 0
    assert "official" in source.notes[0]


def test_kaggles_whole_archive_is_read_with_the_partition_inside_it(tmp_path):
    packed(tmp_path, "img_align_celeba/img_align_celeba/", "archive.zip", **{"list_eval_partition.csv": CSV})
    assert len(celeba.read(tmp_path, fraction=1.0).test) == 5


def test_without_the_partition_a_seeded_tenth_is_test_and_a_note_says_so(tmp_path):
    first = celeba.read(unpacked(tmp_path), fraction=1.0)
    second = celeba.read(tmp_path, fraction=1.0)
    assert (len(first.train), len(first.test)) == (45, 5)
    assert sorted(numbers(first.train) + numbers(first.test)) == list(range(1, 51))
    assert np.array_equal(first.test, second.test)
    assert "not the official one" in first.notes[0]
    assert "list_eval_partition.txt" in first.notes[0]


def test_a_share_of_the_training_images_is_chosen_before_anything_is_decoded(tmp_path, monkeypatch):
    unpacked(tmp_path)
    partition(tmp_path)
    decoded = []
    decode_all = celeba.decode_all
    monkeypatch.setattr(
        celeba, "decode_all", lambda names, *a, **k: decoded.extend(names) or decode_all(names, *a, **k)
    )
    source = celeba.read(tmp_path, fraction=0.3)
    assert numbers(source.train) == (share(40, 0.3) + 1).tolist()
    assert len(source.test) == 5
    assert len(decoded) == 12 + 5


def test_thirty_percent_of_the_official_training_images_are_48831():
    assert len(share(162_770, 0.3)) == 48_831


def test_a_damaged_face_is_skipped_and_counted(tmp_path):
    unpacked(tmp_path, faces=FACES | {"000003.jpg": b"", "000050.jpg": FACES["000050.jpg"][:300]})
    partition(tmp_path)
    source = celeba.read(tmp_path, fraction=1.0)
    assert (len(source.train), len(source.test), source.skipped) == (39, 4, 2)


def test_some_missing_faces_are_told_in_a_note(tmp_path):
    unpacked(tmp_path, faces={name: data for name, data in FACES.items() if name != "000007.jpg"})
    partition(tmp_path)
    assert celeba.read(tmp_path, fraction=1.0).notes[1].startswith("1 of the 50 images that the partition file names")


def told(data_dir: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        celeba.read(data_dir, fraction=1.0)
    assert HOME in str(caught.value)
    assert str(data_dir / "celeba") in str(caught.value)
    return str(caught.value)


def test_a_missing_folder_is_told_with_the_file_its_place_and_its_source(tmp_path, promise):
    promise("R14")
    message = told(tmp_path)
    assert "there is no folder" in message
    assert "Download img_align_celeba.zip" in message
    assert "list_eval_partition.txt" in message


def test_an_empty_folder_is_told(tmp_path, promise):
    promise("R14")
    (tmp_path / "celeba").mkdir()
    assert "has no CelebA images: it holds nothing" in told(tmp_path)


def test_a_folder_with_the_partition_but_no_images_is_told(tmp_path, promise):
    promise("R14")
    (tmp_path / "celeba" / "img_align_celeba").mkdir(parents=True)
    partition(tmp_path)
    assert "it holds 1 .txt file" in told(tmp_path)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b"<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title>",
            "it is a web page, as sites send when a quota",
        ),
        (b"", "empty file of 0 bytes"),
        (b"PK\x03\x04 and no more", "the beginning of a zip whose end is missing"),
    ],
)
def test_a_zip_that_is_not_one_is_told_with_what_it_is(tmp_path, data, expected, promise):
    promise("R14")
    (tmp_path / "celeba").mkdir()
    (tmp_path / "celeba" / "img_align_celeba.zip").write_bytes(data)
    message = told(tmp_path)
    assert expected in message
    assert str(tmp_path / "celeba" / "img_align_celeba.zip") in message


def test_a_zip_without_images_is_told(tmp_path, promise):
    promise("R14")
    (tmp_path / "celeba").mkdir()
    with zipfile.ZipFile(tmp_path / "celeba" / "img_align_celeba.zip", "w") as archive:
        archive.writestr("list_attr_celeba.txt", "x")
    assert "has no CelebA images: it holds 1 .txt file" in told(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "list_eval_partition.txt is empty"),
        (TEXT[:-4], "is damaged or cut off: its line 50 is '000050.j"),
        ("<!DOCTYPE html>\n<html>quota</html>", "is damaged or cut off: its line 1 is '<!DOCTYPE html>'"),
        (TEXT[: TEXT.index("000031")], "does not name 20 of the 50 images"),
    ],
)
def test_a_damaged_partition_file_is_told(tmp_path, text, expected, promise):
    promise("R14")
    unpacked(tmp_path)
    partition(tmp_path, text)
    assert expected in told(tmp_path)


def test_a_sample_without_a_face_for_testing_is_divided_at_random_and_that_is_told(tmp_path):
    unpacked(tmp_path, faces=dict(list(FACES.items())[:42]))
    partition(tmp_path)
    source = celeba.read(tmp_path, fraction=1.0)
    assert (len(source.train), len(source.test)) == (38, 4)
    [note, *_] = source.notes
    assert note.startswith("8 of the 50 images that the partition file names are not in")
    assert "among them all for testing: a sample of CelebA" in note and "4 of 42 images" in note


def test_nothing_but_bad_images_is_told(tmp_path, promise):
    promise("R14")
    unpacked(tmp_path, faces=dict.fromkeys(FACES, b"x"))
    assert "None of 45 CelebA images" in told(tmp_path)


def test_progress_is_told_from_listing_to_the_last_test_image(tmp_path):
    unpacked(tmp_path)
    partition(tmp_path)
    seen = []
    celeba.read(tmp_path, fraction=0.5, progress=lambda *told: seen.append(told))
    assert seen[0] == ("listing CelebA", 0, 0)
    assert ("decoding CelebA train", 20, 20) in seen
    assert seen[-1] == ("decoding CelebA test", 5, 5)


@pytest.mark.parametrize("inside", ["img_align_celeba/", "img_align_celeba/img_align_celeba/", ""])
@pytest.mark.parametrize("layout", [unpacked, packed])
def test_where_there_are_faces_or_a_zip_nothing_is_lacking(tmp_path, layout, inside):
    assert celeba.lacking(layout(tmp_path, inside)) == ""


@pytest.mark.parametrize("there", [None, "celeba/img_align_celeba", "celeba/list_eval_partition.txt"])
def test_without_them_it_is_said_what_to_fetch_from_where_and_where_to_put_it(tmp_path, there):
    if there:
        (tmp_path / there).mkdir(parents=True)
    lack = celeba.lacking(tmp_path)
    for part in ("by hand", "img_align_celeba.zip", "1.4 GB", HOME, str(tmp_path / "celeba")):
        assert part in lack


NAMES = ("Bald", "Smiling", "Young")


@pytest.mark.parametrize("kind", ["txt", "csv"])
@pytest.mark.parametrize("where", ["beside", "in the zip"])
def test_attributes_are_kept_as_labels(tmp_path, kind, where):
    comma, head = (",", "image_id,") if kind == "csv" else (" ", "50\n")
    rows = [
        comma.join([f"{number:06}.jpg", *("1" if number % every == 0 else "-1" for every in (2, 3, 4))])
        for number in range(1, 51)
    ]
    name, text = f"list_attr_celeba.{kind}", head + comma.join(NAMES) + "\n" + "\n".join(rows)
    if where == "in the zip":
        packed(tmp_path, **{f"Anno/{name}": text})
    else:
        unpacked(tmp_path)
        (tmp_path / "celeba" / name).write_text(text)
    source = celeba.read(tmp_path, fraction=0.5)
    assert source.names == dict.fromkeys(NAMES, ("no", "yes"))
    for side, images in (("train", source.train), ("test", source.test)):
        for attribute, every in zip(NAMES, (2, 3, 4), strict=True):
            expected = [int(number % every == 0) for number in numbers(images)]
            assert source.labels[f"{side}/{attribute}"].tolist() == expected


@pytest.mark.parametrize("text", ["", "<html>", "50\nBald Smiling\n000001.jpg 1\n"])
def test_a_file_of_attributes_that_says_nothing_does_no_harm(tmp_path, text):
    unpacked(tmp_path)
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text(text)
    source = celeba.read(tmp_path, fraction=1.0)
    assert not source.labels and not source.names and len(source.train) == 45
