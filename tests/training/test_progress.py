"""What a run says of itself while it trains: always the newest epoch, and never long ago."""

import pytest

from vaedash.measuring import heldout
from vaedash.runs import RunFolder
from vaedash.runs.schema import Progress
from vaedash.training import process, progress
from vaedash.training.progress import Reporter

pytestmark = pytest.mark.usefixtures("one_core")

Said = list[tuple[int, Progress]]  # how many epochs were finished, and what was written then


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """All that runs in this process write into progress.json."""
    write, seen = RunFolder.write_progress, []

    def writing(run: RunFolder, of: Progress) -> None:
        write(run, of)
        now = run.reread()
        seen.append((len(now.epochs), now.progress))

    monkeypatch.setattr(RunFolder, "write_progress", writing)
    return seen


def test_epochs_of_less_than_a_second_are_all_named(tiny, trained, said):
    run = trained(tiny(epochs=6))
    named = [of["epoch"] for _, of in said if "loss" in of]
    assert sorted({*named}) == [1, 2, 3, 4, 5, 6] and named == sorted(named)
    assert all(of["epoch"] == finished + 1 for finished, of in said if "loss" in of)
    assert (run.progress["epoch"], run.progress["seen"], run.progress["of"]) == (6, 52, 52)
    assert run.progress["trace"][-1][0] == 6.0


def test_a_long_phase_says_again_that_it_goes_on(monkeypatch, tiny, trained, said):
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(heldout, "_BATCH", 3)
    trained(tiny(epochs=1))
    phases = [of["phase"] for _, of in said if of["phase"].startswith("measuring")]
    assert phases == ["measuring test loss"] * (1 + 4)  # as it begins, and after each three of twelve pictures


def test_what_is_due_is_counted_from_what_was_written_last(monkeypatch, tiny, create, said):
    report = Reporter(create(tiny()), tiny())
    report.phase("measuring test loss")
    report.still()
    assert len(said) == 1
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.0)
    report.still()
    (_, first), (_, again) = said
    assert first | {"updated": 0} == again | {"updated": 0} and again["updated"] > first["updated"]


def test_a_resumed_run_never_says_that_it_is_before_its_first_epoch(monkeypatch, tiny, create, data_dir, said):
    run = create(tiny(epochs=3))
    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "stop_requested", lambda _: len(run.reread().epochs) == 2)
        assert process.work(run, data_dir) == "stopped"
    said.clear()
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.0)
    run.reopen()
    assert process.work(run, data_dir) == "finished"
    assert min(of["epoch"] for _, of in said) >= 2
