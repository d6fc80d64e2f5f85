"""Runs that somebody waits for and has enough of."""

import threading

import pytest
from patience import until

from vaedash.training import attended


def test_whoever_ends_the_measuring_is_told_what_measures_the_rest_and_no_word_of_learning(create, tiny):
    run, said, claimed = create(tiny()), [], threading.Event()
    run.write_outcome("finished", "It finished.")

    def measure():
        with run.claim():
            claimed.set()
            until(run.stop_requested)

    worker = threading.Thread(target=measure)
    worker.start()
    claimed.wait()
    with (
        pytest.raises(KeyboardInterrupt),
        attended._stopping_on_ctrl_c([run], said.append, lambda: said.append("then")),
    ):
        raise KeyboardInterrupt
    worker.join()
    assert said[0] == "Measuring no further; what is measured is kept." and said[-1] == "then" and len(said) == 3
    assert said[1].endswith(f"evaluate {run.id}")
