"""How tests reach into a page: by ways that wait for what is not there yet."""

import re
from pathlib import Path

FILES = sorted(Path(__file__).parents[1].rglob("*.py"))
GRANTED = re.compile(r"""document\.querySelector\((?:'[^']*'|"[^"]*")\)[.\[]""")


def test_no_script_takes_an_element_for_granted():
    assert GRANTED.search("document.querySelector('output').value")
    assert not GRANTED.search("document.querySelector('output')?.value")
    found = {file.name for file in FILES for _ in GRANTED.findall(file.read_text().replace('\\"', "'"))}
    assert found <= {Path(__file__).name}, "a locator waits; querySelector gives null while a page changes"
