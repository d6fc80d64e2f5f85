"""How runs are told apart in a chart: what each is called, its dash, and what stands for it in the legend."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vaedash import config
from vaedash.comparing import results
from vaedash.runs.record import Run
from vaedash.showing.charts import style

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_LONGEST = 30  # letters: a phone has no room for more


@dataclass(frozen=True, kw_only=True)
class Key:
    """How what belongs to one run, or to the mean of some, is told apart in a chart; its texts as Plotly takes them.

    `label` is for a pointer, `short` for where there is no room, `entry` for the legend. What has one `group` has one entry
    there, and a click on that hides all of it. Where more of an architecture are `crowded` than there are dashes, they
    share both.
    """

    arch: str
    label: str
    short: str
    entry: str
    group: str
    dash: str
    crowded: bool


def of_runs(chosen: Sequence[Run]) -> list[Key]:
    """The key of each run."""
    owners = [(run.config.arch, run.id) for run in chosen]
    return _keys(owners, results.told_apart(chosen), many="{} runs")


def of_means(cells: Sequence[Sequence[Run]], among: Sequence[Run]) -> list[Key]:
    """The key of the mean of each of these cells, which differ in nothing but their seed, of the runs that are shown."""
    owners = [(cell[0].config.arch, f"mean-{cell[0].id}") for cell in cells]
    labels = [f"{results.together(cell, among)}, mean of {len(cell)} seeds" for cell in cells]
    return _keys(owners, labels, many="{} means of seeds")


def _keys(owners: Sequence[tuple[str, str]], labels: Sequence[str], *, many: str) -> list[Key]:
    """The key of each of these (architecture, id) with its label; `many` says how many there are where they are crowded."""
    total = Counter(arch for arch, _ in owners)
    earlier: Counter[str] = Counter()
    made = []
    for (arch, owner), label in zip(owners, labels, strict=True):
        crowded = total[arch] > len(_DASHES)
        together = f"{config.spoken(arch)}, {many.format(total[arch])}"
        short = style.plain(label if len(label) <= _LONGEST else f"{label[:_LONGEST].rstrip()}…")
        made.append(
            Key(
                arch=arch,
                label=style.plain(label),
                short=short,
                entry=together if crowded else short,
                group=together if crowded else owner,
                dash=_DASHES[0 if crowded else earlier[arch]],
                crowded=crowded,
            )
        )
        earlier[arch] += 1
    return made
