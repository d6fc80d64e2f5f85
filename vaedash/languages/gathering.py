"""What there is to translate: every sentence of the package, gathered from its code and scripts.

`python -m vaedash.languages.gathering` brings the catalogues up to date: new sentences are there to be translated, those that are
gone are left out, and what is untranslated is counted.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash.languages.catalogues import FOLDER, LANGUAGES

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

_PACKAGE = Path(__file__).parent.parent
SAID = re.compile(r'\bsaid\(\s*"((?:[^"\\]|\\.)*)"')
"""Where a script says a sentence."""
_SAYS = (b"from vaedash.languages import", b"speaking.waiting(")  # in files that have something to say
_WIDTH = 110  # letters of a line


def sentences(script: str) -> list[str]:
    """The sentences that a script says, each once."""
    return [sentence.replace('\\"', '"') for sentence in dict.fromkeys(SAID.findall(script))]


def gathered() -> "Catalog":
    """Every sentence, in the order of the files, with where it is said."""
    from babel.messages.catalog import Catalog

    catalogue = Catalog(project="vaedash", charset="utf-8", fuzzy=False)

    def add(sentence: str | tuple[str, ...], file: Path, sense: str | None = None) -> None:
        known = catalogue.get(sentence, sense) or catalogue.add(sentence, context=sense)
        if (place := (f"vaedash/{file.relative_to(_PACKAGE).as_posix()}", 0)) not in known.locations:
            known.locations.append(place)

    for file in sorted(_PACKAGE.rglob("*.py")):
        if not file.is_relative_to(Path(__file__).parent):
            for sentence, sense in _of_code(file.read_bytes()):
                add(sentence, file, sense)
    for file in sorted(_PACKAGE.rglob("*/*.js")):
        for sentence in sentences(file.read_text(encoding="utf-8")):
            add(sentence, file)
    for file in sorted(_PACKAGE.rglob("*.html")):
        for sentence in of_template(file.read_text(encoding="utf-8")):
            add(sentence, file)
    return catalogue


def of_template(source: str) -> list[str]:
    """The sentences that a template says, each once."""
    import jinja2
    from jinja2 import nodes

    called = jinja2.Environment().parse(source).find_all(nodes.Call)
    said = (call.args[0] for call in called if isinstance(call.node, nodes.Name) and call.node.name == "say")
    return list(dict.fromkeys(each.value for each in said if isinstance(each, nodes.Const)))


def _of_code(source: bytes) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """The sentences that a file of code says, with their sense where that is told; also those within an f-string."""
    if not any(says in source for says in _SAYS):
        return
    called = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(called, key=lambda node: (node.lineno, node.col_offset)):
        name = ast.unparse(call.func).rpartition(".")[2]
        given = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name in ("say", "to_say", "Sentence", "waiting") and given:
            yield given[0], None
        elif name == "counted" and len(given) == 2:
            yield (given[0], given[1]), None
        elif name == "in_sense" and len(given) == 2:
            yield given[1], given[0]


def renew(language: str) -> int:
    """Bring the catalogue of a language up to date; the answer is how many sentences it lacks."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    file = FOLDER / language / "LC_MESSAGES" / "vaedash.po"
    known = Catalog(locale=language)
    if file.exists():
        with file.open("rb") as written:
            known = read_po(written, locale=language)
    fresh = Catalog(
        locale=language, project="vaedash", charset="utf-8", fuzzy=False, header_comment=known.header_comment
    )
    # No dates: a file that says nothing new is the same file.
    for message in gathered():
        if message.id:
            said = known.get(message.id, message.context)
            # What is now said of one and of several has to be translated anew.
            kept = said.string if said and said.pluralizable == message.pluralizable else None
            fresh.add(message.id, kept, locations=message.locations, context=message.context)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as written:
        write_po(written, fresh, width=_WIDTH, omit_header=False, include_lineno=False)
    _without_dates(file)
    return sum(not all(_said(message.string)) for message in fresh if message.id)


def _said(string: str | Sequence[str] | None) -> Sequence[str]:
    return string if isinstance(string, (tuple, list)) else (str(string or ""),)


def _without_dates(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    dated = (
        '"POT-Creation-Date',
        '"PO-Revision-Date',
        '"Last-Translator',
        '"Language-Team',
        '"Generated-By',
        '"Report-Msgid',
    )
    file.write_text("\n".join(line for line in lines if not line.startswith(dated)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for each in LANGUAGES[1:]:
        print(f"{each}: {renew(each)} sentences to translate")
