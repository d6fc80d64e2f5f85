"""Closed tabs: kept for a moment, in case the network only faltered, and then no more, however many they were."""

import re
import sys
import time
import urllib.request
import uuid

import pytest
from patience import until
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.sync.client import connect

from vaedash.bench import memory, views
from vaedash.bench.session import Session
from vaedash.bench.ui import Server
from vaedash.ui import tabs

HEADLESS = "--server.headless=true"
SECONDS = 10  # that the hasty server keeps a closed tab
UPLOADS, STATES = "UploadedFileManager", "st_session_state"
ZIP = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.zip"\r\n\r\nzip\r\n--x--\r\n'


@pytest.fixture(scope="module")
def hasty(tmp_path_factory, data_dir):
    """A server that keeps closed tabs for some seconds, and lets anybody upload."""
    options = (
        HEADLESS,
        f"--server.disconnectedSessionTTL={SECONDS}",
        "--server.enableXsrfProtection=false",
        "--server.enableCORS=false",
    )
    with Server(tmp_path_factory.mktemp("runs"), data_dir, options=options) as opened:
        yield opened


def visited(server):
    """The session of a tab that was opened and closed."""
    with Session(server.url) as tab:
        return tab.id


def comes_back(server, session):
    with Session(server.url, earlier=session) as tab:
        return tab.id == session


def held(server, what):
    """Bytes that Streamlit says it holds of something."""
    with urllib.request.urlopen(f"{server.url}/_stcore/metrics?families=cache_memory_bytes") as answer:
        told = re.search(rf'cache_type="{what}".* (\d+)$', answer.read().decode(), re.MULTILINE)
    return int(told[1]) if told else 0


def upload(server, session):
    asked = urllib.request.Request(
        f"{server.url}/_stcore/upload_file/{session}/{uuid.uuid4()}",
        method="PUT",
        data=ZIP,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    urllib.request.urlopen(asked).close()


def test_of_the_tabs_that_were_closed_the_newest_can_come_back(tmp_path, data_dir):
    with Server(tmp_path / "runs", data_dir, options=(HEADLESS, "--server.disconnectedSessionTTL=600")) as server:
        too_old, oldest, *_, newest = [visited(server) for _ in range(tabs.KEPT + 1)]
        assert comes_back(server, oldest) and comes_back(server, newest)
        assert not comes_back(server, too_old)


@pytest.mark.slow
def test_a_tab_whose_connection_came_back_is_not_ended(hasty):
    session = visited(hasty)
    with Session(hasty.url, earlier=session) as tab:
        time.sleep(1.5 * SECONDS)
        tab.run()
        assert tab.id == session
    assert comes_back(hasty, session)


@pytest.mark.slow
def test_a_closed_tab_and_its_uploads_are_gone_after_a_while_though_nobody_else_comes(hasty):
    with Session(hasty.url) as tab:
        upload(hasty, tab.id)
        assert held(hasty, UPLOADS) and held(hasty, STATES)
    until(lambda: not held(hasty, UPLOADS) and not held(hasty, STATES))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="open files are not limited there")
def test_a_server_asks_for_as_many_open_files_as_a_full_room_needs(tmp_path, data_dir):
    with Server(tmp_path / "runs", data_dir, limits="-S -n 256") as server:
        room = []
        try:
            for _ in range(80):  # each needs four
                room.append(Session(server.url))
        finally:
            for tab in room:
                tab.close()
        assert len(room) == 80


def glanced_at(server):
    """A tab that is closed before its page has begun, which Streamlit alone keeps."""
    address = server.url.replace("http:", "ws:") + "/_stcore/stream"
    with connect(address, origin=server.url, subprotocols=["streamlit"], max_size=None) as tab:
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        tab.send(asked.SerializeToString())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nobody else says what a process has open")
def test_eighty_openings_in_two_minutes_leave_room_in_256_open_files_and_no_page_empty(tmp_path, data_dir):
    most = 0
    with Server(tmp_path / "runs", data_dir, limits=f"-n {views.FILES}") as server:
        for number in range(80):
            start = time.monotonic()
            if number % 4:
                glanced_at(server)
            else:
                with Session(server.url) as tab:
                    assert "Does architecture matter?" in tab.words()
            most = max(most, memory.open_files(server.process.pid))
            time.sleep(max(0.0, 1.5 - (time.monotonic() - start)))
    print(f"at most {most} open files")
    assert most < views.FILES / 2
