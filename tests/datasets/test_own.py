"""A person's own images: every layout, format and kind of damage that a folder, a zip or a Parquet file may bring."""

import io
import os
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from somebodys import BLUE, GREEN, RED, encoded, packed, photograph, plain, shade, shades, table, write, zipped

from vaedash.datasets import collection, decode, own
from vaedash.errors import DatasetError


def read_with(tmp_path: Path, name: str, data: bytes):
    """Four good images, 10 to 40, and one file of the test's own."""
    files = {f"good{level}.png": shade(level) for level in (10, 20, 30, 40)} | {name: data}
    return own.read(write(tmp_path / "set", files))


def one(data: bytes) -> np.ndarray:
    image = decode.decode(data)
    assert image is not None
    assert image.shape == (3, 32, 32)
    assert image.dtype == np.uint8
    return image


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("top", ["", "cifar10/", "Downloads/cifar10/"])
def test_train_and_test_folders_are_recognised_with_and_without_folders_above(tmp_path, kind, top):
    files = {
        f"{top}train/cat/0.png": shade(10),
        f"{top}train/dog/0.png": shade(20),
        f"{top}test/cat/0.png": shade(30),
    }
    source = own.read(packed(tmp_path, files, kind))
    assert shades(source.train) == [10, 20]
    assert shades(source.test) == [30]
    assert source.skipped == 0
    assert source.notes == ("Learned from: train/ (2 files). Tested on: test/ (1 file).",)


@pytest.mark.parametrize("name", ["val", "valid", "Validation"])
def test_a_validation_folder_serves_as_test_where_there_is_none(tmp_path, name):
    source = own.read(write(tmp_path, {"Train/a.png": shade(10), f"{name}/a.png": shade(20)}))
    assert (shades(source.train), shades(source.test)) == ([10], [20])
    assert "serve as test" in source.notes[1]


def test_a_validation_folder_is_left_out_beside_a_test_folder(tmp_path):
    source = own.read(
        write(tmp_path, {"train/a.png": shade(10), "val/a.png": shade(20), "test/a.png": shade(30), "b.png": shade(40)})
    )
    assert (shades(source.train), shades(source.test)) == ([10], [30])
    assert source.notes[1] == "The validation set is left out: val/ (1 file). Training and test have sets of their own."
    assert source.notes[2] == "Left out, since they lie outside both: b.png."


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("folders", [("",), ("cat/", "dog/"), ("train/",)])
def test_without_a_test_set_a_seeded_tenth_is_held_out_and_a_note_says_so(tmp_path, kind, folders):
    files = {f"{folders[level % len(folders)]}{level}.png": shade(level) for level in range(10, 50)}
    first = own.read(packed(tmp_path, files, kind))
    second = own.read(packed(tmp_path, files, kind))
    assert len(first.train) == 36
    assert len(first.test) == 4
    assert sorted(shades(first.train) + shades(first.test)) == list(range(10, 50))
    assert np.array_equal(first.test, second.test)
    assert first.notes[0] == "There is no test set: 4 of the 40 images, drawn with a fixed seed, are held out."


def test_images_beside_a_test_folder_are_the_training_images(tmp_path):
    source = own.read(write(tmp_path, {"cats/a.png": shade(10), "test/a.png": shade(20)}))
    assert (shades(source.train), shades(source.test)) == ([10], [20])


def test_a_class_called_train_is_no_split(tmp_path):
    files = {f"{name}/{level}.png": shade(level) for level in range(10) for name in ("car", "train", "ship")}
    source = own.read(write(tmp_path, files))
    assert (len(source.train), len(source.test)) == (27, 3)


def test_images_come_in_the_order_of_their_names_whatever_the_number_of_threads(tmp_path, monkeypatch):
    files = {f"{part}/{level:03}.png": shade(level) for level in range(200) for part in ("train", "test")}
    path = zipped(tmp_path / "set.zip", dict(reversed(files.items())))
    for threads in (1, 5):
        monkeypatch.setattr(decode, "_threads", lambda mean_size, threads=threads: threads)
        assert shades(own.read(path).train) == list(range(200))


def test_hidden_files_and_other_types_are_ignored_without_being_counted(tmp_path):
    source = own.read(
        write(
            tmp_path / "set",
            {
                "train/a.png": shade(10),
                "test/b.png": shade(20),
                "__MACOSX/train/._a.png": b"x",
                "train/.hidden.png": b"x",
                "train/labels.txt": b"x",
                ".cache/c.png": b"x",
            },
        )
    )
    assert (len(source.train), len(source.test), source.skipped) == (1, 1, 0)


def test_member_names_of_a_zip_are_never_used_as_paths(tmp_path):
    names = ["../../outside.png", "/absolute.png", "C:\\windows\\x.png", "train\\deep.png", "a/../../b.png"]
    before = set(tmp_path.parent.rglob("*"))
    path = zipped(tmp_path / "set.zip", {name: shade(10) for name in names})
    source = own.read(path)
    assert (len(source.train) + len(source.test), source.skipped) == (5, 0)
    assert set(tmp_path.parent.rglob("*")) - before == {path}


def test_folders_written_with_backslashes_are_recognised(tmp_path):
    source = own.read(zipped(tmp_path / "set.zip", {"train\\a.png": shade(10), "test\\a.png": shade(20)}))
    assert (shades(source.train), shades(source.test)) == ([10], [20])


@pytest.mark.parametrize("column", ["img", "image"])
def test_parquet_as_hugging_face_publishes_it_is_read(tmp_path, column):
    for split, level in (("train", 10), ("test", 90)):
        for shard in range(2):
            cells = [{"bytes": shade(level + shard * 40 + row), "path": None} for row in range(40)]
            name = f"{split}-{shard:05}-of-00002.parquet"
            table(tmp_path / "data" / name, **{column: cells, "label": list(range(40))})
    source = own.read(tmp_path)
    assert shades(source.train) == list(range(10, 90))
    assert shades(source.test) == list(range(90, 170))


def test_parquet_files_in_folders_named_after_their_split_are_read(tmp_path):
    table(tmp_path / "plain_text/train/0000.parquet", image=[shade(10)])
    table(tmp_path / "plain_text/test/0000.parquet", image=[shade(20)])
    source = own.read(tmp_path)
    assert (shades(source.train), shades(source.test)) == ([10], [20])


def test_a_single_parquet_file_of_plain_bytes_is_divided_and_its_bad_rows_are_counted(tmp_path):
    cells = [shade(level) for level in range(10, 30)] + [None, b"", b"not an image"]
    source = own.read(table(tmp_path / "train-00000-of-00001.parquet", picture=cells, label=[0] * len(cells)))
    assert (len(source.train), len(source.test), source.skipped) == (18, 2, 3)


def test_a_parquet_file_without_an_image_column_is_refused_with_its_columns(tmp_path):
    path = table(tmp_path / "x.parquet", text=["a"], label=[1])
    with pytest.raises(DatasetError, match=r"no column image or img .* its columns are text, label"):
        own.read(path)


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path):
    path = table(tmp_path / "x.parquet", image=[shade(1)] * 50)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DatasetError, match=r"x\.parquet is a Parquet file that is cut off or damaged"):
        own.read(path)


def test_a_web_page_called_parquet_is_refused_as_a_web_page(tmp_path):
    (tmp_path / "x.parquet").write_text("<!DOCTYPE html><html>quota exceeded</html>")
    with pytest.raises(DatasetError, match="is not a Parquet file: it is a web page"):
        own.read(tmp_path / "x.parquet")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF"])
@pytest.mark.parametrize("size", [(32, 32), (20, 30), (300, 200)])
def test_every_listed_format_gives_the_centre_square(format, size):
    if format not in Image.registered_extensions().values():
        pytest.skip(f"this Pillow was built without {format}")
    width, height = size
    image = Image.new("RGB", size, BLUE)  # blue is what the crop must remove
    side = min(size)
    image.paste(Image.new("RGB", (side, side), RED), ((width - side) // 2, (height - side) // 2))
    middle = one(encoded(image, format))[:, 5:-5, 5:-5]  # lossy formats bleed at the edge
    assert np.abs(middle.astype(int) - np.array(RED)[:, None, None]).max() < 12


@pytest.mark.parametrize("size", [(1, 1), (1, 60_000), (60_000, 1), (3, 5)])
def test_tiny_and_thin_images_are_used(size):
    assert (one(plain(GREEN, size)) == np.array(GREEN)[:, None, None]).all()


def test_a_32_by_32_image_is_taken_as_it_is():
    image = photograph(32, 32)
    assert np.array_equal(one(encoded(image)), np.asarray(image).transpose(2, 0, 1))


def test_a_large_jpeg_decoded_small_differs_little_from_one_decoded_whole():
    image = photograph(1200, 900)
    difference = one(encoded(image, "JPEG", quality=95)).astype(int) - one(encoded(image))
    assert np.abs(difference).max() <= 4


def test_downscaling_averages_instead_of_picking_pixels():
    checks = np.indices((320, 320)).sum(axis=0) % 2 * 255
    assert np.abs(one(encoded(Image.fromarray(checks.astype(np.uint8)))).astype(int) - 127).max() < 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    image = photograph(64, 64)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert np.array_equal(one(data), one(encoded(Image.fromarray(np.asarray(upright)))))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow says so and goes on; what follows is the point
def test_damaged_exif_does_not_spoil_a_photograph():
    data = encoded(photograph(64, 64), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff broken")
    assert decode.decode(data) is not None


def test_transparency_is_laid_over_white():
    clear = Image.new("RGBA", (50, 40), (255, 0, 0, 0))
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    for data in (
        encoded(clear),
        encoded(clear, "WEBP", lossless=True),
        encoded(Image.new("LA", (40, 40), (0, 0))),
        encoded(palette, transparency=0),
        encoded(palette, "GIF", transparency=0),
        encoded(Image.new("RGB", (40, 40), RED), transparency=RED),
    ):
        assert (one(data) == 255).all()
    half = one(encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 128))))
    assert abs(int(half.mean()) - 127) <= 1


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize(("level", "expected"), [(0, 0), (257, 1), (32896, 128), (65535, 255)])
def test_sixteen_bit_greyscale_is_scaled_not_clipped(format, level, expected):
    image = Image.fromarray(np.full((40, 40), level, np.uint16))
    assert (one(encoded(image, format)) == expected).all()


def test_cmyk_palette_bilevel_float_and_grey_images_are_converted():
    cmyk = one(encoded(Image.new("CMYK", (40, 40), (255, 0, 255, 0)), "JPEG"))
    assert np.abs(cmyk.astype(int) - np.array(GREEN)[:, None, None]).max() < 12
    assert (one(encoded(Image.new("RGB", (40, 40), BLUE).convert("P"))) == np.array(BLUE)[:, None, None]).all()
    assert (one(encoded(Image.new("1", (40, 40), 1))) == 255).all()
    assert (one(encoded(Image.new("L", (40, 40), 77))) == 77).all()
    rising = encoded(Image.fromarray(np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(32, 32)), "TIFF")
    manner, _ = decode.manner_of(["x.tif"], lambda _: rising)
    pixels = decode.decode(rising, manner)
    assert (pixels.min(), pixels.max()) == (0, 255)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(format):
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, GREEN, BLUE)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert np.abs(one(data).astype(int) - np.array(RED)[:, None, None]).max() < 6


@pytest.mark.parametrize(
    ("name", "format"), [("x.jpg", "PNG"), ("x.png", "JPEG"), ("X.JPEG", "WEBP"), ("x.bmp", "GIF")]
)
def test_a_lying_name_does_not_matter(tmp_path, name, format):
    source = read_with(tmp_path, name, plain(format=format))
    assert (len(source.train) + len(source.test), source.skipped) == (5, 0)


def claimed_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its pixels do not have."""
    data = plain()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


HOSTILE = {
    "text": ("x.jpg", b"this is no photograph"),
    "empty": ("x.jpg", b""),
    "truncated jpeg": ("x.jpg", encoded(photograph(200, 200), "JPEG")[:-1500]),
    "truncated png": ("x.png", encoded(photograph(200, 200))[:-400]),
    "header only": ("x.jpg", encoded(photograph(200, 200), "JPEG")[:20]),
    "web page": ("x.jpg", b"<!DOCTYPE html><html>"),
    "bomb past Pillow's warning": ("x.png", claimed_png(12_000, 12_000)),
    "bomb past Pillow's error": ("x.png", claimed_png(60_000, 60_000)),
    "more than 89 megapixels": ("x.png", encoded(Image.new("1", (10_000, 8_901)))),
    "zero width": ("x.png", claimed_png(0, 10)),
    "flipped bytes": ("x.png", plain()[:45] + b"\xff\x00\xff\x00" + plain()[49:]),
    "postscript": ("x.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"),
    "svg": ("x.png", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    "infinite float": ("x.tif", encoded(Image.fromarray(np.full((9, 9), np.inf, np.float32)), "TIFF")),
}


ODD = {
    "one pixel": ("x.png", plain(size=(1, 1))),
    "a line of 60,000 pixels": ("x.png", plain(size=(1, 60_000))),
    "CMYK": ("x.jpg", encoded(Image.new("CMYK", (40, 40), (255, 0, 255, 0)), "JPEG")),
    "16 bits": ("x.png", encoded(Image.fromarray(np.full((40, 40), 40_000, np.uint16)))),
    "transparent": ("x.png", encoded(Image.new("RGBA", (40, 40), (9, 9, 9, 0)))),
    "animated": ("x.gif", encoded(Image.new("P", (40, 40)), "GIF", save_all=True, append_images=[Image.new("P", (40, 40), 1)])),
    "a palette": ("x.png", encoded(Image.new("RGB", (40, 40), BLUE).convert("P"))),
    "a lying name": ("x.jpg", plain()),
}  # fmt: skip


@pytest.mark.parametrize("case", [*HOSTILE, *ODD])
@pytest.mark.parametrize("kind", ["folder", "zip"])  # an upload is a zip
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_odd_image_is_used_and_a_bad_one_is_skipped_and_counted(tmp_path, promise, kind, case):
    promise("R13")
    name, data = (HOSTILE | ODD)[case]
    files = {f"good{level}.png": shade(level) for level in (10, 20, 30, 40)} | {name: data}
    source = own.read(packed(tmp_path, files, kind))
    used = len(source.train) + len(source.test)
    assert (used, source.skipped) == ((5, 0) if case in ODD else (4, 1))
    assert {10, 20, 30, 40} <= {*shades(source.train), *shades(source.test)}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # so that both settings are tried
def test_a_bad_image_is_skipped_and_counted(tmp_path, case, strict):
    with warnings.catch_warnings():
        if strict:
            warnings.simplefilter("error")
        source = read_with(tmp_path, *HOSTILE[case])
    assert source.skipped == 1
    assert sorted(shades(source.train) + shades(source.test)) == [10, 20, 30, 40]


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(decode, "_square", lambda image: pytest.fail("it was decoded"))
    assert decode.decode(encoded(Image.new("1", (8000, 5001)))) is None


def test_reading_leaves_the_warning_filters_as_they_were(tmp_path):
    before = list(warnings.filters)
    read_with(tmp_path, "x.png", claimed_png(12_000, 12_000))
    assert warnings.filters == before


def test_bad_members_of_a_zip_are_skipped_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "MAX_BYTES", 5000)
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for level in (10, 20, 30):
            archive.writestr(f"{level}.png", shade(level))
        archive.writestr("large.png", bytes(6000))
        archive.writestr("damaged.png", encoded(photograph(40, 40)))
    data = bytearray(path.read_bytes())
    data[data.index(b"damaged.png") + 60] ^= 0xFF
    path.write_bytes(data)
    source = own.read(path)
    assert (len(source.train) + len(source.test), source.skipped) == (3, 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a Unix thing")
def test_a_pipe_and_a_dangling_link_called_jpg_are_skipped(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere.jpg")
    write(tmp_path, {"a.png": shade(10), "b.png": shade(20)})
    assert own.read(tmp_path).skipped == 2


def test_what_cannot_be_a_dataset_is_refused_with_what_it_is(tmp_path, promise):
    (tmp_path / "nothing").mkdir()
    whole = zipped(tmp_path / "whole.zip", {"train/a.png": shade(10) * 50}).read_bytes()
    unread = {f"IMG_{number}.jxl": b"x" for number in range(3)}
    bad = {f"{number}.jpg": b"x" for number in range(3)}
    cases = {
        tmp_path / "missing": r"There is no file or folder .*missing\. Give a folder",
        tmp_path / "nothing": "There are no images in .*nothing: it holds nothing. Give a folder or a zip",
        write(tmp_path / "unread", unread): "it holds 3 .jxl files. Give",
        zipped(tmp_path / "unread.zip", unread): "it holds 3 .jxl files. Give",
        write(
            tmp_path / "bad", bad
        ): "bad has too few usable images: 0, and 3 that cannot be read; at least 2 are needed",
        write(tmp_path / "single", {"a.png": shade(10)}): "single has too few usable images: 1, and 0 that",
        write(tmp_path / "only", {"test/a.png": shade(10)}): "images for testing only; put those to learn from into",
        write(
            tmp_path / "half", {"train/a.png": shade(10), "test/a.png": b""}
        ): "No image for test in .*half can be read: 1 tried",
        write(tmp_path, {"quota.zip": b"<!doctype html><html>Quota exceeded"}) / "quota.zip": "it is a web page",
        write(tmp_path, {"empty.zip": b""}) / "empty.zip": "empty file of 0 bytes; download it again",
        write(tmp_path, {"half.zip": whole[:500]}) / "half.zip": "the beginning of a zip whose end is missing",
        write(tmp_path, {"x.tar.gz": b"\x1f\x8b\x08x"}) / "x.tar.gz": "another kind of archive; unpack it",
        write(tmp_path, {"x.jpg": shade(10)}) / "x.jpg": "a single image; give a folder",
        zipped(tmp_path / "none.zip", {}): "it holds nothing",
        zipped(tmp_path / "tables.zip", {"train-0.parquet": b"PAR1"}): "it holds 1 .parquet file",
    }
    promise("R14", cases=len(cases))
    for path, told in cases.items():
        with pytest.raises(DatasetError, match=told):
            own.read(path)


def test_a_zip_locked_with_a_password_is_refused_as_such(tmp_path):
    path = zipped(tmp_path / "set.zip", {"a.png": shade(10)})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="locked with a password; unpack it"):
        own.read(path)


def test_progress_counts_up_to_the_end_and_may_cancel(tmp_path):
    files = {f"{part}/{level}.png": shade(level) for level in range(40) for part in ("train", "test")}
    seen = []
    own.read(write(tmp_path, files), progress=lambda *told: seen.append(told))
    assert seen[0] == ("decoding train", 0, 40)
    assert seen[-1] == ("decoding test", 40, 40)

    def cancel(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own.read(tmp_path, progress=cancel)
