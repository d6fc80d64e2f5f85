"""Pages as text: templates in which every text is escaped, sentences that are said, and a policy under which a page runs its own
scripts and asks nobody.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from vaedash import languages, text

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def environment(*folders: Path) -> jinja2.Environment:
    """The templates in these folders. Every value is escaped; `policy` makes the content security policy of a page's scripts, `bold` HTML
    of a sentence in which `**` stand. They say their sentences by `say`, in the language of whoever the page is made for.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"policy": policy, "bold": bold}
    made.globals["say"] = languages.say
    return made


def bold(words: str) -> Markup:
    """Words as HTML, bold where they stand between `**`."""
    return Markup(_BOLD.sub(r"<b>\1</b>", str(escape(text.visible(words)))))


def _shown(value: object) -> object:
    """Every value on its way into the page: what is HTML already stays, of anything else what may be seen."""
    return value if hasattr(value, "__html__") else text.visible(str(value))


def policy(scripts: Sequence[str]) -> str:
    """What a browser may do with a page: run these scripts, compute in a worker that they start, show what is embedded, and ask
    nobody for anything.
    """
    allowed = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    runs = f"script-src {allowed} 'wasm-unsafe-eval'; worker-src blob:; " if scripts else ""
    return f"default-src 'none'; {runs}style-src 'unsafe-inline'; img-src data:"


def _sha256(script: str) -> str:
    """As a content security policy names a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def asset(file: Path) -> str:
    """The text of a file that lies beside the code."""
    return file.read_text(encoding="utf-8")
