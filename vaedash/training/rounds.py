"""A tuning in rounds: as many trials of each architecture, then as many again; and in the end the best of each, over seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vaedash import config
from vaedash.comparing.trials import Trials, by_arch
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.runs import Run, Status, queue, tunings
from vaedash.training.draws import RANGES, Engine

TRIAL_SEED = 1000  # of all trials: none that decides in the end, so that no lucky training is counted twice


@dataclass(frozen=True, kw_only=True)
class Round:
    """Runs that train together; trials among them are held against `earlier` ones of their architecture."""

    runs: tuple[Run, ...]
    engine: Engine
    earlier: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    _judged: dict[str, int] = field(default_factory=dict)  # by run id, after which epoch `look` has judged it last

    def idle(self) -> list[Run]:
        """Those that wait for somebody to start them."""
        left = (run.reread() for run in self.left())
        return [run for run in left if not run.held and not queue.ticket_of(run) and run.status != Status.ELSEWHERE]

    def left(self) -> list[Run]:
        """Those that are not over: neither ended by themselves nor pruned, nor put aside."""
        return [run for run in (run.reread() for run in self.runs) if self._open(run)]

    def look(self, current: Sequence[Run]) -> None:
        """Ask those of these runs to stop that have fallen behind; and trials that have ended, to leave the measuring be."""
        for run in current:
            if run.trial is None or run.stop_requested():
                continue
            if run.measuring or (run.status == Status.RUNNING and self._newly_behind(run)):
                run.request_stop()

    def _open(self, run: Run) -> bool:
        if run.archived or (run.status == Status.STOPPED and self._behind(run)):
            return False
        return run.active or run.status.resumable or run.status == Status.ELSEWHERE

    def _newly_behind(self, run: Run) -> bool:
        # It is looked at twice a second, and the engine takes some hundredths of one: only an epoch makes a difference.
        fresh = self._judged.get(run.id) != len(run.epochs)
        self._judged[run.id] = len(run.epochs)
        return fresh and self._behind(run)

    def _behind(self, run: Run) -> bool:
        return self.engine.behind(run, self.earlier.get(run.config.arch, ())) is not None


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What was asked of a tuning: so many `trials` of each architecture, `at_once` of each in a round. What the trials of one do
    not draw is as in what was `asked` of it.
    """

    folder: Path
    name: str
    asked: Mapping[str, RunConfig]
    trials: int
    at_once: int
    engine: Engine

    def members(self) -> list[Run]:
        """Its runs so far, of these architectures, oldest first."""
        return [run for run in tunings.members(self.folder, self.name) if run.config.arch in self.asked]

    def tried(self) -> list[Trials]:
        """Its trials that are over, by architecture."""
        return by_arch(self.members(), most=self.trials)

    def require_same(self) -> None:
        """UsageError where it was begun with other settings than are asked for now."""
        for run in self.members():
            asked = self.asked[run.config.arch].to_json()
            for name, value in run.config.to_json().items():
                if name not in (*RANGES, "arch", "seed") and value != asked[name]:
                    raise UsageError(
                        f"Tuning {self.name} was begun with {name} {value}, got {asked[name]}: "
                        f"give the same again, or another --name."
                    )
            if run.trial is not None and not self.engine.may_have_drawn(run):
                raise UsageError(
                    f"Trial {run.trial} of tuning {self.name} was drawn with another --sampler or --draw-seed: "
                    "give the same again, or another --name."
                )

    def rounds(self) -> Iterator[Round]:
        """Each round that is not over, its trials drawn. The next may be asked for once it is over."""
        for first in range(1, self.trials + 1, self.at_once):
            there = {(run.config.arch, run.trial): run for run in reversed(self.members())}
            before = by_arch(there.values(), most=first - 1)
            earlier = {of_arch.arch: of_arch.runs for of_arch in before}
            numbers = range(first, min(first + self.at_once, self.trials + 1))
            group = tuple(
                there.get((arch, number)) or self._trial(arch, number, earlier.get(arch, ()))
                for number in numbers
                for arch in self.asked
            )
            made = Round(runs=group, earlier=earlier, engine=self.engine)
            if made.left():
                yield made

    def contest(self, seeds: Sequence[int]) -> Round:
        """The best settings of each architecture with each of these seeds. RunError where one has none."""
        best = {tried.arch: tried.best for tried in self.tried()}
        there = {run.config: run for run in reversed(self.members()) if run.trial is None and not run.archived}
        group = []
        for seed in seeds:
            for arch in self.asked:
                if (winner := best.get(arch)) is None:
                    raise RunError(
                        f"No trial of {config.spoken(arch)} was trained to its end, so it has no best settings: raise --trials."
                    )
                settings = replace(winner.config, seed=seed)
                group.append(there.get(settings) or tunings.create(self.folder, settings, tuning=self.name))
        return Round(runs=tuple(group), engine=self.engine)

    def _trial(self, arch: str, number: int, earlier: Sequence[Run]) -> Run:
        drawn = self.engine.drawn(number, earlier)
        settings = RunConfig.from_json(self.asked[arch].to_json() | drawn)
        return tunings.create(self.folder, settings, tuning=self.name, trial=number)
