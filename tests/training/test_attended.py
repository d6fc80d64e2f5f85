"""Runs that somebody waits for and has enough of."""

import contextlib
import threading

import pytest
from patience import PATIENCE, until

from vaedash.training import attended


@pytest.fixture
def ctrl_c():
    """What is said of runs at Ctrl-C."""

    def press(*group):
        said = []
        with (
            pytest.raises(KeyboardInterrupt),
            attended._stopping_on_ctrl_c(group, said.append, lambda: said.append("then")),
        ):
            raise KeyboardInterrupt
        assert said.pop() == "then"
        return said

    return press


@contextlib.contextmanager
def worked_on(run, then=lambda: None):
    """A run that something has in its hands, until it is asked to stop; what it does `then`."""
    claimed = threading.Event()

    def work():
        with run.claim():
            claimed.set()
            until(run.stop_requested)
            then()

    worker = threading.Thread(target=work)
    worker.start()
    assert claimed.wait(PATIENCE)
    yield
    worker.join()


def test_whoever_ends_the_measuring_is_told_what_measures_the_rest_and_no_word_of_learning(create, tiny, ctrl_c):
    run = create(tiny())
    run.write_outcome("finished", "It finished.")
    with worked_on(run):
        first, rest = ctrl_c(run)
    assert first == "Measuring no further; what is measured is kept."
    assert rest.startswith(f"{run.id} may be measured in part only")
    assert rest.endswith(f"evaluate {run.id} --runs-dir {run.path.parent}")


@pytest.mark.parametrize(("outcome", "measured"), [("stopped", False), ("finished", True)])
def test_of_a_training_that_ended_by_itself_meanwhile_the_measuring_was_ended(create, tiny, ctrl_c, outcome, measured):
    run = create(tiny())
    with worked_on(run, lambda: run.write_outcome(outcome, "It ended.")):
        first, *rest = ctrl_c(run)
    assert first == "Stopping after the current batch; finished epochs are kept."
    assert bool(rest) == measured


def test_of_runs_that_are_over_nothing_is_said_to_stop(create, tiny, ctrl_c):
    run = create(tiny())
    run.write_outcome("finished", "It finished.")
    assert ctrl_c(run) == []
