"""A tuning in rounds: every architecture has had as many trials at any time, nothing is trained twice, and the best decide."""

import pytest
from tuned import TUNING, trial

from vaedash import config
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.runs import Status, queue, tunings
from vaedash.training import draws
from vaedash.training.draws import Engine
from vaedash.training.rounds import TRIAL_SEED, Tuning

ARCHS = tuple(config.ARCHS)


@pytest.fixture
def tuning(tmp_path):
    def build(*, archs=ARCHS, **changes):
        asked = {arch: RunConfig(arch=arch, monitor="val", seed=TRIAL_SEED, epochs=9) for arch in archs}
        usual = {"folder": tmp_path, "name": TUNING, "asked": asked, "trials": 4, "at_once": 1}
        return Tuning(**{**usual, "engine": Engine(epochs=9), **changes})

    return build


def train(made, *, loss=5.0):
    """As if they had been trained."""
    for run in made.left():
        row = {f"{split}_{term}": loss for split in ("train", "test", "val") for term in ("loss", "recon", "kl")}
        run.write_metrics([{"epoch": 1, **row}])
        run.write_outcome(Status.FINISHED, "Finished.")


@pytest.mark.parametrize("at_once", [1, 3])
def test_every_architecture_has_had_as_many_trials_after_each_round(tuning, at_once):
    asked = tuning(trials=7, at_once=at_once)
    for made in asked.rounds():
        assert len(made.runs) % len(ARCHS) == 0 and len(made.runs) <= at_once * len(ARCHS)
        train(made)
        assert len({len(tried.runs) for tried in asked.tried()}) == 1
    assert [(tried.arch, len(tried.runs)) for tried in asked.tried()] == [(arch, 7) for arch in ARCHS]


def test_trials_differ_in_what_is_drawn_alone_and_architectures_begin_with_the_same(tuning):
    asked = tuning()
    for made in asked.rounds():
        train(made)
    drawn = {
        tried.arch: [{name: getattr(run.config, name) for name in draws.RANGES} for run in tried.runs]
        for tried in asked.tried()
    }
    assert all(of_arch == drawn[ARCHS[0]] for of_arch in drawn.values())
    for run in asked.members():
        rest = {name: value for name, value in run.config.to_json().items() if name not in draws.RANGES}
        assert rest == {name: asked.asked[run.config.arch].to_json()[name] for name in rest}


def test_what_is_over_is_not_trained_again_and_what_is_not_goes_on(tuning, tmp_path):
    asked = tuning(trials=2)
    first = next(asked.rounds())
    done, cut = first.runs[0], first.runs[1]
    done.write_outcome(Status.FINISHED, "Finished.")
    cut.write_outcome(Status.STOPPED, "Stopped on request.")
    again = next(tuning(trials=2).rounds())
    assert [run.id for run in again.runs] == [run.id for run in first.runs]
    assert [run.id for run in again.left()] == [run.id for run in again.idle()] == [run.id for run in first.runs[1:]]


def test_what_another_process_trains_is_waited_for_and_not_started(tuning):
    made = next(tuning().rounds())
    queue.enqueue(made.runs[0])
    with made.runs[1].claim():
        assert [run.id for run in made.left()] == [run.id for run in made.runs]
        assert [run.id for run in made.idle()] == [run.id for run in made.runs[2:]]


def test_a_longer_budget_goes_on_where_the_shorter_one_ended(tuning):
    short, long = tuning(trials=2), tuning(trials=3)
    for made in short.rounds():
        train(made)
    assert {run.trial for made in long.rounds() for run in (made.runs, train(made))[0]} == {3}
    assert [len(tried.runs) for tried in short.tried()] == [2] * len(ARCHS)  # of which it had asked


def behind(folder, *, status):
    """A trial that falls behind five others."""
    for number in range(1, draws.UNPRUNED + 1):
        trial(folder, number, [5.0] * 9)
    return trial(folder, draws.UNPRUNED + 1, [9.0] * 4, status=status)


def test_a_trial_that_fell_behind_is_over_and_one_that_was_stopped_by_hand_is_not(tuning, tmp_path):
    asked = tuning(archs=("conv",), trials=6)
    pruned = behind(tmp_path, status=Status.STOPPED)
    assert list(asked.rounds()) == []
    [made] = tuning(archs=("conv",), trials=6, engine=Engine(epochs=9, pruner="none")).rounds()
    assert [run.id for run in made.left()] == [pruned.id]


def test_a_running_trial_that_falls_behind_is_asked_to_stop_and_no_other(tuning, tmp_path):
    run = behind(tmp_path, status=None)
    [made] = tuning(archs=("conv",), trials=6).rounds()
    queue.dequeue(run)
    made.look([run.reread()])
    assert not run.stop_requested()  # it is not running yet
    with run.claim():
        made.look([run.reread()])
        assert run.stop_requested()
    good = trial(tmp_path, 7, [4.0] * 4, status=None)
    [made] = tuning(archs=("conv",), trials=7).rounds() if run.write_outcome(Status.STOPPED, "") is None else []
    with good.claim():
        made.look([good.reread()])
        assert not good.stop_requested()


def test_a_trial_is_judged_once_an_epoch_however_often_it_is_looked_at(tuning, tmp_path, monkeypatch):
    run = behind(tmp_path, status=None)
    [made] = tuning(archs=("conv",), trials=6).rounds()
    asked = []
    monkeypatch.setattr(Engine, "behind", lambda _, run, earlier: asked.append(len(run.epochs)))
    with run.claim():
        for _ in range(3):
            made.look([run.reread()])
        run.write_metrics([*run.epochs, {**run.epochs[-1], "epoch": 5}])
        made.look([run.reread()])
    assert asked == [4, 5]


def test_the_measuring_of_a_trial_is_left_be_and_that_of_a_final_run_is_not(tuning, tmp_path):
    made = next(tuning(archs=("conv",)).rounds())
    final = trial(tmp_path, None, [5.0], seed=0)
    for run, left in ((made.runs[0], True), (final, False)):
        run.write_outcome(Status.FINISHED, "Finished.")
        with run.claim():
            made.look([run.reread()])
        assert run.stop_requested() is left


def test_a_trial_that_cannot_be_trained_is_over_once_it_is_put_aside(tuning):
    made = next(tuning(archs=("conv",)).rounds())
    made.runs[0].write_outcome(Status.FAILED, "Out of memory.")
    assert [run.id for run in made.left()] == [made.runs[0].id]
    made.runs[0].write_notes(archived=True)
    assert made.left() == [] and tuning(archs=("conv",)).tried()[0].lost == 1


def test_the_best_of_each_decide_over_seeds_that_no_trial_had(tuning, tmp_path):
    for arch in ARCHS:
        trial(tmp_path, 1, [5.0], arch=arch)
        trial(tmp_path, 2, [4.0], arch=arch, lr=2e-3)
    final = tuning(trials=2).contest([0, 1])
    assert [(run.config.arch, run.config.seed, run.config.lr) for run in final.runs] == [
        (arch, seed, 2e-3) for seed in (0, 1) for arch in ARCHS
    ]
    train(final)
    assert [run.id for run in tuning(trials=2).contest([0, 1]).runs] == [run.id for run in final.runs]
    assert {run.config.lr for run in tuning(trials=1).contest([0]).runs} == {1e-3}


def test_without_a_whole_trial_there_is_nothing_to_decide(tuning, tmp_path):
    trial(tmp_path, 1, [5.0], status=Status.DIVERGED)
    with pytest.raises(RunError, match="No trial of conv was trained to its end"):
        tuning(archs=("conv",), trials=1).contest([0])


def test_a_tuning_is_not_gone_on_with_under_other_settings(tuning, tmp_path):
    tunings.create(tmp_path, RunConfig(monitor="val", epochs=12), tuning=TUNING, trial=1)
    with pytest.raises(UsageError, match="was begun with epochs 12, got 9"):
        tuning().require_same()


@pytest.mark.parametrize("changes", [{"seed": 1}, {"sampler": "random"}])
def test_a_tuning_is_not_gone_on_with_by_another_engine(tuning, tmp_path, changes):
    begun = tuning(archs=("conv",), trials=draws.AT_RANDOM + 1)
    for made in begun.rounds():
        train(made)
    begun.require_same()
    with pytest.raises(UsageError, match="was drawn with another --sampler or --draw-seed"):
        tuning(archs=("conv",), engine=Engine(epochs=9, **changes)).require_same()


def test_what_was_drawn_at_random_is_not_gone_on_with_by_what_learns(tuning):
    at_random = tuning(archs=("conv",), trials=draws.AT_RANDOM + 1, engine=Engine(epochs=9, sampler="random"))
    for made in at_random.rounds():
        train(made)
    at_random.require_same()
    with pytest.raises(UsageError, match=f"Trial {draws.AT_RANDOM + 1} of .* was drawn with another --sampler"):
        tuning(archs=("conv",)).require_same()
