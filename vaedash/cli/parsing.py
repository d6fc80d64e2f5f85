"""How words become arguments: settings come from config, so form and command line cannot disagree."""

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

from vaedash import languages, places, settings
from vaedash.config import SETTINGS
from vaedash.errors import UsageError
from vaedash.runs import names
from vaedash.settings import Choice, Number, Setting

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # what commands are added to

RUN = "an id, the beginning of one, a display name, latest or latest:conv"


class Parser(argparse.ArgumentParser):
    """argparse whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}. Try: {self.prog} --help")


class Help(argparse.RawDescriptionHelpFormatter):
    """argparse's help with each command and its purpose on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = 16  # argparse forgets the indent of commands when it measures their names


def command(
    commands: Commands,
    name: str,
    function: Callable[[argparse.Namespace], int],
    what: str,
    examples: Sequence[str],
    *,
    notes: str = "",
) -> argparse.ArgumentParser:
    """The parser of a new command, whose help says `what` it does, shows `examples` and ends with `notes`; `function` does it."""
    lines = "\n".join(f"  {places.command()} {example}" for example in examples)
    parser = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"Examples:\n{lines}{notes}",
        formatter_class=Help,
    )
    parser.set_defaults(command=function)
    return parser


def add_settings(parser: argparse.ArgumentParser, *, but: Sequence[str]) -> None:
    """A flag for each setting of a run. No defaults here: RunConfig.build must see what was given and what was not."""
    for name, setting in SETTINGS.items():
        if name not in but:
            parser.add_argument(
                setting.flag,
                type=setting.kind,
                choices=setting.choices if isinstance(setting, Choice) else None,
                metavar=_metavar(setting),
                help=f"{setting.help} (default: {setting.defaults})" if setting.defaults else setting.help,
            )


def _metavar(setting: Setting) -> str:
    if isinstance(setting, Choice):
        return f"{{{','.join(map(str, setting.choices))}}}"
    return "N" if isinstance(setting, Number) else "NAME|PATH"


def add_moved(parser: argparse.ArgumentParser) -> None:
    """Where the images of a run are now."""
    parser.add_argument(
        "--dataset",
        metavar="PATH",
        help="where the images of the run are now, if they have moved; it is kept with the run",
    )


def add_places(parser: argparse.ArgumentParser, *, data: bool = False) -> None:
    """Flags that say where runs lie, and with `data` where images do."""
    parser.add_argument("--runs-dir", metavar="DIR", help="where runs live (default: $VAEDASH_RUNS, or as doctor says)")
    if data:
        add_data(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    """The flag that says where images lie."""
    parser.add_argument(
        "--data-dir", metavar="DIR", help="downloads and caches (default: $VAEDASH_DATA, or as doctor says)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The flag for scripts."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, and nothing else there")


def add_language(parser: argparse.ArgumentParser) -> None:
    """The flag that says in which language a file is."""
    parser.add_argument(
        "--language",
        type=_language,
        default=languages.ENGLISH,
        metavar="LANGUAGE",
        help=f"of its sentences: {', '.join(languages.LANGUAGES)}; with a region, as in es-MX, numbers are as there (default: en)",
    )


def _language(words: str) -> languages.Speech:
    try:
        return settings.speech(words)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from None


def bounded(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number from `low` to `high`, whole if the bounds are."""

    def convert(text: str) -> float:
        kind = int if isinstance(low, int) else float
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a {'whole ' if kind is int else ''}number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be between {low} and {high}, got {value}")
        return value

    return convert


def add_trained_run(parser: argparse.ArgumentParser) -> None:
    """Which run, and which of its weights; where runs and images are; and --json."""
    parser.add_argument("run", metavar="RUN", help=RUN)
    parser.add_argument(
        "--weights", choices=(names.BEST, names.LAST), default=names.BEST, help="(default: %(default)s)"
    )
    add_places(parser, data=True)
    add_json(parser)
