"""The text of a script that has models in a browser: `studio`, `newest` and `levels` of client.js, and all that these need."""

import base64
import functools
import json
from pathlib import Path

_HERE = Path(__file__).parent


@functools.cache
def script() -> str:
    """JavaScript to put before a script's own: `studio.load(bytes)`, then `await studio.run(name, inputs, count)`."""
    worker = json.dumps((_HERE / "worker.js").read_text(encoding="utf-8"))
    kernel = base64.b64encode((_HERE / "kernel.wasm").read_bytes()).decode()
    speech, client = ((_HERE / name).read_text(encoding="utf-8") for name in ("speech.js", "client.js"))
    return f'const SOURCE = {worker};\nconst KERNEL = "{kernel}";\n{speech}\n{client}'
