"""A run that has been trained is measured in its own turn: finished for all who look, and nobody else's."""

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from patience import PATIENCE, until

from vaedash import cli, places, storage
from vaedash.errors import RunError
from vaedash.measuring import after, measures, workers
from vaedash.runs import Run, RunFolder, queue, weights
from vaedash.training import launch, process, progress

pytestmark = pytest.mark.usefixtures("one_core")
WAITER = places.PROJECT_ROOT / "tests" / "support" / "waiter.py"
MEASURE = process.measure
ALL = {name for name, measure in measures.MEASURES.items() if not measure.labelled} - {"fid", "kid"}

Watch = Callable[[Callable[[Run], object]], None]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, one_core: None) -> Watch:
    """Has trained runs measured, and calls what is given with a reading of the run whenever figures of it have been written."""
    monkeypatch.setattr(process, "measure", MEASURE)
    write = RunFolder.write_measured

    def watch(look: Callable[[Run], object]) -> None:
        def writing(run: Run, **figures: object) -> None:
            write(run, **figures)
            look(run.reread())

        monkeypatch.setattr(RunFolder, "write_measured", writing)

    return watch


@pytest.mark.parametrize("arch", ["fc", "conv"])
def test_each_figure_is_there_as_soon_as_it_is_found_the_cheapest_first(tiny, trained, watched, arch):
    seen: list[set[str]] = []

    def look(run: Run) -> None:
        assert run.figures.test_losses() is not None and run.measured["active_units"] == run.best["active_units"]
        seen.append({*run.quality, *(["line"] if run.line and run.frontier else [])})

    watched(look)
    trained(tiny(arch=arch))
    new = [later - before for before, later in itertools.pairwise([set(), *seen])]
    ways = {"path_pixels", "path_edges", "worst_step"}
    assert new == [set(), {"line"}, {"psnr", "ssim"}, {"swd"}, ways, {"iwae"}]


def test_a_run_that_is_measured_reads_as_finished_and_measuring_and_says_what_is_measured(
    tiny, create, data_dir, watched
):
    readings = []
    watched(readings.append)
    run = create(tiny())
    process.work(run, data_dir)
    for reading in readings:
        assert (reading.status, reading.sentence) == ("finished", "Finished all 2 epochs.")
        assert (reading.active, reading.measuring, reading.busy) == (False, True, True)
    assert readings[-1].progress["phase"].startswith("measuring ")
    assert (readings[-1].progress["epoch"], readings[-1].progress["epochs"]) == (2, 2)
    assert 0 <= readings[-1].progress["done"] <= readings[-1].progress["of"]
    over = run.reread()
    assert (over.status, over.active, over.measuring, over.busy) == ("finished", False, False, False)
    assert set(over.quality) == ALL


@pytest.mark.parametrize("ending", ["stopped", "failed"])
def test_what_was_not_trained_to_its_end_is_not_measured(monkeypatch, tiny, create, data_dir, watched, ending):
    readings = []
    watched(readings.append)
    run = create(tiny())
    if ending == "stopped":
        run.request_stop()
    else:
        monkeypatch.setattr("vaedash.training.loop._save_pictures", lambda *_: 1 / 0)
    assert process.work(run, data_dir) == ending
    assert readings == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_run_that_is_measured_keeps_its_slot_and_the_next_one_waits(tiny, create, data_dir, watched):
    run, following = create(tiny()), create(tiny())
    diary = run.path.parent / "diary"
    (run.path.parent / ".slots").mkdir()
    waiting: list[subprocess.Popen[bytes]] = []

    def look(_: Run) -> None:
        assert all(storage.is_locked(lock) for lock in queue.slots(run.path.parent))
        if not waiting:
            queue.enqueue(following)
            environment = {**os.environ, "PYTHONPATH": str(places.PROJECT_ROOT)}
            waiting.append(
                subprocess.Popen([sys.executable, str(WAITER), str(following.path), "lives"], env=environment)
            )
            until(lambda: following.held)
        assert following.reread().status == "queued" and not diary.exists()

    watched(look)
    with contextlib.ExitStack() as others:
        for lock in queue.slots(run.path.parent)[1:]:
            others.enter_context(FileLock(lock))
        process.work(run, data_dir)
        assert waiting[0].wait(PATIENCE) == 0
    assert diary.read_text().split()[:2] == ["enters", following.id]


@pytest.mark.parametrize("only", [True, False])
def test_a_process_that_has_nothing_else_to_do_measures_what_takes_long_behind_everybody_else(
    monkeypatch, tiny, create, data_dir, watched, only
):
    order: list[str] = []
    watched(lambda run: order.append("quality" if run.quality else "line" if run.line else "losses"))
    monkeypatch.setattr(workers, "step_aside", lambda: order.append("steps aside"))
    process.work(create(tiny()), data_dir, only=only)
    assert order[:3] == ["losses", "line", "steps aside" if only else "quality"]
    assert set(order[3:]) == {"quality"}


def test_the_model_is_not_read_from_the_disk_where_it_is_the_one_that_is_kept(monkeypatch, tiny, trained, watched):
    watched(lambda _: None)
    loaded = []
    load = weights.load_model
    monkeypatch.setattr(weights, "load_model", lambda run, **how: loaded.append(run.id) or load(run, **how))
    last = trained(tiny(epochs=3, patience=9))
    assert (last.best_epoch, loaded) == (3, [])
    monkeypatch.setattr("vaedash.runs.stopping.best_epoch", lambda *_: 1)
    first = trained(tiny(epochs=3, patience=9))
    assert (first.measured["epoch"], loaded) == (1, [first.id])
    for run in (last, first):
        assert run.figures.test_losses().mean() == pytest.approx(run.epochs[run.measured["epoch"] - 1]["test_loss"])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_measuring_again_from_the_disk_finds_the_same(tiny, trained, watched, data_dir, precision):
    watched(lambda _: None)
    run = trained(tiny(precision=precision))
    before = run.reread()
    after.measure(run, data_dir=data_dir)
    again = run.reread()
    assert again.measured == before.measured
    assert again.figures.test_losses() == pytest.approx(before.figures.test_losses(), rel=1e-5)


def evaluate(run: Run, data_dir: Path) -> Run:
    """What a person does to have the rest measured."""
    assert cli.main(["evaluate", run.id, "--runs-dir", str(run.path.parent), "--data-dir", str(data_dir)]) == 0
    return run.reread()


@pytest.mark.parametrize("before", ["line", "swd", "iwae"])
def test_a_stop_ends_the_measuring_and_what_was_found_stays(
    monkeypatch, capsys, tmp_path, tiny, create, watched, before
):
    monkeypatch.setattr(progress, "STOP_SECONDS", 0.0)
    run, order = create(tiny()), ["line", "psnr", "ssim", "swd", "path_pixels", "path_edges", "worst_step", "iwae"]
    wanted = order[: order.index(before)]

    def look(reading: Run) -> None:
        found = [*(["line"] if reading.line else []), *reading.quality]
        if sorted(found) == sorted(wanted):
            run.request_stop()

    watched(look)
    data_dir = tmp_path / "data"  # in which nothing is known of these pictures yet
    assert process.work(run, data_dir) == "finished"
    stopped = run.reread()
    assert (stopped.status, stopped.measuring) == ("finished", False)
    assert sorted([*(["line"] if stopped.line else []), *stopped.quality]) == sorted(wanted)
    assert stopped.figures.test_losses() is not None
    assert f"{run.command('evaluate')} brings the rest" in capsys.readouterr().out
    monkeypatch.undo()
    assert set(evaluate(stopped, data_dir).quality) == ALL


def test_a_run_that_is_measured_is_neither_deleted_nor_started_underneath_but_can_be_stopped(tiny, create, capsys):
    run = create(tiny())
    run.write_outcome("finished", "Finished.")
    where = ["--runs-dir", str(run.path.parent)]
    with run.claim():
        for how in ([], ["--forever"]):
            assert cli.main(["archive", run.id, *where, *how]) == 2
            assert f"Run {run.id} is being measured; stop it first: python -m vaedash stop" in capsys.readouterr().err
        with pytest.raises(RunError, match=f"Run {run.id} is being measured: wait for it, or stop it first"):
            launch.start([run], data_dir=run.path)
        with pytest.raises(RunError, match="there is nothing to resume"):
            launch.resume(run.reread(), data_dir=run.path)
        assert run.reread().status == "finished"
        assert cli.main(["stop", run.id, *where]) == 0
        assert f"Asked {run.id} to stop measuring. The rest: python -m vaedash evaluate" in capsys.readouterr().out
        assert run.stop_requested()
    assert cli.main(["stop", run.id, *where]) == 2
    assert cli.main(["archive", run.id, *where, "--forever"]) == 0
    assert not run.path.exists()
