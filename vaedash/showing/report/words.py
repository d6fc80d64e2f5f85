"""How runs are called in a report, who leads, and nothing of where anything was."""

import os
import re
from collections.abc import Sequence

from vaedash import config, places
from vaedash.comparing import results, verdict
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.showing.report.records import Label, Lead, Remark

# A path that begins at a root; what follows its last separator may stay.
_PLACE = re.compile(r"(?<![\w:/.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"<>]+[\\/])+")


def label(run: Run, among: Sequence[Run]) -> Label:
    return Label(name=run.name, id=run.id, short=results.short(run, among), hue=charts.hue(run))


def title(chosen: Sequence[Run]) -> str:
    archs = list(dict.fromkeys(config.spoken(run.config.arch) for run in chosen))
    if len(chosen) == 1:
        return chosen[0].name
    what = say(" and ").join(archs) if len(archs) > 1 else say("{n} {name} runs", n=len(chosen), name=archs[0])
    return say("{runs} on {dataset}", runs=what, dataset=", ".join(dict.fromkeys(map(dataset, chosen))))


def leads(chosen: Sequence[Run]) -> list[Lead]:
    """Who leads, of those that can be compared with each other."""
    if len(chosen) < 2:
        return []
    judged = [judged for _, judged in verdict.each(chosen)]
    return [Lead(headline=placeless(one.headline), grounds=one.grounds) for one in judged]


def placeless(words: str) -> str:
    """Without where anything was on the machine that trained: only the last part of each path stays."""
    known = sorted({str(places.SOURCES), str(places.runs_dir()), str(places.data_dir())}, key=len, reverse=True)
    for place in known:  # these may hold spaces
        words = words.replace(f"{place}{os.sep}", "")
    return _PLACE.sub("", words)


def dataset(run: Run) -> str:
    return placeless(str(run.dataset.get("name") or config.dataset_title(run.config.dataset)))


def bare(dataset: str) -> str:
    """A dataset's name, or of a path the last part."""
    return re.split(r"[\\/]", dataset.rstrip("\\/"))[-1]


def command(run: Run, among: Sequence[Run]) -> Remark:
    """What trains the run again, on images that go by their name alone."""
    return Remark(run=label(run, among), words=results.replay_command(run, called=bare))


def needs_a_path(run: Run) -> bool:
    return bare(run.config.dataset) not in config.DATASETS and run.dataset.get("copy_of") not in config.DATASETS
