"""CelebA's aligned faces, unpacked or still in their zip, put into the data folder by hand."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets import gathered
from vaedash.datasets.collection import Collection, open_collection
from vaedash.datasets.decode import IMAGE_ENDINGS, Manner, decode_all
from vaedash.datasets.notes import Note
from vaedash.datasets.parts import PARTITIONS, fields_of
from vaedash.datasets.source import Progress, Source, silent
from vaedash.datasets.split import hold_out, share
from vaedash.errors import DatasetError
from vaedash.languages import say, to_say

HOME = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
ARCHIVE = "img_align_celeba.zip"
ATTRIBUTES = ("list_attr_celeba.txt", "list_attr_celeba.csv")  # as published, and as Kaggle has them

_TRAIN, _VALID, _TEST = range(3)  # as the partition file numbers them


def read(data_dir: Path, *, fraction: float, frame: Frame = USUAL_FRAME, progress: Progress = silent) -> Source:
    """CelebA's faces in this frame, from `data_dir/celeba/`.

    Train and test are the official ones where the partition file is there, else a seeded tenth is test and a note
    says so. Where the file of attributes is there, they are the labels. Of the training images a seeded share, `fraction`,
    is decoded. Raises DatasetError with the file that is missing or damaged, where it goes and where it comes from.
    """
    folder = _folder(data_dir)
    if not folder.is_dir():
        raise DatasetError(
            say(
                "CelebA is not here: there is no folder {folder}. {how}",
                folder=folder,
                how=_how_to_get(folder),
            )
        )
    progress("listing CelebA", 0, 0)
    with _open_faces(folder) as (files, partition, attributes):
        faces = _faces(files)
        if partition is None:
            train, test, notes = _split_at_random(list(faces), folder)
        else:
            train, test, notes = _split_officially(list(faces), partition, folder)
        train = [train[index] for index in share(len(train), fraction)]

        decoded = []
        labels: dict[str, NDArray[np.int8]] = {}
        for what, chosen in (("decoding CelebA train", train), ("decoding CelebA test", test)):
            names = [faces[stem] for stem in chosen]
            found = decode_all(names, files.read, len(names), what=what, manner=Manner.of(frame), progress=progress)
            if not len(found.images):
                raise DatasetError(
                    say(
                        "None of {n} CelebA images in {folder} can be read. {how}",
                        n=len(names),
                        folder=folder,
                        how=_how_to_get(folder),
                    )
                )
            decoded.append(found)
            kept = [stem for stem, usable in zip(chosen, found.usable, strict=True) if usable]
            labels |= {f"{what.split()[-1]}/{name}": values for name, values in attributes.of(kept).items()}
    of_train, of_test = decoded
    skipped = len(of_train.skipped) + len(of_test.skipped)
    return Source(
        train=of_train.images,
        test=of_test.images,
        skipped=skipped,
        notes=(*notes, *gathered.remarks(decoded)),
        labels=labels,
        names=dict.fromkeys(attributes.names, ("no", "yes")),
    )


def lacking(data_dir: Path) -> str:
    """What to fetch by hand, and where to put it; empty where there is an image or a zip, whole or not."""
    folder = _folder(data_dir)
    if _holds(folder, (*IMAGE_ENDINGS, ".zip")):
        return ""
    return say("CelebA is not here yet, and nobody but you can fetch it. {how}", how=_how_to_get(folder))


def _folder(data_dir: Path) -> Path:
    return data_dir / "celeba"


def _holds(folder: Path, endings: tuple[str, ...], seen: frozenset[Path] = frozenset()) -> bool:
    """Whether there is a file with one of these endings; of 200,000, the first is enough. Links that lead round are not followed."""
    if not folder.is_dir() or folder.resolve() in seen:
        return False
    seen |= {folder.resolve()}
    with os.scandir(folder) as entries:
        return any(
            _holds(Path(entry), endings, seen) if entry.is_dir() else entry.name.lower().endswith(endings)
            for entry in entries
        )


@dataclass(frozen=True)
class _Attributes:
    """What is known of faces: the `names`, and for each face's number one sign each."""

    names: tuple[str, ...] = ()
    signs: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)

    def of(self, faces: Sequence[str]) -> dict[str, NDArray[np.int8]]:
        """For each attribute 1 where a face has it, 0 where it has not, and -1 where that is not said."""
        unknown = np.full(len(self.names), -1, np.int8)
        table = np.array([self.signs.get(face, unknown) for face in faces]).reshape(len(faces), len(self.names))
        return dict(zip(self.names, table.T, strict=True))


@contextmanager
def _open_faces(folder: Path) -> Iterator[tuple[Collection, dict[str, int] | None, _Attributes]]:
    """The folder, or the zip in it, that has the faces; with the partition and the attributes, from either, where they are."""
    with open_collection(folder) as files:
        partition, attributes = _partition_in(files, folder), _attributes_in(files)
        if files.images():
            yield files, partition, attributes
            return
        zips = [name for name in files.names if name.lower().endswith(".zip")]
        if not zips:
            raise DatasetError(_none_in(folder, files, how=_how_to_get(folder)))
        archive = folder / min(zips, key=lambda name: (PurePosixPath(name).name != ARCHIVE, name))
    with open_collection(archive, advice=_how_to_get(folder)) as packed:
        if not packed.images():
            raise DatasetError(_none_in(archive, packed, how=_how_to_get(folder)))
        yield (
            packed,
            partition or _partition_in(packed, archive),
            attributes if attributes.names else _attributes_in(packed),
        )


def _none_in(place: Path, files: Collection, *, how: str) -> str:
    return say("{place} has no CelebA images: it holds {content}. {how}", place=place, content=files.content(), how=how)


def _faces(files: Collection) -> dict[str, str]:
    """Each image's name by its number, `000001`, in order; a face that is there twice counts once."""
    names = files.images()
    # In some downloads the uncropped photographs lie beside the aligned faces, under the same file names.
    aligned = [name for name in names if "img_align_celeba" in name]
    by_number: dict[str, str] = {}
    for name in aligned or names:
        by_number.setdefault(PurePosixPath(name).stem, name)
    return dict(sorted(by_number.items()))


def _partition_in(files: Collection, where: Path) -> dict[str, int] | None:
    """Each face's official part by its number, `000001`; None if `files` has no partition file."""
    name = next((name for file in PARTITIONS for name in files.names if PurePosixPath(name).name == file), None)
    if name is None:
        return None
    again = say("Download it again from {home}, or remove it to split the images at random.", home=HOME)
    partition = {}
    lines = (files.read(name) or b"").decode("utf-8-sig", errors="replace").splitlines()
    for count, line in enumerate(lines, start=1):
        fields = fields_of(line)
        if fields[0] in ("", "image_id"):
            continue
        if len(fields) != 2 or fields[1] not in ("0", "1", "2"):
            raise DatasetError(
                say(
                    "{file} is damaged or cut off: its line {count} is {line!r}. {again}",
                    file=where / name,
                    count=count,
                    line=line[:60],
                    again=again,
                )
            )
        partition[PurePosixPath(fields[0]).stem] = int(fields[1])
    if not partition:
        raise DatasetError(say("{file} is empty. {again}", file=where / name, again=again))
    return partition


def _attributes_in(files: Collection) -> _Attributes:
    """What the file of attributes says, as far as it can be read: nothing is learned from it."""
    name = next((name for file in ATTRIBUTES for name in files.names if PurePosixPath(name).name == file), None)
    text = (files.read(name) or b"").decode("utf-8-sig", errors="replace") if name else ""
    lines = [fields_of(line) for line in text.splitlines()]
    # A count comes first as it is published, and the names; elsewhere the names alone.
    names = next((tuple(field for field in fields if field != "image_id") for fields in lines if len(fields) > 1), ())
    signs = {}
    for fields in lines:
        if len(fields) == len(names) + 1 and {*fields[1:]} <= {"1", "-1", "0"}:
            signs[PurePosixPath(fields[0]).stem] = np.array([field == "1" for field in fields[1:]], np.int8)
    return _Attributes(names, signs) if signs else _Attributes()


def _split_at_random(faces: list[str], folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Train, test and notes."""
    if len(faces) < 2:
        raise DatasetError(
            say(
                "{folder} has only one image; CelebA has 202,599. {how}",
                folder=folder,
                how=_how_to_get(folder),
            )
        )
    train, test = hold_out(len(faces))
    note = Note.NO_PARTITION(partition=PARTITIONS[0], folder=folder, held=len(test), count=len(faces))
    return [faces[index] for index in train], [faces[index] for index in test], [note]


def _split_officially(
    faces: list[str], partition: dict[str, int], folder: Path
) -> tuple[list[str], list[str], list[str]]:
    """Train, test and notes; the official validation images are left out."""
    unnamed = [face for face in faces if face not in partition]
    if unnamed:
        raise DatasetError(
            say(
                "The partition file does not name {n:,} of the {total:,} images in {folder} "
                "({first} is the first): it is cut off, or these are not CelebA's images. {how}",
                n=len(unnamed),
                total=len(faces),
                folder=folder,
                first=unnamed[0],
                how=_how_to_get(folder),
            )
        )
    train = [face for face in faces if partition[face] == _TRAIN]
    test = [face for face in faces if partition[face] == _TEST]
    missing = len(partition) - len(faces)
    if not train or not test:
        side = to_say("training") if not train else to_say("testing")
        train, test, _ = _split_at_random(faces, folder)
        note = Note.NO_SIDE(
            missing=missing, named=len(partition), folder=folder, side=side, held=len(test), count=len(faces)
        )
        return train, test, [note]
    notes = [Note.OFFICIAL()]
    if missing:
        notes.append(Note.MISSING(missing=missing, count=len(partition), folder=folder))
    return train, test, notes


def _how_to_get(folder: Path) -> str:
    return say(
        "Download {archive} (1.4 GB, 20 minutes at 10 Mbit/s) by hand from {home} "
        "and put it, packed or unpacked, into {folder}; put {partition}, from the same page, beside it.",
        archive=ARCHIVE,
        home=HOME,
        folder=folder,
        partition=PARTITIONS[0],
    )
