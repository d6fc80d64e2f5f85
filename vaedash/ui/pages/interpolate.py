"""What lies between pictures?"""

import numpy as np
import streamlit as st

from vaedash import glossary, images
from vaedash.languages import say, to_say
from vaedash.showing import charts
from vaedash.ui import cache, choosing, components, embedded, ends, morph, pictures, sharing

MOST_RUNS = 4
LETTERS = {to_say("Two pictures"): "AB", to_say("Four pictures"): "ABCD"}
WAYS = {"linear": to_say("Straight"), "slerp": to_say("Spherical")}
ABOUT_WAYS = say(
    "Straight: all numbers change evenly, as in the study. Spherical: z turns around the origin and keeps its length; "
    "halfway, the straight way passes through shorter z, such as random ones almost never are."
)

runs = cache.all_runs()
line = choosing.head(say("What lies between pictures?"), help=glossary.about("interpolation", "z"))
chosen = pictures.choose(line, runs, most=MOST_RUNS)
called = components.labels(runs)
names = [called[run.id] for run in chosen]
with line:
    between = components.choice(
        say("Between"), {way: way for way in LETTERS}, default="Two pictures", key="between", bare=True
    )
    sharing.popover(say("Interpolate"), chosen)
st.markdown(
    say(
        "A model turns a picture into a few numbers, and draws one from any such numbers. **Pull the sliders**, or press on a field: "
        "between the four pictures in its corners, does one thing turn into the other, or does it fade while the other appears?"
    )
    if len(LETTERS[between]) > 2
    else say(
        "A model turns a picture into a few numbers, and draws one from any such numbers. **Pull the slider**, or a picture, from A's to "
        "B's: does one thing turn into the other, or does it fade while the other appears?"
    )
)
letters = LETTERS[between]
stage = st.container()
seats = st.container(horizontal=True, vertical_alignment="center", key="seats")
offered, about, labels = ends.held_out(chosen)
points, frame = {}, max((run.config.frame for run in chosen), key=lambda frame: frame.image_size)
for place, letter in enumerate(letters, start=1):
    with seats.popover(say("Choose {letter}", letter=letter), icon=":material/image:", key=f"seat-{letter}"):
        points[letter] = ends.choose(letter, place=place, pictures=offered, frame=frame, labels=labels)
with seats.popover(say("The way"), icon=":material/route:", key="seat-way"):
    way = components.choice(say("Way"), WAYS, default="linear", key="way", help=ABOUT_WAYS)
if offered is None:
    st.info(about)
else:
    seats.caption(about, width="content")

with stage:
    if missing := [letter for letter in letters if points[letter] is None]:
        st.info(say("Give a picture for {names}.", names=say(" and ").join(missing)), icon=":material/upload:")
        st.stop()
    path = [point for point in points.values() if point]
    morph.show(
        names,
        [charts.hue(run) for run in chosen],
        [morph.source(run, path, method=way) for run in chosen],
        path,
        method=way,
    )
    morph.different_sizes(names, chosen, path)
embedded.end()
ids = "-".join(run.id for run in chosen)
if between == "Four pictures":
    st.caption(say("Drag in a map, or use the arrow keys. A is top left, B top right, C bottom left, D bottom right."))
    fields = lambda: np.concatenate(images.of_one_size([morph.field(run, path, method=way) for run in chosen]))  # noqa: E731
    pictures.download(fields, columns=morph.MAP_SIDE, file=f"four-{ids}")
    st.stop()
seats.download_button(
    "GIF", lambda: morph.gif([morph.frames(run, path, method=way) for run in chosen]), f"morph-{ids}.gif", "image/gif",
    on_click="ignore", icon=":material/download:", type="tertiary", help=say("Save this morph, there and back"),
)  # fmt: skip

st.header(say("The same way in ten steps"), anchor=False)
drawn = [morph.stills(run, path, method=way) for run in chosen]
morph.ten_steps(names, drawn, path)
strips = np.concatenate(images.of_one_size([strip for strip, _ in drawn]))
pictures.download(strips, columns=10, file=f"ten-steps-{ids}")
components.onward("latent_space", say("What do the numbers mean?"))
