"""What lies beside somebody's images and is not learned from: masks, and files of other sorts; each sort is said."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from vaedash.datasets.collection import Collection
from vaedash.datasets.decode import IMAGE_ENDINGS
from vaedash.datasets.notes import Note
from vaedash.text import visible

_SORTS = 4  # of other files that are named
_UNREAD = frozenset(
    {
        ".heic",
        ".heif",
        ".jxl",
        ".jp2",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".raw",
        ".psd",
        ".svg",
        ".eps",
        ".mp4",
        ".mov",
        ".parquet",
        ".npy",
        ".npz",
    }
)
# Of pictures that say of others what is where in them, and are none to learn from.
_MASKS = frozenset(
    {
        "mask",
        "masks",
        "segmentation",
        "segmentations",
        "segmentationclass",
        "segmentationobject",
        "label_maps",
        "labelmaps",
        "trimaps",
        "annotations",
        "ground_truth",
        "groundtruth",
    }
)
_MASK_OF = re.compile(r"[_-](mask|seg|segmentation|label|labels|labelids|instanceids)$")


def without_masks(images: Sequence[str]) -> tuple[list[str], list[str]]:
    """The images that are none of masks, label maps and the like beside those that they belong to; and a sentence on these."""

    def masks(name: str) -> bool:
        *folders, file = PurePosixPath(name.lower()).parts
        return any(folder in _MASKS for folder in folders) or bool(_MASK_OF.search(PurePosixPath(file).stem))

    kept = [name for name in images if not masks(name)]
    if any("mask" in folder.lower() for name in kept for folder in PurePosixPath(name).parts[:-1]):
        return [*images], []  # with a mask and without one: classes of faces, say
    left = len(images) - len(kept)
    # Where they are more than a few for each image, or all there is, they are the images.
    if not left or not kept:
        return [*images], []
    one = visible(next(filter(masks, images)))
    if left > 2 * len(kept):
        return [*images], [Note.LIKE_MASKS(count=left, name=one)]
    return kept, [Note.MASKS(count=left, name=one)]


def left_out(files: Collection) -> list[str]:
    """What else lies there, a sentence for each sort: how many, why not, and one name."""
    sorts: dict[str, list[str]] = {}
    for name in files.names:
        ending = PurePosixPath(name).suffix.lower()
        if ending not in IMAGE_ENDINGS:
            sorts.setdefault(ending, []).append(name)
    told = []
    for ending, names in sorted(sorts.items(), key=lambda item: -len(item[1]))[:_SORTS]:
        sort = Note.WITHOUT_ENDING if not ending else Note.UNREAD if ending in _UNREAD else Note.NO_IMAGES
        told.append(sort(count=len(names), ending=ending, name=visible(names[0])))
    return told
