"""Who can reach the page of a server that was started as docs/security.md says, and what it says to whom."""

import base64
import http.client
import os
import re
import socket
import subprocess
import uuid

import pytest
from patience import PATIENCE

from vaedash import places
from vaedash.bench.session import Session
from vaedash.bench.ui import Server

EVIL = "evil.example"
UPLOAD = '--x\r\nContent-Disposition: form-data; name="a"; filename="a.zip"\r\n\r\nzip\r\n--x--\r\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory, data_dir):
    with Server(tmp_path_factory.mktemp("runs"), data_dir) as opened:
        yield opened


def ask(server, method, path, *, host, body=None, address="127.0.0.1", **headers):
    """Status, headers and body of the answer; headers in Python's spelling."""
    line = http.client.HTTPConnection(address, server.port, timeout=PATIENCE)
    try:
        line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        line.putheader("Host", host)
        for name, value in headers.items():
            line.putheader(name.replace("_", "-"), value)
        if body is not None:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body.encode() if body is not None else None)
        answer = line.getresponse()
        return answer.status, answer.headers, b"" if answer.status == 101 else answer.read()
    finally:
        line.close()


def opens_a_session(server, *, host, origin):
    key = base64.b64encode(os.urandom(16)).decode()
    wish = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Key": key, "Sec_WebSocket_Version": "13"}
    status, _, _ = ask(server, "GET", "/_stcore/stream", host=host, **wish, **({"Origin": origin} if origin else {}))
    assert status in (101, 403)
    return status == 101


def test_only_this_machine_can_connect(server):
    socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE).close()
    # A server that listens on all addresses would answer on this one too.
    with pytest.raises(OSError):  # noqa: PT011 - refused, unreachable or timed out, as the system likes
        socket.create_connection(("127.0.0.2", server.port), timeout=PATIENCE)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (f"{EVIL}:{{}}", None),
        (f"{EVIL}:{{}}", f"http://{EVIL}:{{}}"),  # DNS rebinding: the browser believes that it talks to evil.example
        (f"localhost.{EVIL}:{{}}", f"http://localhost.{EVIL}:{{}}"),
        ("localhost:{}", f"http://{EVIL}"),
        ("localhost:{}", "null"),  # a page from a file, or in a sandbox
    ],
)
def test_no_session_for_a_foreign_name_or_page(server, promise, host, origin):
    here = f"localhost:{server.port}"
    assert opens_a_session(server, host=here, origin=f"http://{here}")
    assert opens_a_session(server, host=f"127.0.0.1:{server.port}", origin=f"http://127.0.0.1:{server.port}")
    promise("R15")
    assert not opens_a_session(server, host=host.format(server.port), origin=origin and origin.format(server.port))


def token(server, host):
    """The cookie that the server gives to whoever asks under this name."""
    _, headers, _ = ask(server, "GET", "/_stcore/health", host=host)
    return re.search(r"_streamlit_xsrf=([^;]+)", headers["Set-Cookie"]).group(1)


@pytest.mark.parametrize("host", ["localhost", EVIL])
def test_no_upload_from_a_foreign_name_or_page(server, promise, host):
    with Session(server.url) as visitor:
        here = f"{host}:{server.port}"
        cookie = token(server, here)
        # A foreign page's request carries the cookie but cannot read it; under a foreign name it can,
        # but then it knows no session.
        known = {"X_Xsrftoken": cookie} if host == EVIL else {}
        session = uuid.uuid4() if host == EVIL else visitor.id
        form = {"Cookie": f"_streamlit_xsrf={cookie}", "Content_Type": "multipart/form-data; boundary=x"}
        where = f"/_stcore/upload_file/{session}/{uuid.uuid4()}"
        promise("R15")
        status, _, _ = ask(server, "PUT", where, host=here, body=UPLOAD, Origin=f"http://{EVIL}", **form, **known)
        assert status in (400, 403)
        if host == "localhost":
            form["X_Xsrftoken"] = cookie
            assert ask(server, "PUT", where, host=here, body=UPLOAD, Origin=f"http://{here}", **form)[0] == 204


def test_no_foreign_page_may_read_an_answer(server, promise):
    promise("R15")
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/media/none.png"):
        _, headers, _ = ask(server, "GET", path, host=f"localhost:{server.port}", Origin=f"http://{EVIL}")
        assert headers["Access-Control-Allow-Origin"] is None, path


def test_under_a_foreign_name_there_is_nothing_but_streamlits_own_files(server):
    here, there = f"localhost:{server.port}", f"{EVIL}:{server.port}"
    shell = ask(server, "GET", "/", host=here)[2]
    assert b"<title>Streamlit</title>" in shell
    assert ask(server, "GET", "/", host=there)[2] == shell


@pytest.mark.parametrize(
    "path",
    ["streamlit_app.py", ".streamlit/config.toml", "README.md", "app/static/a", "../README.md", "%2e%2e/README.md"],
)
def test_no_file_of_the_project_is_served(server, path):
    status, _, body = ask(server, "GET", f"/{path}", host=f"localhost:{server.port}")
    assert status >= 400 or b"<title>Streamlit</title>" in body


def test_no_telemetry_and_no_agents(server):
    with Session(server.url) as visitor:
        assert visitor.settings.gather_usage_stats is False
    answer = ask(server, "POST", "/_stcore/agent/interact", host=f"localhost:{server.port}", body="{}")
    assert answer[0] >= 400


def test_the_browser_opens_and_nobody_is_asked_for_an_email_address(tmp_path, data_dir):
    # A desktop: somebody who has never run Streamlit, and a browser that writes down where it was sent.
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    desktop = {"DISPLAY": ":99", "HOME": str(tmp_path), "PATH": f"{browser.parent}:{os.environ['PATH']}"}
    log = tmp_path / "log"
    with Server(tmp_path / "runs", data_dir, options=(), settings=desktop, log=log) as server:
        with Session(server.url) as visitor:
            assert visitor.errors() == []
        assert "mail" not in log.read_text()
        assert (tmp_path / "opened").read_text().strip() == server.url


def test_an_error_shows_words_and_no_traceback(tmp_path, data_dir):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("[auth\n")  # cannot be read
    options, log = ("--server.headless=true", f"--secrets.files={secrets}"), tmp_path / "log"
    with Server(tmp_path / "runs", data_dir, options=options, log=log) as server, Session(server.url) as visitor:
        (error,) = visitor.errors()
        assert list(error.stack_trace) == []
        assert error.message
        assert not re.search(r"[/\\]|\.py|Error:", error.message)
        assert "Traceback" in (tmp_path / "log").read_text()  # whoever runs the server is told


def test_a_file_in_the_place_of_the_runs_is_told_without_where_it_lies(tmp_path, data_dir):
    nowhere = tmp_path / "a-file-where-the-runs-should-be"
    nowhere.write_text("")
    with Server(nowhere, data_dir) as server, Session(server.url) as visitor:
        assert visitor.errors() == []
        assert f"The runs in {nowhere.name} cannot be looked at" in visitor.words()
        assert str(tmp_path) not in visitor.words()


def test_who_has_not_signed_in_sees_nothing_where_that_is_asked(tmp_path, data_dir):
    secrets = tmp_path / "secrets.toml"
    keys = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
    secrets.write_text("[auth]\n" + "".join(f'{key} = "http://localhost/{key}"\n' for key in keys))
    options = ("--server.headless=true", f"--secrets.files={secrets}")
    with Server(tmp_path / "runs", data_dir, options=options) as server:
        for page in ("", "train"):
            with Session(server.url, page) as visitor:
                assert visitor.buttons() == ["Sign in"]

        # A file that cannot be read does not open the door.
        secrets.write_text("[auth\n")
    with Server(tmp_path / "runs", data_dir, options=options) as server, Session(server.url) as visitor:
        assert visitor.buttons() == []


def test_secrets_are_never_committed():
    asked = ["git", "check-ignore", ".streamlit/secrets.toml"]
    told = subprocess.run(asked, cwd=places.PROJECT_ROOT, capture_output=True, check=False)
    assert told.returncode in (0, 128)  # ignored, or this is no repository
