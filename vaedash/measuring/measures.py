"""What is measured of a trained model beside its loss: how each measure is called and written, what is good, and what it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from vaedash.runs.schema import Figure


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure of quality: `unit` stands behind its value, `better` is "higher", "lower" or empty, `of` is what is counted as n."""

    title: str
    about: str
    digits: int
    unit: str = ""
    better: str = ""
    of: str = "test images"


_PAIRS = "pairs of test images"

# What `quality.measure` and `fid.measure` find, in the order in which it is shown.
MEASURES: Mapping[str, Measure] = {
    "psnr": Measure(
        title="PSNR",
        about="How close reconstructions of test images are, pixel by pixel, on a logarithmic scale.",
        digits=2,
        unit=" dB",
        better="higher",
    ),
    "ssim": Measure(
        title="SSIM",
        about="How much the structure of small neighbourhoods survives in reconstructions: 1 is all of it.",
        digits=3,
        better="higher",
    ),
    "iwae": Measure(
        title="IWAE bound",
        about="The loss with 64 draws of z weighed against each other: closer to what the model really knows of test images. "
        "What it is below the loss is the price of an encoder that may only answer with a Gaussian.",
        digits=2,
        unit=" nats",
        better="lower",
    ),
    "swd": Measure(
        title="SWD",
        about="Sliced Wasserstein distance, times 1000, between small patches of made-up images and of test images.",
        digits=1,
        better="lower",
    ),
    "fid": Measure(
        title="FID",
        about="Frechet Inception distance between made-up images and test images. It depends on n: compare it with its floor.",
        digits=1,
        better="lower",
    ),
    "kid": Measure(
        title="KID",
        about="Kernel Inception distance, times 1000: like FID, but its mean does not depend on n.",
        digits=1,
        better="lower",
    ),
    "path_pixels": Measure(
        title="path in pixels",
        about="How long the path between two test images is, in pixels, against the straight line: 1 is a mere fade from one "
        "to the other; more means that shapes move or change.",
        digits=2,
        of=_PAIRS,
    ),
    "path_edges": Measure(
        title="path in edges",
        about="The same in the bands of a Laplacian pyramid, where edges count rather than colours.",
        digits=2,
        of=_PAIRS,
    ),
    "worst_step": Measure(
        title="worst step",
        about="The largest step on such a path against the mean one: 1 is perfectly even, a jump is more.",
        digits=2,
        better="lower",
        of=_PAIRS,
    ),
}


def _within_chance(figure: Figure) -> bool:
    """Whether real images are, by chance alone, as far apart as what was measured: then it says nothing about a model."""
    value, floor = figure.get("value"), figure.get("floor")
    return value is not None and floor is not None and value <= floor


def in_words(quality: Mapping[str, Figure]) -> dict[str, dict[str, str]]:
    """`Run.quality` as it is read: for each measure its `value`, `floor` (of real images, may be empty), `n`, and what is `better`."""
    words = {}
    for name, measure in MEASURES.items():
        if (figure := quality.get(name)) and figure.get("value") is not None:
            value, floor = (
                "" if number is None else f"{number:.{measure.digits}f}{measure.unit}"
                for number in (figure["value"], figure.get("floor"))
            )
            better = f"{measure.better} is better" if measure.better else "neither more nor less is better"
            if _within_chance(figure):
                value += ", no more than real images"
            words[name] = {"value": value, "floor": floor, "n": f"{figure['n']:,} {measure.of}", "better": better}
    return words
