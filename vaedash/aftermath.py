"""What is measured of a run once it has ended, beside its losses: the line it should be below, each test image's loss, its quality."""

from pathlib import Path
from typing import Any

from vaedash import analysis, checkpoints, datasets, fid, latent, pca, quality, runs
from vaedash.datasets import Progress, silent
from vaedash.errors import DatasetError
from vaedash.runs import Run


def measure(run: Run, *, data_dir: Path, fid_of: int = 0, progress: Progress = silent) -> dict[str, Any]:
    """Measure the kept weights on the run's own images, write the figures down and return those of measured.json.

    `pca` is as in `pca.line`, `frontier` as in `pca.frontier`, `quality` as in `quality.measure`; `active_units` counts
    the latents in use. With `fid_of` images there is FID too (`fid.measure`), which else stays what it was. DatasetError if
    the images are not here, or not those any more; RunError if the weights are not.
    """
    settings = runs.require_settings(run)
    dataset = datasets.load(settings.dataset, data_dir=data_dir, fraction=settings.fraction, download=False)
    if dataset.fingerprint != run.dataset.get("fingerprint"):
        raise DatasetError(
            f"The images of {dataset.name} are not those run {run.id} was trained on: figures would not be comparable."
        )
    model, epoch = checkpoints.load_model(run)
    progress("measuring losses", 0, 1)
    noise = latent.heldout_noise(len(dataset.test), settings.latent_dim)
    runs.write_test_losses(run.path, analysis.loss_by_image(model, dataset.test, noise, beta=settings.beta))
    spectrum = pca.spectrum(dataset, data_dir=data_dir)
    figures = {
        "active_units": analysis.active_units(analysis.kl_by_latent(model, dataset.test)),
        "pca": pca.line(spectrum, latent_dim=settings.latent_dim, beta=settings.beta),
        "frontier": pca.frontier(spectrum, latent_dim=settings.latent_dim),
    }
    # The cheap figures first: whoever looks need not wait for the rest.
    runs.write_measured(run.path, **figures)
    kept = run.quality if run.measured.get("epoch") == epoch else {}
    if fid_of:
        progress("comparing what Inception sees", 0, 1)
        kept = kept | fid.measure(model, dataset, latent_dim=settings.latent_dim, count=fid_of, data_dir=data_dir)
    found = quality.measure(model, dataset, latent_dim=settings.latent_dim, beta=settings.beta, progress=progress)
    figures |= {"epoch": epoch, "quality": {**kept, **found}}
    runs.write_measured(run.path, **figures)
    return figures
