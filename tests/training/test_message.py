"""A webhook is told how a run has ended: by a real server that answers well, badly, late or not at all; and no run minds."""

import contextlib
import html
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from patience import PATIENCE
from visitor import make_run

from vaedash import cli
from vaedash.runs import queue, together
from vaedash.training import launch, message, process


@pytest.fixture
def hook(monkeypatch):
    """A server that keeps what it was told; it answers what `answers` says, one after the other, and then 200."""
    told, answers, late = [], [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, self.headers["Content-Type"], json.loads(body)))
            answer = answers.pop(0) if answers else 200
            if answer == "late":
                late.wait(PATIENCE)
                return
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self):
            told.append((self.path, "a redirect was followed", {}))

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(message, "PAUSE", 0.01)
    monkeypatch.setenv("VAEDASH_WEBHOOK", f"http://127.0.0.1:{server.server_port}/secret")
    server.told, server.answers = told, answers
    yield server
    late.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run(folder):
    return make_run(folder, arch="conv", loss=52.0)


def said(run, capsys):
    """What telling of it leaves in the log."""
    if thread := message.tell(run):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    return capsys.readouterr().out


def test_it_is_told_what_came_of_a_run(hook, run, capsys):
    assert said(run, capsys) == ""
    [(path, kind, told)] = hook.told
    assert (path, kind) == ("/secret", "application/json")
    assert told["run"] == run.id and told["status"] == "finished" and told["sentence"] == "It finished."
    assert (told["test_loss"], told["train_loss"], told["epochs"], told["seconds"]) == (50.0, 50.0, 2, 4.0)
    assert told["created"] == run.created and told["ended"] == run.outcome["ended"]
    assert "finished after 2 epochs, test loss 50.00. It finished." in told["text"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<!channel> & <@U1>", "&lt;\u2060!channel&gt; &amp; &lt;\u2060@\u2060U1&gt; (conv)"),
        ("@channel a@everyone", "@\u2060channel a@\u2060everyone (conv)"),
        ("@@here \uff20all", "@\u2060@\u2060here \uff20\u2060all (conv)"),
    ],
)
def test_a_name_of_a_stranger_calls_nobody_in_a_chat(hook, run, capsys, name, shown):
    run.write_notes(name=name)
    said(run, capsys)
    [(_, _, told)] = hook.told
    assert told["name"] == name and shown in told["text"]
    assert not re.search(r"[@<\uff20]\w|<!", html.unescape(told["text"]))


@pytest.mark.parametrize(
    ("answers", "line", "times"),
    [
        ([500], "", 2),
        ([500, 503, 200], "The webhook was not told: it answered 503.\n", 2),
        ([302, 302], "The webhook was not told: it answered 302.\n", 2),
        (["late", "late"], "The webhook was not told: no answer", 2),
    ],
)
def test_it_is_tried_twice_goes_nowhere_else_and_a_failure_is_one_line(
    hook, run, capsys, monkeypatch, answers, line, times
):
    monkeypatch.setattr(message, "PATIENCE", 0.3)
    hook.answers += answers
    out = said(run, capsys)
    assert out.startswith(line) and out.count("\n") == bool(line) and "secret" not in out
    # A server that is late answers one after the other.
    assert len(hook.told) == (1 if "late" in answers else times)
    assert {path for path, *_ in hook.told} == {"/secret"}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/secret", "http://no.such.host.invalid/secret"])
def test_where_nobody_listens_the_log_says_so_without_the_address(run, capsys, monkeypatch, address):
    monkeypatch.setenv("VAEDASH_WEBHOOK", address)
    monkeypatch.setattr(message, "PAUSE", 0.0)
    out = said(run, capsys)
    assert out.startswith("The webhook was not told: it cannot be reached (") and out.count("\n") == 1
    assert "secret" not in out


@pytest.fixture
def stranger(monkeypatch):
    """What listens at the webhook's address and answers with these bytes, one after the other."""
    monkeypatch.setattr(message, "PAUSE", 0.0)
    over = threading.Event()

    def answering(letters, pause):
        def serve():
            with contextlib.suppress(OSError):  # who asked has gone
                while not over.is_set():
                    asked, _ = listening.accept()
                    with asked:
                        asked.recv(100_000)
                        for letter in letters:
                            asked.sendall(bytes([letter]))
                            over.wait(pause)

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("VAEDASH_WEBHOOK", f"http://127.0.0.1:{listening.getsockname()[1]}/secret")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield answering
        over.set()


def test_who_answers_a_letter_at_a_time_is_not_waited_for(stranger, run, capsys, monkeypatch):
    monkeypatch.setattr(message, "PATIENCE", 0.3)
    stranger(b"HTTP/1.1 200 OK" + bytes(4_000), pause=0.1)
    begun = time.monotonic()
    assert said(run, capsys) == "The webhook was not told: no answer within 0.3 seconds.\n"
    assert time.monotonic() - begun < 100  # and not the 400 seconds of all its letters


@pytest.mark.parametrize("address", ["", "http://u:secret@127.0.0.1:secret/"])
def test_what_does_not_speak_http_is_one_sentence(stranger, run, capsys, monkeypatch, address):
    stranger(b"220 mail.example ESMTP\r\n", pause=0)
    if address:
        monkeypatch.setenv("VAEDASH_WEBHOOK", address)
    assert cli.main(["notify", run.id]) == 1
    complaint = capsys.readouterr().err
    assert "The webhook was not told of run" in complaint and "secret" not in complaint


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "secret", "ftp://a.example/secret", "http://", "http://[::1", "http://a b"]
)
def test_what_is_no_web_address_is_said_and_not_asked(run, capsys, monkeypatch, address):
    monkeypatch.setenv("VAEDASH_WEBHOOK", address)
    out = said(run, capsys)
    assert out == "Nobody was told: VAEDASH_WEBHOOK must be a web address that begins with https:// or http://.\n"


def test_a_process_tells_how_its_run_has_ended_and_a_broken_webhook_breaks_no_run(hook, folder, data_dir, capsys):
    one, other = make_run(folder, status="queued"), make_run(folder, status="queued", arch="fc")
    hook.answers += [200, 500, 500]
    for each in (one, other):
        each.request_stop()
        assert process.work(each, data_dir) == "stopped"
    for thread in threading.enumerate():
        if thread.name.endswith("(_tell)"):
            thread.join(PATIENCE)
    assert {(told["run"], told["status"]) for *_, told in hook.told} == {(one.id, "stopped"), (other.id, "stopped")}
    assert one.reread().status == other.reread().status == "stopped"


def group_of(folder, *statuses):
    """Runs that were launched together; those that are `queued` have not ended."""
    group = [make_run(folder, status=status, loss=52.0 + n) for n, status in enumerate(statuses)]
    together.begin(group)
    return group


def test_runs_that_were_launched_together_are_one_message_when_the_last_has_ended(hook, folder, capsys):
    alone, (first, second, last) = make_run(folder), group_of(folder, "finished", "finished", "queued")
    for run in (first, second, alone):
        assert said(run, capsys) == ""
    assert [told["run"] for *_, told in hook.told] == [alone.id]
    queue.dequeue(last)
    last.write_outcome("stopped", "It stopped.")
    said(last, capsys)
    [_, (_, _, told)] = hook.told
    assert [each["run"] for each in told["runs"]] == [first.id, second.id, last.id]
    assert told["text"].startswith("3 runs on ") and ": 2 finished, 1 stopped. " in told["text"]
    said(second, capsys)  # which ended in the same moment
    assert len(hook.told) == 2


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_what_somebody_may_want_to_see_to_is_told_at_once(hook, folder, capsys, status):
    bad, good = group_of(folder, status, "queued")
    said(bad, capsys)
    assert [told["run"] for *_, told in hook.told] == [bad.id]
    queue.dequeue(good)
    good.write_outcome("finished", "It finished.")
    said(good, capsys)
    assert [each["run"] for each in hook.told[1][2]["runs"]] == [bad.id, good.id]


def test_what_goes_on_after_its_group_was_told_of_is_told_by_itself(hook, folder, capsys):
    group = group_of(folder, "stopped", "finished")
    for run in group:
        said(run, capsys)
    launch.line_up(group[:1])
    together.begin(group[:1])
    queue.dequeue(group[0])
    group[0].write_outcome("finished", "It finished.")
    said(group[0], capsys)
    assert [("runs" in told, told.get("run")) for *_, told in hook.told] == [(True, None), (False, group[0].id)]


def test_a_launch_remembers_a_group_where_somebody_is_to_be_told_and_forgets_those_that_are_over(
    hook, folder, monkeypatch
):
    monkeypatch.setattr(launch, "_spawn", lambda *_: SimpleNamespace(wait=lambda: 0))
    place, before = folder / ".together", group_of(folder, "finished", "finished")
    group = [make_run(folder, status="queued") for _ in range(3)]
    launch.start(group, data_dir=folder)
    assert [file.name for file in place.iterdir()] == [f"{group[0].id}.json"] and before
    monkeypatch.delenv("VAEDASH_WEBHOOK")
    launch.start([make_run(folder, status="queued") for _ in range(2)], data_dir=folder)
    assert len(list(place.iterdir())) == 1


def test_a_launch_does_not_forget_a_group_of_which_a_process_is_about_to_tell(folder):
    group = group_of(folder, "finished", "finished")
    with group[-1].claim():
        group_of(folder, "queued", "queued")
        assert {run.id for run in together.ended(group[-1])} == {run.id for run in group}


@pytest.mark.parametrize("content", ["5", "[5, [6]]"])
def test_what_cannot_be_read_of_a_group_keeps_nobody_from_training(folder, content):
    (folder / ".together").mkdir(parents=True)
    (folder / ".together" / "abcdef.json").write_text(content)
    group = group_of(folder, "finished", "finished")
    assert {run.id for run in together.ended(group[0])} == {run.id for run in group}


def test_where_a_group_cannot_be_written_down_each_is_told_of_by_itself(folder):
    folder.mkdir()
    (folder / ".together").write_text("in the way")
    group = group_of(folder, "finished", "queued")
    assert [run.id for run in together.ended(group[0])] == [group[0].id]


def test_only_one_of_many_who_ask_at_once_tells(folder):
    group = group_of(folder, *["finished"] * 8)
    with ThreadPoolExecutor(8) as pool:
        assert sorted(map(len, pool.map(together.ended, group))) == [0] * 7 + [8]


def test_nobody_is_told_where_nobody_is_named(run, capsys, monkeypatch):
    monkeypatch.setenv("VAEDASH_WEBHOOK", " ")
    assert message.tell(run) is None and said(run, capsys) == ""


def test_notify_tells_of_a_run_now_or_prints_what_it_would_tell(hook, run, capsys):
    assert cli.main(["notify", run.id, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert hook.told == []
    assert cli.main(["notify", run.id]) == 0
    assert capsys.readouterr().out == f"Told of {run.id}.\n"
    assert [told for *_, told in hook.told] == [printed]
    hook.answers += [404, 404]
    assert cli.main(["notify", run.id]) == 1
    complaint = capsys.readouterr().err
    assert "it answered 404. Try its address" in complaint and "secret" not in complaint
