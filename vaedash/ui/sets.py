"""The pictures that a run may learn from: the choice of a set, what it looks like, what it takes to have it, one's own."""

import hashlib
import os
from pathlib import Path

import streamlit as st

from vaedash import config, datasets, images, places, storage
from vaedash.config import BUILT_IN, DATASETS, FRAME_SETTINGS, SETTINGS, Frame
from vaedash.datasets import notes
from vaedash.errors import VaedashError
from vaedash.images import Pixels
from vaedash.languages import figure, say, to_say
from vaedash.ui import cache, components, crisp, visitors

FIRST = "shapes"
OWN = to_say("own pictures ...")
MORE = to_say("more sets ...")
_COLUMNS = 8
_HERE = to_say("here are some of them")


def choose() -> tuple[str | None, str]:
    """Name or path of the chosen pictures, if there are any; and in words why nothing can learn from them, if nothing can."""
    lacks = {name: datasets.lacking(name, data_dir=places.data_dir()) for name in DATASETS}
    aside = [name for name in DATASETS if BUILT_IN[name].beside and lacks[name]]
    copied = st.session_state.get("dataset")
    more = [MORE] if aside or copied == MORE else []
    names = [*(name for name in DATASETS if name not in aside), *more, OWN]
    if copied and copied not in names:  # the path of a copied run's own pictures, or one of those aside
        names.append(copied)
    lacks |= {
        name: datasets.lacking(name, data_dir=places.data_dir()) for name in names if name not in (*lacks, MORE, OWN)
    }
    chosen = st.segmented_control(
        say(SETTINGS["dataset"].label),
        names,
        default=FIRST,
        required=True,
        key="dataset",
        persist_state="session",
        format_func=components.words({name: _words(name, lacks.get(name, "")) for name in names}),
        wrap=True,
    )
    if chosen == OWN:
        return _upload()
    if chosen == MORE:
        others = aside or [name for name in DATASETS if BUILT_IN[name].beside]
        words = components.words({name: _words(name, lacks[name]) for name in others})
        chosen = st.selectbox(say("Which one"), others, key="more_sets", format_func=words, persist_state="session")
    lack = lacks[chosen]
    _show(chosen, here=not lack)
    return chosen, _advise(chosen, lack) if lack else ""


def _advise(name: str, lack: str) -> str:
    """Says what it takes to have a set; the answer is why nothing can learn from it before, empty where a run fetches it itself."""
    known = BUILT_IN.get(name)
    fetched = known is not None and known.downloaded
    then = (
        "" if fetched else say(" Then reload this page.") if known else say(" Put it back, or choose other pictures.")
    )
    # What lies beside streamlit_app.py is named from there.
    words = lack.replace(f"{places.PROJECT_ROOT}{os.sep}", "") + then
    st.info(components.escaped(words), icon=":material/download:" if known else ":material/folder_off:")
    return "" if fetched else say("These pictures are not here.")


def _words(name: str, lack: str) -> str:
    if name in (OWN, MORE):
        return say(name)
    if name in DATASETS:
        return say("{name} (needs a download)", name=name) if lack else name
    return say("own: {title}", title=components.plain(config.dataset_title(name)))


def _upload() -> tuple[str | None, str]:
    upload = st.file_uploader(
        say("A zip of pictures"),
        type="zip",
        key="zip",
        on_change=_uploaded,
        help=say("`train/` and `test/` folders are recognised; without `test/` a tenth is held out."),
    )
    if upload:
        st.session_state.own_pictures = _keep(upload.getvalue())
    # An upload itself is gone once another page has been looked at.
    path: Path | None = st.session_state.get("own_pictures")
    if path is None or not path.exists():
        return None, say("There is no zip of pictures yet.")
    try:
        with st.spinner(say("Reading the pictures ...")):
            loaded = datasets.load(str(path), data_dir=places.data_dir(), frame=_frame())
    except VaedashError as error:
        st.error(components.escaped(str(error).replace(str(path), say("the zip"))))
        return None, say("The zip cannot be used.")
    _draw(images.spread(loaded.train, config.PREVIEW_COUNT), _sizes(loaded), say(_HERE))
    for note in loaded.notes:
        st.caption(components.escaped(notes.said(note)))
    return str(path), ""


def _uploaded() -> None:
    if st.session_state.zip is None:  # taken away by whoever had given it
        forget()


def forget() -> None:
    """Have the form offer the built-in pictures, and none of one's own."""
    st.session_state.pop("own_pictures", None)


@visitors.change
def _keep(data: bytes) -> Path:
    # Kept under a name made from its bytes: what a person calls a file never becomes part of a path.
    path = places.data_dir() / "uploads" / f"photos-{hashlib.sha256(data).hexdigest()[:8]}.zip"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write_bytes(path, data)
    return path


def _show(name: str, *, here: bool) -> None:
    """What is in a set, and a few of its pictures, as far as they lie on this machine."""
    known = BUILT_IN.get(name)
    about = f"{figure(known.training_images, ',')} {say(known.shows)}" if known else say("Own pictures")
    if name == "shapes":
        _draw(cache.some_shapes(_frame().image_size)[:_COLUMNS], about, say(_HERE))
        return
    fraction = known.fraction if known else 1.0
    dataset = None
    if here:
        dataset = datasets.cached(name, data_dir=places.data_dir(), fraction=fraction, frame=_frame())
    if dataset:
        most = _COLUMNS if known else config.PREVIEW_COUNT
        _draw(images.spread(dataset.train, most), about if known else _sizes(dataset), say(_HERE))
    elif (kept := _kept(name)) is not None:
        _draw(images.spread(kept, _COLUMNS), about, say("here are test pictures that a run on them has kept"))
    elif here and known:
        st.caption(say("{about}; they can be shown like this once a run has read them", about=about))
    else:
        st.caption(say("{about}; none of them is here to be shown yet", about=about))


def _frame() -> Frame:
    """What the form, further down, asks pictures to be brought to."""
    return Frame(**{name: st.session_state.get(name, SETTINGS[name].default) for name in FRAME_SETTINGS})


def _kept(name: str) -> Pixels | None:
    """Test pictures of a set that some run on it has in its folder, in the frame that is asked for."""
    frame = config.framed(name, _frame())
    for run in cache.all_runs():
        settings = run.settings
        if settings and settings.frame == frame and name in (settings.dataset, run.dataset.get("copy_of")):
            tiles = run.pictures.originals()
            if tiles is not None:
                return tiles
    return None


def _sizes(dataset: datasets.Dataset) -> str:
    return say("{train:,} training and {test:,} test pictures", train=len(dataset.train), test=len(dataset.test))


def _draw(tiles: Pixels, about: str, which: str) -> None:
    """The pictures as a model will see them."""
    seen = say("{rows} x {columns} pixels", rows=tiles.shape[2], columns=tiles.shape[3])
    if st.session_state.get("pixel_order") == "shuffled":
        tiles, seen = images.shuffled(tiles), say("{seen}, shuffled in each of them in the same way", seen=seen)
    caption = say("{about}; {which}, as a model sees them: {seen}", about=about, which=which, seen=seen)
    crisp.picture(tiles, columns=_COLUMNS, alt=caption, caption=caption)
