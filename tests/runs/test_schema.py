"""Times in the records of a run."""

import time

import pytest

from vaedash import storage
from vaedash.runs import schema


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


def test_now_is_a_time_that_reads_back(monkeypatch):
    assert abs(schema.timestamp(schema.now()) - time.time()) < 60
    assert schema.timestamp("soon") == 0.0
