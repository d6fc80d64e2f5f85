"""Runs on the machines of a Ray cluster: two of them on this one, real processes, one of which is lost."""

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import own_arch
import pytest
from patience import PATIENCE, until
from visitor import shown, words

from vaedash import cli, config, datasets, images, places, runs
from vaedash.cluster import driver, machines, trainer
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.places import PROJECT_ROOT
from vaedash.runs import Run, RunFolder, mirror, queue, schema, weights
from vaedash.runs.folder import cluster_log
from vaedash.training import hardware, launch

TRAINED_HERE = PROJECT_ROOT / "tests" / "support" / "trained_here.py"


# ---- where runs train, as one says it --------------------------------------------------------------------

HOSTILE = [
    *("", "mars", "RAY", "Local", "ray:", "ray://", "ray:///", "ray://host", "ray://host:", "ray://:6379", "host:6379"),
    *("ray://host:port", "ray://host:123456", "ray://-host:6379", "ray://host.:6379", "ray://a b:6379", "ray://host:6379/x"),
    *("ray://host:6379\n", "ray://$(id):6379", "ray://host:6379;id", "ray://../../x:1", "http://host:6379", "ray://ray://h:1"),
    *("ray://\u202ehost:6379", "ray://\x1b[2J:6379", "ray://h\u00f6st:6379", "ray://" + "a" * 100_000),
]  # fmt: skip


@pytest.mark.parametrize("on", HOSTILE, ids=[repr(on[:24]) for on in HOSTILE])
def test_a_place_that_is_none_is_one_sentence_and_nothing_happens(tmp_path, capsys, on):
    code = cli.main(["sweep", "--on", on, "--runs-dir", str(tmp_path / "runs")])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith("vaedash: Runs train on local, on ray or on ray://HOST:PORT, ")
    assert said.err.count("\n") == 1 and said.err.endswith(".\n") and len(said.err) < 250
    assert not any(ord(letter) < 32 or letter == "\u202e" for letter in said.err[:-1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("variable", ["RAY_ADDRESS", "VAEDASH_RAY_ADDRESS"])
def test_an_address_in_the_environment_is_checked_too(monkeypatch, variable):
    asked = {"RAY_ADDRESS": lambda: places.ray_address("ray"), "VAEDASH_RAY_ADDRESS": places.cluster}[variable]
    for nothing in (lambda: monkeypatch.delenv(variable, raising=False), lambda: monkeypatch.setenv(variable, "")):
        nothing()
        assert asked() is None
    monkeypatch.setenv(variable, "head.example:6379")
    assert asked() in ("head.example:6379", "ray://head.example:6379")
    assert places.ray_address("ray://10.0.0.1:6379") == "10.0.0.1:6379"
    for wrong in ("auto", "ray://head:10001", "http://head:8265", "head"):
        monkeypatch.setenv(variable, wrong)
        with pytest.raises(UsageError, match=f"{variable} must be HOST:PORT"):
            asked()


def test_without_ray_the_command_says_how_to_get_it_and_local_training_needs_none(tmp_path):
    program = "import sys; sys.modules['ray'] = None; from vaedash import cli; sys.exit(cli.main(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "VAEDASH_RUNS": str(tmp_path)}

    def said(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, env=environment)

    for place in ("ray", "ray://127.0.0.1:6379"):
        sweep = said("sweep", "--on", place)
        assert (sweep.returncode, sweep.stdout) == (1, "")
        assert (
            sweep.stderr.startswith("vaedash: Training on other machines needs Ray")
            and 'pip install -e ".[ray]"' in sweep.stderr
        )
        assert sweep.stderr.count("\n") == 1
    assert said("runs").returncode == said("sweep", "--help").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_listens_no_run_is_made(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code = cli.main(["sweep", "--on", f"ray://127.0.0.1:{port}", "--runs-dir", str(tmp_path / "runs")])
    assert code == 1
    assert capsys.readouterr().err.startswith(f"vaedash: Nothing answers at 127.0.0.1:{port}. Start a cluster")
    assert not (tmp_path / "runs").exists()


# ---- shares, and places in line ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cpus", "gpus", "count", "device", "num_cpus", "num_gpus"),
    [
        ((1, 1), 0, 4, "auto", 1, 0),
        ((16, 16), 0, 6, "auto", 5, 0),  # three on each
        ((16, 4), 0, 2, "auto", 4, 0),  # either must fit
        ((8,), 0, 100, "auto", 1, 0),
        ((8,), 2, 4, "auto", 2, 0.5),
        ((8,), 2, 4, "cuda", 2, 0.5),
        ((8,), 2, 4, "cpu", 2, 0),
        ((), 0, 3, "auto", 1, 0),  # machines may come yet
    ],
)
def test_each_run_has_its_share(cpus, gpus, count, device, num_cpus, num_gpus):
    share = machines.Machines(cpus=cpus, gpus=gpus).share(count, device=device)
    assert share == {"num_cpus": num_cpus, "num_gpus": num_gpus}


@pytest.mark.parametrize("cores", [1, 2, 3, 5, 8, 48, 49, 96])
def test_a_run_never_takes_more_threads_than_cpus_were_set_aside_for_it(monkeypatch, tmp_path, cores):
    monkeypatch.setattr(places, "cores", lambda: cores)
    for cpus in range(1, cores + 1):
        sharing = hardware.sharing(cpus)
        threads = hardware.choose(RunConfig(precision="fp32"), sharing=sharing, data_dir=tmp_path).threads
        assert threads <= cpus
        assert threads == cpus or cores % cpus


def test_runs_that_wait_for_a_cluster_stand_in_nobodys_way_here(tmp_path, tiny):
    away = [runs.create(tmp_path, tiny(seed=seed)).path for seed in range(3)]
    here = [runs.create(tmp_path, tiny(seed=seed)).path for seed in range(2)]
    with contextlib.ExitStack() as stack:
        for path in away:
            queue.enqueue(RunFolder(path), elsewhere=True)
            stack.enter_context(RunFolder(path).claim())
        for path in here:
            queue.enqueue(RunFolder(path))
        assert [queue.ahead(queue.ticket_of(RunFolder(path))) for path in (*away, *here)] == [0, 1, 2, 0, 1]
        assert {runs.read(path).status for path in away} == {"queued"}
        stack.enter_context(RunFolder(here[0]).claim())
        with queue.slot(RunFolder(here[0])) as sharing:  # would wait for ever behind three others
            assert sharing == 2
    queue.dequeue(RunFolder(away[0]))
    assert [ticket.run_id for ticket in queue.tickets(tmp_path) if ticket.elsewhere] == [path.name for path in away[1:]]


# ---- what travels -------------------------------------------------------------------------------------------


def test_images_that_were_sent_are_the_same_where_their_file_is_not(pack, tmp_path):
    zipped = pack(tmp_path / "own.zip")
    for fraction in (1.0, 0.5):
        here = datasets.load(str(zipped), data_dir=tmp_path / "here", fraction=fraction)
        sent = datasets.packed(str(zipped), data_dir=tmp_path / "here", fraction=fraction)
        assert all(data.dtype == np.uint8 for data in sent.values())
        for other in ("there", "twice"):
            trainer._unpack(sent, tmp_path / other)
    zipped.unlink()
    for fraction in (1.0, 0.5):
        there = datasets.load(str(zipped), data_dir=tmp_path / "there", fraction=fraction)
        assert (len(there.train), len(there.test)) == (round(52 * fraction), 12)
    assert there.fingerprint == here.fingerprint and there.name == here.name == "own"
    assert np.array_equal(there.train, here.train) and np.array_equal(there.test, here.test)


def test_images_that_have_moved_here_are_found_there_under_what_they_were_called(pack, tmp_path):
    before, moved = tmp_path / "own.zip", pack(tmp_path / "moved.zip")
    here = datasets.load(str(moved), data_dir=tmp_path / "here")
    sent = driver._images(str(moved), str(before), 1.0, config.USUAL_FRAME, tmp_path / "here")
    trainer._unpack(sent, tmp_path / "there")
    there = datasets.load(str(before), data_dir=tmp_path / "there")
    assert there.fingerprint == here.fingerprint and there.name == "own"


def announce(run: RunFolder, epoch: int) -> None:
    """What a trainer writes after an epoch, in its order."""
    row = {"epoch": epoch, **dict.fromkeys(schema.METRICS[:6], 1.0)}
    epochs = [row | {"epoch": number} for number in range(1, epoch + 1)]
    run.pictures.write_file(f"prior-{epoch:04}.png", b"picture %d" % epoch)
    weights.save(run, "best", {"epoch": epoch})
    weights.save(run, "last", {"epoch": epoch, "epochs": epochs})
    run.write_metrics(epochs)


@pytest.fixture
def two_places(tmp_path, tiny) -> tuple[RunFolder, RunFolder]:
    """A run, and the folder of its trainer elsewhere."""
    here = runs.create(tmp_path / "here", tiny())
    (tmp_path / "there").mkdir()
    return here, mirror.begin(tmp_path / "there" / here.id, mirror.start(here))


def carry(writings: mirror.Writings, here: RunFolder) -> list[str]:
    fresh = writings.fresh()
    for name, data in fresh:
        mirror.write(here, name, data)
    return [name for name, _ in fresh]


def test_what_a_trainer_writes_arrives_in_its_order_and_once(two_places):
    here, there = two_places
    writings = mirror.Writings(there)
    assert carry(writings, here) == []
    announce(there, 1)
    there.log.write_text("epoch 1")
    sample, kept = "samples/prior-000{}.png", ["best.pt", "last.pt"]
    assert carry(writings, here) == [sample.format(1), "train.log", *kept, "metrics.json"]
    assert carry(writings, here) == []
    announce(there, 2)
    assert carry(writings, here) == [
        sample.format(2),
        *kept,
        "metrics.json",
    ]  # its previous.pt is the last.pt from here
    for epoch in (3, 4):
        announce(there, epoch)
    samples = [sample.format(3), sample.format(4)]
    assert carry(writings, here) == [
        *samples,
        *kept,
        "previous.pt",
        "metrics.json",
    ]  # that of epoch 3, never seen here
    assert [weights.load(here, name)["epoch"] for name in ("best", "last", "previous")] == [4, 4, 3]
    there.write_outcome("finished", "Finished.")
    there.request_stop()
    assert carry(writings, here) == ["outcome.json"]
    for place in (here, there):
        assert runs.read(place.path).status == "finished" and len(runs.read(place.path).epochs) == 4
    assert not here.stop_requested()


def test_what_is_made_up_at_the_moment_is_seen_here_too_and_goes_when_the_run_is_over(two_places):
    here, there = two_places
    writings = mirror.Writings(there)
    made = np.random.default_rng(0).integers(0, 256, (25, 3, 32, 32), dtype=np.uint8)
    there.pictures.write_now(images.encode_png(images.grid(made, columns=5)))
    assert carry(writings, here) == ["samples/now.png"]
    assert np.array_equal(here.pictures.now(), made)
    there.pictures.forget_now()
    assert carry(writings, here) == []
    away = driver.Away(here)
    away.end()
    assert here.pictures.now() is None


def test_a_machine_that_is_lost_while_it_measures_takes_nothing_back(two_places):
    here, there = two_places
    writings = mirror.Writings(there)
    away = driver.Away(here)
    announce(there, 1)
    there.write_outcome("finished", "Finished.")
    there.write_progress({"updated": 1.5, "epoch": 1, "epochs": 1, "phase": "measuring patches", "done": 0, "of": 2})
    assert carry(writings, here) == [
        "samples/prior-0001.png",
        *("best.pt", "last.pt", "metrics.json", "progress.json", "outcome.json"),
    ]
    reading = runs.read(here.path)
    assert (reading.status, reading.active, reading.measuring) == ("finished", False, True)
    away._ended = True  # as it has arrived
    away._gone(RuntimeError("its machine is gone"))
    assert away.over
    reading = runs.read(here.path)
    assert (reading.status, reading.sentence, reading.measuring) == ("finished", "Finished.", False)


def test_who_goes_on_elsewhere_gets_all_that_came_back_and_sends_only_what_is_new(two_places, tmp_path):
    here, there = two_places
    writings = mirror.Writings(there)
    for epoch in (1, 2):
        announce(there, epoch)
        carry(writings, here)
    (tmp_path / "third").mkdir()
    third = mirror.begin(tmp_path / "third" / here.id, mirror.start(here))
    assert [weights.load(third, name)["epoch"] for name in ("last", "previous", "best")] == [2, 1, 2]
    again = mirror.Writings(third)
    assert carry(again, here) == []
    announce(third, 3)
    assert carry(again, here) == ["samples/prior-0003.png", "best.pt", "last.pt", "metrics.json"]
    assert [weights.load(here, name)["epoch"] for name in ("last", "previous")] == [3, 2]


def test_what_is_announced_is_there_however_fast_the_trainer_writes(two_places):
    here, there = two_places
    writings, epochs = mirror.Writings(there), 25
    writer = threading.Thread(target=lambda: [announce(there, epoch) for epoch in range(1, epochs + 1)])
    writer.start()
    seen = set()
    while writer.is_alive() or len(runs.read(here.path).epochs) < epochs:
        for name, data in writings.fresh():
            mirror.write(here, name, data)
            if announced := len(runs.read(here.path).epochs):
                seen.add(announced)
                assert weights.load(here, "last")["epoch"] >= announced
                assert weights.load(here, "best")["epoch"] >= announced
                assert here.pictures.file("prior", announced).exists()
    writer.join()
    assert len(seen) > 2  # it was looked at in between


# ---- a real cluster -----------------------------------------------------------------------------------------

ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed (pip install -e '.[ray]')")
linux = pytest.mark.skipif(sys.platform != "linux", reason="two machines on one: 127.0.0.2 and /proc are Linux's")


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(each for child in children for each in descendants(child))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class Machine:
    """A node of a cluster: `ray start`, and all that comes of it."""

    def __init__(self, home: Path, environment: dict[str, str], *arguments: str) -> None:
        home.mkdir()
        options = ["--num-cpus", "1", "--object-store-memory", "200000000", "--disable-usage-stats", "--block"]
        with open(home / "said", "wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", *arguments, *options],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=environment | {"TMPDIR": str(home)},
                start_new_session=True,
            )
        self.home = home

    def trainers(self) -> list[int]:
        return [pid for pid in descendants(self.process.pid) if command_of(pid).startswith("ray::Trainer")]

    def lose(self) -> None:
        """As if its plug were pulled, and its disk gone with it."""
        every = [self.process.pid, *descendants(self.process.pid)]
        for pid in every:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)

    def end(self) -> None:
        every = descendants(self.process.pid)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        for pid in [self.process.pid, *every]:
            if "ray" in command_of(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait(30)


class Cluster:
    """Two machines, each with one CPU, and the environment in which their token is known."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"},
            **{"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)},
            **{"PYTHONPATH": str(PROJECT_ROOT), "TMPDIR": str(home)},
        }
        ports = []
        for _ in range(2):
            with socket.create_server(("127.0.0.1", 0)) as server:
                ports.append(str(server.getsockname()[1]))
        self.address = f"127.0.0.1:{ports[0]}"
        self.on = f"ray://{self.address}"
        places = ["--node-ip-address", "127.0.0.1", "--temp-dir", str(home / "ray"), "--include-dashboard=false"]
        self.machines = [
            Machine(home / "head", self.environment, "--head", "--port", ports[0], "--ray-client-server-port", ports[1], *places)
        ]  # fmt: skip
        until(lambda: "Ray runtime started" in (home / "head" / "said").read_text())

    def add(self) -> Machine:
        number = len(self.machines) + 1
        home = self.home / f"{number}"
        arguments = ["--address", self.address, "--node-ip-address", f"127.0.0.{number}"]
        self.machines.append(Machine(home, self.environment, *arguments))
        until(lambda: "Ray runtime started" in (home / "said").read_text())
        return self.machines[-1]

    def trainers(self) -> list[int]:
        return [pid for machine in self.machines for pid in machine.trainers()]

    def left(self) -> list[Path]:
        """What studies have left behind on machines that are still there."""
        return list(self.home.glob("*/vaedash-*"))

    def end(self) -> None:
        for machine in reversed(self.machines):
            machine.end()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # Not pytest's own folder: the path of a socket must be short.
    home = Path(tempfile.mkdtemp(prefix="vaedash-ray-"))
    made = Cluster(home)
    try:
        made.add()
        until(lambda: "2 machines with 2 CPUs" in look(made))
        yield made
    finally:
        made.end()
        shutil.rmtree(home, ignore_errors=True)


def look(cluster: Cluster) -> str:
    """What the command line says that there is."""
    command = [sys.executable, "-m", "vaedash.cluster.machines", cluster.address]
    return subprocess.run(command, env=cluster.environment, capture_output=True, text=True).stdout


class Command:
    """A command in a terminal of its own, and what it says while it goes on."""

    def __init__(self, cluster: Cluster | None, *words: object, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vaedash", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment or cluster.environment,
            start_new_session=True,
        )
        self.said = ""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.said += line

    def result(self) -> tuple[int, str]:
        """Its exit code and what it printed, once it has ended."""
        with self.process:
            out = self.process.stdout.read()
            code = self.process.wait(PATIENCE)
            self._listener.join(10)
        return code, out

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)  # what a terminal does


@pytest.fixture
def study(cluster, photos, data_dir, tmp_path):
    """Starts `sweep` or `train` on the cluster; whatever is still going on in the end is stopped."""
    started = []

    def start(command: str, *words: object, epochs: int) -> Command:
        settings = [
            "--dataset",
            photos,
            "--precision",
            "fp32",
            "--device",
            "cpu",
            "--epochs",
            epochs,
            "--patience",
            10_000,
        ]
        places = ["--runs-dir", tmp_path / "runs", "--data-dir", data_dir, "--on", cluster.on]
        started.append(Command(cluster, command, *settings, *places, *words))
        return started[-1]

    yield start
    for run in runs.list_runs(tmp_path / "runs"):
        run.request_stop()
    for command in started:
        with command.process:
            command.process.kill()
    until(lambda: not any(run.held for run in runs.list_runs(tmp_path / "runs")))
    until(lambda: cluster.trainers() == [])


def names(path: Path) -> list[str]:
    return sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())


def losses(run: Run) -> list[dict[str, object]]:
    return [{key: value for key, value in row.items() if key in (*schema.METRICS, "epoch")} for row in run.epochs]


def trained_here(folder: Path, settings: RunConfig, data_dir: Path) -> Run:
    """The same run, trained by a process beside this one."""
    run = runs.create(folder, settings)
    with open(run.log, "w", encoding="utf-8") as log:
        command = [sys.executable, str(TRAINED_HERE), str(run.path), str(data_dir)]
        subprocess.run(command, env=launch.environment(), stdout=log, check=True)
    return run.reread()


def require_as_if_trained_here(run: Run, tmp_path: Path, data_dir: Path) -> None:
    """The same files, the same keys and, hardware and threads being the same, the same losses to the last bit."""
    local = trained_here(tmp_path / "local", run.config, data_dir)
    assert names(run.path) == names(local.path)
    assert [row.keys() for row in run.epochs] == [row.keys() for row in local.epochs]
    assert losses(run) == losses(local)
    assert run.facts[0].keys() == local.facts[0].keys()
    assert run.dataset == local.dataset
    assert run.measured.keys() == local.measured.keys()
    assert run.line == local.line
    assert np.array_equal(run.figures.test_losses(), local.figures.test_losses())
    assert run.outcome["sentence"] == local.outcome["sentence"]
    for name in ("best", "last", "previous"):
        one, other = weights.load(run, name), weights.load(local, name)
        assert one["epoch"] == other["epoch"]
        assert all(value.equal(other["model"][key]) for key, value in one["model"].items())
    assert (run.path / "samples" / "originals.png").read_bytes() == (
        local.path / "samples" / "originals.png"
    ).read_bytes()


@ray
@linux
@pytest.mark.slow
def test_ctrl_c_stops_every_run_leaves_the_cluster_and_says_how_to_go_on(cluster, study, tmp_path):
    sweep = study("sweep", "--presets", "p1", "--archs", "conv", "--seeds", "0,1,2", epochs=5000)
    until(lambda: ": epoch 1/5000" in sweep.said)
    sweep.press_ctrl_c()
    code, out = sweep.result()
    assert (code, out) == (130, "")
    assert "Stopping after the current batch; finished epochs are kept." in sweep.said and "Traceback" not in sweep.said
    current = runs.list_runs(tmp_path / "runs")
    assert {run.status for run in current} == {"stopped"} and len(current) == 3
    begun = [run for run in current if run.epochs]
    for run in begun:
        assert f"epoch {len(run.epochs)} is kept" in run.sentence
        assert weights.load(run, "last")["epoch"] == len(run.epochs)
    waited = [run for run in current if not run.facts]
    assert waited and {run.sentence for run in waited} == {"Stopped on request while it waited for a machine."}
    until(lambda: cluster.trainers() == [])
    assert cluster.left() == []
    assert queue.tickets(tmp_path / "runs") == []

    # It can go on there, from where it was.
    [go_on] = re.findall(r"Go on with: python -m vaedash (.*)", sweep.said)
    said = shlex.split(go_on)
    assert said[0] == "resume" and said[-2:] == ["--on", cluster.on] and {run.id for run in current} <= set(said)
    for run in current:
        record = json.loads((run.path / "config.json").read_text()) | {"epochs": len(run.epochs) + 1}
        (run.path / "config.json").write_text(json.dumps(record))
    resumed = Command(cluster, *said)
    code, _ = resumed.result()
    assert code == 0, resumed.said
    assert {run.status for run in runs.list_runs(tmp_path / "runs")} == {"finished"}
    for run in begun:
        assert run.reread().facts[-1]["resumed_after_epoch"] == len(run.epochs)


@ray
@linux
@pytest.mark.slow
def test_a_run_whose_trainer_dies_again_and_again_is_given_up_and_what_came_back_is_kept(cluster, study, tmp_path):
    training = study("train", "--arch", "conv", "--latent-dim", 4, epochs=5000)
    for attempt in range(driver.RETRIES + 1):
        until(lambda done=attempt: [len(run.facts) for run in runs.list_runs(tmp_path / "runs")] == [done + 1])
        [run] = runs.list_runs(tmp_path / "runs")
        until(lambda before=run: len(before.reread().epochs) > len(before.epochs))
        [pid] = cluster.trainers()
        os.kill(pid, signal.SIGKILL)
    assert training.result()[0] == 1
    [run] = runs.list_runs(tmp_path / "runs")
    assert run.status == "failed" and run.status in schema.RESUMABLE
    assert run.sentence.startswith("No machine has brought it to its end in 4 attempts; at last: ")
    assert run.sentence.endswith(f"Epoch {len(run.epochs)} has come back and is kept; resume goes on from there.")
    assert weights.load(run, "last")["epoch"] >= len(run.epochs) > 3
    resumed_after = [start["resumed_after_epoch"] for start in run.facts]
    assert resumed_after == sorted(resumed_after) and len(set(resumed_after)) == driver.RETRIES + 1


@ray
@linux
@pytest.mark.slow
def test_what_a_run_fails_of_by_itself_is_not_tried_again(study, tmp_path):
    share = ["--monitor", "val", "--val-fraction", 0.5, "--fraction", 0.02]  # of one image, which is held back
    training = study("train", "--arch", "fc", *share, epochs=2)
    assert training.result()[0] == 1
    [run] = runs.list_runs(tmp_path / "runs")
    assert run.status == "failed" and run.sentence.startswith("No training image of photos is left")
    assert training.said.count(": running") <= 1
    assert run.id not in cluster_log(tmp_path / "runs").read_text()


@ray
@linux
@pytest.mark.slow
def test_the_page_trains_on_the_cluster_that_its_owner_named(cluster, folder, photos, monkeypatch):
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VAEDASH_RAY_ADDRESS", cluster.address)
    at = shown("train")
    at.number_input(key="epochs").set_value(1000)
    at.number_input(key="fraction").set_value(0.01)
    at.number_input(key="patience").set_value(1000)
    at.segmented_control(key="where").set_value("the cluster")
    at.pills(key="archs").set_value(["conv"])
    at.run()
    at.button(key="launch").click().run()
    assert not at.exception
    [run] = runs.list_runs(folder)
    assert run.status == "queued"
    until(lambda: run.reread().epochs)
    run = run.reread()
    assert run.status == "running" and run.host.endswith(")") and run.host != places.host()
    at = shown("train")
    assert f"epochs, on {run.host}" in words(at)
    at.button(key=f"stop-{run.id}").click().run()
    until(lambda: not run.reread().active)
    assert run.reread().status == "stopped", run.reread().sentence


@ray
@linux
@pytest.mark.slow
def test_a_study_spreads_over_the_machines_and_loses_nothing_with_one_of_them(cluster, study, tmp_path, data_dir):
    epochs = 50  # on one machine, so many take longer than another needs to begin
    sweep = study("sweep", "--presets", "p1,p2", "--archs", "conv", "--seeds", "0,1", epochs=epochs)

    def at_work() -> dict[str, Run]:
        current = runs.list_runs(tmp_path / "runs")
        at_epoch = [run for run in current if run.status == "running" and len(run.epochs) >= 3]
        return {run.host: run for run in at_epoch if run.progress}  # which comes back too, when it does

    until(lambda: len(at_work()) == 2)
    there = at_work()
    assert sorted(run.status for run in runs.list_runs(tmp_path / "runs")) == ["queued", "queued", "running", "running"]
    [lost] = [run for host, run in there.items() if "127.0.0.2" in host]
    cluster.machines.pop().lose()
    before = lost.reread()
    code, table = sweep.result()
    assert code == 0, sweep.said
    assert "2 machines with 2 CPUs, no GPU" in sweep.said
    assert "4 of 4 runs done" in sweep.said and table.count("finished") == 4
    current = runs.list_runs(tmp_path / "runs")
    assert {(run.status, len(run.epochs)) for run in current} == {("finished", epochs)}
    assert len({host["host"] for run in current for host in run.facts}) == 2

    # Of the run whose machine was lost, no epoch that had come back was trained twice, and none is another.
    after = lost.reread()
    assert losses(after)[: len(before.epochs)] == losses(before)
    assert [start["host"] for start in after.facts] != [lost.host, lost.host]
    assert after.facts[1]["resumed_after_epoch"] >= len(before.epochs) >= 3
    assert {len(run.facts) for run in current if run.id != lost.id} == {1}
    for run in (after, next(run for run in current if len(run.facts) == 1)):
        require_as_if_trained_here(run, tmp_path, data_dir)
    print(
        f"lost after epoch {len(before.epochs)}, went on after epoch {after.facts[1]['resumed_after_epoch']} of {epochs}"
    )


@ray
@linux
@pytest.mark.slow
def test_a_cluster_of_its_own_is_there_for_the_study_only(photos, data_dir, tmp_path):
    mark = f"VAEDASH_MARK={secrets.token_hex(8)}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"PYTHONPATH": str(PROJECT_ROOT), **dict([mark.split("=")])}
    environment["VAEDASH_DATA"] = str(tmp_path / "data")
    settings = ["--dataset", photos, "--epochs", 1, "--latent-dim", 4, "--precision", "fp32", "--device", "cpu"]
    places = ["--runs-dir", tmp_path / "runs", "--data-dir", data_dir]
    # Where it trains, nobody has trusted the second one.
    archs = f"conv,{own_arch.written(tmp_path)}"
    training = Command(None, "train", "--on", "ray", "--arch", archs, *settings, *places, environment=environment)

    def ours() -> list[str]:
        commands = []
        for process in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark.encode() in process.read_bytes():
                    commands.append(command_of(int(process.parent.name)))
        return commands

    until(lambda: any("raylet" in command for command in ours()) or training.process.poll() is not None)
    assert training.result()[0] == 0, training.said
    until(lambda: ours() == [], 20)
    ended = runs.list_runs(tmp_path / "runs")
    assert [run.status for run in ended] == ["finished"] * 2
    assert {config.spoken(run.config.arch) for run in ended} == {"conv", "shallow"}
    assert "A Ray cluster of this machine alone" in training.said


@ray
@linux
@pytest.mark.slow
def test_a_tuning_sends_its_rounds_to_the_cluster_and_ends_here(cluster, study, tmp_path):
    tuning = study("tune", "--archs", "conv", "--trials", 2, "--at-once", 2, "--seeds", "0", epochs=2)
    code, table = tuning.result()
    assert code == 0, tuning.said
    assert "2 of 2 runs done" in tuning.said and "Each is the best of 2 settings" in table
    made = runs.list_runs(tmp_path / "runs")
    assert [run.trial for run in made] == [None, 2, 1]
    assert {run.status for run in made} == {"finished"} and all(" (" in run.host for run in made)
