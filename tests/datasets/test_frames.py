"""Frames: one's own pictures at 32 and 64 pixels, cropped, squashed or padded, on white or on black; each its own dataset."""

import numpy as np
import pytest
from PIL import Image
from somebodys import BLUE, GREEN, RED, encoded, packed, photograph, table, write

from vaedash import config, datasets
from vaedash.config import USUAL_FRAME, Frame, RunConfig
from vaedash.datasets import cache, decode, shapes
from vaedash.datasets.decode import Manner
from vaedash.runs import weights

LARGE = Frame(image_size=64)


def flag(width: int = 96, height: int = 32) -> Image.Image:
    """Red, green and blue beside each other."""
    colours = np.repeat(np.array([RED, GREEN, BLUE], np.uint8), width // 3, axis=0)
    return Image.fromarray(np.broadcast_to(colours, (height, width, 3)).copy())


def seen(image: Image.Image, **frame) -> np.ndarray:
    pixels = decode.decode(encoded(image), Manner.of(Frame(**frame)))
    assert pixels is not None and pixels.shape == Frame(**frame).shape
    return pixels


def at(pixels: np.ndarray, row: float, column: float) -> tuple[int, ...]:
    """The colour in a place, both from 0 to 1."""
    side = pixels.shape[1]
    return tuple(pixels[:, int(row * side), int(column * side)].tolist())


@pytest.mark.parametrize("size", config.IMAGE_SIZES)
def test_what_is_not_square_is_cropped_squashed_or_padded(size):
    cropped = seen(flag(), image_size=size)
    assert {at(cropped, 0.5, column) for column in (0.1, 0.5, 0.9)} == {GREEN}
    squashed = seen(flag(), image_size=size, fit="squash")
    assert [at(squashed, row, column) for row in (0.05, 0.95) for column in (0.1, 0.5, 0.9)] == [RED, GREEN, BLUE] * 2
    padded = seen(flag(), image_size=size, fit="pad")
    assert [at(padded, 0.5, column) for column in (0.1, 0.5, 0.9)] == [RED, GREEN, BLUE]
    assert {at(padded, row, column) for row in (0.1, 0.9) for column in (0.1, 0.5, 0.9)} == {(0, 0, 0)}
    high = seen(flag().transpose(Image.Transpose.ROTATE_90), image_size=size, fit="pad")
    assert [at(high, row, 0.5) for row in (0.9, 0.5, 0.1)] == [RED, GREEN, BLUE] and at(high, 0.5, 0.1) == (0, 0, 0)


@pytest.mark.parametrize("fit", config.FITS)
def test_a_square_is_the_same_however_it_is_fitted(fit):
    assert np.array_equal(seen(photograph(80, 80), fit=fit), seen(photograph(80, 80)))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "LA", "RGBA", "I;16"])
@pytest.mark.parametrize("fit", config.FITS)
def test_every_kind_of_picture_can_be_fitted(mode, fit, promise):
    promise("R13")
    image = photograph(90, 30)
    image = (
        Image.fromarray(np.asarray(image)[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    )
    pixels = decode.decode(encoded(image, "TIFF"), Manner.of(Frame(fit=fit)))
    assert pixels is not None and pixels.shape == (3, 32, 32) and pixels[:, 16].std() > 1


def test_a_turned_picture_is_turned_before_its_bars_are_told():
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decode.decode(encoded(flag(), exif=exif), Manner.of(Frame(fit="pad")))
    assert at(pixels, 0.5, 0.05) == at(pixels, 0.5, 0.95) == (0, 0, 0)  # it is higher than wide now
    assert [at(pixels, row, 0.5) for row in (0.1, 0.5, 0.9)] == [RED, GREEN, BLUE]


@pytest.mark.parametrize(("background", "ground", "bars"), [("auto", 255, 0), ("white", 255, 255), ("black", 0, 0)])
def test_behind_what_is_transparent_and_beside_what_is_padded_is_the_background(background, ground, bars):
    clear = Image.new("RGBA", (96, 32), (255, 0, 0, 0))
    assert at(seen(clear, background=background), 0.5, 0.5) == (ground,) * 3
    for image in (clear, flag(), flag().convert("RGBA"), flag().convert("LA"), flag().convert("P")):
        padded = seen(image, background=background, fit="pad")
        assert at(padded, 0.05, 0.5) == at(padded, 0.95, 0.5) == (bars,) * 3
    assert at(seen(clear, background=background, fit="pad"), 0.5, 0.5) == (ground,) * 3


def test_a_background_that_is_asked_for_is_had_though_most_would_be_lost_on_it(tmp_path):
    logo = np.zeros((32, 32, 4), np.uint8)
    logo[8:24, 8:24] = 255  # white, on nothing
    folder = write(tmp_path / "logos", {f"{number:02}.png": encoded(Image.fromarray(logo)) for number in range(20)})
    black, white = (
        datasets.load(str(folder), data_dir=tmp_path, frame=Frame(background=background))
        for background in ("auto", "white")
    )
    assert black.train.min() == 0 and black.train.max() == 255 and "put on black" in " ".join(black.notes)
    assert white.train.min() == 255 and "put on black" not in " ".join(white.notes)
    assert "of one colour all over" in " ".join(white.notes)


@pytest.mark.parametrize(("clear", "bars"), [(3, 0), (17, 255)])
def test_bars_are_black_unless_most_of_a_set_is_transparent(tmp_path, clear, bars):
    opaque, transparent = encoded(flag()), encoded(Image.new("RGBA", (96, 32), (255, 0, 0, 90)))
    files = {f"{number:02}.png": transparent if number < clear else opaque for number in range(20)}
    loaded = datasets.load(str(write(tmp_path / "set", files)), data_dir=tmp_path, frame=Frame(fit="pad"))
    assert set(loaded.train[:, 0, 2, 16].tolist()) == {bars}


def pictures(count: int = 12) -> dict[str, bytes]:
    return {f"{number:02}.png": encoded(photograph(60 + number, 90)) for number in range(count)}


@pytest.mark.parametrize("kind", ["folder", "zip", "table", "array"])
def test_ones_own_come_at_64_pixels_from_whatever_they_lie_in(tmp_path, kind):
    if kind == "table":
        spec = table(tmp_path / "some.parquet", image=[*pictures().values()])
    elif kind == "array":
        spec = tmp_path / "some.npy"
        np.save(spec, np.stack([np.asarray(photograph(80, 80))] * 12))
    else:
        spec = packed(tmp_path, pictures(), kind)
    small, large = (datasets.load(str(spec), data_dir=tmp_path / "data", frame=frame) for frame in (USUAL_FRAME, LARGE))
    assert large.train.shape == (len(small.train), 3, 64, 64) and large.test.shape == (len(small.test), 3, 64, 64)
    halved = large.train.reshape(-1, 3, 32, 2, 32, 2).mean((3, 5))
    assert np.abs(halved - small.train).mean() < 2  # the same pictures, only finer
    assert small.notes == large.notes


def test_each_frame_has_a_cache_and_a_fingerprint_of_its_own_and_the_usual_one_has_those_it_always_had(tmp_path):
    folder = write(tmp_path / "some", pictures())
    frames = [USUAL_FRAME, LARGE, Frame(fit="pad"), Frame(fit="pad", background="white"), Frame(fit="squash")]
    loaded = [datasets.load(str(folder), data_dir=tmp_path / "data", frame=frame) for frame in frames]
    assert len({each.fingerprint for each in loaded}) == len(frames) == len(datasets.caches(tmp_path / "data"))
    found = [datasets.cached(str(folder), data_dir=tmp_path / "data", frame=frame) for frame in frames]
    assert [each.fingerprint for each in found] == [each.fingerprint for each in loaded]
    usual = datasets.load(str(folder), data_dir=tmp_path / "data")
    assert usual.fingerprint == loaded[0].fingerprint
    assert cache._unusual(USUAL_FRAME) == [] and cache._unusual(LARGE) != []


@pytest.mark.parametrize(
    "frame", [Frame(fit="pad"), Frame(background="black"), Frame(fit="squash", background="white")]
)
def test_shapes_are_the_same_in_every_frame_of_their_size(tmp_path, frame):
    usual = cache._folder("shapes", tmp_path, 1.0, config.framed("shapes", USUAL_FRAME))
    assert cache._folder("shapes", tmp_path, 1.0, config.framed("shapes", frame)) == usual
    assert config.framed("cifar10", LARGE) == USUAL_FRAME


def test_shapes_of_64_pixels_are_those_of_32_drawn_finer():
    small, large = (shapes.make(n_train=50, n_test=10, side=side) for side in (32, 64))
    assert large.train.shape == (50, 3, 64, 64) and large.labels.keys() == small.labels.keys()
    assert all(np.array_equal(large.labels[name], small.labels[name]) for name in small.labels)
    halved = large.train.reshape(-1, 3, 32, 2, 32, 2).mean((3, 5))
    assert np.abs(halved - small.train).mean() < 2
    edges = [np.abs(np.diff(each.train.astype(int), axis=3)).max((1, 2, 3)).mean() for each in (small, large)]
    assert edges[1] > 0.8 * edges[0]  # as sharp, pixel by pixel: not merely enlarged


@pytest.mark.parametrize("fit", config.FITS)
def test_faces_come_in_every_frame(tmp_path, fit):
    faces = {
        f"celeba/img_align_celeba/{number:06}.jpg": encoded(photograph(178, 218), "JPEG") for number in range(1, 21)
    }
    write(tmp_path, faces)
    frame = Frame(image_size=64, fit=fit)
    loaded = datasets.load("celeba", data_dir=tmp_path, fraction=1.0, frame=frame)
    assert loaded.train.shape[1:] == (3, 64, 64)
    assert (loaded.train[0, :, 32, :4] == 0).all() == (fit == "pad")


def test_a_small_picture_is_enlarged_to_64_pixels():
    assert at(seen(Image.new("RGB", (16, 16), GREEN), image_size=64), 0.5, 0.5) == GREEN


def test_what_is_sent_elsewhere_is_found_there_in_its_frame(tmp_path):
    folder = write(tmp_path / "some", pictures())
    here = datasets.load(str(folder), data_dir=tmp_path / "here", frame=LARGE)
    for name, data in datasets.packed(str(folder), data_dir=tmp_path / "here", frame=LARGE).items():
        write(tmp_path / "there", {name: data.tobytes()})
    there = datasets.load(str(folder), data_dir=tmp_path / "there", frame=LARGE)
    assert there.fingerprint == here.fingerprint and len(datasets.caches(tmp_path / "there")) == 1


def test_a_run_of_64_pixels_says_so_and_its_weights_are_of_such_a_model():
    settings = RunConfig(dataset="/my/pictures", image_size=64, fit="pad", background="white")
    assert settings.title == "conv on pictures, 64 pixels, pad, white background"
    assert weights._of_model(settings)["image_size"] == 64
    assert RunConfig.from_json(settings.to_json()) == settings
    assert RunConfig.from_json({"arch": "fc"}).frame == USUAL_FRAME  # as runs were written before there was a choice
