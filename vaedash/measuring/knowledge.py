"""What the few numbers know: how well a straight rule tells from mu what is said of an image, and which latent tells which factor.

A rule is fitted on training images and tried on test images (a linear probe: Alain & Bengio 2017), by scikit-learn, which
is imported here alone, and only where something is said of the images.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaedash import config, datasets
from vaedash.datasets import Dataset, Progress, silent
from vaedash.datasets.source import is_attribute
from vaedash.images import Pixels
from vaedash.measuring.measures import FEWEST
from vaedash.models import latent, losses
from vaedash.models.vae import VAE
from vaedash.runs.figures import Floats
from vaedash.runs.schema import Figure, Part

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

MOST = 10_000  # training images that a rule is fitted on, and test images that it is tried on, at most
MOST_CLASSES = 200  # beyond, a rule takes minutes
BINS = 20  # of a latent and of a factor, equally wide, as Locatello et al. 2019 have it
RESAMPLES = 1000
_AT_ONCE = 50  # resamples: all of them would fill a gigabyte
_CLASS, _ATTRIBUTE, _FACTOR = "told_class", "told_attributes", "told_factors"  # what a label is, by the measure for it

Doubles = NDArray[np.float64]
Values = NDArray[np.int64] | NDArray[np.int8] | NDArray[np.float32] | NDArray[np.float64]
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Said:
    """Images as a model has them, mu `(N, latent_dim)`, and what is said of each, `(N,)` by label.

    Whole numbers count words, and -1 is unknown; other numbers are the value of a factor.
    """

    mu: Floats
    labels: Mapping[str, Values]


@dataclass(frozen=True)
class Knowledge:
    """The figures by the name of their measure; and where there are factors `by_latent`, `(factors, latent_dim)`, 0 to 1.

    That is which part of all there is to know of a factor each latent tells, 0 where it is not in use; its rows are in the order
    of the `parts` of `mig`.
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    by_latent: Doubles | None = None


def lacking() -> str:
    """What has to be installed before any of this can be measured, as a sentence; empty where it is there."""
    if importlib.util.find_spec("sklearn"):
        return ""
    return "What the numbers know is not measured: scikit-learn is not installed. Add it with: pip install scikit-learn"


def measure(model: VAE, dataset: Dataset, *, progress: Progress = silent) -> Knowledge:
    """What mu of a model knows of what a dataset says of its images, as `of` has it; some two seconds.

    Only latents in use count, by their KL over the training images; the others are as if they were 0. Their mu moves, too, but
    by so much less than the noise of z that the decoder cannot hear it: a rule could, and would praise the model for what it
    does not say. Nothing where the dataset says nothing, and where something is `lacking`.
    """
    if not dataset.labels or lacking():
        return Knowledge()
    sides = []
    for number, images in enumerate((dataset.train, dataset.test)):
        progress("measuring what the numbers know", number, 3)
        sides.append(latent.encode(model, images[_chosen(images)]))
    progress("measuring what the numbers know", 2, 3)
    in_use = losses.kl_per_latent(*sides[0]).mean(0) > config.ACTIVE_KL
    train, test = ((mu * in_use).numpy() for mu, _ in sides)
    return of(
        Said(train, _labels(dataset, "train", _chosen(dataset.train))),
        Said(test, _labels(dataset, "test", _chosen(dataset.test))),
        names=dataset.names,
        wheels=dataset.wheels,
    )


def _chosen(images: Pixels) -> NDArray[np.int64]:
    """The numbers of at most MOST images: the same for every run."""
    return np.asarray(datasets.share(len(images), min(1.0, MOST / len(images))))


def _labels(dataset: Dataset, side: str, chosen: NDArray[np.int64]) -> dict[str, Values]:
    of_side = {name: values for name, values in dataset.labels.items() if name.startswith(f"{side}/")}
    return {name.partition("/")[2]: values[chosen] for name, values in of_side.items()}


def of(
    train: Said, test: Said, *, names: Mapping[str, tuple[str, ...]] | None = None, wheels: Sequence[str] = ()
) -> Knowledge:
    """What the numbers of training and test images know. `names` is as in a dataset; a factor on one of the `wheels` comes round
    at 1.

    `told_class` is the accuracy of a logistic regression in percent, `told_attributes` its balanced accuracy, `told_factors`
    the R2 of a ridge regression, each on the test images: the mean over labels of the kind, which `parts` has one by one.
    `floor` is what guessing the commonest training image, or their mean, would get. Of FEWEST images or more, `low` to `high`
    is a 95% interval over other test images: Wilson's (1927) for an accuracy, else the percentiles of a bootstrap.
    `mig` is the mutual information gap (Chen et al. 2018), where there are factors.
    """
    import sklearn.linear_model  # noqa: F401 - what it computes with is kept to one thread only if it is loaded by then
    from threadpoolctl import threadpool_limits

    # The same figures whatever the number of threads, and no core is taken that is another run's.
    with threadpool_limits(1, user_api="blas"):
        answers = _answers(train, test, names or {}, wheels)
        figures = {kind: _figure(of_kind, learned_from=len(train.mu)) for kind, of_kind in answers.items()}
        if _FACTOR not in answers:
            return Knowledge(figures)
        told = [name for kind in (_CLASS, _FACTOR) for name in answers.get(kind, ())]
        gap, by_latent = _gap(test, told)
        return Knowledge({**figures, "mig": gap}, by_latent)


# ---- what rules answer ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Answers:
    """What a rule says of test images, and what a guess does: terms `(N, k)`, whose sums over images make a score.

    Rows of images that have not got the label are zeros.
    """

    terms: Doubles
    guessed: Doubles
    count: int  # of images that have the label

    def score(self, sums: Doubles) -> Doubles:
        """Of sums `(..., k)`: `(...)`."""
        raise NotImplementedError

    def bounds(self, drawn: Doubles) -> Bounds:
        """Between which the score of other test images is in 95 of 100 cases; `drawn` are scores of resampled ones."""
        return _middle(drawn, self.count)


class _Hits(_Answers):
    """Accuracy in percent; its terms: right, known."""

    def score(self, sums: Doubles) -> Doubles:
        return np.asarray(100 * sums[..., 0] / sums[..., 1])

    def bounds(self, drawn: Doubles) -> Bounds:
        if None in super().bounds(drawn):
            return None, None
        from scipy.stats import binomtest

        # Unlike percentiles, of some width where every answer is right.
        found = binomtest(int(self.terms[:, 0].sum()), self.count).proportion_ci(method="wilson")
        return 100 * float(found.low), 100 * float(found.high)


class _BalancedHits(_Answers):
    """Balanced accuracy in percent, the mean of that among yes and that among no; its terms: right yes, yes, right no, no."""

    def score(self, sums: Doubles) -> Doubles:
        with np.errstate(invalid="ignore"):  # a resample may have none of them
            return np.asarray(50 * (sums[..., 0] / sums[..., 1] + sums[..., 2] / sums[..., 3]))


class _Errors(_Answers):
    """R2; its terms: squared error, known, squared value, and the value itself, which has two parts on a wheel."""

    def score(self, sums: Doubles) -> Doubles:
        with np.errstate(invalid="ignore", divide="ignore"):  # a resample may be of one image, again and again
            spread = sums[..., 2] - np.square(sums[..., 3:]).sum(-1) / sums[..., 1]
            return np.asarray(1 - sums[..., 0] / spread)


@dataclass(frozen=True)
class _Known:
    """Those images of a side that have a label: `where` they are among all `(N,)`, their mu, and its values."""

    where: NDArray[np.bool_]
    mu: Floats
    values: Values

    @classmethod
    def by(cls, said: Said, name: str) -> "_Known":
        values = said.labels[name]
        where = np.isfinite(values) if _is_factor(values) else values >= 0
        return cls(where, said.mu[where], values[where])

    def spread(self, rows: Doubles) -> Doubles:
        """These rows, one an image that has the label, among zeros for those that have not."""
        every = np.zeros((len(self.where), rows.shape[1]))
        every[self.where] = rows
        return every


def _is_factor(values: Values) -> bool:
    return values.dtype.kind == "f"


def _answers(
    train: Said, test: Said, names: Mapping[str, tuple[str, ...]], wheels: Sequence[str]
) -> dict[str, dict[str, _Answers]]:
    """By kind and label; without those that do not differ, and classes of which there are too many."""
    answers: dict[str, dict[str, _Answers]] = {}
    for name in (name for name in train.labels if name in test.labels):
        known = _Known.by(train, name), _Known.by(test, name)
        kinds, tried = (len(np.unique(side.values)) for side in known)
        if _is_factor(train.labels[name]):
            if min(kinds, tried) > 1:
                answers.setdefault(_FACTOR, {})[name] = _regressed(*known, wheel=name in wheels)
        elif is_attribute(name, names.get(name, ())):
            if min(kinds, tried) > 1:
                answers.setdefault(_ATTRIBUTE, {})[name] = _named(*known, balanced=True)
        elif 1 < kinds <= MOST_CLASSES and tried:
            answers.setdefault(_CLASS, {})[name] = _named(*known, balanced=False)
    return answers


def _named(train: _Known, test: _Known, *, balanced: bool) -> _Answers:
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    def answered(estimator: "BaseEstimator") -> Doubles:
        right = _fitted(estimator, train.mu, train.values).predict(test.mu) == test.values
        yes = test.values > 0
        terms = [right & yes, yes, right & ~yes, ~yes] if balanced else [right, np.ones_like(right)]
        return test.spread(np.column_stack(terms).astype(np.float64))

    # By Newton's steps: where latents that say nothing are scaled up, L-BFGS takes hundreds.
    weight = "balanced" if balanced else None
    rule = LogisticRegression(C=1.0, class_weight=weight, solver="newton-cg", max_iter=1000)
    guess = DummyClassifier(strategy="most_frequent")
    return (_BalancedHits if balanced else _Hits)(answered(rule), answered(guess), len(test.values))


def _regressed(train: _Known, test: _Known, *, wheel: bool) -> _Answers:
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import Ridge

    learned, asked = (_columns(side.values, wheel=wheel) for side in (train, test))

    def answered(estimator: "BaseEstimator") -> Doubles:
        told = _fitted(estimator, train.mu, learned).predict(test.mu).reshape(asked.shape)
        missed, size = (np.square(columns).sum(1) for columns in (told - asked, asked))
        return test.spread(np.column_stack([missed, np.ones_like(missed), size, asked]))

    return _Errors(answered(Ridge(alpha=1.0)), answered(DummyRegressor(strategy="mean")), len(asked))


def _columns(values: Values, *, wheel: bool) -> Doubles:
    """`(N, 1)`; or of a factor that comes round, its place on the circle `(N, 2)`: no straight rule can jump from 1 to 0."""
    exact = values.astype(np.float64)[:, None]
    return np.hstack([np.cos(2 * np.pi * exact), np.sin(2 * np.pi * exact)]) if wheel else exact


def _fitted(estimator: "BaseEstimator", mu: Floats, values: Values) -> "BaseEstimator":
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator).fit(mu.astype(np.float64), values)


# ---- how good they are, and how sure that is ----------------------------------------------------------------


def _figure(answers: Mapping[str, _Answers], *, learned_from: int) -> Figure:
    """The mean score of rules for several labels of one kind, and each of them."""
    terms = np.hstack([answered.terms for answered in answers.values()])
    ends = np.cumsum([answered.terms.shape[1] for answered in answers.values()])[:-1]
    sums = np.split(_resampled(terms), ends, axis=1)
    drawn = [answered.score(of_label) for answered, of_label in zip(answers.values(), sums, strict=True)]
    parts = {name: _part(answered, each) for (name, answered), each in zip(answers.items(), drawn, strict=True)}
    count = int((terms != 0).any(1).sum())
    alone = next(iter(parts.values())) if len(parts) == 1 else None
    low, high = (alone["low"], alone["high"]) if alone else _middle(np.mean(drawn, axis=0), count)
    return Figure(
        value=float(np.mean([part["value"] for part in parts.values()])),
        floor=float(np.mean([part["floor"] for part in parts.values()])),
        n=count,
        low=low,
        high=high,
        parts=parts,
        learned_from=learned_from,
    )


def _part(answered: _Answers, drawn: Doubles) -> Part:
    value, floor = (float(answered.score(terms.sum(0))) for terms in (answered.terms, answered.guessed))
    low, high = answered.bounds(drawn)
    return Part(value=value, floor=floor, n=answered.count, low=low, high=high)


def _resampled(terms: Doubles) -> Doubles:
    """Sums of terms `(N, k)` over images drawn from these with replacement, as many as they are: `(RESAMPLES, k)`."""
    generator, count = np.random.default_rng(config.SAMPLE_SEED), len(terms)
    sums = []
    for _ in range(RESAMPLES // _AT_ONCE):
        drawn = [np.bincount(generator.integers(count, size=count), minlength=count) for _ in range(_AT_ONCE)]
        sums.append(np.array(drawn, np.float64) @ terms)
    return np.concatenate(sums)


def _middle(drawn: Doubles, count: int) -> Bounds:
    """The middle 95% of scores of resampled images; none where there are fewer images than FEWEST."""
    if count < FEWEST:
        return None, None
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return float(low), float(high)


# ---- which latent tells what --------------------------------------------------------------------------------


def _gap(test: Said, told: Sequence[str]) -> tuple[Figure, Doubles]:
    """How much more of a factor the latent that tells most of it tells than the next one does, as a part of all there is to know
    (the mutual information gap, section 4.1 of Chen et al. 2018): the mean over factors, and each; with the table behind it.

    Latents and factors are counted in BINS. `floor` is what images give whose factors are those of others.
    """
    known = np.all([_Known.by(test, name).where for name in told], axis=0)
    factors = [_binned(test.labels[name][known]) for name in told]
    latents = [_binned(numbers) for numbers in test.mu[known].T]
    other = np.random.default_rng(config.SAMPLE_SEED).permutation(int(known.sum()))
    by_latent = _shares(factors, latents)
    gaps, floors = _leads(by_latent), _leads(_shares([factor[other] for factor in factors], latents))
    parts = {
        name: Part(value=float(gap), floor=float(floor), n=len(other), low=None, high=None)
        for name, gap, floor in zip(told, gaps, floors, strict=True)
    }
    figure = Figure(value=float(gaps.mean()), floor=float(floors.mean()), n=len(other), parts=parts)
    return figure, by_latent


def _binned(values: Values) -> NDArray[np.int64]:
    """In which of BINS each value lies; words are counted as they are."""
    if not _is_factor(values):
        return np.unique(values, return_inverse=True)[1].astype(np.int64)
    return np.digitize(values, np.histogram_bin_edges(values, BINS)[1:-1])


def _shares(factors: Sequence[NDArray[np.int64]], latents: Sequence[NDArray[np.int64]]) -> Doubles:
    """Which part of the entropy of each factor is its mutual information with each latent: `(factors, latents)`."""
    from sklearn.metrics import mutual_info_score

    def shared(factor: NDArray[np.int64], other: NDArray[np.int64]) -> float:
        width = int(other.max()) + 1
        table = np.bincount(factor * width + other, minlength=width * (int(factor.max()) + 1))
        return float(mutual_info_score(None, None, contingency=table.reshape(-1, width)))

    told = [[shared(factor, each) for each in latents] for factor in factors]
    entropies = [[shared(factor, factor)] for factor in factors]
    return np.divide(told, entropies, dtype=np.float64)


def _leads(shares: Doubles) -> Doubles:
    """By how much the largest of each row is above the next."""
    ordered = np.sort(shares, axis=1)
    lead: Doubles = ordered[:, -1] - ordered[:, -2]
    return lead
