"""Pictures from arrays: where each image lands, what surrounds it, and that files hold exactly what was drawn."""

import io
import random

import numpy as np
import pytest
from PIL import Image

from vaedash import images


def tiles(count: int, height: int = 2, width: int = 3) -> np.ndarray:
    """Images all of whose values differ from one another's: `(count, 3, height, width)`."""
    values = np.arange(count * 3 * height * width, dtype=np.uint8)
    return values.reshape(count, 3, height, width)


def test_images_are_laid_out_row_by_row():
    picture = images.grid(tiles(6), columns=3)
    assert picture.shape == (4, 9, 3) and picture.dtype == np.uint8
    for number, tile in enumerate(tiles(6)):
        row, column = divmod(number, 3)
        place = picture[2 * row : 2 * row + 2, 3 * column : 3 * column + 3]
        assert np.array_equal(place, tile.transpose(1, 2, 0)), number


def test_places_without_an_image_are_background():
    picture = images.grid(tiles(4), columns=3, background=7)
    assert picture.shape == (4, 9, 3)
    assert np.array_equal(picture[2:, :3], tiles(4)[3].transpose(1, 2, 0))
    assert (picture[2:, 3:] == 7).all()


def test_a_gap_lies_between_images_and_not_around_them():
    picture = images.grid(np.zeros((4, 3, 2, 3), np.uint8), columns=2, gap=5, background=9)
    assert picture.shape == (2 + 5 + 2, 3 + 5 + 3, 3)
    inked = (picture == 0).all(2)
    assert inked[:2, :3].all() and inked[:2, 8:].all() and inked[7:, :3].all() and inked[7:, 8:].all()
    assert inked.sum() == 4 * 6 and (picture[~inked] == 9).all()


def test_a_scale_makes_each_pixel_a_square():
    plain = images.grid(tiles(3), columns=2)
    scaled = images.grid(tiles(3), columns=2, scale=4)
    assert np.array_equal(scaled, np.kron(plain, np.ones((4, 4, 1), np.uint8)))


def test_a_gap_is_in_pixels_of_the_result_and_is_not_scaled():
    assert images.grid(tiles(4), columns=2, scale=3, gap=2).shape == (2 * 2 * 3 + 2, 2 * 3 * 3 + 2, 3)


def test_one_column_is_a_strip_and_one_image_is_itself():
    assert images.grid(tiles(3), columns=1).shape == (6, 3, 3)
    assert np.array_equal(images.grid(tiles(1), columns=1, gap=4), tiles(1)[0].transpose(1, 2, 0))


def test_channels_are_red_green_and_blue_in_this_order():
    red = np.zeros((1, 3, 1, 1), np.uint8)
    red[0, 0] = 255
    assert images.grid(red, columns=1).tolist() == [[[255, 0, 0]]]
    with Image.open(io.BytesIO(images.encode_png(images.grid(red, columns=1)))) as image:
        assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_a_grid_is_taken_apart_into_the_images_it_was_made_of():
    made = np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
    assert np.array_equal(images.ungrid(images.grid(made, columns=4), side=32), made)
    small = np.random.default_rng(1).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8)
    assert np.array_equal(images.ungrid(images.grid(small, columns=2), side=8), small)


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (64, 64, 3)])
def test_a_png_gives_back_every_pixel(shape):
    picture = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    data = images.encode_png(picture)
    assert data.startswith(b"\x89PNG")
    assert np.array_equal(images.decode_picture(data), picture)


def test_only_a_png_is_read_as_one():
    other = io.BytesIO()
    Image.new("RGB", (2, 2)).save(other, "BMP")
    with pytest.raises(OSError, match="cannot identify"):
        images.decode_picture(other.getvalue())


def test_an_animation_has_every_frame_in_order_takes_its_time_and_repeats_for_ever():
    frames = [np.full((4, 6, 3), level, np.uint8) for level in (0, 80, 160, 240)]
    with Image.open(io.BytesIO(images.encode_gif(frames, seconds=2.0))) as animation:
        assert (animation.format, animation.size, animation.n_frames) == ("GIF", (6, 4), 4)
        assert animation.info["loop"] == 0
        levels, milliseconds = [], 0
        for number in range(4):
            animation.seek(number)
            milliseconds += animation.info["duration"]
            levels.append(animation.convert("RGB").getpixel((0, 0))[0])
    assert levels == [0, 80, 160, 240] and milliseconds == 2000


def test_frames_never_follow_faster_than_browsers_show_them():
    frames = [np.full((2, 2, 3), level, np.uint8) for level in range(200)]
    with Image.open(io.BytesIO(images.encode_gif(frames, seconds=1.0))) as animation:
        assert animation.info["duration"] == 20


def test_shuffling_moves_whole_pixels_all_images_alike_and_always_in_the_same_way():
    tiles = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), dtype=np.uint8)
    shuffled = images.shuffled(tiles)
    pixels, moved = (array.reshape(2, 3, 1024) for array in (tiles, shuffled))
    order = images.shuffle_order(32)
    assert sorted(order.tolist()) == list(range(1024)) and (order[:8] != np.arange(8)).all()
    assert order[:4].tolist() == [84, 752, 296, 982]
    assert all(np.array_equal(moved[:, :, place], pixels[:, :, origin]) for place, origin in enumerate(order))
    larger = np.arange(64 * 64, dtype=np.uint16).reshape(1, 1, 64, 64)
    assert np.array_equal(images.shuffled(larger).reshape(-1), images.shuffle_order(64))


@pytest.mark.parametrize(
    ("count", "numbers"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (10, [*range(10)]), (99, [*range(10)])]
)
def test_a_few_images_come_from_all_over(count, numbers):
    assert np.array_equal(images.spread(tiles(10), count), tiles(10)[numbers])


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_grid_is_called_whole_where_it_can_be_taken_apart(kind):
    drawn = images.grid(np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8), columns=2)
    file = io.BytesIO()
    Image.fromarray(drawn).save(file, kind, lossless=True)
    whole, draw = file.getvalue(), random.Random(6)
    assert images.is_whole_grid(whole, side=32)
    for _ in range(300):
        at = draw.randrange(len(whole) - 13)  # behind that, a PNG only says that it ends
        for harmed in (whole[:at], bytes([*whole[:at], whole[at] ^ 1 << draw.randrange(8), *whole[at + 1 :]])):
            assert images.is_whole_grid(harmed, side=32) == taken_apart(harmed)


def taken_apart(data: bytes) -> bool:
    try:
        return len(images.ungrid(images.decode_picture(data), side=32)) > 0
    except (OSError, ValueError, SyntaxError):
        return False


def test_a_picture_that_is_no_grid_is_not_called_one():
    assert not images.is_whole_grid(images.encode_png(np.zeros((32, 33, 3), np.uint8)), side=32)
    odd = images.encode_png(np.zeros((64, 96, 3), np.uint8))
    assert images.is_whole_grid(odd, side=32) and not images.is_whole_grid(odd, side=64)


def test_sets_of_two_sizes_become_one_by_whole_pixels():
    small = np.arange(2 * 3 * 32 * 32, dtype=np.uint8).reshape(2, 3, 32, 32)
    large = np.zeros((1, 3, 64, 64), np.uint8)
    grown, same = images.of_one_size([small, large])
    assert grown.shape == (2, 3, 64, 64) and np.array_equal(same, large)
    assert all(np.array_equal(grown[:, :, row::2, column::2], small) for row in (0, 1) for column in (0, 1))
    assert np.array_equal(images.of_one_size([small])[0], small)


def test_an_image_is_brought_to_another_size():
    image = np.zeros((3, 64, 64), np.uint8)
    image[0, :, 32:] = 200
    smaller = images.resized(image, 32)
    assert smaller.shape == (3, 32, 32) and smaller[0, 16, [4, 28]].tolist() == [0, 200] and not smaller[1:].any()
    assert np.array_equal(images.resized(image, 64), image)


def test_words_on_a_picture_are_within_it_however_long_they_are():
    white = np.full((60, 200, 3), 255, np.uint8)
    for words in ("A", "Which of these did conv draw?"):
        drawn = images.lettered(white, words, at=(10, 5), size=40)
        dark = np.argwhere(drawn.min(axis=2) < 128)
        assert len(dark) and dark[:, 1].min() >= 10 and dark[:, 1].max() < 195
    assert (white == 255).all()


def test_a_palette_is_white_what_the_pictures_have_and_black():
    tiles = np.zeros((2, 3, 8, 8), np.uint8)
    tiles[0, 0], tiles[1, 2] = 200, 180
    assert images.palette(tiles, 12) == ["#ffffff", "#c80000", "#0000b4", "#000000"]


def test_a_palette_has_no_more_colours_than_are_asked_for():
    noise = np.random.default_rng(1).integers(0, 256, (4, 3, 16, 16)).astype(np.uint8)
    colours = images.palette(noise, 12)
    assert len(colours) == len(set(colours)) <= 12
    assert len(colours) > 8
