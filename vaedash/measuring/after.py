"""What is measured of a run once it has ended, beside its losses: the line it should be below, each test image's loss, its quality."""

from dataclasses import dataclass
from pathlib import Path

from vaedash import datasets
from vaedash.datasets import Dataset, Progress, silent
from vaedash.measuring import fid, heldout, knowledge, latents, pca, quality, same, workers
from vaedash.measuring.heldout import Evaluation, HeldOut
from vaedash.models.vae import VAE
from vaedash.runs import weights
from vaedash.runs.record import Run
from vaedash.runs.schema import Measured


@dataclass(frozen=True)
class Kept:
    """The kept weights, those of `epoch`, and what was measured of them on the test images."""

    epoch: int
    evaluation: Evaluation
    model: VAE | None  # None where they are on the disk only


def measure(
    run: Run,
    *,
    data_dir: Path,
    fid_of: int = 0,
    kept: Kept | None = None,
    only: bool = False,
    progress: Progress = silent,
) -> Measured:
    """Measure the kept weights on the run's own images, write the figures down and return those of measured.json.

    `pca` is as in `pca.line`, `frontier` as in `pca.frontier`, `quality` as in `quality.measure` and `knowledge.of`; `active_units` counts
    the latents in use. With `fid_of` images there is FID too (`fid.measure`), which else stays what it was. Each figure is
    written as it is found, the cheapest first: whoever looks need not wait for the rest, and what ends it keeps those.
    `kept` is what the process that trained them still knows. Where this is the `only` thing that the process has still to do,
    what takes long is measured behind everybody else who wants a core (`workers.step_aside`).

    DatasetError if the images are not here, or not those any more; RunError if the weights are not.
    """
    settings = run.config
    dataset = datasets.load(
        run.images_at, data_dir=data_dir, fraction=settings.fraction, frame=settings.frame, download=False
    )
    same.require(run, dataset)
    kept = kept or _read(run, dataset)
    run.figures.write_test_losses(kept.evaluation.loss_by_image(beta=settings.beta))
    figures: Measured = {
        "epoch": kept.epoch,
        "active_units": latents.active_units(kept.evaluation.kl_by_latent),
        "quality": dict(run.quality) if run.measured.get("epoch") == kept.epoch else {},
    }
    run.write_measured(**figures)
    spectrum = pca.spectrum(dataset, data_dir=data_dir, progress=progress)
    figures["pca"] = pca.line(spectrum, latent_dim=settings.latent_dim, beta=settings.beta)
    figures["frontier"] = pca.frontier(spectrum, latent_dim=settings.latent_dim)
    run.write_measured(**figures)
    if only:
        workers.step_aside()
    model = kept.model or weights.load_model(run)[0]
    if fid_of:
        progress("comparing what Inception sees", 0, 1)
        figures["quality"] |= fid.measure(model, dataset, count=fid_of, data_dir=data_dir)
        run.write_measured(**figures)
    for measured in quality.one_by_one(model, dataset, beta=settings.beta, progress=progress):
        figures["quality"] |= measured
        run.write_measured(**figures)
    # Last, so that nothing else waits for scikit-learn.
    known = knowledge.measure(model, dataset, progress=progress)
    if known.by_latent is not None:
        run.figures.write_told_by_latent(known.by_latent)
    if known.figures:
        figures["quality"] |= known.figures
        run.write_measured(**figures)
    return figures


def _read(run: Run, dataset: Dataset) -> Kept:
    model, epoch = weights.load_model(run)
    return Kept(epoch, heldout.evaluate(model, HeldOut.of(dataset.test, model.latent_dim)), model)
