"""What is to be said of images that were read: in English, as caches and runs keep it, and again to whoever looks."""

import enum
import functools
from collections.abc import Mapping, Sequence

from vaedash.languages import again, part_again, to_say


class Note(enum.Enum):
    """A sentence to be said of a set of images; where there are two, of one thing and of `count`."""

    # Which images are the test.
    SIDES = to_say("Learned from: {train}. Tested on: {test}.")
    ARRAYS = to_say("Learned from: the array {learned} ({n_train} images). Tested on: {tested} ({n_test} images).")
    NO_TEST = to_say("There is no test/: the images of the validation set serve as test.")
    MADE = to_say(
        "Made images: the {count} test images are drawn as the training images are, from a random stream of their own."
    )
    HELD_OUT = to_say("There is no test set: {held} of the {count} images, drawn with a fixed seed, are held out.")
    VALIDATION = to_say("The validation set is left out: {places}. Training and test have sets of their own.")
    OUTSIDE = to_say("Left out, since they lie outside both: {places}.")
    LISTED = (to_say("Divided as {lists} says."), to_say("Divided as {lists} say."))
    CONTRADICTED = to_say("{name} is named for two sides by {lists}: these lists are taken for no split.")
    CLASS_CALLED_TEST = to_say(
        "{folder} lies among {count} other folders of which none is called train, so it is taken for a class; to test on it, put the "
        "others into a folder train/."
    )
    OFFICIAL = to_say("Train and test are CelebA's official ones; the official validation images are left out.")
    MISSING = to_say("{missing} of the {count} images that the partition file names are not in {folder}.")
    NO_PARTITION = to_say(
        "{partition} is not in {folder}, so the split is not the official one: {held} of {count} images, drawn with a fixed seed, are "
        "held out as test."
    )
    NO_SIDE = to_say(
        "{missing} of the {named} images that the partition file names are not in {folder}, among them all for {side}: a sample of "
        "CelebA, or an archive that was not unpacked to its end. So the split is not the official one: {held} of {count} images, drawn "
        "with a fixed seed, are held out as test."
    )

    # What is odd about them.
    AMONG = to_say("{again} of the {count} test images are among the training images too, pixel by pixel.")
    COPIES = to_say("{copies} of the {count} images to learn from are copies of others among them.")
    PLAIN = to_say("{plain} of the {count} images are of one colour all over: is something lost on the way?")
    PARTIAL = to_say("Only the beginning of this set is here: the Hugging Face Hub converts no more of large ones.")
    DAMAGED = to_say(
        "{folder} looks like {title}, but not all of its files are there and as they should be; the archive was taken."
    )
    UNREADABLE = (
        to_say("1 file cannot be read and is left out ({name})."),
        to_say("{count} files cannot be read and are left out ({name})."),
    )
    CUT = (
        to_say("1 file lacks its last bytes and is used ({name})."),
        to_say("{count} files lack their last bytes and are used ({name})."),
    )
    PAGES = (
        to_say("1 file has several pages, of which the first is used ({name})."),
        to_say("{count} files have several pages, of which the first is used ({name})."),
    )

    # What became of their values.
    ARRAY_VALUES = to_say("Of the arrays' values, {black} becomes black and {white} white.")
    DEEP = to_say(
        "Images of more than 8 bits are all scaled alike: {black} becomes black and {white} white, as far as a sample tells."
    )
    ON_BLACK = to_say(
        "What is transparent is put on black: on white, most of it would be white all over, as far as a sample tells."
    )

    # What lies beside them.
    MASKS = (
        to_say("1 file is left out as a mask or label map of the others ({name})."),
        to_say("{count} files are left out as masks or label maps of the others ({name} is one of them)."),
    )
    LIKE_MASKS = to_say(
        "{count} files are called like masks or label maps ({name}), and are learned from like the rest."
    )
    BESIDE_TABLES = (
        to_say("1 image file beside the Parquet files is left out ({name})."),
        to_say("{count} image files beside the Parquet files are left out ({name})."),
    )
    UNREAD = (
        to_say("1 {ending} file is left out: a format that is not read here ({name})."),
        to_say("{count} {ending} files are left out: a format that is not read here ({name})."),
    )
    NO_IMAGES = (
        to_say("1 {ending} file is left out: no image ({name})."),
        to_say("{count} {ending} files are left out: no images ({name})."),
    )
    WITHOUT_ENDING = (
        to_say("1 file without an ending is left out: no image ({name})."),
        to_say("{count} files without an ending are left out: no images ({name})."),
    )
    ENTRIES = (
        to_say("1 entry of {archive} is left out: a link, a device, or a name that leads elsewhere ({name})."),
        to_say("{count} entries of {archive} are left out: a link, a device, or a name that leads elsewhere ({name})."),
    )

    def __call__(self, **parts: object) -> str:
        """It with its parts, in English."""
        return _with(self.value, parts)


_PLACE = (to_say("{folder} (1 file)"), to_say("{folder} ({count} files)"))
_PLACES, _AND_MORE = to_say("{place}, {places}"), to_say("{places} and {count} more")
_SENTENCES = sorted(  # a long one may read like a shorter one with much in a part of it
    (sentence for note in Note for sentence in ((note.value,) if isinstance(note.value, str) else note.value)),
    key=len,
    reverse=True,
)


def places(counts: Sequence[tuple[str, int | None]], more: int = 0) -> str:
    """`train/ (1,200 files)`, `a/ (3 files), b.png and 7 more`: places, how many files each has (None: it is one), and how many more
    there are elsewhere. A part of a sentence."""
    named = [place if count is None else _with(_PLACE, {"folder": place, "count": count}) for place, count in counts]
    listed = functools.reduce(lambda rest, place: _with(_PLACES, {"place": place, "places": rest}), reversed(named))
    return _with(_AND_MORE, {"places": listed, "count": more}) if more else listed


def said(note: str) -> str:
    """A note as it was kept, in the language of whoever looks; one that is not of these stays as it is."""
    return again(note, _SENTENCES, part=_part)


_AS_THEY_ARE = ("archive", "ending", "folder", "learned", "lists", "name", "partition", "tested", "title")


def _part(name: str, words: str) -> str:
    if name in _AS_THEY_ARE:  # a file may be called like a word, or by a number
        return words
    if name in ("train", "test", "places"):
        return again(words, (_AND_MORE, _PLACES, *_PLACE), part=_part)
    return again(words, _PLACE, part=_part) if name == "place" else part_again(name, words)


def _with(sentence: str | tuple[str, str], parts: Mapping[str, object]) -> str:
    if not isinstance(sentence, str):
        sentence = sentence[parts["count"] != 1]
    return sentence.format(**{name: f"{part:,}" if isinstance(part, int) else part for name, part in parts.items()})
