"""Every measure once more, by other means than vaedash's: other libraries, other formulas, double precision, numpy.

`python tests/support/independent.py [RUN ...]` measures runs anew (default: the example runs that have weights) and prints
the table `vaedash / independent`; some minutes a run. Nothing here calls vaedash's own measures, but for what is to be compared.
"""

import copy
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.special
import scipy.stats
import skimage.metrics
import torch
from numpy.typing import NDArray

from vaedash import config, datasets, places, runs
from vaedash.comparing import intervals
from vaedash.datasets import Dataset
from vaedash.images import Pixels
from vaedash.measuring import heldout, knowledge, latents, measures, pca, quality
from vaedash.models import latent
from vaedash.models.vae import VAE
from vaedash.runs import stopping, weights

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Exact:
    """A model as a function of numpy arrays, in double precision: encoder and decoder as they were trained, nothing else of vaedash."""

    model: VAE  # float64, with its pixels in their natural order

    @classmethod
    def of(cls, model: VAE) -> "Exact":
        return cls(copy.deepcopy(model).double().eval())

    @torch.inference_mode()
    def encode(self, pixels: Doubles) -> tuple[Doubles, Doubles]:
        """mu and logvar of images in [0, 1]."""
        parts = [self.model.encoder(part).chunk(2, dim=1) for part in torch.from_numpy(pixels).split(250)]
        mu, logvar = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
        return mu, logvar

    @torch.inference_mode()
    def decode(self, z: Doubles) -> Doubles:
        """The images of each z, in [0, 1]."""
        return torch.cat([self.model.decoder(part) for part in torch.from_numpy(z).split(250)]).numpy()


def pixels_of(images: Pixels) -> Doubles:
    return images / np.float64(255)


# ---- the losses -----------------------------------------------------------------------------------------------


def losses(exact: Exact, images: Pixels, noise: Doubles, *, beta: float) -> dict[str, float | Doubles]:
    """Means of recon, KL and loss, the KL by `torch.distributions`; and the loss of each image."""
    pixels = pixels_of(images)
    mu, logvar = exact.encode(pixels)
    posterior = torch.distributions.Normal(torch.from_numpy(mu), torch.from_numpy(np.sqrt(np.exp(logvar))))
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).numpy()
    drawn = exact.decode(mu + np.sqrt(np.exp(logvar)) * noise)
    recon = np.array([np.linalg.norm((a - b).ravel()) ** 2 for a, b in zip(drawn, pixels, strict=True)])
    each = recon + beta * kl.sum(1)
    return {
        "recon": recon.mean(),
        "kl": kl.sum(1).mean(),
        "loss": each.mean(),
        "by_image": each,
        "active_units": int((kl.mean(0) > 0.01).sum()),
    }


def importance_bound(exact: Exact, images: Pixels, noise: Doubles, *, beta: float) -> float:
    """-beta times the log of the mean weight, the densities by `scipy.stats.norm`; `noise` is `(N, draws, latent_dim)`."""
    bounds = []
    for picture, draws in zip(pixels_of(images), noise, strict=True):
        mu, logvar = exact.encode(picture[None])
        sigma = np.exp(logvar / 2)
        z = mu + sigma * draws
        recon = np.square(exact.decode(z) - picture).sum(axis=(1, 2, 3))
        ratio = scipy.stats.norm.logpdf(z).sum(1) - scipy.stats.norm.logpdf(z, mu, sigma).sum(1)
        bounds.append(-beta * (scipy.special.logsumexp(ratio - recon / beta) - np.log(len(draws))))
    return float(np.mean(bounds))


def linear_loss(train: Pixels, test: Pixels, *, latent_dim: int, beta: float) -> float:
    """Of the best linear VAE, as a likelihood: -beta ln p(x) less a constant, p being the Gaussian whose covariance is that
    of the training images along the directions that are worth it, and beta / 2 along all others.
    """
    flat, held_out = (pixels_of(images).reshape(len(images), -1) for images in (train, test))
    mean = flat.mean(0)
    covariance = np.cov(flat, rowvar=False, bias=True)
    values, directions = scipy.linalg.eigh(covariance)
    variances = np.full(len(values), beta / 2)
    top = np.argsort(values)[::-1][:latent_dim]
    variances[top] = np.maximum(values[top], beta / 2)
    density = scipy.stats.multivariate_normal(
        mean, scipy.stats.Covariance.from_eigendecomposition((variances, directions))
    )
    return float(-beta * density.logpdf(held_out).mean() - beta / 2 * len(values) * np.log(np.pi * beta))


# ---- quality ----------------------------------------------------------------------------------------------


def similarity(originals: Doubles, redrawn: Doubles) -> tuple[float, float]:
    """PSNR and SSIM by scikit-image, which leaves out the windows that reach over the border."""
    pairs = list(zip(originals, redrawn, strict=True))
    psnr = [skimage.metrics.peak_signal_noise_ratio(a, b, data_range=1.0) for a, b in pairs]
    ssim = [
        skimage.metrics.structural_similarity(
            a, b, channel_axis=0, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for a, b in pairs
    ]
    return float(np.mean(psnr)), float(np.mean(ssim))


def smoothed(images: Doubles) -> Doubles:
    """With the window 1 4 6 4 1 along both sides, mirrored at the border."""
    for axis in (-2, -1):
        images = scipy.ndimage.convolve1d(images, np.array([1, 4, 6, 4, 1]) / 16, axis=axis, mode="mirror")
    return images


def bands(images: Doubles) -> tuple[Doubles, Doubles]:
    """A Laplacian pyramid of two bands, the fine one first."""
    coarse = smoothed(images)[..., ::2, ::2]
    spread = np.zeros_like(images)
    spread[..., ::2, ::2] = coarse
    return images - 4 * smoothed(spread), coarse


def patch_distance(made: Pixels, real: Pixels) -> float:
    """Mean over both bands of the distance between patches, along each direction by `scipy.stats.wasserstein_distance`.

    The places of the patches and the directions are part of the measure's definition: drawn as vaedash draws them.
    """
    distances = []
    for of_made, of_real in zip(bands(pixels_of(made)), bands(pixels_of(real)), strict=True):
        first, second = _patches(of_made), _patches(of_real)
        directions = torch.randn(first.shape[1], 128, generator=torch.Generator().manual_seed(0)).double().numpy()
        directions /= np.linalg.norm(directions, axis=0)
        along = [scipy.stats.wasserstein_distance(first @ one, second @ one) for one in directions.T]
        distances.append(1000 * np.mean(along))
    return float(np.mean(distances))


def _patches(band: Doubles) -> Doubles:
    side = band.shape[-1]
    places_of = torch.randint(side - 6, (2, len(band), 32), generator=torch.Generator().manual_seed(0)).numpy()
    patches = np.stack(
        [
            picture[:, row : row + 7, column : column + 7]
            for picture, rows, columns in zip(band, *places_of, strict=True)
            for row, column in zip(rows, columns, strict=True)
        ]
    )
    by_colour = patches.transpose(1, 0, 2, 3).reshape(3, -1)
    scaled = (by_colour - by_colour.mean(1, keepdims=True)) / by_colour.std(1, ddof=1, keepdims=True)
    return scaled.reshape(3, len(patches), -1).transpose(1, 0, 2).reshape(len(patches), -1)


def smoothness(exact: Exact, images: Pixels, *, steps: int) -> dict[str, float]:
    """Lengths of the straight ways between pairs of images, and the worst of their steps, by `steps` pictures in double precision."""
    mu, _ = exact.encode(pixels_of(images))
    ways = []
    for start, end in zip(mu[0::2], mu[1::2], strict=False):
        frames = exact.decode(np.linspace(start, end, steps))
        fine, coarse = bands(frames)
        pixels = np.linalg.norm(np.diff(frames.reshape(steps, -1), axis=0), axis=1)
        straight = np.linalg.norm((frames[-1] - frames[0]).ravel())
        apart = [np.abs(band[-1] - band[0]).mean() for band in (fine, coarse)]
        walked = [np.abs(np.diff(band, axis=0)).mean(axis=(1, 2, 3)).sum() for band in (fine, coarse)]
        ways.append((pixels.sum() / straight, sum(walked) / sum(apart), pixels.max() / pixels.mean()))
    means = np.mean(ways, axis=0)
    return dict(zip(("path_pixels", "path_edges", "worst_step"), map(float, means), strict=True))


# ---- what the numbers know ------------------------------------------------------------------------------------


def told(model: VAE, dataset: Dataset) -> dict[str, "Pair"]:
    """What the numbers know of what is said of the images, by both: rules by `scipy.optimize` and the normal equations, counts by numpy."""
    exact, mu, labels = Exact.of(model), {}, {}
    for side, images in (("train", dataset.train), ("test", dataset.test)):
        chosen = datasets.share(len(images), min(1.0, knowledge.MOST / len(images)))
        mu[side], logvar = exact.encode(pixels_of(images[chosen]))
        if side == "train":
            posterior = torch.distributions.Normal(
                torch.from_numpy(mu[side]), torch.from_numpy(np.sqrt(np.exp(logvar)))
            )
            kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
            in_use = kl.numpy().mean(0) > 0.01
        mu[side] = mu[side][:, in_use]
        labels[side] = {
            name.partition("/")[2]: values[chosen]
            for name, values in dataset.labels.items()
            if name.startswith(f"{side}/")
        }
    centre, spread = mu["train"].mean(0), mu["train"].std(0)
    train, test = ((mu[side] - centre) / np.where(spread > 0, spread, 1) for side in ("train", "test"))
    scores: dict[str, list[float]] = {}
    for name, learned in labels["train"].items():
        asked = labels["test"][name]
        if learned.dtype.kind == "f":
            scores.setdefault("told_factors", []).append(_r2(train, learned, test, asked, name in dataset.wheels))
        elif dataset.names.get(name) == ("no", "yes"):
            right = logistic(train, learned, test, balanced=True) == asked
            scores.setdefault("told_attributes", []).append(
                100 * np.mean([right[asked == value].mean() for value in (0, 1)])
            )
        else:
            right = logistic(train, learned, test, balanced=False) == asked
            scores.setdefault("told_class", []).append(100 * right.mean())
    of_gap = [values for name, values in labels["test"].items() if dataset.names.get(name) != ("no", "yes")]
    if "told_factors" in scores:
        scores["mig"] = [_gap(values, mu["test"]) for values in of_gap]
    figures = knowledge.measure(model, dataset).figures
    return {
        measures.MEASURES[name].title: (figures[name]["value"], float(np.mean(of_labels)))
        for name, of_labels in scores.items()
    }


def logistic(train: Doubles, learned: NDArray[np.int64], test: Doubles, *, balanced: bool) -> NDArray[np.int64]:
    """What a logistic regression says of the test numbers: half the squared weights and the summed loss, by L-BFGS."""
    kinds, number = np.unique(learned, return_inverse=True)
    hot = np.eye(len(kinds))[number]
    # Of two kinds there is one set of weights, not two that share the penalty.
    free = len(kinds) if len(kinds) > 2 else 1
    each = (len(hot) / (len(kinds) * hot.sum(0)))[number] if balanced else np.ones(len(hot))

    def scores(flat: Doubles, numbers: Doubles) -> Doubles:
        weights = flat.reshape(-1, free)
        found = numbers @ weights[:-1] + weights[-1]
        return found if free > 1 else np.hstack([np.zeros_like(found), found])

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        logs = scipy.special.log_softmax(scores(flat, train), axis=1)
        slope = (each[:, None] * (np.exp(logs) - hot))[:, -free:]
        penalised = np.vstack([flat.reshape(-1, free)[:-1], np.zeros((1, free))])
        gradient = np.vstack([train.T @ slope, slope.sum(0)]) + penalised
        return 0.5 * np.square(penalised).sum() - (each * (logs * hot).sum(1)).sum(), gradient.ravel()

    start = np.zeros((train.shape[1] + 1) * free)
    best = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxfun": 4000})
    return kinds[scores(best.x, test).argmax(1)]


def _r2(train: Doubles, learned: Doubles, test: Doubles, asked: Doubles, wheel: bool) -> float:
    """Of a ridge regression with a penalty of 1; on a wheel, of the point on the circle as a complex number."""
    known, wanted = (
        np.exp(2j * np.pi * values.astype(float)) if wheel else values.astype(float) for values in (learned, asked)
    )
    solved = np.linalg.solve(train.T @ train + np.eye(train.shape[1]), train.T @ (known - known.mean()))
    missed = np.square(np.abs(test @ solved + known.mean() - wanted)).sum()
    return float(1 - missed / np.square(np.abs(wanted - wanted.mean())).sum())


def _gap(values: NDArray, mu: Doubles) -> float:
    """The mutual information gap of one factor, by entropies of counts."""
    bins = len(np.unique(values)) if values.dtype.kind == "i" else knowledge.BINS
    shares = []
    for numbers in mu.astype(np.float32).T:
        table = np.histogram2d(values, numbers, bins=(bins, knowledge.BINS))[0]
        of_factor, of_latent, both = (
            scipy.stats.entropy(counts.ravel()) for counts in (table.sum(1), table.sum(0), table)
        )
        shares.append((of_factor + of_latent - both) / of_factor)
    best, second = sorted(shares)[:-3:-1]
    return float(best - second)


# ---- luck, and when to stop -------------------------------------------------------------------------------


def interval(first: Doubles, second: Doubles) -> tuple[float, float]:
    """95% interval of the mean paired difference, by scipy's paired t test."""
    found = scipy.stats.ttest_rel(first, second).confidence_interval(0.95)
    return float(found.low), float(found.high)


def stops_after(curve: Sequence[float], *, patience: int, min_delta: float) -> int | None:
    """After how many epochs training ends: the plain reading of the study's rule, over the whole curve at once."""
    for last in range(len(curve)):
        best, since = curve[0], 0
        for value in curve[1 : last + 1]:
            since += 1
            if value < best - min_delta:
                best, since = value, 0
        if since >= patience:
            return last + 1
    return None


def disagreements(curves: int) -> int:
    """Of so many random curves, how many end at another epoch than vaedash's early stopping would have it."""
    generator, settings = np.random.default_rng(0), config.RunConfig(patience=5, min_delta=0.5)
    wrong = 0
    for _ in range(curves):
        curve = 80 + 30 * np.exp(-np.arange(40) / generator.uniform(2, 12)) + generator.normal(0, 0.6, 40).cumsum() / 3
        rows = [_row(number, value) for number, value in enumerate(curve.tolist(), start=1)]
        counts = (stopping.epochs_without_improvement(rows[:end], settings) for end in range(1, 41))
        ended = next((end for end, count in enumerate(counts, start=1) if count >= 5), None)
        wrong += ended != stops_after(curve.tolist(), patience=5, min_delta=0.5)
    return wrong


def _row(number: int, loss: float) -> dict:
    terms = (f"{split}_{term}" for split in ("train", "test") for term in ("loss", "recon", "kl"))
    return {"epoch": number, **dict.fromkeys(terms, loss)}


# ---- the table --------------------------------------------------------------------------------------------


Pair = tuple[float, float]  # vaedash's figure, and the independent one


def compared(model: VAE, dataset: Dataset, *, beta: float, say: Callable[[str], object] = print) -> dict[str, Pair]:
    """Every measure of a model on a dataset's test images, by both."""
    exact, test = Exact.of(model), dataset.test
    few = quality.some(test, min(quality.MOST, len(dataset.train)))
    noise = latent.heldout_noise(len(test), model.latent_dim)
    found = {}

    say("losses")
    theirs = heldout.evaluate(model, heldout.HeldOut.of(test, model.latent_dim))
    ours = losses(exact, test, noise.double().numpy(), beta=beta)
    found["recon"] = (theirs.recon, ours["recon"])
    found["KL"] = (theirs.kl, ours["kl"])
    found["test loss"] = (theirs.losses(beta=beta).loss, ours["loss"])
    found["active units"] = (latents.active_units(theirs.kl_by_latent), ours["active_units"])

    say("quality")
    figures = quality.measure(model, dataset, beta=beta)
    mu, _ = exact.encode(pixels_of(test))
    psnr, ssim = similarity(pixels_of(test), exact.decode(mu))
    found["PSNR"] = (figures["psnr"]["value"], psnr)
    found["SSIM"] = (figures["ssim"]["value"], ssim)
    say("IWAE bound")
    generator = torch.Generator().manual_seed(config.HELDOUT_SEED)
    weighed = quality.mixed(test, quality.BOUND)
    draws = torch.randn(len(weighed), quality.DRAWS, model.latent_dim, generator=generator).double().numpy()
    found["IWAE bound"] = (figures["iwae"]["value"], importance_bound(exact, weighed, draws, beta=beta))
    say("patches")
    made = latent.decode(model, latent.prior(len(few), model.latent_dim))
    found["SWD"] = (figures["swd"]["value"], patch_distance(made, few))
    found["SWD, its floor"] = (figures["swd"]["floor"], patch_distance(quality.some(dataset.train, len(few)), few))
    say("ways")
    pairs = quality.mixed(test, 2 * quality.PATHS)
    walked, finer = smoothness(exact, pairs, steps=quality.STEPS), smoothness(exact, pairs, steps=1024)
    for name, title in (
        ("path_pixels", "path in pixels"),
        ("path_edges", "path in edges"),
        ("worst_step", "worst step"),
    ):
        found[title] = (figures[name]["value"], walked[name])
        found[f"{title}, 1,024 frames"] = (figures[name]["value"], finer[name])
    if dataset.labels:
        say("what the numbers know")
        found |= told(model, dataset)
    return found


def lines(dataset: Dataset, *, latent_dim: int, beta: float) -> Pair:
    """The test loss of the best linear VAE, by both."""
    line = pca.line(pca.measure(dataset), latent_dim=latent_dim, beta=beta)
    assert line
    return line["test"]["loss"], linear_loss(dataset.train, dataset.test, latent_dim=latent_dim, beta=beta)


def main(wanted: Sequence[str]) -> None:
    here = [run for run in runs.list_runs(places.runs_dir()) if run.weights.has("best")]
    chosen = [run for run in here if run.id in wanted] or [
        run for run in here if run.example and run.config.dataset in config.DATASETS
    ]
    columns, each = {}, {}
    ordered = sorted(chosen, key=lambda run: run.config.arch, reverse=True)
    for run in ordered:
        settings = run.config
        dataset = datasets.load(settings.dataset, data_dir=places.data_dir(), fraction=settings.fraction)
        model, _ = weights.load_model(run)
        columns[run.name] = compared(
            model, dataset, beta=settings.beta, say=lambda what, run=run: print(f"{run.name}: {what}", file=sys.stderr)
        )
        columns[run.name]["PCA line"] = lines(dataset, latent_dim=settings.latent_dim, beta=settings.beta)
        noise = latent.heldout_noise(len(dataset.test), model.latent_dim).double().numpy()
        each[run.name] = losses(Exact.of(model), dataset.test, noise, beta=settings.beta)["by_image"]
    print(f"| measure | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for measure in next(iter(columns.values())):
        cells = (f"{theirs:.6g} / {ours:.6g}" for theirs, ours in (column[measure] for column in columns.values()))
        print(f"| {measure} | {' | '.join(cells)} |")
    if len(chosen) == 2:
        first, second = each.values()
        theirs, ours = intervals.over_images(second, first), interval(second, first)
        title = f"interval of {' less '.join(run.config.arch for run in ordered[::-1])}"
        print(f"| {title} | {theirs.low:.6g} to {theirs.high:.6g} / {ours[0]:.6g} to {ours[1]:.6g} | |")
    print(f"\nEarly stopping on 1,000 random curves: {disagreements(1000)} end at another epoch.")


if __name__ == "__main__":
    main(sys.argv[1:])
