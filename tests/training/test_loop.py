"""Training: the figures it reports, what it draws, how it ends, and how it fails."""

import contextlib
import dataclasses
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from outcomes import differences, losses_of, strict_json, weights_of
from torch import nn

from vaedash import config, datasets, places
from vaedash.config import RunConfig
from vaedash.errors import DatasetError, RunError
from vaedash.measuring import heldout, latents
from vaedash.measuring.heldout import Evaluation, HeldOut
from vaedash.models import archs, latent
from vaedash.runs import RunFolder, schema, weights
from vaedash.training import hardware, launch, process, progress
from vaedash.training import loop as training
from vaedash.training.batches import Split
from vaedash.training.hardware import Hardware
from vaedash.training.pace import Pace

pytestmark = pytest.mark.usefixtures("one_core")
ARCHS = ("fc", "conv")
ROW = [
    *("epoch", "train_loss", "train_recon", "train_kl", "test_loss", "test_recon", "test_kl"),
    *("active_units", "lr", "beta", "images_per_second", "images_seen", "threads", "seconds"),
]


# ---- the figures ----------------------------------------------------------------------------------------


def plain_loss(model: nn.Module, pixels: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """recon and kl of each image, spelled out."""
    mu, logvar = model.encoder(pixels).chunk(2, dim=1)
    decoded = model.decoder(mu + (logvar / 2).exp() * noise)
    recon = ((decoded - pixels) ** 2).sum(dim=(1, 2, 3))
    return recon, -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)


def plain_training(settings: RunConfig, dataset: datasets.Dataset) -> tuple[nn.Module, list[list[torch.Tensor]]]:
    """The same training in the fewest words: the model, and for each epoch one tensor a batch of its images' losses."""
    torch.manual_seed(settings.seed)
    model = archs.build(settings)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    pixels = torch.from_numpy(np.array(dataset.train))
    epochs = []
    for epoch in range(1, settings.epochs + 1):
        beta = settings.beta * min(1, epoch / max(1, settings.kl_warmup))
        batches = []
        for batch, noise in training.batches(pixels, settings, epoch):
            recon, kl = plain_loss(model, batch / 255, noise)
            losses = recon + beta * kl
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            batches.append(losses.detach().double())
        epochs.append(batches)
    return model, epochs


@pytest.mark.parametrize("arch", ARCHS)
def test_the_train_loss_is_the_mean_over_images_while_it_learns(tiny, trained, dataset, arch):
    settings = tiny(arch=arch)
    _, epochs = plain_training(settings, dataset)
    assert [len(batch) for batch in epochs[0]] == [16, 16, 16, 4]
    for row, batches in zip(trained(settings).epochs, epochs, strict=True):
        assert row["train_loss"] == pytest.approx(torch.cat(batches).mean().item(), rel=1e-5)
        mean_of_batch_means = torch.stack([batch.mean() for batch in batches]).mean().item()
        assert row["train_loss"] != pytest.approx(mean_of_batch_means, rel=1e-3)


def test_the_held_out_loss_is_the_mean_over_images_with_z_drawn_from_q(tiny, trained, dataset):
    settings = tiny(epochs=3, beta=0.5)
    run = trained(settings)
    model = weights.load_model(run, which="last")[0]
    pixels = torch.from_numpy(np.array(dataset.test)) / 255
    noise = torch.randn(len(pixels), 4, generator=torch.Generator().manual_seed(config.HELDOUT_SEED))
    recon, kl = (term.double().mean().item() for term in plain_loss(model, pixels, noise))
    row = run.epochs[-1]
    assert row["test_recon"] == pytest.approx(recon, rel=1e-6)
    assert row["test_kl"] == pytest.approx(kl, rel=1e-5)
    assert row["test_loss"] == pytest.approx(recon + 0.5 * kl, rel=1e-6)
    without_noise = plain_loss(model, pixels, torch.zeros_like(noise))[0].double().mean().item()
    assert abs(row["test_recon"] - without_noise) > 1e-4 * recon


def test_a_held_out_loss_does_not_depend_on_how_the_images_are_cut_into_batches(monkeypatch, tiny, dataset):
    torch.manual_seed(0)
    model = archs.build(RunConfig(arch="conv", latent_dim=4))
    held_out = HeldOut.of(dataset.train, 4)
    whole = heldout.evaluate(model, held_out)
    monkeypatch.setattr(heldout, "_BATCH", 48)  # 48 images, and then 4
    parts = heldout.evaluate(model, held_out)
    for figure in dataclasses.fields(Evaluation):
        assert getattr(parts, figure.name) == pytest.approx(getattr(whole, figure.name), rel=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_epoch_is_measured_with_the_same_noise_and_in_fp32_whatever_it_learned_in(
    tiny, trained, dataset, precision
):
    for epochs in (1, 2):
        run = trained(tiny(epochs=epochs, precision=precision))
        model = weights.load_model(run, which="last")[0]
        held_out = HeldOut.of(dataset.test, 4)
        assert run.epochs[-1]["test_loss"] == heldout.evaluate(model, held_out).losses(beta=1.0).loss


@pytest.mark.parametrize("arch", ARCHS)
def test_every_epoch_counts_the_latents_that_are_in_use(monkeypatch, tiny, trained, dataset, arch):
    monkeypatch.setattr(heldout, "_BATCH", 5)
    run = trained(tiny(arch=arch, latent_dim=8, epochs=3, monitor="val"))
    model = weights.load_model(run, which="last")[0]
    assert run.epochs[-1]["active_units"] == latents.active_units(latents.kl_by_latent(model, dataset.test))
    assert all(type(row["active_units"]) is int and 0 <= row["active_units"] <= 8 for row in run.epochs)


@pytest.mark.parametrize("arch", ARCHS)
def test_what_each_latent_says_is_kept_for_every_epoch(tiny, trained, dataset, arch):
    run = trained(tiny(arch=arch, latent_dim=8, epochs=3))
    kept = run.figures.kl_by_latent()
    assert kept.shape == (3, 8)
    assert kept.sum(1) == pytest.approx([row["test_kl"] for row in run.epochs], rel=1e-5)
    model = weights.load_model(run, which="last")[0]
    assert kept[-1] == pytest.approx(latents.kl_by_latent(model, dataset.test), rel=1e-5)


def test_what_each_latent_said_before_a_resume_stays_and_what_is_lost_is_not_made_up(tmp_path):
    assert np.isnan(training._kl_so_far(RunFolder(tmp_path), 2, 3)).tolist() == [[True] * 3] * 2
    RunFolder(tmp_path).figures.write_kl_by_latent([np.full(3, epoch, np.float64) for epoch in (1, 2, 3)])
    assert np.array(training._kl_so_far(RunFolder(tmp_path), 2, 3)).tolist() == [[1.0] * 3, [2.0] * 3]
    assert np.isnan(training._kl_so_far(RunFolder(tmp_path), 4, 3)).all(1).tolist() == [False, False, False, True]


def test_a_collapse_is_seen_in_the_count(tiny, trained):
    run = trained(tiny(beta=1000.0, lr=0.01, epochs=12, patience=99))
    assert run.epochs[-1]["active_units"] == 0
    assert run.learned_nothing


@pytest.mark.parametrize("settings", [{"arch": "fc"}, {"arch": "conv", "pixel_order": "shuffled"}, {"monitor": "val"}])
def test_a_run_knows_from_its_beginning_what_the_mean_of_its_training_images_costs(
    monkeypatch, tiny, create, data_dir, dataset, settings
):
    run, learned = create(tiny(**settings)), np.array(dataset.train)
    if "monitor" in settings:
        learned = np.delete(learned, datasets.share(len(learned), run.config.val_fraction), axis=0)
    known = []
    monkeypatch.setattr(progress.Reporter, "stop_requested", lambda _: known.append(run.reread().mean_picture) or False)
    process.work(run, data_dir)
    distance = (np.array(dataset.test) / 255 - learned.mean(0) / 255).reshape(12, -1)
    assert known[-1] == pytest.approx(np.square(distance).sum(1).mean(), rel=1e-6)
    assert run.reread().mean_picture == known[-1]


@pytest.mark.parametrize("arch", ARCHS)
def test_a_kl_warmup_raises_beta_and_the_loss_is_recon_plus_beta_times_kl_throughout(tiny, trained, dataset, arch):
    settings = tiny(arch=arch, epochs=3, beta=2.0, kl_warmup=2)
    run = trained(settings)
    assert [row["beta"] for row in run.epochs] == [1.0, 2.0, 2.0]
    for row, split in itertools.product(run.epochs, ("train", "test")):
        assert row[f"{split}_loss"] == pytest.approx(
            row[f"{split}_recon"] + row["beta"] * row[f"{split}_kl"], rel=1e-12
        )
    # The gradient follows the same beta as the report.
    _, epochs = plain_training(settings, dataset)
    for row, batches in zip(run.epochs, epochs, strict=True):
        assert row["train_loss"] == pytest.approx(torch.cat(batches).mean().item(), rel=1e-5)


def test_the_test_images_are_never_learned_from(monkeypatch, tmp_path, tiny, trained, pack):
    others = pack(tmp_path / "others.zip", test_seed=3)
    one, other = trained(tiny(epochs=3)), trained(tiny(epochs=3, dataset=str(others)))
    assert losses_of(one, "test") != losses_of(other, "test")
    assert losses_of(one, "train") == losses_of(other, "train")
    assert weights_of(one) == weights_of(other)
    assert weights_of(one, "best") == weights_of(other, "best")


def test_metrics_hold_what_is_promised_and_nothing_else(tiny, trained):
    run = trained(tiny())
    record = strict_json(run.path / "metrics.json")
    assert list(record) == ["schema", "epochs"]
    assert [sorted(row) for row in record["epochs"]] == [sorted(ROW)] * 2
    assert [row["epoch"] for row in record["epochs"]] == [1, 2]
    assert [row["images_seen"] for row in record["epochs"]] == [52, 104]
    assert [row["lr"] for row in record["epochs"]] == [1e-3, 1e-3]
    for row in record["epochs"]:
        # `seconds` is the whole epoch, `images_per_second` the training steps only.
        assert 0 < 52 / row["images_per_second"] < row["seconds"]


def test_a_finished_run_leaves_its_facts_and_pictures(tiny, trained, dataset):
    run = trained(tiny())
    [facts] = run.facts
    model = archs.build(RunConfig(arch="conv", latent_dim=4))
    assert facts["device"] == "cpu" and facts["precision"] == "fp32" and facts["threads"] == 1
    assert facts["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert facts["dataset"]["fingerprint"] == dataset.fingerprint
    assert (facts["dataset"]["n_train"], facts["dataset"]["n_test"]) == (52, 12)
    names = ["originals.png", "prior-0001.png", "prior-0002.png", "recon-0001.png", "recon-0002.png"]
    assert sorted(file.name for file in (run.path / "samples").iterdir()) == names
    assert (run.progress["epoch"], run.progress["epochs"]) == (2, 2)
    assert all(0 < epoch <= 2 and loss > 0 for epoch, loss in run.progress["trace"])
    assert not list(run.path.glob(".*.tmp"))
    assert not run.held


def test_of_pictures_that_are_sorted_by_what_they_show_a_run_redraws_some_of_each_kind(
    tmp_path, tiny, create, data_dir, trained
):
    levels = np.arange(8, dtype=np.uint8).repeat(16) * 20
    drawn = np.broadcast_to(levels[:, None, None, None], (len(levels), 32, 32, 3))
    np.savez(tmp_path / "sorted.npz", x_train=drawn, x_test=drawn)
    settings = tiny(dataset=str(tmp_path / "sorted.npz"), arch="fc", epochs=1)
    run = trained(settings)
    originals = run.pictures.originals()
    assert len(originals) == len(run.redrawn) == 32 and set(originals[:, 0, 0, 0]) == set(levels)
    assert len(set(originals[:5, 0, 0, 0])) > 2  # where there is room for a few only, too
    assert np.array_equal(datasets.load(settings.dataset, data_dir=data_dir).test[run.redrawn], originals)

    # One that began before that goes on with those it has.
    earlier = create(settings)
    facts = json.loads((run.path / "facts.json").read_text())
    del facts["starts"][0]["dataset"]["redrawn"]
    (earlier.path / "facts.json").write_text(json.dumps(facts))
    process.work(earlier.reread(), data_dir)
    earlier = earlier.reread()
    assert earlier.redrawn == [*range(32)] and set(earlier.pictures.originals()[:, 0, 0, 0]) == {0, 20}
    assert earlier.status == "finished"


def test_a_run_of_which_nothing_came_redraws_what_is_there_when_it_begins_anew(tmp_path, tiny, create, data_dir):
    settings = tiny(dataset=str(tmp_path / "mine.npz"), arch="fc", epochs=1)
    drawn = np.zeros((40, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "mine.npz", x_train=drawn, x_test=drawn)
    machine = Hardware(device="cpu", precision="fp32", threads=1, processor="", torch=torch.__version__)
    run = create(settings)
    # There were sixty, of which some were removed meanwhile.
    run.add_facts({**machine.facts(), "dataset": {"fingerprint": "another", "n_test": 60, "redrawn": [*range(28, 60)]}})
    assert process.work(run.reread(), data_dir) == "finished", run.reread().sentence
    assert len(run.reread().redrawn) == 32 and max(run.reread().redrawn) == 39


# ---- what it makes up while it learns ----------------------------------------------------------------------


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[RunFolder], list[Any]]:
    """Has a run draw at every report and report after every batch; collects what a reader sees then, before each batch."""
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(progress, "PICTURE_SECONDS", 0.0)
    batches = training.batches

    def watch(run: RunFolder) -> list[Any]:
        seen = []

        def looking(*arguments: Any) -> Iterator[Any]:
            for batch in batches(*arguments):
                seen.append(run.pictures.now())
                yield batch

        monkeypatch.setattr(training, "batches", looking)
        return seen

    return watch


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_it_makes_up_is_seen_from_before_the_first_step_on_and_gone_at_the_end(
    tiny, create, data_dir, watched, precision
):
    run = create(tiny(precision=precision))
    assert run.pictures.now() is None
    seen = watched(run)
    process.work(run, data_dir)
    assert [tiles.shape for tiles in seen] == [(5, 3, 32, 32)] * 8  # four batches in each of two epochs
    torch.manual_seed(0)
    untrained = archs.build(run.config)
    assert np.array_equal(seen[0], latent.decode(untrained, latent.prior(8, 4)[:5]))
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(seen))
    assert np.array_equal(seen[4], run.pictures.sample("prior", 1)[:5])
    assert run.pictures.now() is None


def test_what_it_makes_up_is_drawn_about_every_two_seconds(monkeypatch, tiny, create, data_dir, watched):
    run = create(tiny())
    seen = watched(run)
    monkeypatch.setattr(progress, "PICTURE_SECONDS", 1e9)
    process.work(run, data_dir)
    first, second = seen[:4], seen[4:]
    assert all(np.array_equal(tiles, first[0]) for tiles in first)  # of the untrained network
    assert all(np.array_equal(tiles, run.pictures.sample("prior", 1)[:5]) for tiles in second)


@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_drawing_what_it_makes_up_changes_nothing_else(
    monkeypatch, tiny, create, trained, data_dir, watched, arch, precision
):
    settings = tiny(arch=arch, precision=precision)
    undrawn = create(settings)
    with monkeypatch.context() as patch:
        patch.setattr(progress.Reporter, "draw", lambda *_: None)
        patch.setattr(progress.Reporter, "drawn", lambda *_: None)
        process.work(undrawn, data_dir)
    often = create(settings)
    watched(often)
    process.work(often, data_dir)
    assert differences(undrawn.reread(), often.reread()) == []


@pytest.mark.parametrize("mode", [True, False])
def test_drawing_leaves_the_model_and_every_generator_as_they_are(tiny, create, mode):
    run, model = create(tiny()), archs.build(tiny()).train(mode)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    progress.Reporter(run, run.config).draw(model)
    assert model.training is mode
    assert torch.equal(torch.get_rng_state(), before[0]) and np.array_equal(np.random.get_state()[1], before[1])
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_what_is_made_up_after_a_resume_begins_where_the_last_epoch_ended(tiny, create, data_dir, stopping, watched):
    run = create(tiny())
    stopping(run, 6)  # the second batch of the second epoch
    process.work(run, data_dir)
    assert run.pictures.now() is None
    run.reopen()
    run.pictures.write_now(b"of a process that was killed")
    seen = watched(run)
    process.work(run, data_dir)
    assert seen[0] is None  # the picture of epoch 1 is there already
    assert all(tiles is not None for tiles in seen[1:])


@pytest.mark.parametrize(("ending", "recon"), [("failed", "no number"), ("diverged", math.nan)])
def test_however_a_run_ends_no_picture_of_the_moment_stays(monkeypatch, tiny, create, data_dir, watched, ending, recon):
    run = create(tiny())
    seen = watched(run)
    measured = Evaluation(
        recon=recon, kl=1.0, kl_by_latent=np.ones(4), recon_by_image=np.ones(12), kl_by_image=np.ones(12)
    )
    monkeypatch.setattr(heldout, "evaluate", lambda *_, **__: measured)
    assert process.work(run, data_dir) == ending
    assert seen[-1] is not None
    assert run.pictures.now() is None


# ---- what is drawn --------------------------------------------------------------------------------------


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Collects the images and the noise of every batch that is trained on."""
    batches, collected = training.batches, []

    def spying(*arguments: Any) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for batch, noise in batches(*arguments):
            collected.append((batch.contiguous().numpy().tobytes(), noise.numpy().tobytes()))
            yield batch, noise

    monkeypatch.setattr(training, "batches", spying)
    return collected


def test_fc_and_conv_of_one_seed_see_the_same_batches_and_noise(tiny, trained, seen):
    trained(tiny(arch="fc"))
    of_fc = seen.copy()
    seen.clear()
    trained(tiny(arch="conv"))
    assert len(of_fc) == 8
    assert seen == of_fc


def drawn(settings: RunConfig, epoch: int) -> tuple[list[int], torch.Tensor]:
    """Which images an epoch takes, in order, and the noise of each."""
    numbered = torch.arange(52, dtype=torch.uint8).repeat(3, 32, 32, 1).permute(3, 0, 1, 2)
    batches = list(training.batches(numbered, settings, epoch))
    order = [image[0, 0, 0].item() for batch, _ in batches for image in batch]
    return order, torch.cat([noise for _, noise in batches])


def test_each_epoch_takes_every_image_once_in_an_order_and_with_noise_of_its_own(tiny):
    epochs = [drawn(tiny(), epoch) for epoch in (1, 2, 3)] + [drawn(tiny(seed=1), 1)]
    assert all(sorted(order) == list(range(52)) for order, _ in epochs)
    for (order, noise), (another_order, another_noise) in itertools.combinations(epochs, 2):
        assert order != another_order
        assert not torch.isin(noise, another_noise).any()


def test_an_epoch_draws_the_same_whatever_was_drawn_before(tiny):
    first = drawn(tiny(), 2)
    torch.randn(1000)
    drawn(tiny(), 1)
    again = drawn(tiny(), 2)
    assert again[0] == first[0]
    assert torch.equal(again[1], first[1])


def test_two_runs_of_one_seed_are_equal_and_another_seed_differs(tiny, trained):
    one, same, other = (trained(tiny(seed=seed)) for seed in (0, 0, 1))
    assert differences(one, same) == []
    assert {"losses", "last weights"} <= set(differences(one, other))


@pytest.mark.parametrize("arch", ARCHS)
def test_a_run_with_shuffled_pixels_names_the_same_images_and_keeps_pictures_that_people_can_read(
    tiny, create, trained, data_dir, stopping, arch
):
    plain, shuffled = (trained(tiny(arch=arch, pixel_order=order)) for order in config.PIXEL_ORDERS)
    assert plain.dataset == shuffled.dataset
    assert np.array_equal(plain.pictures.originals(), shuffled.pictures.originals())
    assert [row["train_loss"] for row in plain.epochs] != [row["train_loss"] for row in shuffled.epochs]
    stopped = create(tiny(arch=arch, pixel_order="shuffled"))
    stopping(stopped, 6)
    process.work(stopped, data_dir)
    stopped.reopen()
    process.work(stopped, data_dir)
    assert differences(shuffled, stopped.reread()) == []


# ---- how it ends ----------------------------------------------------------------------------------------


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], None]:
    """Lets the validation loss of each epoch be what a list says; all else is real."""
    evaluate = heldout.evaluate

    def script(losses: list[float]) -> None:
        rest = iter(losses)

        def as_written(model: Any, held_out: HeldOut, **how: Any) -> Evaluation:
            true = evaluate(model, held_out, **how)
            return dataclasses.replace(true, recon=next(rest), kl=0.0) if len(held_out.images) == 5 else true

        monkeypatch.setattr(heldout, "evaluate", as_written)

    return script


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        ([9.0, 8.0, 8.0, 8.0, 1.0], 4, 2),  # the second epoch in a row without
        ([9.0, 8.5, 8.7, 1.0], 3, 2),  # exactly 0.5 less is no improvement; yet it is the minimum
        ([9.0, 8.7, 8.4, 8.2, 8.0, 1.0], 5, 5),  # creeping counts once it adds up
        ([9.0, 9.5, 8.0, 8.5, 7.0, 7.5], 6, 5),  # the ceiling
    ],
)
def test_early_stopping_is_exact_and_the_best_weights_are_the_plain_minimum(
    tiny, trained, scripted, losses, epochs, best
):
    scripted(losses)
    run = trained(tiny(monitor="val", epochs=6, patience=2, min_delta=0.5))
    assert [row["val_loss"] for row in run.epochs] == losses[:epochs]
    assert run.status == ("finished" if epochs == 6 else "early-stopped")
    assert run.best_epoch == best
    assert weights.load(run, "best")["epoch"] == best
    assert weights.load(run, "last")["epoch"] == epochs
    # They are the weights which that epoch ended with.
    scripted(losses)
    assert weights_of(run, "best") == weights_of(trained(tiny(monitor="val", epochs=best, patience=2, min_delta=0.5)))


def test_early_stopping_watches_the_train_loss_unless_told_otherwise(tiny, trained):
    run = trained(tiny(epochs=50, patience=3, min_delta=1000.0))
    assert run.status == "early-stopped"
    assert len(run.epochs) == 4  # the first improves on nothing, three do not
    assert run.sentence == (
        "Stopped after epoch 4: 3 epochs in a row without the train loss falling by 1000 nats. "
        "The best weights are those of epoch 4."
    )


def rows(losses: list[float]) -> list[dict[str, Any]]:
    return [{"epoch": epoch, "train_loss": loss} for epoch, loss in enumerate(losses, start=1)]


@pytest.mark.parametrize(
    ("losses", "ends"),
    [
        ([100, 90, 89.6, 89.51, 89.5, 89.9, 90], 7),  # 89.5 is not less than 90 - 0.5
        ([100, 90, 89.6, 89.51, 89.49, 89.4, 89.3, 89.2, 89.1, 89.0], 10),  # 89.49 is; and then five in a row
        ([100] * 9, 6),
    ],
)
def test_the_studys_rule_stops_at_the_fifth_epoch_in_a_row_without_an_improvement(tiny, losses, ends):
    settings = tiny(epochs=100)
    assert (settings.patience, settings.min_delta) == (5, 0.5)
    ended = [n for n in range(1, len(losses) + 1) if training._ending(rows(losses[:n]), settings)]
    assert ended[0] == ends


def test_a_validation_share_is_taken_from_the_training_images_alone_and_is_the_same_for_all_seeds(
    tiny, trained, dataset, seen
):
    chosen = []
    for seed in (0, 1):
        seen.clear()
        run = trained(tiny(monitor="val", val_fraction=0.25, seed=seed))
        assert [run.dataset[key] for key in ("n_train", "n_val", "n_test")] == [39, 13, 12]
        assert all({"val_loss", "val_recon", "val_kl"} <= set(row) for row in run.epochs)
        assert [row["images_seen"] for row in run.epochs] == [39, 78]
        learned = {image.tobytes() for batch, _ in seen for image in np.frombuffer(batch, np.uint8).reshape(-1, 3072)}
        every = [image.tobytes() for image in np.array(dataset.train)]
        assert len(set(every)) == 52 and len(learned) == 39
        chosen.append([index for index, image in enumerate(every) if image not in learned])
    assert len(chosen[0]) == 13
    assert chosen[0] == chosen[1]


def test_without_an_image_to_learn_from_it_says_what_to_change(tiny, dataset):
    settings = tiny(monitor="val", val_fraction=0.5)
    one = datasets.Dataset(name="one", train=dataset.train[:1], test=dataset.test, fingerprint="")
    with pytest.raises(DatasetError, match="raise --fraction or lower --val-fraction"):
        Split.of(one, settings, "cpu")


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], None]:
    """Asks a run to stop while it takes its nth batch; looked for after each batch, however fast they are."""
    monkeypatch.setattr(progress, "STOP_SECONDS", 0.0)
    batches = training.batches

    def stop(run: RunFolder, nth: int) -> None:
        count = itertools.count(1)

        def asking(*arguments: Any) -> Iterator[Any]:
            for batch in batches(*arguments):
                if next(count) == nth:
                    run.request_stop()
                yield batch

        monkeypatch.setattr(training, "batches", asking)

    return stop


@pytest.mark.parametrize("arch", ARCHS)
def test_a_stopped_run_keeps_its_finished_epochs_and_its_resume_equals_an_uninterrupted_run(
    tiny, create, trained, data_dir, stopping, arch
):
    whole = trained(tiny(arch=arch))
    run = create(tiny(arch=arch))
    stopping(run, 6)  # the second batch of the second epoch
    assert process.work(run, data_dir) == "stopped"
    run = run.reread()
    assert (run.status, len(run.epochs)) == ("stopped", 1)
    assert "epoch 1 is kept, the unfinished one was dropped" in run.sentence
    run.reopen()
    assert process.work(run, data_dir) == "finished"
    assert differences(whole, run.reread()) == []
    assert [facts["resumed_after_epoch"] for facts in run.reread().facts] == [0, 1]
    assert [facts["note"] for facts in run.reread().facts] == ["", ""]


def test_a_run_stopped_in_its_first_epoch_says_so_and_starts_again(tiny, create, trained, data_dir, stopping):
    run = create(tiny())
    stopping(run, 2)
    process.work(run, data_dir)
    assert run.reread().sentence == "Stopped on request before its first epoch was finished."
    run.reopen()
    process.work(run, data_dir)
    assert differences(trained(tiny()), run.reread()) == []


def test_a_run_can_be_stopped_while_its_images_are_read(monkeypatch, tmp_path, tiny, create, data_dir, pack):
    run = create(tiny(dataset=str(pack(tmp_path / "own.zip"))))
    load = datasets.load
    monkeypatch.setattr(datasets, "load", lambda *given, **how: (run.request_stop(), load(*given, **how))[1])
    assert process.work(run, data_dir) == "stopped"
    assert run.reread().sentence == "Stopped on request before its first epoch was finished."
    monkeypatch.undo()
    run.reopen()
    assert process.work(run, data_dir) == "finished"


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_goes_on_with_another_number_of_threads_bit_for_bit(
    monkeypatch, tiny, create, data_dir, trained, stopping, precision, promise
):
    settings = tiny(epochs=2, precision=precision)
    undisturbed = trained(settings)
    run = create(settings)
    stopping(run, 6)  # in its second epoch
    for threads in (2, 4):
        monkeypatch.setattr(hardware, "pace", lambda *_, threads=threads: Pace.fixed(threads))
        run.reopen()
        process.work(run, data_dir)
    assert [row["threads"] for row in run.reread().epochs] == [2, 4]
    assert differences(undisturbed, run.reread()) == []
    promise("R2")


@pytest.mark.parametrize(("cores", "sharing", "threads"), [(8, 1, 8), (8, 2, 4), (3, 2, 1), (1, 2, 1)])
def test_a_run_gets_its_share_of_the_cores(monkeypatch, tiny, cores, sharing, threads):
    monkeypatch.setattr(places, "cores", lambda: cores)
    assert hardware.choose(tiny(), sharing=sharing, data_dir=Path()).threads == threads


# ---- how it fails ---------------------------------------------------------------------------------------

QUICK = (("train", math.nan), ("val", math.inf))


@pytest.mark.parametrize(
    ("arch", "split", "value"),
    [
        # The network makes no difference to how a run ends, and fc's checkpoints are large: two of its six cases are quick.
        pytest.param(*case, marks=[pytest.mark.slow] if case[0] == "fc" and case[1:] not in QUICK else [])
        for case in itertools.product(ARCHS, ("train", "val", "test"), (math.nan, math.inf))
    ],
)
def test_a_loss_that_is_not_finite_ends_the_run_with_a_remedy_and_the_last_good_weights(
    monkeypatch, tiny, trained, promise, arch, split, value
):
    promise("R9")
    batches, evaluate = training.batches, heldout.evaluate
    measured = itertools.count()

    def poisoned_batches(pixels: Any, settings: RunConfig, epoch: int) -> Iterator[Any]:
        for batch, noise in batches(pixels, settings, epoch):
            yield batch, noise * value if epoch == 2 and split == "train" else noise

    def poisoned_evaluate(model: Any, held_out: HeldOut, **how: Any) -> Evaluation:
        epoch, which = divmod(next(measured), 2)
        if epoch == 1 and which == ("test", "val").index(split):
            held_out = HeldOut(held_out.images, held_out.noise * value)
        return evaluate(model, held_out, **how)

    monkeypatch.setattr(training, "batches", poisoned_batches)
    if split != "train":
        monkeypatch.setattr(heldout, "evaluate", poisoned_evaluate)
    run = trained(tiny(arch=arch, monitor="val", epochs=3, lr=0.002))
    assert run.status == "diverged"
    assert run.sentence.startswith(f"Diverged in epoch 2: {split}_")
    assert run.sentence.endswith("The weights after epoch 1 are kept. Try a smaller --lr (this run had 0.002).")
    last = strict_json(run.path / "metrics.json")["epochs"][1]
    assert last[f"{split}_loss"] is None
    for which in ("last", "best"):
        state = weights.load(run, which)
        assert state["epoch"] == 1
        assert all(tensor.isfinite().all() for tensor in state["model"].values())


def test_a_learning_rate_that_is_much_too_large_ends_as_diverged(monkeypatch, tiny, trained):
    monkeypatch.setattr(RunConfig, "lr_at", lambda *_: 1e30)
    run = trained(tiny())
    assert run.status == "diverged"
    assert run.sentence.startswith("Diverged in epoch 1: train_")
    assert "No epoch was finished. Try a smaller --lr" in run.sentence
    strict_json(run.path / "metrics.json")
    strict_json(run.path / "progress.json")


@pytest.fixture
def exploding(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], None]:
    """Lets the KL on the test images be what a list says, epoch after epoch; all else is real."""
    evaluate = heldout.evaluate

    def explode(kls: list[float]) -> None:
        rest = iter(kls)
        monkeypatch.setattr(
            heldout, "evaluate", lambda *what, **how: dataclasses.replace(evaluate(*what, **how), kl=next(rest))
        )

    return explode


def test_a_run_whose_last_epoch_left_a_broken_model_has_diverged(tiny, trained, exploding):
    exploding([5.0, 10_923_113_304.0])
    run = trained(tiny(lr=0.002))
    assert run.status == "diverged" and len(run.epochs) == 2
    assert re.fullmatch(
        r"Diverged: after epoch 2 its test loss is 10,923,113,\d{3} nats, while a picture that is wrong in every pixel costs 3,072\. "
        r"The best weights are those of epoch [12]\. Try a smaller --lr \(this run had 0\.002\)\.",
        run.sentence,
    )


@pytest.mark.parametrize(
    ("beta", "kls"),
    [(1.0, [1e9, 5.0]), (1.0, [5.0, 29_000.0]), (20.0, [5.0, 29_000.0])],
    ids=["recovers", "below", "beta"],
)
def test_a_loss_that_recovers_or_that_its_beta_explains_is_none_of_a_broken_model(tiny, trained, exploding, beta, kls):
    exploding(kls)
    assert trained(tiny(beta=beta)).status == "finished"


def test_a_run_that_stops_early_for_having_broken_down_has_diverged(tiny):
    row = {
        "train_loss": 1e6,
        "train_recon": 1e3,
        "train_kl": 1e6,
        "test_loss": 90.0,
        "test_recon": 80.0,
        "test_kl": 10.0,
    }
    broken = [schema.epoch(number, row) for number in range(1, 8)]
    status, sentence = training._ending(broken, tiny(patience=3, epochs=100))
    assert status == "diverged"
    assert sentence.startswith("Diverged: after epoch 7 its train loss is 1,000,000 nats")
    assert training._ending(broken[:2], tiny(patience=3, epochs=100)) is None


def test_missing_images_are_said_in_the_outcome(tmp_path, tiny, trained):
    run = trained(tiny(dataset=str(tmp_path / "gone.zip")))
    assert run.status == "failed"
    assert run.sentence.startswith(f"There is no file or folder {tmp_path / 'gone.zip'}.")


def test_an_error_that_nobody_foresaw_is_a_sentence_and_its_traceback_is_in_the_log(monkeypatch, capfd, tiny, trained):
    monkeypatch.setattr(archs, "build", lambda *_: 1 / 0)
    run = trained(tiny())
    assert (run.status, run.sentence) == (
        "failed",
        "ZeroDivisionError: division by zero. The whole story is at the end of train.log.",
    )
    assert "Traceback" in capfd.readouterr().err


def test_out_of_memory_is_said_with_a_remedy(monkeypatch, tiny, trained):
    def build(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(archs, "build", build)
    assert "try a smaller --batch-size or --fraction" in trained(tiny()).sentence


def test_images_that_changed_since_are_refused_on_resume(tmp_path, tiny, create, data_dir, stopping, pack):
    own = pack(tmp_path / "own.zip")
    run = create(tiny(dataset=str(own)))
    stopping(run, 6)
    process.work(run, data_dir)
    kept = weights_of(run.reread())
    pack(own, train_seed=9)
    run.reopen()
    assert process.work(run, data_dir) == "failed"
    assert f"have changed since run {run.id} began" in run.reread().sentence
    assert weights_of(run.reread()) == kept
    # With the old ones back, it goes on.
    pack(own)
    run.reopen()
    assert process.work(run, data_dir) == "finished"


@pytest.mark.parametrize("status", ["finished", "early-stopped", "diverged", "running"])
def test_what_cannot_go_on_is_refused_with_a_sentence(tiny, create, data_dir, status):
    run = create(tiny())
    with contextlib.ExitStack() as stack:
        if status == "running":
            stack.enter_context(FileLock(run.path / "lock"))
        else:
            run.write_outcome(status, "It ended.")
        with pytest.raises(RunError) as refusal:
            launch.resume(run.reread(), data_dir=data_dir)
    sentences = {
        "finished": "is finished: there is nothing to resume",
        "early-stopped": "is early-stopped: there is nothing to resume",
        "diverged": "diverged and would do so again. Start a new run with a smaller --lr (this one had 0.001).",
        "running": "is running already",
    }
    assert sentences[status] in str(refusal.value)
