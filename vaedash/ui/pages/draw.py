"""What do they make of a picture that somebody draws?"""

import streamlit as st

from vaedash import glossary
from vaedash.languages import say
from vaedash.ui import cache, choosing, components, drawing, pictures

MOST_RUNS = 4
ABOUT_WRONG = say(
    "For every pixel, how far red, green and blue are off, each between 0 and 1: squared, and all of it added up. It is the first "
    "part of a run's loss, here without the random noise that training adds. Beside it stands the "
    "same of new pictures, which the run has never seen: the average of some."
)

runs = cache.all_runs()
line = choosing.head(say("What do they make of yours?"), help=f"{ABOUT_WRONG}\n\n{glossary.about('z', 'recon')}")
chosen = pictures.choose(line, runs, most=MOST_RUNS)
st.markdown(
    say(
        "**Draw something.** Each keeps a few numbers of it, the bars, and redraws it from them alone. Nothing leaves this browser."
    )
)
drawing.show(chosen)
components.link("why", say("What if they learn from shuffled pixels?"))
components.onward("interpolate", say("Turn one picture into another"))
