"""Every choice that defines a run: its default, what is allowed, what people are told; form, command line and docs are built from it."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PureWindowsPath
from typing import Annotated, Any, get_type_hints

from vaedash import installed, places
from vaedash.errors import UsageError
from vaedash.languages import Sentence, say, to_say
from vaedash.settings import Choice, Group, Number, Setting, Value, Written

SCHEMA = 1  # major version of everything under runs/; a newer one is read, never written
RUN_ID = re.compile(r"[a-z][a-z0-9]{5}")  # checked before any path is made of an id

IMAGE_SIZES = (32, 64)
FITS = (to_say("crop"), to_say("squash"), to_say("pad"))
BACKGROUNDS = (to_say("auto"), to_say("white"), to_say("black"))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What all images of a run are brought to, whatever they were: RGB squares of so many pixels a side.

    One that is no square is cropped, squashed or padded; what is transparent, or padded, has this background (`auto`: white, unless
    that would hide most of the images; beside what is padded black, unless most of them are transparent).
    """

    image_size: int = IMAGE_SIZES[0]
    fit: str = FITS[0]
    background: str = BACKGROUNDS[0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        return 3, self.image_size, self.image_size

    @property
    def pixels(self) -> int:
        """The numbers that are an image: one for each pixel and channel."""
        return math.prod(self.shape)


USUAL_FRAME = Frame()


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What is known of an architecture without building it.

    `widths` are those of its layers, or of its blocks, from the first on, for the usual frame. Where each block halves the image,
    down to 4 pixels a side (`halving`), larger images take more of them, each twice as wide as the one before.
    """

    title: str  # in full
    spoken: str = ""  # in a sentence, where that is not its name
    widths: tuple[int, ...] = ()
    halving: bool = False
    module: str = ""  # of the package that brings it; empty where it is `vaedash/models/<name>.py`


# The table of architectures. Another one is a line here and a file `vaedash/models/<name>.py`; command line, forms and charts
# then know it.
BUILT_IN_ARCHS: Mapping[str, Architecture] = {
    "fc": Architecture(title=to_say("fully connected"), spoken="FC", widths=(512, 256)),
    "conv": Architecture(title=to_say("convolutional"), widths=(32, 64, 128), halving=True),
    "local": Architecture(title=to_say("locally connected"), widths=(32, 64, 128), halving=True),
}
_ARCH_NAME = r"[a-z][a-z0-9_]{0,29}"
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
# An architecture of one's own: its name, and the SHA-256 of its source, which `vaedash/models/own.py` keeps.
OWN = re.compile(rf"({_ARCH_NAME})@([0-9a-f]{{64}})")
ARCH_GROUP = "vaedash.archs"  # the entry points by which packages bring further ones


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """An architecture of another package that is not in the table, and why, in a sentence."""

    package: str
    sentence: str


def _with_those_of_packages() -> tuple[dict[str, Architecture], list[Skipped]]:
    archs, skipped = dict(BUILT_IN_ARCHS), []
    for point in installed.brought(ARCH_GROUP):
        objection = ""
        if not is_arch_name(point.name):
            objection = "its name must be up to 30 small letters, digits and underscores, the first a letter"
        elif point.name in archs:
            objection = "that name is taken"
        elif not _MODULE.fullmatch(point.module):
            objection = f"it must name a module, and names {point.module[:80]!r}"
        if objection:
            sentence = f"The architecture {point.name[:80]!r} of the package {point.package} is left out: {objection}."
            skipped.append(Skipped(package=point.package, sentence=sentence))
        else:
            archs[point.name] = Architecture(title=f"of the package {point.package}", module=point.module)
    return archs, skipped


def is_arch_name(name: str) -> bool:
    """Whether an architecture may be called so."""
    return re.fullmatch(_ARCH_NAME, name) is not None


def is_own(arch: str) -> bool:
    """Whether this is an architecture of somebody's own, as a run's config.json says it: `name@` and 64 hexadecimal digits."""
    own = OWN.fullmatch(arch)
    return own is not None and own[1] not in BUILT_IN_ARCHS


def arch_name(arch: str) -> str:
    """What an architecture is called, be it one of somebody's own; `latest:` takes this."""
    return arch.partition("@")[0]


# Those that come with vaedash, and behind them those that installed packages bring.
ARCHS: Mapping[str, Architecture]
SKIPPED_ARCHS: Sequence[Skipped]
ARCHS, SKIPPED_ARCHS = _with_those_of_packages()
PAIR = ("fc", "conv")  # of the study and of the question: what is trained unless somebody asks for more
_LAST_SIDE = 4  # pixels, of the maps behind the last block
_WIDTHS = re.compile(r"[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})*")
WIDEST, _MOST_LAYERS = 8192, 8  # units of a layer, and layers


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """A dataset that is known by its name, and read by `vaedash/datasets/<name>.py`."""

    title: str
    shows: str
    training_images: int  # before a share of them is taken
    fraction: float = 1.0  # of them that a run learns from unless it is told otherwise
    downloaded: bool = False  # when it is first needed
    decoded_in_part: bool = False  # so large that images outside a run's share are not even decoded
    may_change: bool = False  # what lies in its folder of the data folder, put there by hand, after it was decoded
    beside: bool = False  # the study: pages offer it where it is here, and else among more
    framed_by: tuple[str, ...] = ()  # the settings of a `Frame` that make other images of it


# The table of built-in datasets. Another one is a line here and a file with a `read`; command line, forms and docs then
# know it. Anything else is a path to a person's own images.
BUILT_IN: Mapping[str, BuiltIn] = {
    "shapes": BuiltIn(
        title="shapes",
        shows=to_say("coloured shapes, drawn on the spot"),
        training_images=20_000,
        framed_by=("image_size",),
    ),
    "cifar10": BuiltIn(
        title="CIFAR-10",
        shows=to_say("photographs of ten kinds of animals and vehicles"),
        training_images=50_000,
        downloaded=True,
    ),
    # The study took a random 30% of it.
    "celeba": BuiltIn(
        title="CelebA",
        shows=to_say("faces of well-known people"),
        training_images=162_770,
        fraction=0.3,
        decoded_in_part=True,
        may_change=True,
        framed_by=("image_size", "fit", "background"),
    ),
    "mnist": BuiltIn(
        title="MNIST", shows=to_say("handwritten digits, grey"), training_images=60_000, downloaded=True, beside=True
    ),
    "fashion_mnist": BuiltIn(
        title="Fashion-MNIST",
        shows=to_say("things to wear, grey"),
        training_images=60_000,
        downloaded=True,
        beside=True,
    ),
    "cifar100": BuiltIn(
        title="CIFAR-100",
        shows=to_say("photographs of a hundred kinds of things"),
        training_images=50_000,
        downloaded=True,
        beside=True,
    ),
    "svhn": BuiltIn(
        title="SVHN",
        shows=to_say("house numbers, photographed from the street"),
        training_images=73_257,
        downloaded=True,
        beside=True,
    ),
}
DATASETS = tuple(BUILT_IN)

MONITORS = ("train", "val")
SCHEDULES = (to_say("constant"), "one-cycle", to_say("linear"))
OPTIMIZERS = ("adam", "muon")
ACTIVATIONS = ("relu", "silu")
PIXEL_ORDERS = (to_say("natural"), to_say("shuffled"))
PRECISIONS = ("auto", "fp32", "bf16")
DEVICES = ("auto", "cpu", "cuda", "mps")

OWN_VALUES = to_say("own")  # the preset of whoever chose the values

# The study's three presets, which change several things at once: the comparison page warns when two chosen
# runs differ in more than their architecture. And one of our own, which is as good after a quarter of the epochs.
PRESETS: Mapping[str, Mapping[str, Value]] = {
    "p1": {"batch_size": 64, "lr": 1e-3, "latent_dim": 128},
    "p2": {"batch_size": 128, "lr": 5e-4, "latent_dim": 128},
    "p3": {"batch_size": 64, "lr": 5e-4, "latent_dim": 256},
    "fast": {
        "batch_size": 128,
        "lr": 0.01,
        "latent_dim": 128,
        "optimizer": "muon",
        "schedule": "linear",
        "activation": "silu",
    },
}
# What a preset has of its own for an architecture: above this, FC's layers that see or draw pixels learn worse.
_EXCEPTIONS: Mapping[tuple[str, str], Mapping[str, Value]] = {("fast", "fc"): {"lr": 0.004}}
STUDY = ("p1", "p2", "p3")
DEFAULT_EPOCHS: Mapping[str, int] = {"fast": 5}  # which its learning rate is spread over

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

# A picture that is wrong in every pixel costs as much in recon as it has numbers. A loss of ten times as much (with beta above 1,
# of beta times that) is that of a model whose KL has exploded, however finite it is.
BROKEN_LOSS = 10.0

SAMPLE_COUNT = 64  # images in the fixed-z grid of an epoch
LIVE_COUNT = 25  # of these, those that are drawn in the middle of an epoch too
MOST_MADE_UP, MOST_REDRAWN, MOST_STEPS = 1024, 512, 500  # pictures that somebody may ask a model for at once
HOTTEST = 10.0  # standard deviation of a z that somebody asks for
PREVIEW_COUNT = 16  # of one's own images, before anything learns from them
PHOTO_COUNT = 32  # held-out images in the reconstruction grid of an epoch


def preset_values(preset: str, arch: str) -> Mapping[str, Value]:
    """The settings that a preset stands for with this architecture."""
    return {**PRESETS[preset], **_EXCEPTIONS.get((preset, arch), {})}


@dataclass(frozen=True, kw_only=True)
class ArchChoice(Choice):
    """One of the table of architectures, or one of somebody's own (`is_own`)."""

    def check(self, value: object) -> None:
        if not isinstance(value, str) or (value not in self.choices and not is_own(value)):
            raise UsageError(
                Sentence(
                    "{name} must be one of {allowed}, or the path of a .py file with one of your own; got {value!r}.",
                    name=self.name,
                    allowed=self.allowed,
                    value=value,
                )
            )


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What one run was asked to be; checked when it is made, never changed afterwards.

    What stands beside a type here is all that form, command line and docs know of a setting. Raises UsageError with one
    sentence if a value is not allowed.
    """

    arch: Annotated[
        str,
        ArchChoice(
            label=to_say("Architectures"),
            help=to_say("architecture; for train and sweep also the path of a file with one of your own"),
            called="",
            group=Group.MODEL,
            choices=tuple(ARCHS),
            changes_speed=True,
        ),
    ] = "conv"
    dataset: Annotated[
        str,
        Setting(
            label=to_say("Pictures"),
            help=f"{', '.join(DATASETS)}, or the path of a folder, zip, tar or Parquet file of images, or of arrays; on the "
            "command line also hf:OWNER/NAME, a dataset of the Hugging Face Hub",
            called="",
            group=Group.IMAGES,
        ),
    ] = "shapes"
    image_size: Annotated[
        int,
        Choice(
            label=to_say("Pixels a side"),
            help=to_say(
                "rows and columns of every image; with 64, layers have four times the pixels to see and to draw"
            ),
            called=to_say("{} pixels"),
            group=Group.MODEL,
            choices=IMAGE_SIZES,
            changes_speed=True,
        ),
    ] = USUAL_FRAME.image_size
    fit: Annotated[
        str,
        Choice(
            label=to_say("Pictures that are not square"),
            help=to_say(
                "what becomes of a picture that is not square: its middle, all of it squashed, or all of it between two bars"
            ),
            called="{}",
            group=Group.IMAGES,
            choices=FITS,
        ),
    ] = USUAL_FRAME.fit
    background: Annotated[
        str,
        Choice(
            label=to_say("Background"),
            help=to_say(
                "what is behind transparent pictures, and beside padded ones; auto: white, or black where white would hide most of "
                "them; beside padded ones black, unless most are transparent"
            ),
            called=to_say("{} background"),
            group=Group.IMAGES,
            choices=BACKGROUNDS,
        ),
    ] = USUAL_FRAME.background
    preset: Annotated[
        str | None,
        Choice(
            label=to_say("Preset"),
            help=f"values that go together: {', '.join(STUDY)} of the study, or fast",
            called="",
            group=Group.LEARNING,
            words=("batch size", "learning rate", "latent size"),
            choices=tuple(PRESETS),
            offered="p1",
        ),
    ] = None
    batch_size: Annotated[
        int,
        Number(
            label=to_say("Batch size"),
            help=to_say("images per training step"),
            called="batch {}",
            group=Group.LEARNING,
            words=("batch size",),
            low=1,
            high=4096,
            changes_speed=True,
        ),
    ] = 64
    lr: Annotated[
        float,
        Number(
            label=to_say("Learning rate"),
            help=to_say("learning rate of Adam, of which Muon's is a multiple"),
            called="lr {}",
            group=Group.LEARNING,
            words=("learning rate",),
            low=1e-6,
            high=1.0,
        ),
    ] = 1e-3
    latent_dim: Annotated[
        int,
        Number(
            label=to_say("Latent size"),
            help=to_say("numbers in a latent vector z"),
            called="latent {}",
            group=Group.MODEL,
            words=("latent size",),
            low=2,
            high=512,
            changes_speed=True,
        ),
    ] = 128
    optimizer: Annotated[
        str,
        Choice(
            label=to_say("Optimizer"),
            help=to_say(
                "what takes the steps: Adam; or Muon for the matrices between the layers, and Adam for the rest"
            ),
            group=Group.LEARNING,
            words=("optimizer",),
            choices=OPTIMIZERS,
            changes_speed=True,
        ),
    ] = "adam"
    schedule: Annotated[
        str,
        Choice(
            label=to_say("Schedule"),
            help=to_say(
                "the learning rate over a run: constant, or up to lr and down to nothing, along a cosine or straight"
            ),
            group=Group.LEARNING,
            words=("learning rate",),
            choices=SCHEDULES,
        ),
    ] = "constant"
    activation: Annotated[
        str,
        Choice(
            label=to_say("Activation"),
            help=to_say("what stands between two layers"),
            group=Group.MODEL,
            choices=ACTIVATIONS,
            changes_speed=True,
        ),
    ] = "relu"
    widths: Annotated[
        str,
        Written(
            label=to_say("Widths"),
            help=to_say(
                "units of each layer of FC, channels of each block of the others, from the first on: 160-128; leave it out for those "
                "of the architecture"
            ),
            called="widths {}",
            group=Group.MODEL,
            values=to_say("whole numbers joined by hyphens"),
            rare=True,
            changes_speed=True,
        ),
    ] = ""
    pixel_order: Annotated[
        str,
        Choice(
            label=to_say("Order of the pixels"),
            help=to_say("how the model sees every image: as it is, or its pixels shuffled, always in the same way"),
            called="",
            group=Group.MODEL,
            choices=PIXEL_ORDERS,
            changes_speed=True,
        ),
    ] = "natural"
    epochs: Annotated[
        int,
        Number(
            label=to_say("Epochs, at most"),
            help=to_say("ceiling: early stopping usually ends the run before"),
            called=to_say("{} epochs"),
            called_one=to_say("{} epoch"),
            group=Group.LEARNING,
            words=("epoch",),
            low=1,
            high=10_000,
            unless=DEFAULT_EPOCHS,
            offered=20,
        ),
    ] = 100
    beta: Annotated[
        float,
        Number(
            label=to_say("beta"),
            help=to_say("weight of the KL term: loss = recon + beta * kl"),
            called="beta {}",
            group=Group.LEARNING,
            words=("beta", "recon", "KL"),
            low=0.0,
            high=1000.0,
        ),
    ] = 1.0
    kl_warmup: Annotated[
        int,
        Number(
            label=to_say("KL warm-up, epochs"),
            help=to_say("epochs over which beta rises linearly to its full value"),
            called=to_say("warm-up {}"),
            group=Group.LEARNING,
            words=("KL", "epoch"),
            low=0,
            high=1000,
        ),
    ] = 0
    fraction: Annotated[
        float,
        Number(
            label=to_say("Share of the training images"),
            help=to_say("seeded share of the training images to use"),
            called="{}%",
            group=Group.IMAGES,
            low=1e-4,
            high=1.0,
            unless={name: known.fraction for name, known in BUILT_IN.items() if known.fraction != 1.0},
        ),
    ] = 1.0
    seed: Annotated[
        int,
        Number(
            label=to_say("Seeds"),
            help=to_say("seed of weights, batch order and noise"),
            called=to_say("seed {}"),
            group=Group.LEARNING,
            words=("seed",),
            low=0,
            high=2**31 - 1,
        ),
    ] = 0
    patience: Annotated[
        int,
        Number(
            label=to_say("Patience, epochs"),
            help=to_say("epochs in a row without improvement after which the run stops"),
            called=to_say("patience {}"),
            group=Group.STOPPING,
            words=("early stopping",),
            low=1,
            high=10_000,
        ),
    ] = 5
    min_delta: Annotated[
        float,
        Number(
            label=to_say("Improved means lower by, nats"),
            help=to_say("nats by which the loss must fall to count as improved"),
            called="min-delta {}",
            group=Group.STOPPING,
            words=("early stopping", "loss"),
            low=0.0,
            high=1000.0,
        ),
    ] = 0.5
    monitor: Annotated[
        str,
        Choice(
            label=to_say("Stop early by the loss on"),
            help=to_say("loss that decides early stopping and the best weights; never the test loss"),
            called="monitor {}",
            group=Group.STOPPING,
            words=("early stopping", "train, test", "val"),
            choices=MONITORS,
        ),
    ] = "train"
    val_fraction: Annotated[
        float,
        Number(
            label=to_say("Share held back for val"),
            help=to_say("seeded share of the training images held back when --monitor is val"),
            called="val {}%",
            group=Group.STOPPING,
            words=("val",),
            low=0.001,
            high=0.5,
            rare=True,
        ),
    ] = 0.1
    device: Annotated[
        str,
        Choice(
            label=to_say("Device"),
            help=to_say("where to train"),
            group=Group.MACHINE,
            choices=DEVICES,
            rare=True,
            changes_speed=True,
        ),
    ] = "auto"
    precision: Annotated[
        str,
        Choice(
            label=to_say("Precision"),
            help=to_say(
                "arithmetic of the forward and backward pass; auto takes bf16 where a probe finds the processor faster in it, and on "
                "a GPU that has it"
            ),
            group=Group.MACHINE,
            choices=PRECISIONS,
            rare=True,
            changes_speed=True,
        ),
    ] = "auto"

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.name))
        if self.widths:
            _check_widths(self.arch, self.widths, self.image_size)
        if self.preset is not None:
            for name, value in preset_values(self.preset, self.arch).items():
                if getattr(self, name) != value:
                    raise UsageError(
                        Sentence(
                            "preset {preset} has {name} {value}, got {got}; "
                            "leave the preset out to choose your own values.",
                            preset=self.preset,
                            name=name,
                            value=value,
                            got=getattr(self, name),
                        )
                    )

    @classmethod
    def build(cls, **settings: Value | None) -> "RunConfig":
        """A configuration from the settings a person gave; None means not given.

        What is missing comes from the preset, then from the dataset, then from the defaults. A value of one's
        own beside a preset wins, and the run then carries no preset's name. UsageError where somebody asks for a frame that
        would make no other images of a built-in dataset; a record may hold it, as one's own pictures may be called like that.
        """
        given: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
        if "dataset" in given:
            given["dataset"] = dataset_spec(given["dataset"])
        if "preset" in given:
            SETTINGS["preset"].check(given["preset"])
            values = preset_values(given["preset"], given.get("arch", cls.arch))
            if any(given.get(name, value) != value for name, value in values.items()):
                del given["preset"]
            given = {**values, **given}
        for name, setting in SETTINGS.items():
            if isinstance(setting, Number):
                given.setdefault(name, setting.default_with(given.get("preset"), given.get("dataset")))
        made = cls(**given)
        if made.layer_widths == replace(made, widths="").layer_widths:
            made = replace(made, widths="")
        for name in FRAME_SETTINGS:
            if name not in framed_by(made.dataset) and getattr(made, name) != getattr(USUAL_FRAME, name):
                raise UsageError(
                    Sentence(
                        "{title} has pictures of one size and shape, which {name} {value} would not "
                        "make better; leave {name} out, or choose other pictures.",
                        title=BUILT_IN[made.dataset].title,
                        name=name,
                        value=getattr(made, name),
                    )
                )
        return made

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "RunConfig":
        """The configuration inside a run's config.json; keys that are not settings are left alone.

        A preset's name is left out where it stood for other values when the run was made.
        """
        known = {name: record[name] for name in SETTINGS if name in record}
        preset = known.pop("preset", None)
        settings = cls(**known)
        stands_for = preset_values(preset, settings.arch) if isinstance(preset, str) and preset in PRESETS else {}
        if any(getattr(settings, name) != value for name, value in stands_for.items()):
            return settings
        return replace(settings, preset=preset)

    def to_json(self) -> dict[str, Value | None]:
        """The settings as a JSON record."""
        return {name: getattr(self, name) for name in SETTINGS}

    def only(self, names: Iterable[str]) -> "RunConfig":
        """A configuration that has these settings of this one, and in all else the defaults."""
        return self.from_json({name: getattr(self, name) for name in names})

    @property
    def title(self) -> str:
        """What the run is called until a person names it: architecture and pictures, then whatever is not as usual."""
        known = BUILT_IN.get(self.dataset)
        images = known.title if known else dataset_title(self.dataset)
        if self.pixel_order == "shuffled":
            images = say("shuffled {images}", images=images)
        parts = [say("{arch} on {images}", arch=spoken(self.arch), images=images)]
        if self.preset not in (None, SETTINGS["preset"].offered):
            parts.append(str(self.preset))
        usual = self._usual()
        unusual = [name for name, setting in SETTINGS.items() if setting.called and getattr(self, name) != usual[name]]
        return ", ".join([*parts, *(SETTINGS[name].spoken(getattr(self, name)) for name in unusual)])

    def _usual(self) -> Mapping[str, Value | None]:
        """What each setting is where a person gives no more than architecture, preset and pictures."""
        numbers = {
            name: setting.default_with(self.preset, self.dataset)
            for name, setting in SETTINGS.items()
            if isinstance(setting, Number)
        }
        others = {name: setting.default for name, setting in SETTINGS.items()}
        return {**others, **numbers, **(preset_values(self.preset, self.arch) if self.preset else {})}

    @property
    def caution(self) -> str:
        """What its settings will do that somebody may not mean, in a sentence; empty where there is nothing."""
        if self.kl_warmup <= self.epochs:
            return ""
        return say(
            "The KL warm-up takes {kl_warmup} epochs and the run ends after {epochs}: beta only comes to {reached:.3g} of {beta:g}.",
            kl_warmup=self.kl_warmup,
            epochs=self.epochs,
            reached=self.beta_at(self.epochs),
            beta=self.beta,
        )

    @property
    def frame(self) -> Frame:
        """What its images are brought to."""
        return Frame(**{name: getattr(self, name) for name in FRAME_SETTINGS})

    @property
    def layer_widths(self) -> tuple[int, ...]:
        """The widths of its architecture's layers or blocks, from the first on; empty where that has none to choose."""
        if self.widths:
            return tuple(map(int, self.widths.split("-")))
        return usual_widths(self.arch, self.image_size)

    @property
    def unit(self) -> str:
        """What its losses count. At beta 0 nothing says how many nats an error is worth."""
        return to_say("nats") if self.beta else to_say("units of squared error")

    def lr_at(self, progress: float) -> float:
        """The learning rate when this share (0 to 1) of all steps is done.

        one-cycle (Smith & Topin 2018): a cosine from lr / 25 up to lr over the first 30%, then one down to lr / 250,000.
        linear: straight from lr / 25 up to lr over the first 10%, then straight down to nothing.
        """
        if self.schedule == "constant":
            return self.lr
        if self.schedule == "linear":
            rise, first = 0.1, self.lr / 25
            return (
                first + (self.lr - first) * progress / rise
                if progress < rise
                else self.lr * (1 - progress) / (1 - rise)
            )
        rise, first, last = 0.3, self.lr / 25, self.lr / 250_000
        if progress < rise:
            return self.lr + (first - self.lr) * (1 + math.cos(math.pi * progress / rise)) / 2
        return last + (self.lr - last) * (1 + math.cos(math.pi * (progress - rise) / (1 - rise))) / 2

    def beta_at(self, epoch: int) -> float:
        """beta in `epoch` (counted from 1): constant within an epoch, full from epoch `kl_warmup` on."""
        return self.beta * min(1.0, epoch / self.kl_warmup) if self.kl_warmup else self.beta


def spoken(arch: str) -> str:
    """What an architecture is called in a sentence; code and files say `arch`."""
    return (ARCHS[arch].spoken if arch in ARCHS else "") or arch_name(arch)


def usual_widths(arch: str, image_size: int) -> tuple[int, ...]:
    """The widths of an architecture's layers or blocks unless somebody chooses others."""
    known = ARCHS.get(arch, Architecture(title=arch))
    if not known.halving:
        return known.widths
    blocks = (image_size // _LAST_SIDE).bit_length() - 1
    last = known.widths[-1]
    return (*known.widths, *(last * 2**more for more in range(1, blocks - len(known.widths) + 1)))


def _check_widths(arch: str, widths: str, image_size: int) -> None:
    usual = usual_widths(arch, image_size)
    example = "-".join(map(str, usual))
    if not usual:
        raise UsageError(
            Sentence(
                "{arch} has no widths to choose, got {widths}; leave widths out.", arch=spoken(arch), widths=widths
            )
        )
    if not _WIDTHS.fullmatch(widths) or any(int(width) > WIDEST for width in widths.split("-")):
        raise UsageError(
            Sentence(
                "widths must be whole numbers from 1 to {most:,}, got {widths!r}; give them joined by hyphens, like {example}.",
                most=WIDEST,
                widths=widths,
                example=example,
            )
        )
    count = widths.count("-") + 1
    if ARCHS[arch].halving and count != len(usual):
        raise UsageError(
            Sentence(
                "{arch} with {image_size} pixels a side takes {n} widths, got {widths}; give it as many, like {example}.",
                arch=arch,
                image_size=image_size,
                n=len(usual),
                widths=widths,
                example=example,
            )
        )
    if count > _MOST_LAYERS:
        raise UsageError(
            Sentence(
                "{arch} takes up to {most} widths, got {count}; give it fewer, like {example}.",
                arch=arch,
                most=_MOST_LAYERS,
                count=count,
                example=example,
            )
        )


def dataset_spec(text: str) -> str:
    """A dataset's name as it stands, or the absolute form of a path; what a config holds never depends on a working directory."""
    # No path has a NUL in it; a config.json of somebody else's may.
    return text if text in DATASETS else str(places.written(text.replace("\0", "")).resolve())


def dataset_title(spec: str) -> str:
    """What a dataset is called in a list: its name, or the last part of its path, on whatever system that is, without the ending."""
    return spec if spec in DATASETS else PureWindowsPath(spec).stem


def framed_by(spec: str) -> tuple[str, ...]:
    """Which settings of a `Frame` make other images of a dataset: of one's own pictures, all do."""
    return BUILT_IN[spec].framed_by if spec in DATASETS else FRAME_SETTINGS


def framed(spec: str, frame: Frame) -> Frame:
    """A frame as far as it makes other images of a dataset; in all else it is the usual one."""
    return Frame(**{name: getattr(frame, name) for name in framed_by(spec)})


def _settings() -> dict[str, Setting]:
    beside = {name: hint.__metadata__[0] for name, hint in get_type_hints(RunConfig, include_extras=True).items()}
    return {name: replace(beside[name], name=name, default=getattr(RunConfig, name)) for name in beside}


SETTINGS: Mapping[str, Setting] = _settings()  # in the order of the class
FRAME_SETTINGS = tuple(field.name for field in fields(Frame))
MODEL_SETTINGS = tuple(name for name, setting in SETTINGS.items() if setting.group is Group.MODEL)
PRESET_SETTINGS = tuple(name for name in SETTINGS if any(name in values for values in PRESETS.values()))
SPEED_SETTINGS = tuple(name for name, setting in SETTINGS.items() if setting.changes_speed)
