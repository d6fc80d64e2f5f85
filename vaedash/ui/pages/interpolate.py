"""What lies between pictures?"""

import numpy as np
import streamlit as st

from vaedash import glossary, images
from vaedash.models import latent
from vaedash.ui import cache, components, ends, morph, pictures

MOST_RUNS = 4
LETTERS = {"Two pictures": "AB", "Four pictures": "ABCD"}
WAYS = {"linear": "Straight", "slerp": "Spherical"}
ABOUT_WAYS = (
    "Straight: all numbers change evenly, as in the study. Spherical: z turns around the origin and keeps its length; "
    "halfway, the straight way passes through shorter z, such as random ones almost never are."
)


def gif(paths: list[np.ndarray]) -> bytes:
    moments = [images.grid(np.stack(tiles), columns=len(tiles), scale=6, gap=6) for tiles in zip(*paths, strict=True)]
    return images.encode_gif([*moments, *moments[-2:0:-1]], seconds=5)


st.title("What lies between pictures?", help=glossary.about("interpolation", "z"))
st.markdown(
    "A model turns every picture into a list of numbers, z, and draws a picture from any such list. So one can walk "
    "from the numbers of A to those of B and let it draw what it meets on the way. **Pull the slider**: does one thing "
    "turn into another, or does one picture fade while the other appears?"
)

found = cache.all_runs()
components.damaged(found)
chosen = pictures.able(components.choose_runs(found, weights=True))
if not chosen:
    st.stop()
if len(chosen) > MOST_RUNS:
    st.caption(f"There is room for {MOST_RUNS} runs here: the first {MOST_RUNS} are shown.")
    chosen = chosen[:MOST_RUNS]
called = components.labels(found)
names = [called[run.id] for run in chosen]

between = st.segmented_control(
    "Between", LETTERS, default="Two pictures", required=True, key="between", bind="query-params",
    label_visibility="collapsed",
)  # fmt: skip
if between == "Four pictures":  # maps need room: their corners are chosen below them
    stage, seats, controls = st.container(), st.columns(4), st.container()
else:
    stage, controls = st.columns([3, 1], gap="large")
    seats = [controls] * 2
offered, about = ends.held_out(chosen)
points = []
for place, (letter, seat) in enumerate(zip(LETTERS[between], seats, strict=True), 1):
    with seat:
        points.append(ends.choose(letter, place=place, pictures=offered))
with controls:
    way = st.segmented_control(
        "Way", WAYS, format_func=WAYS.get, default="linear", required=True, key="way", bind="query-params",
        help=ABOUT_WAYS,
    )  # fmt: skip
    (st.info if offered is None else st.caption)(about)

with stage:
    if missing := [letter for letter, point in zip(LETTERS[between], points, strict=True) if point is None]:
        st.info(f"Give a picture for {' and '.join(missing)}.", icon=":material/upload:")
        st.stop()
    drawn = [morph.frames(run, points, method=way) for run in chosen]
    morph.show(names, [run.config.arch for run in chosen], drawn, points)

    if len({run.config.latent_dim for run in chosen}) > 1 and any(point.pixels is None for point in points):
        sizes = ", ".join(f"{name}: {run.config.latent_dim}" for name, run in zip(names, chosen, strict=True))
        st.caption(
            f"These models do not use equally many numbers ({components.plain(sizes)}): a random end has the same "
            "seed in each, but is another point, so the pictures at that end have nothing to do with each other."
        )
    file = "-".join(run.id for run in chosen)
    stills = [morph.stills(frames) for frames in drawn]
    if len(points) == 4:
        st.caption("Drag in a map, or use the arrow keys. A is top left, B top right, C bottom left, D bottom right.")
        pictures.download(np.concatenate(stills), columns=7, file=f"four-{file}")
        st.stop()
    st.download_button(
        "GIF", lambda: gif(drawn), f"morph-{file}.gif", "image/gif", on_click="ignore", icon=":material/download:",
        type="tertiary", help="Save this morph, there and back",
    )  # fmt: skip

st.subheader("The same way in ten steps", anchor=False)
for name, strip in zip(names, stills, strict=True):
    steps = latent.step_sizes(strip)
    components.picture(
        strip,
        columns=10,
        alt=f"{name}: ten pictures from {points[0].label} to {points[1].label}",
        caption=f"{components.plain(name)}: each step changes a pixel by {min(steps):.1f} to {max(steps):.1f} of 255 "
        "levels (root mean square)",
    )
pictures.download(np.concatenate(stills), columns=10, file=f"ten-steps-{file}")
