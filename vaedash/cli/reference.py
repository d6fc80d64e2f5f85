"""All settings as a page of the documentation: `python -m vaedash.cli.reference > docs/settings.md`."""

from collections.abc import Iterator, Sequence

from vaedash import config
from vaedash.config import PRESET_SETTINGS, PRESETS, SETTINGS, RunConfig
from vaedash.settings import Group, Setting

_HEAD = """# Settings

Every choice that defines a run. Each is a flag of `python -m vaedash train`; `sweep` takes those that it does not vary
itself, by `--presets`, `--archs` and `--seeds`. `--arch`, `--archs` and the form take several architectures, FC and conv
unless told otherwise. What the form on the Train page asks for only where it copies a run with another value than the
default is marked so. This page is printed by `python -m vaedash.cli.reference`, from `vaedash/config.py`."""
_COLUMNS = ("flag", "in the form", "default", "allowed", "what it does")


def page() -> str:
    """The page, as Markdown."""
    parts = [_HEAD]
    for group in Group:
        rows = [_row(setting) for setting in SETTINGS.values() if setting.group is group]
        parts += [f"## {group.capitalize()}", _table(_COLUMNS, rows)]
    parts += ["## Presets", "A value of one's own beside a preset wins, and the run then carries no preset's name."]
    parts.append(_table(("preset", *(SETTINGS[name].label for name in (*PRESET_SETTINGS, "epochs"))), _presets()))
    return "\n\n".join(parts) + "\n"


def _row(setting: Setting) -> tuple[str, ...]:
    label = f"{setting.label} (in a copy)" if setting.rare else setting.label
    default = setting.defaults or "none"
    if setting.offered is not None:
        default += f"; the form begins with {setting.offered}"
    return f"`{setting.flag}`", label, default, setting.allowed, setting.help


def _presets() -> Iterator[tuple[str, ...]]:
    for preset in PRESETS:
        by_arch = {arch: RunConfig.build(preset=preset, arch=arch) for arch in config.ARCHS}
        cells = []
        for name in (*PRESET_SETTINGS, "epochs"):
            values = {arch: str(getattr(settings, name)) for arch, settings in by_arch.items()}
            same = len(set(values.values())) == 1
            cells.append(values[RunConfig.arch] if same else "; ".join(f"{a}: {value}" for a, value in values.items()))
        yield f"`{preset}`", *cells


def _table(heading: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(page(), end="")
