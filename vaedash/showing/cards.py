"""The card of exported weights: a README.md, as the Hugging Face Hub reads it, of what they are, what was measured of them and how
to load them. What is not known is not said.
"""

import json
import re
from collections.abc import Iterator, Sequence

from vaedash import config, text
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.measuring import measures
from vaedash.models import exported
from vaedash.runs import Run, names
from vaedash.text import escaped

PICTURE = "made-up.png"  # beside the card

_LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_ANYWHERE = "path/of/this/folder"


def require_licence(licence: str) -> None:
    """UsageError where this is not what the Hub calls a licence; nothing, where nobody named one, is allowed."""
    if licence and not _LICENCE.fullmatch(licence):
        raise UsageError(
            f"--licence must be as the Hub calls it, got {licence[:40]!r}. Give mit or cc-by-4.0, for example."
        )


def card(run: Run, *, epoch: int, parameters: int, licence: str = "", at: str = "") -> str:
    """The README.md of the weights of an epoch, which are `parameters` numbers; `at` is where they are on the Hub, if they are.

    Names and words of others mean nothing in it to Markdown, HTML or YAML.
    """
    settings = run.config
    spoken = config.spoken(settings.arch)
    parts = [
        *_front_matter(settings, licence),
        f"# A VAE, {escaped(spoken)}, on {escaped(_images(run))}",
        "",
        f"A variational autoencoder: its encoder turns a colour picture of {settings.image_size} x {settings.image_size} pixels into "
        f"{settings.latent_dim} numbers, its decoder draws a picture from {settings.latent_dim} numbers. Trained with vaedash; the run is "
        f"called {escaped(run.name)} there, {run.id}.",
        "",
        f"![Pictures that it made up]({PICTURE})",
        "",
        *_section("What it is", _facts(run, epoch, parameters)),
        *_section("What was measured", _figures(run)),
        *_section("How to load it", _loading(settings, at or _ANYWHERE)),
        *_section("What it was asked", _asked(run)),
        *_section("Limits", _limits(run)),
        *_section("Licence", _licence(licence)),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _front_matter(settings: RunConfig, licence: str) -> Iterator[str]:
    """Strings as JSON writes them, which YAML reads alike."""
    tags = ["vae", "variational-autoencoder", "vaedash", config.arch_name(settings.arch)]
    yield from ("---", "library_name: vaedash", "pipeline_tag: unconditional-image-generation")
    yield f"tags: {json.dumps(tags)}"
    if licence:
        yield f"license: {json.dumps(licence)}"
    yield from ("---", "")


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield from (f"## {title}", "", *lines, "")


def _facts(run: Run, epoch: int, parameters: int) -> Iterator[str]:
    settings = run.config
    known = config.ARCHS.get(settings.arch)
    title = (
        f"{config.spoken(settings.arch)}, {known.title}"
        if known
        else f"{config.arch_name(settings.arch)}, somebody's own"
    )
    n_train, n_test = run.dataset.get("n_train"), run.dataset.get("n_test")
    pictures = _images(run)
    if n_train and n_test:
        pictures += f": {n_train:,} to learn from, {n_test:,} others to be measured on"
    rows = {
        "architecture": title,
        "widths": "-".join(map(str, settings.layer_widths)),
        "numbers in a latent vector": str(settings.latent_dim),
        "pictures": f"{settings.image_size} x {settings.image_size} pixels, RGB",
        "order of the pixels": "shuffled, always in the same way" if settings.pixel_order == "shuffled" else "",
        "activation": settings.activation,
        "weights": f"{parameters:,} numbers, of epoch {epoch}",
        "learned from": pictures,
    }
    yield from _table(("what", "of this model"), [(what, value) for what, value in rows.items() if value])


def _figures(run: Run) -> Iterator[str]:
    standing = results.standing(run)
    if standing is None:
        yield "Nothing was measured of these weights."
        return
    unit = f"{run.config.unit} per picture"
    told = measures.in_words(run.quality)
    rows = [
        ("loss on new pictures", f"{standing.test_loss:.2f} {unit}", "lower is better", ""),
        ("of which error of the redrawn pictures", f"{standing.test_recon:.2f} {unit}", "", ""),
        ("of which KL", f"{standing.test_kl:.2f} {unit}", "", ""),
        ("loss on the pictures it learned from", f"{standing.train_loss:.2f} {unit}", "lower is better", ""),
        *(
            (
                measures.MEASURES[name].title,
                words["value"],
                words["better"],
                f"{words['n']}{_floor(name, words['floor'])}",
            )
            for name, words in told.items()
        ),
    ]
    yield from _table(("figure", "value", "", "measured on"), rows)
    yield ""
    yield f"Loss is error + beta * KL, with beta {standing.beta:g}: summed over the numbers of a picture, and the mean over pictures."
    if any("95%" in words["value"] for words in told.values()):
        yield "95% are the bounds of an interval that misses one time in twenty, over pictures, of this one run; other seeds differ too."


def _floor(name: str, floor: str) -> str:
    if not floor:
        return ""
    return f"; a guess gets {floor}" if measures.MEASURES[name].labelled else f"; real pictures have {floor}"


def _loading(settings: RunConfig, at: str) -> Iterator[str]:
    own = config.is_own(settings.arch)
    source = f', arch="{config.arch_name(settings.arch)}.py"' if own else ""
    if own:
        yield f"Its architecture is the file `{config.arch_name(settings.arch)}.py` beside this one: read it before you let it be executed."
        yield ""
    yield from (
        "```python",
        "import vaedash",
        "",
        f'model = vaedash.load("{at}"{source})',
        "model.generate(16)                       # pictures made up",
        'model.interpolate("random:1", "random:2")',
        'model.reconstruct(of=["one.png", "two.png"])',
        "```",
        "",
        f"`{exported.FILE}` holds numbers and words, and nothing that is executed; any library that knows safetensors reads it. Tensors "
        "are called as in the model's `state_dict`, and what it says of itself is under `vaedash` in its metadata.",
    )


def _asked(run: Run) -> Iterator[str]:
    yield "The same training again:"
    yield ""
    command = results.replay_command(run, called=config.dataset_title)
    if config.is_own(run.config.arch):
        command = command.replace(f"--arch {names.SOURCE}", f"--arch {config.arch_name(run.config.arch)}.py")
    settings = {name: value for name, value in run.config.to_json().items() if value not in (None, "")}
    settings["dataset"] = config.dataset_title(run.config.dataset)
    for line in (command, "", *(f"{name:14} {value}" for name, value in settings.items())):
        # As lines of code, in which Markdown finds no meaning.
        yield f"    {' '.join(text.visible(line).splitlines())}".rstrip()


def _limits(run: Run) -> Iterator[str]:
    if run.learned_nothing:
        yield "- It learned nothing: it answers every picture with about the mean of those it learned from."
    yield f"- It knows pictures like those it learned from ({escaped(_images(run))}), and draws all others as if they were such."
    yield f"- What it draws is blurred, as of any VAE of this kind, and has {run.config.image_size} pixels a side."
    yield "- Whatever is one-sided in the pictures that it learned from is so in what it draws. It was made to compare architectures."


def _licence(licence: str) -> Iterator[str]:
    yield (
        f"{escaped(licence)}, as who exported these weights says."
        if licence
        else "None was named for these weights: ask whoever trained them, and mind the terms of the pictures that they learned from."
    )


def _images(run: Run) -> str:
    again = results.dataset_again(run)
    known = config.BUILT_IN.get(again)
    return f"{known.title}, {known.shows}" if known else text.name(config.dataset_title(again))


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(escaped(text.name(cell, most=200)) for cell in row)} |"
