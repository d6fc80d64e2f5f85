"""How many threads a run takes, on machines that are made up: their cores, how well a step divides, who else computes there."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from vaedash.training import pace
from vaedash.training.pace import Pace

STEP = 64 / 3400  # seconds on one thread


@dataclass
class Machine:
    """`busy` cores at a time are taken by others; what `parallel` says of a step divides among threads, each costs a little.

    A thread that has no core of its own makes all wait for its turn.
    """

    cores: int
    busy: Callable[[float], float] = lambda _: 0.0
    parallel: float = 0.6
    turn: float = 0.1  # seconds that a step waits where threads are more than free cores
    says: bool = True  # how many cores are free
    clock: float = 0.0
    seen: list[tuple[float, float, float, int]] = field(default_factory=list)  # clock, seconds, on one thread, threads

    def seconds(self, threads: int) -> float:
        free = self.cores - self.busy(self.clock)
        alone = STEP * ((1 - self.parallel) + self.parallel / threads) * (1 + 0.01 * threads)
        if threads == 1:
            return alone / min(1.0, max(0.3, free))
        return alone + (self.turn if threads > free else 0.0)

    def room(self) -> float | None:
        return self.cores - self.busy(self.clock) if self.says else None

    def train(self, until: float, *, share: int | None = None) -> Pace:
        choices = [threads for threads in pace.THREADS if threads <= self.cores]
        this = Pace(share or self.cores, choices, batch=64, room=self.room)
        while self.clock < until:
            took, alone = self.seconds(this.threads), self.seconds(1)
            self.seen.append((self.clock, took, alone, this.threads))
            self.clock += took
            this.took(64, took)
        return this

    def share_of_one_thread(self, start: float, end: float) -> float:
        """How fast it was, as a multiple of what one thread would have reached meanwhile."""
        steps = [(took, alone) for clock, took, alone, _ in self.seen if start <= clock < end]
        return sum(alone for _, alone in steps) / sum(took for took, _ in steps)

    def best(self) -> int:
        return min((threads for threads in pace.THREADS if threads <= self.cores), key=self.seconds)


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("cores", [1, 2, 3, 4, 6, 8, 12, 16])
def test_alone_it_takes_what_makes_it_fastest(cores, says):
    machine = Machine(cores, says=says)
    settled = machine.train(30.0).settled
    assert machine.seconds(settled) <= 1.06 * machine.seconds(machine.best())
    late = [took for clock, took, _, _ in machine.seen if clock > 10]
    assert statistics.mean(late) <= 1.06 * machine.seconds(settled)


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("turn", [0.1, 1.28])
@pytest.mark.parametrize("cores", [2, 4, 8, 16])
def test_beside_others_it_is_never_much_slower_than_one_thread(cores, turn, says):
    machine = Machine(cores, busy=lambda _: cores - 1, turn=turn, says=says)
    this = machine.train(120.0)
    assert this.settled == 1
    assert machine.share_of_one_thread(0, 120) >= (0.97 if says else 0.9)


@pytest.mark.parametrize("turn", [0.1, 1.28])
@pytest.mark.parametrize("cores", [2, 4, 8])
def test_others_that_come_and_go_cost_little(cores, turn):
    machine = Machine(cores, busy=lambda clock: cores - 1 if clock % 60 >= 30 else 0, turn=turn)
    machine.train(240.0)
    assert machine.share_of_one_thread(0, 240) >= 0.85
    for start in (0, 60, 120, 180):
        assert machine.share_of_one_thread(start + 5, start + 29) > 1.15  # it has all cores again
        assert machine.share_of_one_thread(start + 40, start + 59) > 0.95  # and one when it must


def test_part_of_a_machine_is_taken_where_part_of_it_is_free():
    machine = Machine(8, busy=lambda _: 4)
    assert machine.train(60.0).settled == 4
    assert machine.share_of_one_thread(5, 60) > 1.4


def test_what_goes_wrong_with_more_threads_for_another_reason_is_tried_less_and_less():
    machine = Machine(2, parallel=-0.5)  # free cores, and yet slower
    machine.train(300.0)
    trials = [clock for clock, _, _, threads in machine.seen if threads == 2]
    assert machine.share_of_one_thread(0, 300) > 0.98
    assert len([clock for clock in trials if clock > 150]) < len([clock for clock in trials if clock <= 150])


def test_small_last_batches_say_nothing():
    this = Pace(2, [2], batch=64, room=lambda: 2.0)
    for _ in range(50):
        this.took(64, STEP if this.threads == 1 else STEP / 1.3)
        this.took(1, STEP / 2)  # an image costs thirty times as much in it
    assert this.settled == 2


def test_what_is_no_whole_batch_is_computed_by_one_thread_with_which_its_numbers_are_known():
    this = Machine(2).train(5.0)
    assert this.settled == 2
    with this.step(63) as threads:
        assert threads == 1


def test_an_epoch_knows_what_most_of_it_was_computed_with():
    this = Pace(2, [2], batch=64, room=lambda: 2.0)
    for _ in range(100):
        this.took(64, STEP if this.threads == 1 else STEP / 1.3)
    assert this.of_epoch() == 2
    assert Pace.fixed(7).of_epoch() == 7


def test_a_fixed_number_of_threads_stays():
    this = Pace.fixed(4)
    for took in [STEP] * 20 + [50 * STEP] * 20:
        with this.step(64) as threads:
            assert threads == 4
        this.took(64, took)
    assert this.settled == 4


# ---- what the system says of its cores ------------------------------------------------------------------------


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """/proc/stat of a machine of two cores, written anew by each call: hundredths of seconds of each, user, nice, system, idle."""
    file, clock = tmp_path / "stat", iter(range(100))
    monkeypatch.setattr(pace, "_STAT", file)
    monkeypatch.setattr(pace.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(pace.os, "sysconf", lambda _: 100)
    monkeypatch.setattr(pace.time, "monotonic", lambda: float(next(clock)))

    def write(first: str, second: str, own: float) -> None:
        file.write_text(f"cpu  1 2 3 4\ncpu0 {first} 0 0 0\ncpu1 {second} 0 0 0\ncpu2 0 0 0 9999 0 0 0\nintr 1\n")
        monkeypatch.setattr(pace.time, "process_time", lambda: own)

    return write


@pytest.mark.parametrize(
    ("second", "own", "room"),
    [
        ("0 0 0 100", 1.0, 2.0),  # this process and nobody else
        ("100 0 0 0", 1.0, 1.0),  # a neighbour
        ("0 100 0 0", 1.0, 2.0),  # one who steps aside
        ("50 0 0 50", 0.5, 1.0),
        ("0 0 0 100", 0.0, 1.0),
    ],
)
def test_what_is_free_is_what_nobody_else_wants(kernel, second, own, room):
    kernel("0 0 0 0", "0 0 0 0", 0.0)
    asked = pace.Room()
    kernel("100 0 0 0", second, own)
    assert asked() == pytest.approx(room)


def test_a_system_that_does_not_say_is_no_obstacle(monkeypatch, tmp_path):
    monkeypatch.setattr(pace, "_STAT", tmp_path / "nothing")
    assert pace.Room()() is None
