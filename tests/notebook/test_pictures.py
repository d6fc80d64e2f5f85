"""Pictures that a model drew, as a notebook shows them and as arrays."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from vaedash.notebook import Pictures


@pytest.fixture
def tiles() -> np.ndarray:
    """Ten pictures as models have them."""
    return np.random.default_rng(0).integers(0, 256, (10, 3, 32, 32), np.uint8)


def test_pictures_are_arrays_with_their_colours_last(tiles):
    pictures = Pictures.of(tiles, "Ten of them.")
    assert len(pictures) == 10 and pictures.array.shape == (10, 32, 32, 3) and pictures.array.dtype == np.uint8
    assert (np.asarray(pictures)[3] == tiles[3].transpose(1, 2, 0)).all()
    assert (pictures[3] == tiles[3].transpose(1, 2, 0)).all() and pictures[2:5].shape == (3, 32, 32, 3)
    assert [np.asarray(image).tolist() for image in pictures.images()] == [picture.tolist() for picture in pictures]
    changed = np.array(pictures)
    changed[:] = 0
    assert pictures.array.any()


def test_a_notebook_shows_every_pixel_as_a_square_and_nothing_between_the_pictures(tiles):
    data, metadata = Pictures.of(tiles, "Ten of them.")._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.mode == "RGBA" and metadata["image/png"]["alt"] == "Ten of them."
    pixels, cell = np.asarray(image), 3 * 32 + 3
    second = pixels[:96, cell : cell + 96]
    assert (second[::3, ::3, :3] == tiles[1].transpose(1, 2, 0)).all() and (second[..., 3] == 255).all()
    assert (second[1::3, 2::3] == second[::3, ::3]).all()
    assert not pixels[96:cell, :, 3].any() and not pixels[:, 96:cell, 3].any()
    assert not pixels[cell:, 2 * cell :, 3].any()  # where the second row has ended
    assert data["text/plain"] == "Ten of them. uint8 (10, 32, 32, 3)"


def test_an_original_stands_above_what_became_of_it(tiles):
    shown = np.asarray(Pictures.of(tiles[:2], "Two.", originals=tiles[2:4]).image())
    assert shown.shape[:2] == (2 * 99 - 3, 2 * 99 - 3)
    assert (shown[0:96:3, 99::3, :3] == tiles[3].transpose(1, 2, 0)).all()
    assert (shown[99::3, 99::3, :3] == tiles[1].transpose(1, 2, 0)).all()


def test_they_are_saved_as_one_picture_or_as_a_morph_there_and_back(tiles, tmp_path):
    pictures = Pictures.of(tiles, "Ten of them.")
    pictures.save(tmp_path / "all.png")
    pictures.save(str(tmp_path / "morph.gif"))
    with Image.open(tmp_path / "all.png") as saved, Image.open(tmp_path / "morph.gif") as moving:
        assert np.asarray(saved).tolist() == np.asarray(pictures.image()).tolist()
        assert moving.n_frames == 18 and moving.size == (192, 192)
