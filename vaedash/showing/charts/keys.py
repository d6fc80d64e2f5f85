"""How runs are told apart in a chart: what each is called, its dash, and what stands for it in the legend."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vaedash import config
from vaedash.comparing import results
from vaedash.languages import say, to_say
from vaedash.runs.record import Run
from vaedash.showing.charts import style

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_MARKS = (None, "square", "triangle-up")  # on lines, once all dashes are given
_LOOKS = len(_DASHES) * len(_MARKS)
_MOST_LINES = 10  # in what a pointer finds at once
_LONGEST = 30  # letters: a phone has no room for more


@dataclass(frozen=True, kw_only=True)
class Key:
    """How what belongs to one run, or to the mean of some, is told apart in a chart; its texts as Plotly takes them.

    `label` is for a pointer, `short` for where there is no room, `entry` for the legend. What has one `group` has one entry
    there, and a click on that hides all of it. Where more of an architecture are `crowded` than can be told apart by
    `dash` and `mark`, they share all of them.
    """

    hue: str
    label: str
    short: str
    entry: str
    group: str
    dash: str
    mark: str | None
    crowded: bool

    @property
    def line(self) -> dict[str, object]:
        """Colour and dash, as Plotly takes them for the line of a trace."""
        return {"color": self.hue, "dash": self.dash}

    def on_line(self, mode: str = "lines") -> dict[str, object]:
        """The mode of a trace and its markers, a few of them along its line where the key has a mark."""
        if self.mark is None:
            return {"mode": mode}
        return {"mode": "lines+markers", "marker": {"symbol": self.mark, "size": 8, "maxdisplayed": 12}}


def of_runs(chosen: Sequence[Run], places: Mapping[str, int] | None = None) -> list[Key]:
    """The key of each run; `places` (by run id) say which dash and mark those have that were given some before."""
    owners = [(run.config.arch, run.id) for run in chosen]
    hues = {run.id: style.hue(run) for run in chosen}
    return _keys(owners, results.told_apart(chosen), many=to_say("{name}, {total} runs"), given=places or {}, hues=hues)


def places(chosen: Sequence[Run], given: Mapping[str, int]) -> dict[str, int]:
    """The place of each run among those of its architecture's hue, by id: the `given` one, or else the first that is free."""
    return _placed([(run.config.arch, run.id) for run in chosen], given)


def _placed(owners: Sequence[tuple[str, str]], given: Mapping[str, int]) -> dict[str, int]:
    placed = {owner: given[owner] for _, owner in owners if given.get(owner, _LOOKS) < _LOOKS}
    for arch, owner in owners:
        alike = [other for of, other in owners if style.of_arch(of) == style.of_arch(arch)]
        taken = {placed[other] for other in alike if other in placed}
        placed.setdefault(owner, next(place for place in itertools.count() if place not in taken))
    return placed


def pointed_at(keys: Sequence[Key]) -> str:
    """Plotly's `hovermode`: a pointer finds all that is above one place, or where that were too many what is closest."""
    return "closest" if len(keys) > _MOST_LINES or any(key.crowded for key in keys) else "x unified"


def of_means(cells: Sequence[Sequence[Run]], among: Sequence[Run]) -> list[Key]:
    """The key of the mean of each of these cells, which differ in nothing but their seed, of the runs that are shown."""
    owners = [(cell[0].config.arch, f"mean-{cell[0].id}") for cell in cells]
    labels = [say("{run}, mean of {n} seeds", run=results.together(cell, among), n=len(cell)) for cell in cells]
    return _keys(owners, labels, many=to_say("{name}, {total} means of seeds"), given={}, hues={})


def _keys(
    owners: Sequence[tuple[str, str]],
    labels: Sequence[str],
    *,
    many: str,
    given: Mapping[str, int],
    hues: Mapping[str, str],
) -> list[Key]:
    """The key of each of these (architecture, id) with its label; `many` says how many there are where they are crowded."""
    total, of_hue = Counter(arch for arch, _ in owners), Counter(style.of_arch(arch) for arch, _ in owners)
    placed = _placed(owners, given)
    made = []
    for (arch, owner), label in zip(owners, labels, strict=True):
        crowded = of_hue[style.of_arch(arch)] > _LOOKS
        place = 0 if crowded else placed[owner] % _LOOKS
        together = say(many, name=config.spoken(arch), total=total[arch])
        short = style.plain(label if len(label) <= _LONGEST else f"{label[:_LONGEST].rstrip()}…")
        made.append(
            Key(
                hue=hues.get(owner, style.of_arch(arch)),
                label=style.plain(label),
                short=short,
                entry=together if crowded else short,
                group=together if crowded else owner,
                dash=_DASHES[place % len(_DASHES)],
                mark=_MARKS[place // len(_DASHES)],
                crowded=crowded,
            )
        )
    return made
