"""Threads that measure side by side."""

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from vaedash import places
from vaedash.measuring import workers
from vaedash.measuring.workers import Workers


def test_what_comes_of_the_parts_comes_in_their_order_and_parts_are_made_as_they_are_needed():
    begun = []

    def parts():
        for number in range(50):
            begun.append(number)
            yield number

    with Workers() as hired:
        squares = hired.each(lambda number: number * number, parts())
        assert next(squares) == 0
        assert len(begun) < 50
        assert list(squares) == [number * number for number in range(1, 50)]


def test_an_error_in_a_part_is_the_callers_and_the_rest_is_left():
    done = []

    def divide(number: int) -> float:
        done.append(number)
        return 1 / (number - 3)

    with pytest.raises(ZeroDivisionError), Workers() as hired:
        list(hired.each(divide, itertools.count()))
    assert 3 in done and len(done) < 100


def test_who_stops_asking_gets_out_at_once():
    with Workers() as hired:
        for _ in hired.each(lambda number: number, itertools.count()):
            break
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("measuring")]


@pytest.mark.parametrize(
    ("aside", "cores", "threads", "count"), [(True, 8, 4, 8), (True, 8, 1, 2), (True, 1, 1, 1), (False, 8, 4, 4)]
)
def test_who_has_stepped_aside_takes_the_other_slots_share_too(
    monkeypatch, torch_as_it_was, aside, cores, threads, count
):
    monkeypatch.setattr(workers, "_is_aside", lambda: aside)
    monkeypatch.setattr(places, "cores", lambda: cores)
    torch.set_num_threads(threads)
    with Workers() as hired:
        assert hired._count == count
        meeting = threading.Barrier(count)  # which only as many threads can pass
        inside = list(hired.each(lambda _: (meeting.wait(300), torch.get_num_threads()), range(count)))
    assert {threads_inside for _, threads_inside in inside} == {1}
    assert torch.get_num_threads() == threads


@pytest.mark.skipif(not hasattr(os, "nice"), reason="no priorities of this kind")
@pytest.mark.parametrize("own_session", [True, False])
def test_who_steps_aside_goes_last_with_its_session_where_that_is_its_own(tmp_path, own_session):
    session = tmp_path / "autogroup"  # in the place of the kernel's, which not every machine has, or lets be written
    session.write_text("0")
    assert stepped_aside(session, own_session=own_session) == [str(workers._ASIDE), "True"]
    assert session.read_text() == (str(workers._ASIDE) if own_session else "0")
    assert not workers._is_aside()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="no priorities of this kind")
def test_who_steps_aside_does_without_what_the_kernel_lacks(tmp_path):
    assert stepped_aside(tmp_path / "nowhere" / "autogroup", own_session=True) == [str(workers._ASIDE), "True"]


def stepped_aside(session, *, own_session):
    """What a process that steps aside says of its priority."""
    environment = {**os.environ, "PYTHONPATH": str(places.PROJECT_ROOT)}
    return subprocess.run(
        [sys.executable, __file__, session],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
        start_new_session=own_session,
    ).stdout.split()


if __name__ == "__main__":
    workers._SESSION = Path(sys.argv[1])
    workers.step_aside()
    print(os.getpriority(os.PRIO_PROCESS, 0), workers._is_aside())
