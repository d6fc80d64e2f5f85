"""What a setting of a run is: what people are told of it, and which values are allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vaedash import languages
from vaedash.errors import UsageError
from vaedash.languages import Sentence, Speech, say

Value = str | int | float


class Group(StrEnum):
    """What a setting is about, in the order in which form and docs go through them."""

    IMAGES = "images"
    LEARNING = "learning"
    STOPPING = "stopping"
    MODEL = "model"  # what a model is, rather than how it learns: from these settings it can be built again
    MACHINE = "machine"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting, whose values are names or paths."""

    label: str  # in the form
    help: str
    group: Group
    words: tuple[str, ...] = ()  # of the glossary, which its tooltip explains
    offered: Value | None = None  # what the form begins with, where that is not the default
    rare: bool = False  # the form asks for it only where it copies a run that has something else than the default
    changes_speed: bool = False  # of a training step
    # How the name of a run says a value that is not the usual one; empty where it says it in a way of its own.
    called: str = "{}"
    called_one: str = ""  # the same of 1, where that is said otherwise
    # Both are told by the class that the setting stands in (`config.SETTINGS`).
    name: str = ""
    default: Value | None = None

    @property
    def flag(self) -> str:
        """What it is called on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def kind(self) -> type[Value]:
        """What its values are."""
        return str

    @property
    def defaults(self) -> str:
        """Its default in words; empty where there is none."""
        return "" if self.default is None else str(self.default)

    @property
    def allowed(self) -> str:
        """Its values in words."""
        return "a name or a path"

    def spoken(self, value: Value | None) -> str:
        """A value as the name of a run says it."""
        return say(self.called).format(value)

    def check(self, value: object) -> None:
        """UsageError, which says what is allowed, where `value` is not."""
        if not isinstance(value, str) or not value:
            raise UsageError(Sentence("{name} must be a name or a path, got {value!r}.", name=self.name, value=value))


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """A setting with a few values, all words or all whole numbers; one without a default may also be left open."""

    choices: tuple[str, ...] | tuple[int, ...]
    default: str | int | None = None
    offered: str | int | None = None

    @property
    def kind(self) -> type[str] | type[int]:
        return type(self.choices[0])

    @property
    def allowed(self) -> str:
        return ", ".join(map(str, self.choices))

    def check(self, value: object) -> None:
        known = type(value) is self.kind and value in self.choices
        if not known and not (value is None and self.default is None):
            raise UsageError(
                Sentence(
                    "{name} must be one of {allowed}; got {value!r}.", name=self.name, allowed=self.allowed, value=value
                )
            )


@dataclass(frozen=True, kw_only=True)
class Written(Setting):
    """A setting with words of its own, which may be left empty; what they may be depends on other settings, and is checked with these."""

    values: str  # in words

    @property
    def allowed(self) -> str:
        return self.values

    def check(self, value: object) -> None:
        if not isinstance(value, str):
            raise UsageError(
                Sentence(
                    "{name} must be {values}, or left out; got {value!r}.",
                    name=self.name,
                    values=Sentence(self.values),
                    value=value,
                )
            )


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A setting with numbers from `low` to `high`, both allowed; whole ones where its default is one."""

    low: float
    high: float
    default: float = 0
    offered: float | None = None
    unless: Mapping[str, float] = field(default_factory=dict)  # defaults with the preset or dataset of that name

    @property
    def kind(self) -> type[int] | type[float]:
        return int if isinstance(self.default, int) else float

    @property
    def defaults(self) -> str:
        """Its default in words, and those with a preset or a dataset: `100; fast: 4`."""
        return "; ".join([str(self.default), *(f"{name}: {value}" for name, value in self.unless.items())])

    @property
    def allowed(self) -> str:
        return f"{self.low:,} to {self.high:,}"

    def spoken(self, value: Value | None) -> str:
        if not isinstance(value, (int, float)):
            return super().spoken(value)
        if self.kind is int:
            return say(self.called_one if value == 1 and self.called_one else self.called).format(value)
        return say(self.called).format(f"{100 * value if self.called.endswith('%') else value:g}")

    def default_with(self, *chosen: str | None) -> float:
        """Its default where these presets and datasets are chosen."""
        for name in chosen:
            if name is not None and name in self.unless:
                return self.unless[name]
        return self.default

    def offered_with(self, *chosen: str | None) -> float:
        """What the form begins with where these presets and datasets are chosen."""
        default = self.default_with(*chosen)
        return self.offered if self.offered is not None and default == self.default else default

    def check(self, value: object) -> None:
        require_within(self.name, value, self.low, self.high, whole=self.kind is int)


def require_within(name: str, value: object, low: float, high: float, *, whole: bool = True) -> None:
    """UsageError where `value`, which is called `name`, is no number from `low` to `high`, or no whole one."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        if whole:
            raise UsageError(Sentence("{name} must be a whole number, got {value!r}.", name=name, value=value))
        raise UsageError(Sentence("{name} must be a number, got {value!r}.", name=name, value=value))
    if not low <= value <= high:  # false for NaN too
        raise UsageError(
            Sentence(
                "{name} must be between {low} and {high}, got {value}.", name=name, low=low, high=high, value=value
            )
        )


def whole_number(words: str, what: str) -> int:
    """The whole number that these words are; UsageError, which says `what` takes one, where they are none."""
    try:
        return int(words)
    except ValueError:
        raise UsageError(Sentence("{what} takes a whole number, got {words!r}.", what=what, words=words)) from None


def speech(wanted: str) -> Speech:
    """The language that a person asks for, as `de` or `es-MX`; UsageError where it is none of the page's."""
    known = languages.speech(wanted)
    if known is None:
        raise UsageError(
            Sentence(
                "language must be one of {languages}, with a region or without, got {wanted!r}.",
                languages=", ".join(languages.LANGUAGES),
                wanted=wanted,
            )
        )
    return known
