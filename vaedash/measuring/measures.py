"""What is measured of a trained model beside its loss: how each measure is called and written, what is good, and what it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from vaedash import text
from vaedash.languages import figure as written
from vaedash.languages import say, to_say
from vaedash.runs.schema import Figure, Part


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure of quality: `unit` stands behind its value, `better` is "higher", "lower" or empty, `of` is what is counted as n.

    `labelled` says that it rests on what is said of the images: its floor is then what a guess gets, not what real images have.
    """

    title: str
    about: str
    digits: int
    unit: str = ""
    better: str = ""
    of: str = to_say("{n:,} test images")
    labelled: bool = False

    def written(self, value: float) -> str:
        """A value, or a bound of one, as it is read."""
        return f"{self.number(value)}{self._unit_in_words}"

    def number(self, value: float) -> str:
        """The same without its unit."""
        return written(round(value, self.digits) + 0.0, f".{self.digits}f")  # + 0.0: no minus before a zero

    @property
    def _unit_in_words(self) -> str:
        return written(0, ".0%")[1:] if self.unit == "%" else say(self.unit)


BETTER = {
    "higher": to_say("higher is better"),
    "lower": to_say("lower is better"),
    "": to_say("neither more nor less is better"),
}
"""What is said of a measure, by its `better`."""
FEWEST = 20  # images: with fewer, single ones decide, and how far they may lie apart is not known
_PAIRS = to_say("{n:,} pairs of test images")

# What `quality.measure`, `fid.measure` and `knowledge.measure` find, in the order in which it is shown.
MEASURES: Mapping[str, Measure] = {
    "psnr": Measure(
        title="PSNR",
        about=to_say("How close reconstructions of test images are, pixel by pixel, on a logarithmic scale."),
        digits=2,
        unit=to_say(" dB"),
        better="higher",
    ),
    "ssim": Measure(
        title="SSIM",
        about=to_say("How much the structure of small neighbourhoods survives in reconstructions: 1 is all of it."),
        digits=3,
        better="higher",
    ),
    "iwae": Measure(
        title=to_say("IWAE bound"),
        about=to_say(
            "The loss with 64 draws of z weighed against each other: closer to what the model really knows of test images. "
            "What it is below the loss is the price of an encoder that may only answer with a Gaussian."
        ),
        digits=2,
        unit=to_say(" nats"),
        better="lower",
    ),
    "swd": Measure(
        title="SWD",
        about=to_say(
            "Sliced Wasserstein distance, times 1000, between small patches of made-up images and of test images."
        ),
        digits=1,
        better="lower",
    ),
    "fid": Measure(
        title="FID",
        about=to_say(
            "Frechet Inception distance between made-up images and test images. It depends on n: compare it with its floor."
        ),
        digits=1,
        better="lower",
    ),
    "kid": Measure(
        title="KID",
        about=to_say("Kernel Inception distance, times 1000: like FID, but its mean does not depend on n."),
        digits=1,
        better="lower",
    ),
    "path_pixels": Measure(
        title=to_say("path in pixels"),
        about=to_say(
            "How long the path between two test images is, in pixels, against the straight line: 1 is a mere fade from one "
            "to the other; more means that shapes move or change."
        ),
        digits=2,
        of=_PAIRS,
    ),
    "path_edges": Measure(
        title=to_say("path in edges"),
        about=to_say("The same in the bands of a Laplacian pyramid, where edges count rather than colours."),
        digits=2,
        of=_PAIRS,
    ),
    "worst_step": Measure(
        title=to_say("worst step"),
        about=to_say("The largest step on such a path against the mean one: 1 is perfectly even, a jump is more."),
        digits=2,
        better="lower",
        of=_PAIRS,
    ),
    "told_class": Measure(
        title=to_say("class told"),
        about=to_say(
            "How much the few numbers know: how often a straight rule says from them alone what a test image shows "
            "(logistic regression, fitted on training images)."
        ),
        digits=1,
        unit="%",
        better="higher",
        labelled=True,
    ),
    "told_attributes": Measure(
        title=to_say("attributes told"),
        about=to_say(
            "How often such a rule says rightly whether a test image has an attribute or has it not, both counting alike: the "
            "mean over attributes."
        ),
        digits=1,
        unit="%",
        better="higher",
        labelled=True,
    ),
    "told_factors": Measure(
        title=to_say("factors told"),
        about=to_say(
            "How much of what an image was drawn from (size, place, hue) such a rule tells, by R2: 1 is all of it, 0 no more than "
            "the mean; itself the mean over factors."
        ),
        digits=2,
        better="higher",
        labelled=True,
    ),
    "mig": Measure(
        title="MIG",
        about=to_say(
            "Mutual information gap: whether each factor has a number of its own. By how much more of it the best number "
            "tells than the second best, as a part of all there is to know: the mean over factors."
        ),
        digits=3,
        better="higher",
        labelled=True,
    ),
}


def in_words(quality: Mapping[str, Figure]) -> dict[str, dict[str, str]]:
    """`Run.quality` as it is read: for each measure its `value`, `floor` (may be empty), `n`, and what is `better`.

    The floor is that of real images; of a measure that is `labelled`, that of a guess.
    """
    return {
        name: {
            "value": _value(measure, figure),
            "floor": _floor(measure, figure),
            "n": say(measure.of, n=figure["n"]),
            "better": say(BETTER[measure.better]),
        }
        for name, measure in MEASURES.items()
        if (figure := quality.get(name)) and figure.get("value") is not None
    }


def parts_in_words(quality: Mapping[str, Figure], name: str) -> dict[str, dict[str, str]]:
    """What a measure is the mean of, as it is read: for each part its `value` and its `floor`; empty where it is no mean of several."""
    figure, measure = quality.get(name), MEASURES[name]
    parts = (figure.get("parts") or {}) if figure else {}
    if len(parts) < 2:
        return {}
    return {
        text.visible(name): {"value": _value(measure, part), "floor": _floor(measure, part)}
        for name, part in parts.items()
    }


def _value(measure: Measure, figure: Figure | Part) -> str:
    value, low, high = figure.get("value"), figure.get("low"), figure.get("high")
    if value is None:
        return ""
    chance = say(", no more than a guess") if measure.labelled else say(", no more than real images")
    rest = chance if _within_chance(figure) else ""
    if low is None or high is None:
        return measure.written(value) + rest
    ends = say(" to ").join(map(measure.number, (low, high)))
    return f"{measure.written(value)} ({written(0.95, '.0%')}: {ends}){rest}"


def _floor(measure: Measure, figure: Figure | Part) -> str:
    floor = figure.get("floor")
    return "" if floor is None else measure.written(floor)


def _within_chance(figure: Figure | Part) -> bool:
    """Whether chance alone has as much as was measured, or as what it may be on other images: then it says nothing about a model."""
    value, low, floor = figure.get("value"), figure.get("low"), figure.get("floor")
    return value is not None and floor is not None and (value if low is None else low) <= floor
