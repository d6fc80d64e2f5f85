"""Which of somebody's files are learned from and which are tested on, and that it is said: of each kind the smallest case."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image
from somebodys import encoded, packed, photograph, shade, shades, table, write, zipped

from vaedash import datasets
from vaedash.datasets import own, sources, split
from vaedash.errors import DatasetError


def levels(source) -> tuple[list[int], list[int]]:
    return shades(source.train), shades(source.test)


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train", "seg_test"),
        ("train2017", "test2017"),
        ("train2017", "val2017"),
        ("trainA", "testA"),
        ("train", "test1"),
        ("train_images", "test_images"),
        ("training_set", "test_set"),
        ("trainset", "testset"),
        ("Train", "dev"),
        ("images-train", "images-eval"),
        ("training", "validation"),
    ],
)
def test_a_split_is_found_with_something_before_or_after_its_word(tmp_path, kind, train, test):
    source = own.read(packed(tmp_path, {f"{train}/cat/0.png": shade(10), f"{test}/cat/0.png": shade(30)}, kind))
    assert levels(source) == ([10], [30])
    assert source.notes[0] == f"Learned from: {train}/ (1 file). Tested on: {test}/ (1 file)."


def test_one_folder_deeper_too(tmp_path):
    # As one well-known set of landscapes is packed.
    files = {
        f"seg_{side}/seg_{side}/sea/0.png": shade(level) for side, level in (("train", 10), ("test", 20), ("pred", 30))
    }
    source = own.read(write(tmp_path, files))
    assert levels(source) == ([10], [20])
    assert source.notes[-1] == "Left out, since they lie outside both: seg_pred/ (1 file)."


@pytest.mark.parametrize("names", [("test_tubes", "bottles"), ("bus", "train_station"), ("trainers", "boots")])
def test_one_side_alone_is_no_split(tmp_path, names):
    files = {f"{name}/{level}.png": shade(level + 100 * side) for side, name in enumerate(names) for level in range(10)}
    source = own.read(write(tmp_path, files))
    assert (len(source.train), len(source.test)) == (18, 2)


def test_where_both_sides_are_found_by_their_words_alone_others_with_more_around_them_are_none(tmp_path):
    files = {"train/a.png": shade(10), "test/a.png": shade(20), "testing_notes/a.png": shade(30)}
    assert levels(own.read(write(tmp_path, files))) == ([10], [20])


def test_an_official_test_set_comes_before_a_validation_set_whatever_is_around_its_word(tmp_path):
    files = {"train/a.png": shade(10), "val/a.png": shade(20), "test_images/a.png": shade(30)}
    assert levels(own.read(write(tmp_path, files))) == ([10], [30])


def test_a_class_called_test_stays_one_and_that_is_said(tmp_path):
    starts = {"cats": 0, "dogs": 50, "test": 100}
    files = {f"{name}/{level}.png": shade(level + start) for name, start in starts.items() for level in range(10)}
    source = own.read(write(tmp_path, files))
    assert (len(source.train), len(source.test)) == (27, 3)
    assert source.notes[0].startswith(
        "test/ lies among 2 other folders of which none is called train, so it is taken for a class"
    )


def test_a_folder_test_that_holds_the_classes_again_is_no_class(tmp_path):
    files = {
        "cats/0.png": shade(10),
        "dogs/0.png": shade(20),
        "test/cats/0.png": shade(30),
        "test/dogs/0.png": shade(40),
    }
    assert levels(own.read(write(tmp_path, files))) == ([10, 20], [30, 40])


def test_parquet_files_by_words_with_more_around_them(tmp_path):
    table(tmp_path / "small_train-00000-of-00001.parquet", image=[shade(10)])
    table(tmp_path / "small_test-00000-of-00001.parquet", image=[shade(20)])
    assert levels(own.read(tmp_path)) == ([10], [20])


@pytest.mark.parametrize("name", ["test-00000-of-00001", "test.00", "test/0000"])
def test_of_tables_one_side_alone_is_known_by_the_word_in_front(tmp_path, name):
    table(tmp_path / "set" / f"{name}.parquet", image=[shade(20)])
    with pytest.raises(DatasetError, match="images for testing only"):
        own.read(tmp_path / "set")
    table(tmp_path / "set" / "cats.parquet", image=[shade(10)])
    assert levels(own.read(tmp_path / "set")) == ([10], [20])


def test_every_sort_that_is_left_out_is_counted_with_its_reason_and_one_name(tmp_path):
    files = {f"{level}.jpg": shade(level) for level in range(8)} | {f"IMG_{number}.jxl": b"x" for number in range(40)}
    source = own.read(write(tmp_path, files | {"read me.txt": b"x", "LICENSE": b"x"}))
    assert source.notes[0] == "40 .jxl files are left out: a format that is not read here (IMG_0.jxl)."
    assert {*source.notes[1:3]} == {
        "1 file without an ending is left out: no image (LICENSE).",
        "1 .txt file is left out: no image (read me.txt).",
    }


def test_of_tables_and_thumbnails_the_many_count(tmp_path):
    table(tmp_path / "train-0.parquet", image=[shade(level) for level in range(60)])
    write(tmp_path, {"thumb1.png": shade(100), "thumb2.png": shade(101)})
    source = own.read(tmp_path)
    assert len(source.train) + len(source.test) == 60
    assert source.notes[0] == "2 image files beside the Parquet files are left out (thumb1.png)."


def test_of_images_and_a_small_table_the_many_count(tmp_path):
    table(tmp_path / "labels.parquet", image=[shade(200)])
    write(tmp_path, {f"{level}.png": shade(level) for level in range(10)})
    source = own.read(tmp_path)
    assert len(source.train) + len(source.test) == 10
    assert source.notes[0] == "1 .parquet file is left out: a format that is not read here (labels.parquet)."


def test_a_table_without_images_beside_images_does_no_harm(tmp_path):
    table(tmp_path / "labels.parquet", label=[*range(60)])
    write(tmp_path, {f"{level}.png": shade(level) for level in range(10)})
    assert len(own.read(tmp_path).train) == 9


@pytest.mark.parametrize(
    "mask", ["masks/{}.png", "images/{}_mask.png", "annotations/trimaps/{}.png", "SegmentationClass/{}.png"]
)
def test_masks_beside_images_are_left_out(tmp_path, mask):
    files = {f"images/{level}.png": shade(level) for level in range(10)}
    files |= {mask.format(level): shade(200 + level) for level in range(10)}
    source = own.read(write(tmp_path, files))
    assert sorted(shades(source.train) + shades(source.test)) == [*range(10)]
    assert source.notes[0].startswith("10 files are left out as masks or label maps of the others (")


def test_where_there_is_nothing_but_masks_they_are_the_images(tmp_path):
    assert len(own.read(write(tmp_path, {f"masks/{level}.png": shade(level) for level in range(10)})).train) == 9


def test_the_same_picture_on_both_sides_is_said_with_the_count(tmp_path):
    files = {f"{side}/{level}.png": shade(level) for side in ("train", "test") for level in range(20)}
    source = own.read(write(tmp_path, files | {"train/new.png": shade(99)}))
    assert "20 of the 20 test images are among the training images too, pixel by pixel." in source.notes


def test_in_a_split_of_its_own_copies_stay_on_one_side_and_are_counted(tmp_path):
    files = {f"{level}-{copy}.png": shade(level) for level in range(30) for copy in range(3)}
    source = own.read(write(tmp_path, files))
    train, test = levels(source)
    assert test and not {*train} & {*test}
    assert len(train) + len(test) == 90
    copies = len(train) - len({*train})
    assert f"{copies} of the {len(train)} images to learn from are copies of others among them." in source.notes


def test_without_copies_the_split_is_that_of_ever():
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 32, 32), np.uint8)
    assert all(map(np.array_equal, split.apart(images), split.hold_out(40)))
    same = np.zeros((20, 3, 32, 32), np.uint8)
    assert all(map(np.array_equal, split.apart(same), split.hold_out(20)))


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_folders_reached_by_links_are_read_each_once(tmp_path):
    disk = write(tmp_path / "disk", {"train/0.png": shade(10), "test/0.png": shade(20)})
    (disk / "again").symlink_to(disk / "train")
    (disk / "round").symlink_to(disk)
    home = tmp_path / "set"
    home.mkdir()
    for side in ("train", "test"):
        (home / side).symlink_to(disk / side)
    assert levels(own.read(home)) == ([10], [20])
    assert levels(own.read(disk)) == ([10], [20])


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_celeba_and_cifar_are_found_behind_links(tmp_path):
    large = write(tmp_path / "large", {f"img_align_celeba/{number:06}.jpg": shade(number) for number in range(1, 21)})
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "celeba").symlink_to(large)
    assert datasets.lacking("celeba", data_dir=data_dir) == ""
    (data_dir / "celeba").unlink()
    (data_dir / "celeba").mkdir()
    (data_dir / "celeba" / "faces").symlink_to(large / "img_align_celeba")
    assert datasets.lacking("celeba", data_dir=data_dir) == ""
    assert len(datasets.load("celeba", data_dir=data_dir).test) == 2


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_that_lead_round_end(tmp_path):
    for one, other in ("ab", "ba"):
        (tmp_path / "celeba" / one).mkdir(parents=True)
        (tmp_path / "celeba" / one / other).symlink_to(tmp_path / "celeba" / other)
    assert "CelebA is not here yet" in datasets.lacking("celeba", data_dir=tmp_path)
    assert sources.stamp("celeba", data_dir=tmp_path, fraction=0.3)
    write(tmp_path / "celeba", {"b/000001.jpg": shade(1)})
    assert datasets.lacking("celeba", data_dir=tmp_path) == ""


def test_a_stamp_looks_at_what_is_read(tmp_path):
    folder = write(tmp_path / "set", {"a/0.png": shade(1), "a/1.png": shade(2)})

    def stamp():
        return sources.stamp(str(folder), data_dir=tmp_path, fraction=1.0)

    before = stamp()
    write(folder, {".DS_Store": b"x", "a/.DS_Store": b"x"})
    assert stamp() == before
    write(folder, {"a/2.png": shade(3)})
    assert stamp() != before


def test_faces_added_deep_in_a_doubled_folder_are_noticed_and_hidden_files_are_not(tmp_path):
    deep = tmp_path / "celeba" / "img_align_celeba" / "img_align_celeba"
    write(deep, {"000001.jpg": shade(1)})

    def stamp():
        return sources.stamp("celeba", data_dir=tmp_path, fraction=0.3)

    before = stamp()
    write(tmp_path / "celeba", {".DS_Store": b"x", "img_align_celeba/.DS_Store": b"x"})
    assert stamp() == before
    write(deep, {"000002.jpg": shade(2)})
    assert stamp() != before


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are Unicode there")
@pytest.mark.parametrize("bad", [b"caf\xe9.png", b"caf\xe9/0.png", b"caf\xe9.jxl"])
def test_a_name_that_is_no_utf8_is_a_name(tmp_path, promise, bad):
    promise("R13")
    folder = write(tmp_path / "set", {f"{level}.png": shade(level) for level in range(10)})
    file = folder / os.fsdecode(bad)
    file.parent.mkdir(exist_ok=True)
    shutil.copy(folder / "0.png", file)
    loaded = datasets.load(str(folder), data_dir=tmp_path / "data")
    assert len(loaded.train) + len(loaded.test) == (10 if bad.endswith(b"jxl") else 11)
    for note in loaded.notes:
        note.encode()


def test_a_set_for_testing_alone_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="images for testing only; put those to learn from into a folder train/"):
        own.read(zipped(tmp_path / "set.zip", {"test_images/test/0.png": shade(1)}))


MISLEADING = {
    "Git LFS": (
        {"train/0.png": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"},
        "git lfs pull",
    ),
    "a web page": ({"0.jpg": b"<!DOCTYPE html><html>"}, "No image file in .* can be read: 0.jpg is a web page"),
    "zips in a folder": (
        {"a.zip": b"PK", "b.zip": b"PK"},
        "it holds 2 .zip files. Unpack it once, and give the folder, or one",
    ),
}


@pytest.mark.parametrize("case", MISLEADING)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_cannot_be_read_is_called_what_it_is(tmp_path, promise, kind, case):
    promise("R14")
    files, told = MISLEADING[case]
    with pytest.raises(DatasetError, match=told):
        own.read(packed(tmp_path, files, kind))


def test_a_zip_that_python_does_not_unpack_is_refused_as_such(tmp_path, promise):
    promise("R14")
    path = zipped(tmp_path / "set.zip", {"a.png": shade(10)})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = 9  # Deflate64
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=r"packed in a way that Python does not unpack \(Deflate64"):
        own.read(path)


def test_a_part_of_a_split_zip_is_refused_as_such(tmp_path, promise):
    promise("R14")
    write(tmp_path, {"set.z01": b"x", "set.zip": b"not the beginning"})
    with pytest.raises(DatasetError, match="one part of a zip that was split"):
        own.read(tmp_path / "set.zip")


def test_a_table_that_only_names_its_images_is_refused_with_one_of_them(tmp_path, promise):
    promise("R14")
    path = table(tmp_path / "x.parquet", image=[{"bytes": None, "path": f"{number}.png"} for number in range(3)])
    with pytest.raises(DatasetError, match=r"names image files \(0.png\) and holds none; give the folder"):
        own.read(path)


@pytest.mark.parametrize("line", ["{:06}.jpg {}", "{:06}.jpg;{}", '"{:06}.jpg","{}"', "{:06}.jpg,{},"])
def test_a_partition_that_a_spreadsheet_has_saved_is_read(tmp_path, line):
    lines = [line.format(number, 2 if number > 8 else 0) for number in range(1, 11)]
    files = {f"{number:06}.jpg": shade(number) for number in range(1, 11)}
    write(tmp_path / "celeba", files | {"list_eval_partition.csv": b"\xef\xbb\xbf" + "\r\n".join(lines).encode()})
    loaded = datasets.load("celeba", data_dir=tmp_path, fraction=1.0)
    assert (len(loaded.train), len(loaded.test)) == (8, 2)


# ---- what is said beside the files themselves ------------------------------------------------------------


def rows(path, side: str, levels, **columns):
    images = [{"bytes": shade(level), "path": f"{level}.png"} for level in levels]
    return table(path / f"{side}.parquet", image=images, **columns)


def test_a_column_called_split_divides_a_table(tmp_path):
    said = ["train", "test", "train", "validation", "train"]
    source = own.read(rows(tmp_path, "data", (10, 20, 30, 40, 50), split=said, label=[1, 0, 1, 1, 0]))
    assert levels(source) == ([10, 30, 50], [20])
    assert source.notes[0] == "Learned from: split train/ (3 files). Tested on: split test/ (1 file)."
    assert source.labels["train/class"].tolist() == [1, 1, 0] and source.labels["test/class"].tolist() == [0]


def test_in_a_table_that_is_divided_by_its_rows_a_bad_one_takes_nothing_else_with_it(tmp_path):
    images = [{"bytes": data, "path": ""} for data in (shade(10), b"no", shade(30), shade(40))]
    path = table(
        tmp_path / "x.parquet", image=images, split=["train", "train", "test", "train"], label=["a", "b", "c", "d"]
    )
    source = own.read(path)
    assert levels(source) == ([10, 40], [30])
    assert [source.names["class"][label] for label in source.labels["train/class"]] == ["a", "d"]
    assert "1 file cannot be read and is left out (x.parquet, row 1)." in source.notes


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (("meta/train.txt", "meta/test.txt"), "cat/{}"),
        (("train.txt", "val.txt"), "images/cat/{}.png"),
        (("splits/train_list.txt", "splits/test_list.txt"), "images/cat/{}.png 3"),
        (("train.csv", "test.csv"), '"{}.png","cat"'),
    ],
)
def test_lists_of_names_divide_images(tmp_path, kind, names, lines):
    files = {f"images/cat/{level}.png": shade(level) for level in (10, 20, 30, 40)}
    files[names[0]] = "\n".join(lines.format(level) for level in (20, 30, 40)).encode()
    files[names[1]] = "\r\n".join(lines.format(level) for level in (10,)).encode()
    source = own.read(packed(tmp_path, files, kind))
    assert levels(source) == ([20, 30, 40], [10])
    assert source.notes[0] == f"Divided as {', '.join(sorted(names))} say."


def test_celebas_partition_divides_a_folder_that_is_given_by_its_path(tmp_path):
    files = {f"img_align_celeba/00000{n}.jpg": shade(10 * n) for n in (1, 2, 3, 4)}
    files["list_eval_partition.txt"] = b"000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n000004.jpg 0\n"
    source = own.read(write(tmp_path, files))
    assert levels(source) == ([10, 40], [30])
    assert source.notes[:1] == ("Divided as list_eval_partition.txt says.",)


@pytest.mark.parametrize("text", [b"", b"nothing/of/this 1\nnor/that 2\n", b"10.png\n"])
def test_lists_that_name_few_of_the_images_divide_nothing(tmp_path, text):
    files = {f"{level}.png": shade(level) for level in range(10, 110, 10)}
    source = own.read(write(tmp_path, {**files, "train.txt": text, "test.txt": b"20.png"}))
    assert (len(source.train), len(source.test)) == (9, 1)


# ---- labels ----------------------------------------------------------------------------------------------


def words(source, side: str) -> list[str]:
    return [source.names["class"][label] for label in source.labels[f"{side}/class"]]


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize(
    "around", ["{side}/{word}", "set/{side}/{word}", "seg_{side}/seg_{side}/{word}", "{word}/{side}"]
)
def test_folders_of_classes_are_kept_as_labels(tmp_path, kind, around):
    files, level = {}, 10
    for side in ("train", "test"):
        for word in ("dog", "cat"):
            for number in range(2):
                files[f"{around.format(side=side, word=word)}/{number}.png"] = shade(level)
                level += 10
    source = own.read(packed(tmp_path, files, kind))
    assert source.names == {"class": ("cat", "dog")}
    seen = dict(zip(shades(source.train), words(source, "train"), strict=True))
    assert seen == {10: "dog", 20: "dog", 30: "cat", 40: "cat"}
    assert sorted(words(source, "test")) == ["cat", "cat", "dog", "dog"]


def test_where_a_part_is_held_out_labels_go_with_their_images(tmp_path):
    files = {f"{'dark' if level < 100 else 'bright'}/{level}.png": shade(level) for level in range(0, 250, 10)}
    source = own.read(write(tmp_path, files))
    for side, images in (("train", source.train), ("test", source.test)):
        assert words(source, side) == ["dark" if level < 100 else "bright" for level in shades(images)]


@pytest.mark.parametrize(
    "names", [("0.png", "1.png", "2.png"), ("a/0.png", "a/1.png", "a/2.png"), ("a/0.png", "b/1.png", "c/2.png")]
)
def test_where_there_are_no_classes_there_are_no_labels(tmp_path, names):
    source = own.read(write(tmp_path, {name: shade(10 * number) for number, name in enumerate(names)}))
    assert not source.labels and not source.names


def test_the_words_of_a_tables_labels_come_from_its_metadata_in_their_order(tmp_path):
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    for side, numbers in (("train", [2, 0, 2]), ("test", [1])):
        images = [{"bytes": shade(20 * number + len(side)), "path": ""} for number in range(len(numbers))]
        features = {"info": {"features": {"label": {"names": ["zebra", "ape", "cow"], "_type": "ClassLabel"}}}}
        held = pa.table({"image": images, "label": numbers}).replace_schema_metadata(
            {"huggingface": json.dumps(features)}
        )
        pq.write_table(held, tmp_path / f"{side}-00000-of-00001.parquet")
    source = own.read(tmp_path)
    assert source.names == {"class": ("zebra", "ape", "cow")}
    assert words(source, "train") == ["cow", "zebra", "cow"] and words(source, "test") == ["ape"]


def test_labels_come_back_from_the_cache_and_are_cut_with_their_images(tmp_path):
    folder = write(tmp_path / "set", {f"{'a' if n % 3 else 'b'}/{n}.png": shade(5 * n) for n in range(40)})
    first, again = (datasets.load(str(folder), data_dir=tmp_path) for _ in range(2))
    assert first.names == again.names == {"class": ("a", "b")}
    assert all(np.array_equal(first.labels[name], again.labels[name]) for name in ("train/class", "test/class"))
    half = datasets.load(str(folder), data_dir=tmp_path, fraction=0.5)
    assert len(half.train) == len(half.labels["train/class"]) < len(first.train)
    assert words(half, "train") == ["a" if level // 5 % 3 else "b" for level in shades(half.train)]


# ---- what is lost on the way to 8 bits -------------------------------------------------------------------


def deep(level: int, dtype=np.uint16) -> bytes:
    return encoded(Image.fromarray(np.full((40, 40), level, dtype)), "TIFF")


@pytest.mark.parametrize(
    ("values", "seen", "said"),
    [
        ((0, 1000, 2000, 4095), [0, 62, 125, 255], "0 becomes black and 4,095 white"),
        ((0, 257, 32896, 65535), [0, 1, 128, 255], "0 becomes black and 65,535 white"),
        ((0, 64, 200, 255), [0, 64, 200, 255], "0 becomes black and 255 white"),
    ],
)
def test_deep_images_are_scaled_by_the_bits_that_the_set_uses(tmp_path, values, seen, said):
    source = own.read(write(tmp_path, {f"{n}.tif": deep(value) for n, value in enumerate(values)}))
    assert sorted(shades(source.train) + shades(source.test)) == seen
    assert any(said in note for note in source.notes)


def test_images_in_floating_point_share_one_scale(tmp_path):
    files = {f"{n}.tif": deep(value, np.float32) for n, value in enumerate((-2.0, 0.0, 3.0))}
    source = own.read(write(tmp_path, files))
    assert sorted(shades(source.train) + shades(source.test)) == [0, 102, 255]


def logo(size: int) -> bytes:
    """White on transparent."""
    image = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (5, 5, 5 + size, 5 + size))
    return encoded(image)


def test_white_on_transparent_is_put_on_black_and_that_is_said(tmp_path):
    source = own.read(write(tmp_path, {f"{size}.png": logo(size) for size in (10, 15, 20, 25)}))
    assert all(image.min() == 0 and image.max() == 255 for image in source.train)
    assert any("put on black" in note for note in source.notes)


def test_pictures_that_are_mostly_of_one_colour_are_said(tmp_path):
    source = own.read(write(tmp_path, {f"{n}.png": shade(n) for n in range(25)}))
    assert "25 of the 25 images are of one colour all over: is something lost on the way?" in source.notes


def test_the_first_page_of_a_stack_is_used_and_that_is_said(tmp_path):
    pages = [Image.new("L", (40, 40), level) for level in (10, 20)]
    stack = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    source = own.read(write(tmp_path, {"a.tif": stack, "b.png": shade(30), "c.png": shade(40)}))
    assert sorted(shades(source.train) + shades(source.test)) == [10, 30, 40]
    assert "1 file have several pages, of which the first is used (a.tif)." not in source.notes
    assert "1 file has several pages, of which the first is used (a.tif)." in source.notes


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_its_last_bytes_is_used_and_counted(tmp_path, progressive):
    whole = encoded(photograph(300, 200), "JPEG", quality=95, progressive=progressive)
    files = {"a.jpg": whole[:-30], "b.jpg": whole[:-2], "c.jpg": whole, "d.png": shade(3)}
    source = own.read(write(tmp_path, files))
    assert len(source.train) + len(source.test) == 4
    assert "2 files lack their last bytes and are used (a.jpg)." in source.notes
    like = [image for image in (*source.train, *source.test) if image.max() > 3]
    assert all(np.abs(like[0].astype(int) - image).max() < 12 for image in like)


@pytest.mark.parametrize(("width", "height", "format"), [(9000, 6000, "JPEG"), (8000, 6000, "PNG")])
def test_a_picture_of_fifty_megapixels_is_used(tmp_path, width, height, format):
    files = {"a.png": encoded(Image.new("RGB", (width, height), (9, 9, 9)), format), "b.png": shade(30)}
    source = own.read(write(tmp_path, files))
    assert sorted(shades(source.train) + shades(source.test)) == [9, 30]


def test_what_cannot_be_read_is_named(tmp_path):
    files = {f"{n}.png": shade(10 * n) for n in range(4)} | {"bad.png": b"no", "worse.jpg": b""}
    source = own.read(write(tmp_path, files))
    assert "2 files cannot be read and are left out (bad.png)." in source.notes


# ---- where names mislead ---------------------------------------------------------------------------------


def sides(source) -> tuple[list[int], list[int]]:
    return sorted(shades(source.train)), sorted(shades(source.test))


def test_folders_of_both_sides_come_before_lists_of_names(tmp_path):
    files = {
        f"{side}/{n}.png": shade(10 * n + (5 if side == "test" else 0)) for side in ("train", "test") for n in range(4)
    }
    files |= {"train.csv": b"0.png,1\n1.png,2\n", "test.csv": b"2.png,1\n3.png,1\n"}
    assert sides(own.read(write(tmp_path, files))) == ([0, 10, 20, 30], [5, 15, 25, 35])


def test_in_a_list_with_several_columns_the_names_are_those_that_end_as_images_do(tmp_path):
    files = {f"{n}.png": shade(10 * n) for n in range(10)}
    files["train.csv"] = b"idx,image\n" + b"".join(b"%d,%d.png\n" % (n, 9 - n) for n in range(6))
    files["test.csv"] = b"idx,image\n" + b"".join(b"%d,%d.png\n" % (n, 9 - n) for n in range(6, 10))
    assert sides(own.read(write(tmp_path, files))) == ([40, 50, 60, 70, 80, 90], [0, 10, 20, 30])


@pytest.mark.parametrize("lists", [("train1.txt", "test2.txt"), ("train.txt", "val.txt")])
def test_lists_that_name_one_image_for_two_sides_are_no_split_and_that_is_said(tmp_path, lists):
    files = {f"{n}.png": shade(10 * n) for n in range(20)}
    files[lists[0]] = b"".join(b"%d.png\n" % n for n in range(20))
    files[lists[1]] = b"3.png\n4.png\n"
    source = own.read(write(tmp_path, files))
    assert (len(source.train), len(source.test)) == (18, 2)
    assert any("is named for two sides by" in note for note in source.notes)


def test_a_bare_name_that_several_folders_have_names_none_of_them(tmp_path):
    files = {f"{folder}/{n}.png": shade(10 * n + place) for place, folder in enumerate("ab") for n in range(10)}
    files |= {"train.txt": b"".join(b"%d.png\n" % n for n in range(8)), "test.txt": b"8.png\n9.png\n"}
    source = own.read(write(tmp_path, files))
    assert (len(source.train), len(source.test)) == (18, 2)


@pytest.mark.parametrize(
    "names",
    [
        ("car", "train", "test_vehicle"),
        ("Ann Dev", "John Train", "Test User", "Bob"),
        ("steam_train", "bus", "eval_car"),
    ],
)
def test_classes_whose_names_have_such_a_word_among_others_are_classes(tmp_path, names):
    files = {f"{name}/{n}.png": shade(40 * place + n) for place, name in enumerate(names) for n in range(10)}
    source = own.read(write(tmp_path, files))
    assert len(source.train) + len(source.test) == 10 * len(names)
    assert {*source.names["class"]} == {*names}


@pytest.mark.parametrize("names", [("Val_Ackerman", "Ann", "Bob"), ("car", "train", "ship")])
def test_a_class_keeps_a_name_that_would_say_a_split(tmp_path, names):
    files = {f"{name}/{n}.png": shade(40 * place + n) for place, name in enumerate(names) for n in range(10)}
    assert {*own.read(write(tmp_path, files)).names["class"]} == {*names}


def test_below_its_split_a_class_may_be_called_as_another(tmp_path):
    files = {
        f"{side}/{name}/{n}.png": shade(100 * (side == "test") + 20 * place + n)
        for side in ("train", "test")
        for place, name in enumerate(("test_tube", "beaker"))
        for n in range(3)
    }
    source = own.read(write(tmp_path, files))
    assert source.names == {"class": ("beaker", "test_tube")} and len(source.train) == len(source.test) == 6


def test_faces_with_a_mask_and_without_one_are_two_classes(tmp_path):
    files = {
        f"{name}/{n}.png": shade(100 * place + n) for place, name in enumerate(("mask", "no_mask")) for n in range(6)
    }
    source = own.read(write(tmp_path, files))
    assert len(source.train) + len(source.test) == 12 and {*source.names["class"]} == {"mask", "no_mask"}


def test_of_a_table_in_folders_the_nearest_says_the_split(tmp_path):
    for side, level in (("train", 10), ("test", 20)):
        rows(tmp_path / "test" / side, "0000", (level,))
    assert sides(own.read(tmp_path)) == ([10], [20])


def test_of_a_set_that_the_hub_has_converted_in_part_that_is_said(tmp_path):
    for side, level in (("partial-train", 10), ("test", 20)):
        rows(tmp_path / "default" / side, "0000", (level,))
    source = own.read(tmp_path)
    assert sides(source) == ([10], [20])
    assert any("Only the beginning of this set is here" in note for note in source.notes)
