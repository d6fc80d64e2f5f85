import dataclasses
import hashlib
import io
import re
import struct
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from vaedash.datasets import cifar10, cifar100, download, own
from vaedash.errors import DatasetError

TRAIN = np.random.default_rng(1).integers(0, 256, (15, 3, 32, 32), dtype=np.uint8)
TEST = np.random.default_rng(2).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
NOWHERE = "http://127.0.0.1:9/cifar-10-python.tar.gz"  # the port that discards; nothing listens there


def _string(text: bytes) -> bytes:
    return b"T" + struct.pack("<i", len(text)) + text


def _python2_batch(images: np.ndarray) -> bytes:
    """A batch as Python 2 pickled it in 2009: byte strings, and flags as numbers, of which NumPy 2.4.0 warns."""
    shape = b"M" + struct.pack("<H", len(images)) + b"M" + struct.pack("<H", 3072) + b"\x86"
    dtype = b"cnumpy\ndtype\n" + _string(b"u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + _string(b"|") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + _string(b"b") + b"\x87R"
    array += b"(K\x01" + shape + dtype + b"\x89" + _string(images.tobytes()) + b"tb"
    labels = b"](" + b"K\x03" * len(images) + b"e"
    return b"\x80\x02}(" + _string(b"data") + array + _string(b"labels") + labels + b"u."


def _files() -> dict[str, bytes]:
    files = {f"data_batch_{i + 1}": _python2_batch(TRAIN[3 * i : 3 * i + 3]) for i in range(5)}
    files["test_batch"] = _python2_batch(TEST)
    files["batches.meta"] = b"\x80\x02}" + _string(b"label_names") + b"](" + _string(b"airplane") + b"es."
    return files


def _packed() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in _files().items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


PACKED = _packed()
MD5 = {name: hashlib.md5(data).hexdigest() for name, data in _files().items()}
FILENAME, MIRROR = cifar10.ARCHIVE.filename, cifar10.ARCHIVE.mirror
ARCHIVE = dataclasses.replace(
    cifar10.ARCHIVE,
    url=NOWHERE,
    size=len(PACKED),
    md5=hashlib.md5(PACKED).hexdigest(),
    train={name: md5 for name, md5 in MD5.items() if name.startswith("data")},
    test={"test_batch": MD5["test_batch"]},
    meta=MD5["batches.meta"],
)


@dataclasses.dataclass
class Server:
    """What a local server sends, and what it was asked."""

    body: bytes = PACKED
    status: int = 200
    length: bool = True
    ranges: bool = True
    cut: int | None = None  # bytes after which the connection ends
    stall: int | None = None  # bytes after which nothing more comes, while the connection stays
    url: str = ""
    asked: list[str | None] = dataclasses.field(default_factory=list)
    released: threading.Event = dataclasses.field(default_factory=threading.Event)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv(MIRROR, raising=False)
    plan = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            plan.asked.append(asked)
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and plan.ranges else 0
            self.send_response(206 if start else plan.status)
            if plan.length:
                self.send_header("Content-Length", str(len(plan.body) - start))
            self.end_headers()
            stop = plan.cut if plan.cut is not None else plan.stall
            self.wfile.write(plan.body[start:stop])
            if plan.stall is not None:
                plan.released.wait(20)

        def log_message(self, *args):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    plan.url = f"http://127.0.0.1:{listening.server_port}/cifar-10-python.tar.gz"
    yield plan
    plan.released.set()
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def archive(server):
    return dataclasses.replace(ARCHIVE, url=server.url)


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv(MIRROR, raising=False)


def failure(data_dir, archive) -> str:
    with pytest.raises(DatasetError) as caught:
        cifar10.read(data_dir, archive=archive)
    return str(caught.value)


def assert_whole(source):
    assert np.array_equal(source.train, TRAIN) and np.array_equal(source.test, TEST)


@pytest.mark.parametrize("ours", [cifar10.ARCHIVE, cifar100.ARCHIVE])
def test_the_checksums_are_those_of_torchvision(ours):
    import torchvision.datasets

    theirs = getattr(torchvision.datasets, ours.loader)
    assert (ours.url, ours.md5, ours.filename, ours.folder) == (
        theirs.url,
        theirs.tgz_md5,
        theirs.filename,
        theirs.base_folder,
    )
    assert list(map(list, ours.train.items())) == theirs.train_list
    assert list(map(list, ours.test.items())) == theirs.test_list
    assert ours.meta == theirs.meta["md5"]


def test_the_classes_are_kept_with_their_names(tmp_path, archive):
    source = cifar10.read(tmp_path, archive=archive)
    assert source.names == {"class": ("airplane",)}
    assert source.labels["train/class"].tolist() == [3] * len(TRAIN) and len(source.labels["test/class"]) == len(TEST)


@pytest.mark.parametrize("place", ["cifar10/cifar-10-python/cifar-10-batches-py", "cifar10", "cifar10/of mine"])
def test_its_files_are_found_deeper_and_in_folders_of_other_names(tmp_path, offline, place):
    (tmp_path / place).mkdir(parents=True)
    for name, data in _files().items():
        (tmp_path / place / name).write_bytes(data)
    assert_whole(cifar10.read(tmp_path, archive=ARCHIVE))
    assert cifar10.lacking(tmp_path) == ""


@pytest.mark.parametrize("place", ["cifar10/cifar-10-python (1).tar.gz", "cifar10/mirror/CIFAR10.tgz"])
def test_an_archive_of_another_name_is_found(tmp_path, offline, place):
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_bytes(PACKED)
    assert_whole(cifar10.read(tmp_path, archive=ARCHIVE))


def test_what_looks_like_it_and_is_damaged_is_said_where_the_archive_was_taken(tmp_path, archive):
    folder = tmp_path / "cifar10" / "old"
    folder.mkdir(parents=True)
    for name, data in _files().items():
        (folder / name).write_bytes(data[: 100 if name == "data_batch_2" else None])
    source = cifar10.read(tmp_path, archive=archive)
    assert_whole(source)
    assert source.notes == (
        f"{folder} looks like CIFAR-10, but not all of its files are there and as they should be; the archive was taken.",
    )


def test_the_archive_as_somebodys_own_pictures_is_told_where_it_belongs(tmp_path):
    (tmp_path / FILENAME).write_bytes(PACKED)
    with pytest.raises(DatasetError, match=r"is the archive of CIFAR-10: put it into the folder cifar10 of the data"):
        own.read(tmp_path / FILENAME)


def test_what_is_not_there_is_downloaded_checked_and_read(tmp_path, archive):
    calls = []
    source = cifar10.read(tmp_path, progress=lambda *call: calls.append(call), archive=archive)
    assert_whole(source)
    assert source.train.dtype == np.uint8 and source.train.flags.c_contiguous and source.test.flags.c_contiguous
    sizes = [done for what, done, total in calls if what.startswith("downloading") and total == len(PACKED)]
    assert sizes[0] == 0 and sizes == sorted(sizes) and sizes[-1] == len(PACKED)
    assert sorted(path.name for path in (tmp_path / "cifar10").iterdir()) == ["cifar-10-batches-py", FILENAME]


def test_a_second_read_asks_the_server_for_nothing(tmp_path, archive, server):
    cifar10.read(tmp_path, archive=archive)
    assert_whole(cifar10.read(tmp_path, archive=archive))
    assert len(server.asked) == 1


def test_the_mirror_variable_comes_before_the_home(tmp_path, server, monkeypatch):
    monkeypatch.setenv(MIRROR, server.url)
    assert_whole(cifar10.read(tmp_path, archive=ARCHIVE))


@pytest.mark.parametrize("place", ["cifar10", "."])
def test_an_archive_put_there_by_hand_needs_no_network(tmp_path, offline, place):
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / FILENAME).write_bytes(PACKED)
    assert_whole(cifar10.read(tmp_path, archive=ARCHIVE))


@pytest.mark.parametrize("place", ["cifar10", "."])
def test_an_unpacked_folder_put_there_by_hand_is_enough(tmp_path, offline, place):
    with tarfile.open(fileobj=io.BytesIO(PACKED)) as tar:
        tar.extractall(tmp_path / place, filter="data")
    assert_whole(cifar10.read(tmp_path, archive=ARCHIVE))


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"half"), lambda path: path.unlink()])
@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
def test_an_unpacked_folder_that_is_not_whole_is_unpacked_anew(tmp_path, offline, name, harm):
    home = tmp_path / "cifar10"
    home.mkdir()
    (home / FILENAME).write_bytes(PACKED)
    cifar10.read(tmp_path, archive=ARCHIVE)
    harm(home / "cifar-10-batches-py" / name)
    assert_whole(cifar10.read(tmp_path, archive=ARCHIVE))


def test_a_server_out_of_reach_is_a_sentence_with_everything_to_do_it_by_hand(tmp_path, offline, promise):
    promise("R14")
    text = failure(tmp_path, ARCHIVE)
    assert text.startswith(f"CIFAR-10 could not be downloaded from {NOWHERE}: the server cannot be reached (")
    assert "www.cs.toronto.edu, has been throttled since June 2026" in text
    assert f"download cifar-10-python.tar.gz ({len(PACKED):,} bytes, MD5 {ARCHIVE.md5}) from {NOWHERE}" in text
    assert f"put it at {tmp_path / 'cifar10' / 'cifar-10-python.tar.gz'}" in text
    assert "set VAEDASH_CIFAR10_URL to the address of a mirror" in text


def test_a_wrong_checksum_names_the_file_and_the_mirror_variable(tmp_path, archive, server, promise):
    promise("R14")
    server.body = PACKED[:-1] + b"\xff"
    text = failure(tmp_path, archive)
    assert f"MD5 {hashlib.md5(server.body).hexdigest()} in place of {archive.md5}" in text
    assert FILENAME in text and MIRROR in text
    # Nothing is kept of it: the next try begins anew.
    server.body = PACKED
    assert_whole(cifar10.read(tmp_path, archive=archive))
    assert server.asked == [None, None]


@pytest.mark.parametrize(("data", "flaw"), [(PACKED[:500], "has 500 bytes"), (PACKED[:-1] + b"\xff", "has the MD5")])
def test_a_damaged_archive_put_there_by_hand_is_named_and_left_alone(tmp_path, offline, data, flaw, promise):
    promise("R14")
    path = tmp_path / FILENAME
    path.write_bytes(data)
    text = failure(tmp_path, ARCHIVE)
    assert text.startswith(f"{path} {flaw}") and "delete it" in text and MIRROR in text
    assert path.read_bytes() == data


@pytest.mark.parametrize("length", [True, False])
def test_a_web_page_in_place_of_the_archive_is_recognised(tmp_path, archive, server, length, promise):
    promise("R14")
    server.body, server.length = b"<html>Quota exceeded</html>", length
    assert "web page" in failure(tmp_path, archive)
    server.body = PACKED
    assert_whole(cifar10.read(tmp_path, archive=archive))
    assert server.asked == [None, None]


def test_an_answer_that_is_an_error_is_told(tmp_path, archive, server):
    server.status = 503
    assert "the server answered 503 Service Unavailable." in failure(tmp_path, archive)


def test_a_mirror_that_is_no_web_address_is_told(tmp_path, offline, monkeypatch):
    monkeypatch.setenv(MIRROR, "my-mirror/cifar")
    text = failure(tmp_path, ARCHIVE)
    assert "could not be downloaded from my-mirror/cifar: that is not a web address" in text


def test_a_server_that_falls_silent_is_an_error_and_the_next_try_goes_on_from_there(
    tmp_path, archive, server, monkeypatch
):
    monkeypatch.setattr(download, "STALL_SECONDS", 2.0)
    server.stall = 20_000
    text = failure(tmp_path, archive)
    assert "no byte came for 2 seconds." in text
    assert "The 20,000 bytes that came are kept: trying again goes on from there." in text
    server.stall = None
    assert_whole(cifar10.read(tmp_path, archive=archive))
    assert server.asked == [None, "bytes=20000-"]


def test_a_server_that_says_nothing_at_all_is_an_error(tmp_path, archive, server, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 2.0)
    server.stall = 0
    assert "no byte came for 2 seconds. Its home" in failure(tmp_path, archive)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_connection_that_ends_early_is_taken_up_again_or_begun_anew(tmp_path, archive, server, ranges):
    server.cut, server.ranges = 30_000, ranges
    assert f"the connection ended after 30,000 of {len(PACKED):,} bytes" in failure(tmp_path, archive)
    server.cut = None
    assert_whole(cifar10.read(tmp_path, archive=archive))
    assert server.asked == [None, "bytes=30000-"]


def test_progress_that_raises_cancels_the_download_and_keeps_what_came(tmp_path, archive, server):
    def cancel(what, done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cifar10.read(tmp_path, progress=cancel, archive=archive)
    assert not (tmp_path / "cifar10" / FILENAME).exists()
    assert_whole(cifar10.read(tmp_path, archive=archive))


def test_before_a_download_it_is_said_how_large_it_is_how_long_it_takes_and_how_it_ends(tmp_path, monkeypatch):
    monkeypatch.delenv(MIRROR, raising=False)
    for part in ("170 MB", "can take an hour", "Stop ends that too"):
        assert part in cifar10.lacking(tmp_path)
    monkeypatch.setenv(MIRROR, NOWHERE)
    assert MIRROR in cifar10.lacking(tmp_path) and "hour" not in cifar10.lacking(tmp_path)


@pytest.mark.parametrize("folder", ["", "cifar10"])
@pytest.mark.parametrize("name", [FILENAME, "cifar-10-batches-py"])
def test_where_it_lies_packed_or_unpacked_nothing_is_lacking(tmp_path, folder, name):
    (tmp_path / folder / name).mkdir(parents=True)
    assert cifar10.lacking(tmp_path) == ""


def test_what_has_come_of_a_download_is_not_all_of_it(tmp_path):
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / f"{FILENAME}.part").write_bytes(PACKED[:100])
    assert cifar10.lacking(tmp_path)
