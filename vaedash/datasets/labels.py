"""What is known of pictures beside their pixels, as people speak of it: a class, an attribute, a factor that goes from less to more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vaedash.datasets import shapes
from vaedash.datasets.cache import Dataset
from vaedash.datasets.shapes import Factor
from vaedash.datasets.source import is_attribute
from vaedash.errors import UsageError
from vaedash.languages import say, to_say
from vaedash.text import visible

Mask = NDArray[np.bool_]

_TEST = "test/"
LOWER, UPPER = to_say("lower third"), to_say("upper third")  # of a factor's values


@dataclass(frozen=True, kw_only=True)
class Trait:
    """Something that some pictures have and others have not: `having` and `lacking` are `(N,)`, and neither holds of a picture
    of which it is not known, or that lies in the middle third of a factor.

    `label` is whose trait it is, `name` what it is called on a slider, `told` how the two groups came about, as a part of a
    sentence to say, whose `parts` are words to say too.
    """

    label: str
    name: str
    told: str
    having: Mask
    lacking: Mask
    parts: Mapping[str, str] = field(default_factory=dict)

    def among(self, numbers: NDArray[np.int_]) -> "Trait":
        """The same of these pictures alone."""
        return replace(self, having=self.having[numbers], lacking=self.lacking[numbers])


@dataclass(frozen=True, kw_only=True)
class Label:
    """One thing that is known of pictures: `values` `(N,)`, one a picture.

    Where these are numbers of `words`, -1 is a picture of which it is not known. Without words it is a factor: numbers from
    less to more, or places from 0 to 1 on a wheel, whose `wheel` has a colour for each equal step around it.
    """

    name: str
    values: NDArray[np.int64] | NDArray[np.float64]
    words: tuple[str, ...] = ()
    factor: Factor | None = None

    @property
    def wheel(self) -> tuple[str, ...]:
        """The colours around it; empty where it is no wheel."""
        return self.factor.wheel if self.factor else ()

    def groups(self) -> dict[str, Mask]:
        """The pictures of each word, or of the lower and the upper third of a factor, or of the thirds of a wheel; `(N,)` each."""
        if self.words:
            return {word: self.values == number for number, word in enumerate(self.words)}
        if self.factor and self.factor.wheel:
            third = np.floor(3 * self.values + 0.5) % 3  # the first of them around 0
            return {word: third == number for number, word in enumerate(self.factor.thirds)}
        low, high = np.quantile(self.values, [1 / 3, 2 / 3])
        return {LOWER: self.values <= low, UPPER: self.values >= high}

    def traits(self) -> list[Trait]:
        """What a direction may lead towards: each word against all others, of two the second against the first, of a factor the upper
        third against the lower, of a wheel each third against the rest.
        """
        groups = self.groups()
        known = np.any([*groups.values()], axis=0)
        if self.wheel and self.factor:
            called, told = self.factor.towards, to_say("a third of the wheel of {name} less the rest of it")
        elif not self.words:
            called, told = (self._more,), to_say("the third with most {name} less the third with least")
        elif len(groups) == 2:
            called, told = (self._second(groups),), to_say("{name}: {second} less {first}")
        else:
            called, told = tuple(groups), to_say("one {name} less all others")
        having = [*groups.values()][-len(called) :]
        parts = {"name": self.name, **dict(zip(("first", "second"), self.words, strict=False))}
        return [
            Trait(label=self.name, name=name, told=told, parts=parts, having=mask, lacking=known & ~mask)
            for name, mask in zip(called, having, strict=True)
        ]

    @property
    def _more(self) -> str:
        return self.factor.more if self.factor else f"more {self.name}"

    def _second(self, words: Collection[str]) -> str:
        """What the second of two words is called on a slider: an attribute that a picture has, has the attribute's name."""
        return self.name if is_attribute(self.name, tuple(words)) else [*words][1]


def of_test(dataset: Dataset, spec: str) -> list[Label]:
    """What is known of the test images of a dataset that is called `spec`, in the order in which it has it; empty where nothing is."""
    factors: Mapping[str, Factor] = shapes.FACTORS if spec == "shapes" else {}
    found = []
    for key, values in dataset.labels.items():
        name = key.removeprefix(_TEST)
        if key == name or len(values) != len(dataset.test):
            continue
        words = tuple(map(visible, dataset.names.get(name, ())))
        if words or np.isfinite(values).all():
            plain = values if words else values.astype(np.float64)
            found.append(Label(name=_spoken(name), values=plain, words=words, factor=factors.get(name)))
    return [label for label in found if len(np.unique(label.values)) > 1]


def asked(known: Sequence[Label], text: str) -> list[Trait]:
    """The traits that `text` means: a label's name for all of them, or with `=` and a word, a third of a wheel or what a slider calls
    it, for one. UsageError with what there is.
    """
    name, _, value = text.partition("=")
    label = next((label for label in known if label.name.casefold() == _spoken(name).strip().casefold()), None)
    if label is None:
        if not known:
            raise UsageError(
                say("Nothing is known of these images but their pixels: train on images with classes or attributes.")
            )
        raise UsageError(
            say(
                "There is no label {name!r}. Give one of {names}.",
                name=visible(name),
                names=", ".join(label.name for label in known),
            )
        )
    traits = label.traits()
    if not value:
        return traits
    words = [*label.groups()][-len(traits) :]
    meant = [
        trait
        for word, trait in zip(words, traits, strict=True)
        if value.casefold() in (word.casefold(), trait.name.casefold())
    ]
    if not meant:
        raise UsageError(
            say(
                "{label} has no direction towards {value!r}. Give one of {words}.",
                label=label.name,
                value=visible(value),
                words=", ".join(words),
            )
        )
    return meant


def _spoken(name: str) -> str:
    """`5_o_Clock_Shadow` as it is said."""
    return visible(name.replace("_", " "))
