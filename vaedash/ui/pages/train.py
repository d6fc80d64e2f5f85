"""Set up a training: what it is to be, how long it would take here, and one click."""

import streamlit as st

from vaedash import config, places
from vaedash.languages import counted, say
from vaedash.ui import cache, choosing, components, cost, embedded, forms, launching, managing, race

st.container(key="page-head").title(say("Train"))
if not embedded.on():
    st.markdown(
        say("Choose the pictures and how to learn from them. All architectures get the same, in the same order.")
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        chosen, reason = forms.settings()
    with right:
        forecast_place = st.container()
        place, name = forms.place(), forms.name()
        count = counted("1 run", "{n} runs", n=len(chosen))
        label = (
            say("Train both")
            if tuple(settings.arch for settings in chosen) in ((), config.PAIR)
            else say("Train {count}", count=count)
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            launching.button(label, chosen, key="launch", primary=True, disabled=not chosen, name=name, on=place)
            if reason:
                st.markdown(components.escaped(reason))
            forms.start_over()
        sweep = forms.whole_sweep(chosen)
        launching.button(
            say("Train the whole sweep ({n} runs)", n=len(sweep)) if sweep else say("Train the whole sweep"),
            sweep,
            key="launch-sweep",
            disabled=not sweep,
            name=name,
            on=place,
            help=say(
                "The study's three presets with FC and conv; on this machine two runs at a time, the others wait in line."
            ),
        )

listed = cache.all_runs(archived=st.session_state.get("archived", False))
active = [run.id for run in listed if run.active]
raced = active[::-1][: 2 * config.SLOTS] or launching.mine()
if raced := [run_id for run_id in raced if any(run.id == run_id for run in listed)]:
    race.race(raced)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.header(say("All runs"), anchor=False, width="content")
    st.toggle(say("Show archived runs"), key="archived")
managing.unlisted()
if not listed:
    st.info(say("Nothing has been trained yet."), icon=":material/flag:")
for run in choosing.look_for(listed, most=managing.LISTED, key="look-for-run"):
    managing.manage(run)

embedded.end()
if chosen and place != places.LOCAL:
    forecast_place.caption(
        say(
            "What it takes on the cluster at {place} is seen once it trains there.",
            place=place.removeprefix("ray://"),
        )
    )
elif chosen:
    with forecast_place:
        cost.show(chosen, busy=any(run.busy for run in listed))
        for caution in dict.fromkeys(settings.caution for settings in chosen if settings.caution):
            st.warning(caution, icon=":material/warning:")
