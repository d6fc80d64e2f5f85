"""What is measured of a run once it has ended, beside its losses: the line it should be below, each test image's loss."""

from pathlib import Path
from typing import Any

from vaedash import analysis, checkpoints, datasets, latent, pca, runs
from vaedash.errors import DatasetError
from vaedash.runs import Run


def measure(run: Run, *, data_dir: Path) -> dict[str, Any]:
    """Measure the kept weights on the run's own images, write the figures down and return those of measured.json.

    `pca` is as in `pca.line`, `frontier` as in `pca.frontier`; `active_units` counts the latents in use. DatasetError
    if the images are not here, or not those any more; RunError if the weights are not.
    """
    settings = runs.require_settings(run)
    dataset = datasets.load(settings.dataset, data_dir=data_dir, fraction=settings.fraction, download=False)
    if dataset.fingerprint != run.dataset.get("fingerprint"):
        raise DatasetError(
            f"The images of {dataset.name} are not those run {run.id} was trained on: figures would not be comparable."
        )
    model, _ = checkpoints.load_model(run)
    noise = latent.heldout_noise(len(dataset.test), settings.latent_dim)
    runs.write_test_losses(run.path, analysis.loss_by_image(model, dataset.test, noise, beta=settings.beta))
    spectrum = pca.spectrum(dataset, data_dir=data_dir)
    figures = {
        "active_units": analysis.active_units(analysis.kl_by_latent(model, dataset.test)),
        "pca": pca.line(spectrum, latent_dim=settings.latent_dim, beta=settings.beta),
        "frontier": pca.frontier(spectrum, latent_dim=settings.latent_dim),
    }
    runs.write_measured(run.path, **figures)
    return figures
