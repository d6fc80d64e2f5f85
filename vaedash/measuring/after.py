"""What is measured of a run once it has ended, beside its losses: the line it should be below, each test image's loss, its quality."""

from pathlib import Path

from vaedash import datasets
from vaedash.datasets import Dataset, Progress, silent
from vaedash.errors import DatasetError
from vaedash.measuring import fid, heldout, latents, pca, quality
from vaedash.measuring.heldout import HeldOut
from vaedash.runs import weights
from vaedash.runs.record import Run
from vaedash.runs.schema import Measured


def measure(run: Run, *, data_dir: Path, fid_of: int = 0, progress: Progress = silent) -> Measured:
    """Measure the kept weights on the run's own images, write the figures down and return those of measured.json.

    `pca` is as in `pca.line`, `frontier` as in `pca.frontier`, `quality` as in `quality.measure`; `active_units` counts
    the latents in use. With `fid_of` images there is FID too (`fid.measure`), which else stays what it was. DatasetError if
    the images are not here, or not those any more; RunError if the weights are not.
    """
    settings = run.config
    dataset = datasets.load(settings.dataset, data_dir=data_dir, fraction=settings.fraction, download=False)
    require_same_images(run, dataset)
    model, epoch = weights.load_model(run)
    progress("measuring losses", 0, 1)
    measured = heldout.evaluate(model, HeldOut.of(dataset.test, model.latent_dim))
    run.figures.write_test_losses(measured.loss_by_image(beta=settings.beta))
    spectrum = pca.spectrum(dataset, data_dir=data_dir)
    figures: Measured = {
        "active_units": latents.active_units(measured.kl_by_latent),
        "pca": pca.line(spectrum, latent_dim=settings.latent_dim, beta=settings.beta),
        "frontier": pca.frontier(spectrum, latent_dim=settings.latent_dim),
    }
    # The cheap figures first: whoever looks need not wait for the rest.
    run.write_measured(**figures)
    kept = dict(run.quality) if run.measured.get("epoch") == epoch else {}
    if fid_of:
        progress("comparing what Inception sees", 0, 1)
        kept |= fid.measure(model, dataset, count=fid_of, data_dir=data_dir)
    figures["epoch"] = epoch
    figures["quality"] = kept | quality.measure(model, dataset, beta=settings.beta, progress=progress)
    run.write_measured(**figures)
    return figures


def require_same_images(run: Run, dataset: Dataset) -> None:
    """DatasetError if these are not the images that the run was trained on."""
    if not run.trained_on(dataset.fingerprint):
        raise DatasetError(
            f"The images of {dataset.name} are not those run {run.id} was trained on: figures would not be comparable. "
            "Put the old ones back, or start a new run on these."
        )
