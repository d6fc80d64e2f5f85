"""What lies between pictures?"""

import numpy as np
import streamlit as st

from vaedash import glossary
from vaedash.ui import cache, components, ends, morph, pictures

MOST_RUNS = 4
LETTERS = {"Two pictures": "AB", "Four pictures": "ABCD"}
WAYS = {"linear": "Straight", "slerp": "Spherical"}
ABOUT_WAYS = (
    "Straight: all numbers change evenly, as in the study. Spherical: z turns around the origin and keeps its length; "
    "halfway, the straight way passes through shorter z, such as random ones almost never are."
)

st.title("What lies between pictures?", help=glossary.about("interpolation", "z"))
st.markdown(
    "A model turns every picture into a list of numbers, z, and draws a picture from any such list. So one can walk "
    "from the numbers of A to those of B and let it draw what it meets on the way. **Pull the slider**: does one thing "
    "turn into another, or does one picture fade while the other appears?"
)

runs = cache.all_runs()
components.damaged(runs)
chosen = pictures.choose(runs, most=MOST_RUNS)
called = components.labels(runs)
names = [called[run.id] for run in chosen]

between = st.segmented_control(
    "Between", LETTERS, default="Two pictures", required=True, key="between", bind="query-params",
    label_visibility="collapsed", wrap=True,
)  # fmt: skip
letters = LETTERS[between]
if between == "Four pictures":  # maps need room: their corners are chosen below them
    stage, seats, controls = st.container(), list(st.columns(4)), st.container()
else:
    stage, controls = st.columns([3, 1], gap="large")
    seats = [controls] * 2
offered, about = ends.held_out(chosen)
points = {}
for place, (letter, seat) in enumerate(zip(letters, seats, strict=True), start=1):
    with seat:
        points[letter] = ends.choose(letter, place=place, pictures=offered)
with controls:
    way = components.choice("Way", WAYS, default="linear", key="way", help=ABOUT_WAYS)
    if offered is None:
        st.info(about)
    else:
        st.caption(about)

with stage:
    if missing := [letter for letter in letters if points[letter] is None]:
        st.info(f"Give a picture for {' and '.join(missing)}.", icon=":material/upload:")
        st.stop()
    path = [point for point in points.values() if point]
    drawn = [morph.frames(run, path, method=way) for run in chosen]
    morph.show(names, [run.config.arch for run in chosen], drawn, path)
    morph.different_sizes(names, chosen, path)
    ids = "-".join(run.id for run in chosen)
    stills = [morph.stills(frames) for frames in drawn]
    if between == "Four pictures":
        st.caption("Drag in a map, or use the arrow keys. A is top left, B top right, C bottom left, D bottom right.")
        pictures.download(np.concatenate(stills), columns=7, file=f"four-{ids}")
        st.stop()
    st.download_button(
        "GIF", lambda: morph.gif(drawn), f"morph-{ids}.gif", "image/gif", on_click="ignore", icon=":material/download:",
        type="tertiary", help="Save this morph, there and back",
    )  # fmt: skip

st.subheader("The same way in ten steps", anchor=False)
morph.ten_steps(names, stills, [morph.steps(run, path, method=way) for run in chosen], path)
pictures.download(np.concatenate(stills), columns=10, file=f"ten-steps-{ids}")
