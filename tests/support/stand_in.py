"""A server here that answers as the Hugging Face Hub does, as far as vaedash asks it: files are listed, fetched and committed."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse

KINDS = ("datasets", "models")
OLD_WAY = "Use 'content="  # what httpx says of how huggingface_hub sends a large file


@dataclass
class Hub:
    """Its repositories, `datasets/o/n` or `models/o/n`, each the files in it by name; what it was asked for, and with which token;
    whom it lets write, and the commit that everything is of.
    """

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    large: dict[str, bytes] = field(default_factory=dict)  # what was put there apart, by its SHA-256
    lies: dict[str, int] = field(default_factory=dict)  # how large a file is said to be that is not
    writer: str = ""
    commit: str = "a" * 40
    address: str = ""


@contextmanager
def answering(monkeypatch) -> Iterator[Hub]:
    """The Hub, for whoever asks in here."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answers_of(hub))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    # What is large goes and comes by plain requests, which this can answer.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


def _mode(path: str) -> str:
    """How the Hub wants a file: weights apart, and all else within the commit."""
    return "lfs" if path.endswith(".safetensors") else "regular"


def _answers_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        def answer(self, data: bytes = b"", status: int = 200, **headers: str) -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(data))} | headers).items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def say(self, value: object, status: int = 200) -> None:
            self.answer(json.dumps(value).encode(), status, Content_Type="application/json")

        def heard(self) -> tuple[list[str], bytes]:
            path = urlparse(self.path).path
            hub.asked.append(unquote(path))
            hub.tokens.add(self.headers.get("Authorization", ""))
            return [unquote(part) for part in path.strip("/").split("/")], self.rfile.read(
                int(self.headers.get("Content-Length", 0))
            )

        def do_GET(self):
            parts, _ = self.heard()
            match parts:
                case ["api", kind, owner, name, ("tree" | "revision") as what, *_] if kind in KINDS:
                    self.listed(what, f"{kind}/{owner}/{name}")
                case ["datasets", owner, name, "resolve", _, *file]:
                    self.resolved(f"datasets/{owner}/{name}", "/".join(file))
                case [owner, name, "resolve", _, *file]:
                    self.resolved(f"models/{owner}/{name}", "/".join(file))
                case _:
                    self.missing()

        do_HEAD = do_GET  # noqa: N815 - as the library names it

        def do_POST(self):
            parts, sent = self.heard()
            if hub.writer and self.headers.get("Authorization") != f"Bearer {hub.writer}":
                self.say({"error": "Invalid credentials"}, 401)
                return
            match parts:
                case ["api", "repos", "create"]:
                    self.created(json.loads(sent))
                case ["api", "models", owner, name, "preupload", *_]:
                    files = [file["path"] for file in json.loads(sent)["files"]]
                    self.say(
                        {"files": [{"path": path, "uploadMode": _mode(path), "shouldIgnore": False} for path in files]}
                    )
                case [_, _, "info", "lfs", "objects", "batch"]:
                    self.say(
                        {
                            "transfer": "basic",
                            "objects": [self.instructed(each) for each in json.loads(sent)["objects"]],
                        }
                    )
                case ["api", "models", owner, name, "commit", *_]:
                    self.committed(f"models/{owner}/{name}", sent)
                case ["api", "validate-yaml"]:
                    self.say({"errors": [], "warnings": []})
                case _:
                    self.missing()

        def do_PUT(self):
            parts, sent = self.heard()
            hub.large[parts[-1]] = sent
            self.answer()

        def instructed(self, large: dict) -> dict:
            return large | {"actions": {"upload": {"href": f"{hub.address}/large/{large['oid']}"}}}

        def created(self, asked: dict) -> None:
            # As the library asks it: a name with its owner in front, or the two apart.
            called = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            there = hub.repositories.setdefault(f"models/{called}", {})
            if there:
                self.say({"error": "You already created this model repo", "url": f"{hub.address}/{called}"}, 409)
                return
            if asked.get("private") or asked.get("visibility") == "private":
                hub.private.add(called)
            self.say({"url": f"{hub.address}/{called}", "name": called})

        def committed(self, repository: str, sent: bytes) -> None:
            for line in map(json.loads, sent.splitlines()):
                file = line["value"]
                if line["key"] == "file":
                    hub.repositories[repository][file["path"]] = base64.b64decode(file["content"])
                if line["key"] == "lfsFile":
                    hub.repositories[repository][file["path"]] = hub.large[file["oid"]]
            called = repository.removeprefix("models/")
            self.say({"commitUrl": f"{hub.address}/{called}/commit/{hub.commit}", "commitOid": hub.commit})

        def listed(self, what: str, repository: str) -> None:
            files = hub.repositories.get(repository)
            if files is None:
                self.missing()
            elif what == "tree":
                self.say(
                    [
                        {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                        for name, data in files.items()
                    ]
                )
            else:
                siblings = [{"rfilename": name} for name in files]
                self.say({"id": repository.partition("/")[2], "sha": hub.commit, "siblings": siblings})

        def resolved(self, repository: str, file: str) -> None:
            files = hub.repositories.get(repository)
            if files is None:
                self.missing()
            elif file not in files:
                self.answer(status=404, X_Error_Code="EntryNotFound", X_Repo_Commit=hub.commit)
            else:
                data = files[file]
                said = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X_Repo_Commit": hub.commit}
                if file in hub.lies:
                    said["X_Linked_Size"] = str(hub.lies[file])
                self.answer(data, **said)

        def missing(self) -> None:
            self.answer(status=404, X_Error_Code="RepoNotFound")

        def log_message(self, *args):
            pass

    return Answers
