"""Set up a training: what it is to be, how long it would take here, and one click."""

import streamlit as st

from vaedash import config, places
from vaedash.errors import VaedashError
from vaedash.training import forecast
from vaedash.ui import cache, components, cost, forms, launching, managing, race

st.title("Train")
st.markdown("Choose the pictures and how to learn from them. Both architectures get the same, in the same order.")

left, right = st.columns([3, 2], gap="large")
with left:
    chosen = forms.settings()
with right:
    forecast_place = st.container()
    if chosen:
        place = forms.place()
        name = st.text_input("Name", placeholder="chosen for you if you leave it empty", max_chars=60, key="name")
        count = "1 run" if len(chosen) == 1 else f"{len(chosen)} runs"
        label = "Train both" if len(chosen) == len(config.ARCHS) else f"Train {count}"
        launching.button(label, chosen, key="launch", primary=True, name=name, on=place)
        sweep = forms.whole_sweep(chosen)
        launching.button(
            f"Train the whole sweep ({len(sweep)} runs)",
            sweep,
            key="launch-sweep",
            name=name,
            on=place,
            help="The study's three presets with both architectures; on this machine two runs at a time, the others wait in line.",
        )

listed = cache.all_runs(archived=st.session_state.get("archived", False))
active = [run.id for run in listed if run.active]
raced = active[::-1][: 2 * config.SLOTS] or st.session_state.get("chosen", [])
if raced := [run_id for run_id in raced if any(run.id == run_id for run in listed)]:
    race.race(raced)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.subheader("All runs", anchor=False, width="content")
    st.toggle("Show archived runs", key="archived")
if not listed:
    st.info("Nothing has been trained yet.", icon=":material/flag:")
for run in components.look_for(listed, most=managing.LISTED, key="look-for-run"):
    managing.manage(run)

# Last, because it may take some seconds: everything else can be used meanwhile.
if chosen and place != places.LOCAL:
    forecast_place.caption(
        f"What it takes on the cluster at {place.removeprefix('ray://')} is seen once it trains there."
    )
elif chosen:
    with forecast_place:
        try:
            estimate = cost.of(chosen)
        except VaedashError as reason:
            st.caption(components.escaped(str(reason)))
        else:
            st.metric("At most, on this machine", forecast.in_words(estimate.seconds), help=cost.HELP)
            st.caption(f"{estimate.speeds}. {estimate.disk / 1e6:,.0f} MB on disk. Early stopping may end it sooner.")
