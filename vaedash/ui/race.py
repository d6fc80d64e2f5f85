"""Runs side by side while they learn: curves that grow, pictures that sharpen, time left, and who won."""

from collections.abc import Sequence

import streamlit as st

from vaedash import charts, compare, config, forecast, launch, runs
from vaedash.runs import Run
from vaedash.ui import components, live

_SECONDS = 1.0  # between two looks at runs in progress


def race(ids: Sequence[str]) -> None:
    """Show these runs next to each other; while one is active, the view renews itself."""
    live.prepare()
    folder = config.runs_dir()
    active = any(runs.read(folder / run_id).active for run_id in ids)
    st.fragment(_view, run_every=_SECONDS if active else None)(tuple(ids), active)


def _view(ids: tuple[str, ...], active: bool) -> None:
    current = [runs.read(config.runs_dir() / run_id) for run_id in ids]
    readable = [run for run in current if run.config]
    st.subheader(_headline(readable))
    live.figure(
        charts.race(readable), key=f"race-{'-'.join(ids)}", alt=f"Loss curves. {_headline(readable)}", height=340
    )
    for run, column in zip(current, st.columns(len(current)), strict=True):
        with column:
            _lane(run)
    if active and not any(run.active for run in current):
        st.rerun()  # the whole page once more, and the looking stops


def _headline(current: Sequence[Run]) -> str:
    if sum(bool(run.epochs) for run in current) >= 2:
        return compare.verdict(current)
    if any(run.active for run in current):
        return "Both start from random numbers. Lower is better."
    return "Not enough to compare yet."


def _lane(run: Run) -> None:
    """One run: its state, how far it is, its newest pictures, and what can be done with it."""
    components.status_line(run)
    if run.active:
        _progress(run)
        if st.button(
            "Stop",
            key=f"stop-{run.id}",
            icon=":material/stop:",
            help="Ends after the current batch. The unfinished epoch is dropped; finished ones are kept.",
        ):
            runs.request_stop(run.path)
            st.toast("Stopping after the current batch.")
    elif run.status in runs.RESUMABLE:
        st.button("Resume", key=f"resume-{run.id}", icon=":material/play_arrow:", on_click=_resume, args=(run,))
        if run.status == "failed":
            with st.expander("The end of its log"):
                st.code(runs.log_tail(run.path), language=None)
    tiles = runs.samples(run.path, "prior", len(run.epochs))
    if tiles is not None:
        what = f"made up from random numbers, after epoch {len(run.epochs)}"
        components.picture(tiles[:36], columns=9, alt=f"{run.name}: 36 images {what}", caption=f"36 images {what}")
    elif run.active:
        st.caption("The first pictures come with the first epoch.")


def _progress(run: Run) -> None:
    progress = run.progress or {}
    if run.status == runs.QUEUED:
        ahead = (
            [ticket.run_id for ticket in runs.tickets(run.path.parent)].index(run.id)
            if runs.queue_ticket(run.path)
            else 0
        )
        st.progress(0.0, text=f"Waiting for its turn: {ahead} before it." if ahead else "About to start ...")
    elif "loss" not in progress:
        st.progress(0.0, text=f"{progress.get('phase', 'starting')} ...".capitalize())
    else:
        done = (progress["epoch"] - 1 + progress["seen"] / progress["of"]) / progress["epochs"]
        st.progress(
            min(1.0, done),
            text=f"epoch {progress['epoch']} of {progress['epochs']}, {progress['images_per_second']:,.0f} images a second, "
            f"at most {forecast.in_words(progress['eta_seconds'])} left",
        )


def _resume(run: Run) -> None:
    launch.resume(runs.read(run.path), data_dir=config.data_dir())
