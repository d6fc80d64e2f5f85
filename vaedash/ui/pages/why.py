"""Why does conv win? FC and conv differ in three things; one step at a time tells which of them it is."""

import streamlit as st

from vaedash.languages import say
from vaedash.ui import cache, choosing, components, live, stairs

runs = cache.all_runs()
line = choosing.head(say("Why does conv win?"))
components.damaged(runs)
live.prepare()
every = stairs.known(runs)
if not every:
    st.info(say("Nobody has trained the stairs from FC to conv yet."), icon=":material/flag:")
    stairs.button(runs)
    st.stop()
with line:
    ladder, orders = stairs.choose(every)
stairs.show(ladder, orders)
st.markdown(
    say(
        "Conv differs from FC in three things at once: it looks at **neighbours** through small windows, its **detectors are the same "
        "everywhere**, and it has another number of **weights**. **local** has the windows, with detectors of its own at each place."
    )
)
stairs.details(ladder)
stairs.button(runs)
components.onward("gallery", say("Look closer at what they draw"))
