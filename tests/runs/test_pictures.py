"""The pictures that a run keeps."""

import io
import random

import numpy as np
import pytest
from PIL import Image
from records import make

from vaedash import images, storage
from vaedash.runs import RunFolder


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


def test_pictures_lie_where_they_are_looked_for(tmp_path):
    path = make(tmp_path).path
    wanted = RunFolder(path).pictures.file("prior", 7)
    RunFolder(path).pictures.write_file(wanted.name, b"png")
    assert wanted == path / "samples" / "prior-0007.png" and wanted.read_bytes() == b"png"


def test_pictures_are_taken_apart_and_a_damaged_one_reads_as_none(tmp_path):
    path = make(tmp_path).path
    assert RunFolder(path).pictures.sample("prior", 1) is None
    made = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    data = images.encode_png(images.grid(made, columns=2))
    file = RunFolder(path).pictures.file("prior", 1)
    RunFolder(path).pictures.write_file(file.name, data)
    assert np.array_equal(RunFolder(path).pictures.sample("prior", 1), made)
    draw = random.Random(5)
    cuts = [data[: draw.randrange(len(data))] for _ in range(40)]
    flips = [bytes([*data[:at], data[at] ^ 1 << draw.randrange(8), *data[at + 1 :]]) for at in [*range(80), 500, 9000]]
    for damaged in [b"", b"\x89PNG\r\n\x1a\n", *cuts, *flips]:
        file.write_bytes(damaged)
        found = RunFolder(path).pictures.sample("prior", 1)
        assert found is None or found.shape[1:] == (3, 32, 32)


@pytest.mark.parametrize("side", [3000, 20_000])
def test_a_small_file_that_would_be_millions_of_pixels_reads_as_none(tmp_path, side):
    pictures = RunFolder(make(tmp_path).path).pictures
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    pictures.write("prior", 1, file.getvalue())
    assert pictures.sample("prior", 1) is None and pictures.damaged() == [pictures.file("prior", 1)]


def test_the_originals_are_read_from_either_kind_of_file(tmp_path):
    path = make(tmp_path).path
    assert RunFolder(path).pictures.originals() is None
    made = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    webp = io.BytesIO()
    Image.fromarray(images.grid(255 - made, columns=2)).save(webp, "WEBP", lossless=True)
    RunFolder(path).pictures.write_file("originals.webp", webp.getvalue())
    assert np.array_equal(RunFolder(path).pictures.originals(), 255 - made)
    RunFolder(path).pictures.write_file("originals.png", images.encode_png(images.grid(made, columns=2)))
    assert np.array_equal(RunFolder(path).pictures.originals(), made)


def test_what_is_made_up_at_the_moment_comes_and_goes_and_a_reader_is_never_in_its_way(tmp_path):
    pictures = RunFolder(make(tmp_path).path).pictures
    assert pictures.now() is None
    pictures.forget_now()
    made = np.random.default_rng(0).integers(0, 256, (25, 3, 32, 32), dtype=np.uint8)
    for tiles in (made, 255 - made):
        pictures.write_now(images.encode_png(images.grid(tiles, columns=5)))
        assert np.array_equal(pictures.now(), tiles)
    pictures.write_now(b"")
    assert pictures.now() is None
    assert pictures.damaged() == []
    pictures.forget_now()
    assert list(pictures.folder.iterdir()) == []
