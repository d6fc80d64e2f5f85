"""Every choice that defines a run: its defaults, its bounds, the presets; the form, the command line and the README read them here."""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vaedash.errors import UsageError

SCHEMA = 1  # major version of everything under runs/; a newer one is read, never written
RUN_ID = re.compile(r"[a-z][a-z0-9]{5}")  # checked before any path is made of an id

IMAGE_SHAPE = (3, 32, 32)  # channels, rows, columns: every image in this project
PIXELS = math.prod(IMAGE_SHAPE)

# The table of architectures: a name, and what it is called in full. Another one is a line here and a file
# `vaedash/models/<name>.py`; command line, forms and charts then know it.
ARCHS: Mapping[str, str] = {"fc": "fully connected", "conv": "convolutional"}
DATASETS = ("shapes", "cifar10", "celeba")  # anything else is a path to a person's own images
MONITORS = ("train", "val")
SCHEDULES = ("constant", "one-cycle")
ACTIVATIONS = ("relu", "silu")
PIXEL_ORDERS = ("natural", "shuffled")
PRECISIONS = ("auto", "fp32", "bf16")
DEVICES = ("auto", "cpu", "cuda", "mps")

# The settings that say what a model is, rather than how it learns: from these it can be built again.
MODEL_SETTINGS = ("arch", "latent_dim", "activation", "pixel_order")

# The study's three parameter sets, which change several things at once: the comparison page warns when two chosen
# runs differ in more than their architecture. And one of our own, which is as good after a third of the epochs.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "p1": {"batch_size": 64, "lr": 1e-3, "latent_dim": 128},
    "p2": {"batch_size": 128, "lr": 5e-4, "latent_dim": 128},
    "p3": {"batch_size": 64, "lr": 5e-4, "latent_dim": 256},
    "fast": {"batch_size": 64, "lr": 3e-3, "latent_dim": 128, "schedule": "one-cycle", "activation": "silu"},
}
# What a preset has of its own for an architecture: above this, FC's wide layers do not settle.
_EXCEPTIONS: Mapping[tuple[str, str], Mapping[str, Any]] = {("fast", "fc"): {"lr": 1e-3}}
STUDY = ("p1", "p2", "p3")
DEFAULT_EPOCHS: Mapping[str, int] = {"fast": 4}  # which its learning rate is spread over

# The study took a random 30% of CelebA; every other dataset is used whole.
DEFAULT_FRACTION: Mapping[str, float] = {"celeba": 0.3}

# What well-known code calls "beta = 1", in this project's unit: minimising S + b * K, with S the squared error summed
# over an image and K the KL in nats.
PUBLISHED_BETAS: Mapping[str, float] = {
    "constant-variance VAE of the RAE paper": 0.072,
    "this project and the study": 1.0,
    "lightning-bolts": 1.2,
    "pythae": 2.0,
    "PyTorch-VAE": 3.07,
}

# Which images are held out, or left out by `fraction`, never depends on a run's seed: runs of
# different seeds are compared on the same images, and share one dataset fingerprint.
SPLIT_SEED = 0
SAMPLE_SEED = 0  # the z behind every run's sample grids: the same for all runs of one latent size
SHUFFLE_SEED = 0  # the one order into which `shuffled` puts the pixels of every image, in every run
HELDOUT_SEED = 0  # the noise with which held-out losses draw z from q(z|x): the same at every epoch

SLOTS = 2  # runs that train at once on one machine: a pair races side by side
# nats: a latent whose mean KL over the held-out images is above this says something about them (Burda et al. 2016, in spirit)
ACTIVE_KL = 0.01

SAMPLE_COUNT = 64  # images in the fixed-z grid of an epoch
PHOTO_COUNT = 32  # held-out images in the reconstruction grid of an epoch


def preset_values(preset: str, arch: str) -> Mapping[str, Any]:
    """The settings that a preset stands for with this architecture."""
    return {**PRESETS[preset], **_EXCEPTIONS.get((preset, arch), {})}


def _setting(default: Any, help: str, **bounds: Any) -> Any:
    return field(default=default, metadata={"help": help, **bounds})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What one run was asked to be; checked when it is made, never changed afterwards.

    Each field's metadata holds `help` and either `low`/`high` (both allowed) or `choices`; form and command
    line are built from them. Raises UsageError with one sentence if a value is not allowed.
    """

    arch: str = _setting("conv", "architecture", choices=tuple(ARCHS))
    dataset: str = _setting("shapes", "shapes, cifar10, celeba, or the path of a folder, zip or Parquet file of images")
    preset: str | None = _setting(None, "parameter set: p1, p2, p3 of the study, or fast", choices=tuple(PRESETS))
    batch_size: int = _setting(64, "images per training step", low=1, high=4096)
    lr: float = _setting(1e-3, "learning rate of Adam", low=1e-6, high=1.0)
    latent_dim: int = _setting(128, "numbers in a latent vector z", low=2, high=512)
    schedule: str = _setting(
        "constant", "the learning rate over a run: constant, or up to lr and down to nothing", choices=SCHEDULES
    )
    activation: str = _setting("relu", "what stands between two layers", choices=ACTIVATIONS)
    pixel_order: str = _setting(
        "natural",
        "how the model sees every image: as it is, or its pixels shuffled, always in the same way",
        choices=PIXEL_ORDERS,
    )
    epochs: int = _setting(100, "ceiling: early stopping usually ends the run before", low=1, high=10_000)
    beta: float = _setting(1.0, "weight of the KL term: loss = recon + beta * kl", low=0.0, high=1000.0)
    kl_warmup: int = _setting(0, "epochs over which beta rises linearly to its full value", low=0, high=1000)
    fraction: float = _setting(1.0, "seeded share of the training images to use", low=1e-4, high=1.0)
    seed: int = _setting(0, "seed of weights, batch order and noise", low=0, high=2**31 - 1)
    patience: int = _setting(5, "epochs in a row without improvement after which the run stops", low=1, high=10_000)
    min_delta: float = _setting(0.5, "nats by which the loss must fall to count as improved", low=0.0, high=1000.0)
    monitor: str = _setting(
        "train", "loss that decides early stopping and the best weights; never the test loss", choices=MONITORS
    )
    val_fraction: float = _setting(
        0.1, "seeded share of the training images held back when --monitor is val", low=0.001, high=0.5
    )
    device: str = _setting("auto", "where to train", choices=DEVICES)
    precision: str = _setting(
        "auto",
        "arithmetic of the forward and backward pass; auto takes bf16 only where it is faster",
        choices=PRECISIONS,
    )

    def __post_init__(self) -> None:
        for setting in fields(self):
            _check(setting, getattr(self, setting.name))
        if self.preset is not None:
            for name, value in preset_values(self.preset, self.arch).items():
                if getattr(self, name) != value:
                    raise UsageError(
                        f"preset {self.preset} has {name} {value}, got {getattr(self, name)}; "
                        f"leave the preset out to choose your own values."
                    )

    @classmethod
    def build(cls, **settings: Any) -> "RunConfig":
        """A configuration from the settings a person gave; None means not given.

        What is missing comes from the preset, then from the dataset, then from the defaults. A value of one's
        own beside a preset wins, and the run then carries no preset's name.
        """
        given = {name: value for name, value in settings.items() if value is not None}
        preset = given.get("preset")
        if preset is not None:
            _check(cls.__dataclass_fields__["preset"], preset)
            values = preset_values(preset, given.get("arch", cls.arch))
            if any(given.get(name, value) != value for name, value in values.items()):
                del given["preset"]
            given = {**values, **given}
            if "preset" in given and preset in DEFAULT_EPOCHS:
                given.setdefault("epochs", DEFAULT_EPOCHS[preset])
        if "dataset" in given:
            given["dataset"] = dataset_spec(given["dataset"])
            given.setdefault("fraction", DEFAULT_FRACTION.get(given["dataset"], 1.0))
        return cls(**given)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "RunConfig":
        """The configuration inside a run's config.json; keys that are not settings are left alone."""
        return cls(**{name: record[name] for name in setting_names() if name in record})

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON record."""
        return {name: getattr(self, name) for name in setting_names()}

    @property
    def title(self) -> str:
        """What the run is called until a person names it: architecture, preset or own sizes, dataset, pixels if shuffled, seed."""
        what = self.preset or f"batch {self.batch_size}, lr {self.lr:g}, latent {self.latent_dim}"
        shuffled = " shuffled" if self.pixel_order == "shuffled" else ""
        return f"{self.arch} {what} {dataset_title(self.dataset)}{shuffled} seed {self.seed}"

    def lr_at(self, progress: float) -> float:
        """The learning rate when this share (0 to 1) of all steps is done.

        one-cycle (Smith & Topin 2018): a cosine from lr / 25 up to lr over the first 30%, then one down to lr / 250,000.
        """
        if self.schedule == "constant":
            return self.lr
        rise, first, last = 0.3, self.lr / 25, self.lr / 250_000
        if progress < rise:
            return self.lr + (first - self.lr) * (1 + math.cos(math.pi * progress / rise)) / 2
        return last + (self.lr - last) * (1 + math.cos(math.pi * (progress - rise) / (1 - rise))) / 2

    def beta_at(self, epoch: int) -> float:
        """beta in `epoch` (counted from 1): constant within an epoch, full from epoch `kl_warmup` on."""
        return self.beta * min(1.0, epoch / self.kl_warmup) if self.kl_warmup else self.beta


def dataset_spec(text: str) -> str:
    """A dataset's name as it stands, or the absolute form of a path; what a config holds never depends on a working directory."""
    return text if text in DATASETS else str(Path(text).expanduser().resolve())


def dataset_title(spec: str) -> str:
    """What a dataset is called in a list: its name, or the last part of its path without the ending."""
    return spec if spec in DATASETS else Path(spec).stem


def setting_names() -> Iterator[str]:
    """The names of all settings, in the order of the class."""
    return (setting.name for setting in fields(RunConfig))


def _check(setting: dataclasses.Field, value: Any) -> None:
    name, rules = setting.name, setting.metadata
    if choices := rules.get("choices"):
        if value not in choices and not (value is None and setting.default is None):
            raise UsageError(f"{name} must be one of {', '.join(choices)}; got {value!r}.")
    elif "low" in rules:
        whole = isinstance(setting.default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise UsageError(f"{name} must be {'a whole number' if whole else 'a number'}, got {value!r}.")
        if not rules["low"] <= value <= rules["high"]:  # false for NaN too
            raise UsageError(f"{name} must be between {rules['low']} and {rules['high']}, got {value}.")
    elif not isinstance(value, str) or not value:
        raise UsageError(f"{name} must be a name or a path, got {value!r}.")
