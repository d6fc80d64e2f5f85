"""The queue: tickets in the order of launching."""

import time

import pytest
from records import make

from vaedash import storage
from vaedash.runs import queue


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


def test_tickets_stand_in_the_order_of_launching(tmp_path):
    waiting = [make(tmp_path) for _ in range(4)]
    for run in waiting:
        queue.enqueue(run)
    assert [ticket.run_id for ticket in queue.tickets(tmp_path)] == [run.id for run in waiting]
    queue.enqueue(waiting[0])  # launched anew: to the end, and only once
    assert [ticket.run_id for ticket in queue.tickets(tmp_path)] == [run.id for run in [*waiting[1:], waiting[0]]]
    queue.dequeue(waiting[2])
    queue.dequeue(waiting[2])
    assert queue.ticket_of(waiting[2]) is None
    assert [ticket.run_id for ticket in queue.tickets(tmp_path)] == [waiting[i].id for i in (1, 3, 0)]


def test_orders_are_compared_as_numbers_and_foreign_names_are_left_alone(tmp_path):
    folder = tmp_path / ".queue"
    folder.mkdir()
    for name in (
        "1000-abcdef",
        "999-abcdeg",
        "x-abcdeh",
        "5-",
        "-abcdek",
        "7-ABCDEF",
        "8-../../a".replace("/", "_"),
        "9",
    ):
        (folder / name).touch()
    assert [(ticket.order, ticket.run_id) for ticket in queue.tickets(tmp_path)] == [(999, "abcdeg"), (1000, "abcdef")]
    assert queue.tickets(tmp_path / "none") == []


def test_a_ticket_says_when_it_was_drawn(tmp_path, monkeypatch):
    run = make(tmp_path)
    monkeypatch.setattr(time, "time_ns", lambda: 1_500_000_000_000_000_000)
    queue.enqueue(run)
    assert queue.ticket_of(run).launched_at == 1_500_000_000.0
