"""Runs once more under other ids."""

import numpy as np

from vaedash import places, runs
from vaedash.runs import copying

LONG_AGO = "2020-01-01T00:00:00.000+00:00"


def example() -> runs.Run:
    return runs.list_runs(places.PROJECT_ROOT / "runs")[0]


def test_a_copy_has_the_records_under_its_own_id_time_and_seed(tmp_path):
    original = example()
    made = runs.read(copying.copy(original, tmp_path / "runs", "a00007", created=LONG_AGO, seed=7).path)
    assert (made.id, made.created, made.config.seed) == ("a00007", LONG_AGO, 7)
    assert (made.epochs, made.facts, made.outcome, made.status) == (
        original.epochs,
        original.facts,
        original.outcome,
        original.status,
    )
    assert made.measured == original.measured and made.config.arch == original.config.arch
    assert not made.notes and not made.weights.any() and made.log.exists()
    assert example() == original


def test_a_copy_and_a_copy_of_it_show_what_was_drawn_last_and_share_the_files(tmp_path):
    original = example()
    last = len(original.epochs)
    once = runs.read(copying.copy(original, tmp_path, "a00000", created=LONG_AGO, seed=0).path)
    twice = runs.read(copying.copy(once, tmp_path, "a00001", created=LONG_AGO, seed=1).path)
    for kind in ("prior", "recon"):
        drawn = original.pictures.sample(kind, last)
        assert drawn is not None and (twice.pictures.sample(kind, last) == drawn).all()
    assert [file.stat().st_ino for file in once.pictures.of_epoch(last)] == [
        file.stat().st_ino for file in twice.pictures.of_epoch(last)
    ]
    assert len(once.pictures.of_epoch(last)) == 2


def test_a_run_that_is_drawn_out_is_whole_and_has_all_that_grows_with_its_epochs(tmp_path):
    original = next(run for run in runs.list_runs(places.PROJECT_ROOT / "runs") if run.weights.has("best"))
    made = runs.read(copying.drawn_out(original, tmp_path / "runs", "a00007", epochs=300).path)
    assert (made.status, made.damage, len(made.epochs)) == ("finished", None, 300)
    assert made.epochs[0].keys() == original.epochs[0].keys()
    assert [row["images_seen"] for row in made.epochs[:2]] == [
        original.epochs[0]["images_seen"] * times for times in (1, 2)
    ]
    losses = [row["test_loss"] for row in made.epochs]
    assert losses[0] > losses[-1] and len(set(losses)) == 300
    assert made.figures.kl_by_latent().shape == (300, original.config.latent_dim)
    for kind in ("prior", "recon"):
        for epoch, same in ((1, 1), (300, len(original.epochs))):
            assert np.array_equal(made.pictures.sample(kind, epoch), original.pictures.sample(kind, same))
    assert made.weights.read("best") == original.weights.read("best")
    assert np.array_equal(made.figures.test_losses(), original.figures.test_losses())
