"""A report is one file that needs nothing else: it opens from disk, is small enough to mail, and gives no secret and no name any effect."""

import base64
import contextlib
import dataclasses
import hashlib
import html
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import offline
import pytest
from hand import expect
from hostile import NAMES
from patience import until
from tuned import trial
from visitor import give_weights, make_run

from vaedash import cli, config, images, places, runs
from vaedash.comparing import alike, results, verdict
from vaedash.runs import Status
from vaedash.showing import charts, report
from vaedash.text import visible

MOST = 10_000_000  # bytes of a report on a pair
ADDRESS = re.compile(r"(?:\w+:)?//\w|\burl\(|@import", re.IGNORECASE)
SVG = "http://www.w3.org/2000/svg"  # the name of what a script draws
FRAMES = "() => [...document.querySelectorAll('.morph.flat figure:not(.end) canvas')].map(canvas => canvas.toDataURL())"


class Elements(HTMLParser):
    """All elements of a page with their attributes, and the text in none, some or other of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        self.texts.append((self._open, data))


def without_plotly(page: str) -> str:
    library = charts.PLOTLY_JS.read_text(encoding="utf-8")
    assert page.count(library) == 1
    return page.replace(library, "")


def without_pictures(page: str) -> str:
    """What is no noise: anything may stand in the letters of a picture."""
    return re.sub(r"(?<=data:image/png;base64,)[\w+/=]+|(?<=class=\"part\">)[\w+/=]+", "", page)


def words(page: str) -> str:
    """What a person reads."""
    texts = (text for tag, text in Elements(page).texts if tag not in ("script", "style"))
    return re.sub(r"\s+", " ", " ".join(texts))


@pytest.fixture(scope="module")
def examples(examples) -> list[runs.Run]:
    """The pair on shapes that comes along, conv first."""
    return examples[1::-1]


@pytest.fixture(scope="module")
def page(examples) -> str:
    return report.page(examples)


def test_a_report_on_a_pair_is_small_enough_to_mail(page):
    assert len(page.encode()) < MOST


def test_a_report_asks_nobody_for_anything(page):
    text = without_plotly(page)
    for tag, attributes in Elements(text).found:
        assert tag not in ("link", "iframe", "object", "embed", "base", "a", "form")
        for name, value in attributes.items():
            if name in ("src", "href", "srcset", "action", "data", "poster", "style"):
                assert value.startswith("data:image/png;base64,") or not ADDRESS.search(value)
    assert not ADDRESS.search(" ".join(text for tag, text in Elements(text).texts if tag == "style"))
    assert not re.search(r"https?://", text.replace(SVG, ""))


def test_the_policy_allows_the_scripts_that_the_page_holds_and_nothing_else(page):
    [policy] = [at["content"] for tag, at in Elements(without_plotly(page)).found if at.get("http-equiv")]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = re.compile(r" 'sha256-([^']+)'")
    assert len(scripts) > 3 and allowed.findall(policy) == digests
    rest = "script-src 'wasm-unsafe-eval'; worker-src blob:; style-src 'unsafe-inline'; img-src data:"
    assert allowed.sub("", policy) == f"default-src 'none'; {rest}"


def test_a_report_says_what_the_runs_say(page, examples):
    said = words(without_plotly(page))
    judged = verdict.judged(examples)
    assert judged.headline in said and judged.grounds in said
    for run in examples:
        for expected in (run.name, run.id, f"{run.best['test_loss']:,.2f}", run.facts[-1]["torch"]):
            assert expected in said
        assert run.dataset["fingerprint"] in said
        assert results.replay_command(run) in said


def test_what_was_measured_beyond_the_loss_is_told_with_its_n_and_its_floor(examples):
    swd = {"swd": {"value": 58.7, "n": 2000, "floor": 8.1}}
    measured = [dataclasses.replace(run, measured={"quality": swd}) for run in examples[:1]]
    bare = [dataclasses.replace(run, measured={}) for run in examples[1:]]
    said = words(without_plotly(report.page([*measured, *bare])))
    assert "58.7" in said and "Of 2,000 test images; lower is better; real images: 8.1." in said
    assert "Not measured of these runs" in words(without_plotly(report.page(bare)))


def test_what_the_numbers_know_is_told_with_its_interval_a_guess_and_each_label(examples):
    parts = {
        name: {"value": value, "floor": 0.0, "n": 2000, "low": value - 0.01, "high": value + 0.01}
        for name, value in (("hue", 0.96), ("<angle>", 0.005))
    }
    known = {"told_factors": {"value": 0.48, "n": 2000, "floor": 0.0, "low": 0.47, "high": 0.49, "parts": parts}}
    measured = [dataclasses.replace(run, measured={"quality": known}) for run in examples]
    said = words(without_plotly(report.page(measured)))
    assert "0.48 (95%: 0.47 to 0.49)" in said
    assert "Of 2,000 test images; higher is better; by guessing: 0.00." in said
    assert "factors told: hue" in said and "0.96 (95%: 0.95 to 0.97)" in said
    assert "factors told: <angle>" in said and "0.01 (95%: -0.01 to 0.01), no more than a guess" in said


def test_every_picture_and_curve_has_words_for_it(page):
    elements = Elements(without_plotly(page)).found
    assert all(at.get("alt") or "hidden" in at for tag, at in elements if tag == "img")
    assert all(at.get("aria-label") for _, at in elements if at.get("role") == "img")
    assert sum(tag == "img" and "hidden" not in at for tag, at in elements) == 2 + 4 * 3 + 2


def test_what_differs_is_marked_and_stands_first(page):
    settings = without_plotly(page).partition("<h2>Settings</h2>")[2].partition("</table>")[0]
    rows = re.findall(r'<tr( class="differs")?><th scope="row">(\w+)', settings)
    assert [name for marked, name in rows if marked] == ["arch"] and rows[0][1] == "arch"
    assert {name for _, name in rows} == set(config.SETTINGS)


def test_the_pictures_are_those_of_the_kept_epoch_to_the_last_pixel(page, examples):
    from vaedash import images

    run = examples[0]
    pictures = [at for tag, at in Elements(without_plotly(page)).found if tag == "img"]
    [source] = [at["src"] for at in pictures if at["alt"].startswith(f"{run.name}: 64 images")]
    picture = images.decode_picture(base64.b64decode(source.removeprefix("data:image/png;base64,")))
    drawn = run.pictures.sample("prior", run.best_epoch)
    assert (picture[33 : 33 + 32, :32] == drawn[8].transpose(1, 2, 0)).all()


def test_runs_in_other_units_get_a_chart_each(trained):
    pair = runs.list_runs(trained)
    other = dataclasses.replace(pair[1], settings=dataclasses.replace(pair[1].config, beta=2.0, preset=None))
    text = without_plotly(report.page([pair[0], other]))
    assert text.count('class="plot"') == 2 and "different units" in text
    assert without_plotly(report.page(pair)).count('class="plot"') == 1


def test_the_verdict_is_on_those_that_can_be_compared(trained):
    pair = runs.list_runs(trained)
    others = [dataclasses.replace(run, settings=dataclasses.replace(run.config, beta=2.0, preset=None)) for run in pair]
    said = words(without_plotly(report.page([*pair, *others])))
    assert f"beta 1: {verdict.judged(pair).headline}" in said and f"beta 2: {verdict.judged(others).headline}" in said
    assert "These runs cannot be compared" in words(without_plotly(report.page([pair[0], others[1]])))
    assert 'class="headline"' not in without_plotly(report.page(pair[:1]))


def test_no_place_on_this_machine_is_in_it(trained, photos):
    pair = runs.list_runs(trained)
    assert pair[0].config.dataset == str(photos)
    harmed = {"status": Status.FAILED, "outcome": {"status": "failed", "sentence": f"There is no file {photos}."}}
    text = without_pictures(without_plotly(report.page([pair[0], dataclasses.replace(pair[1], **harmed)])))
    assert "There is no file photos.zip." in html.unescape(text)
    for place in (photos.parent, trained, places.PROJECT_ROOT, Path.home()):
        assert f"{place}/" not in text and str(place) not in words(text)
    assert not re.search(r"(?<![\w:/<.])/(?:\w[\w.-]*/)+\w", words(text))
    assert "--dataset photos.zip" in words(text)


def test_a_place_with_spaces_is_not_in_it_either(folder, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", "/home/some one/data")
    sentence = "There is no file /home/some one/data/celeba/img.zip, so 1/2 of it and C:\\Users\\me\\a.zip are missing."
    run = dataclasses.replace(
        make_run(folder),
        status=Status.FAILED,
        outcome={"status": "failed", "sentence": sentence},
        notes={"name": "a/b"},
    )
    said = words(without_plotly(report.page([run])))
    assert "a/b: There is no file celeba/img.zip, so 1/2 of it and a.zip are missing." in said


def called(run: runs.Run, name: str) -> runs.Run:
    """The run as somebody else handed it on, who wrote this name into it."""
    (run.path / "notes.json").write_text(json.dumps({"name": name, "schema": 1}))
    return run.reread()


def test_hostile_names_are_words_in_a_report(folder, promise):
    plain = [make_run(folder, arch="conv", seed=number) for number in range(len(NAMES))]
    expected = Elements(without_plotly(report.page(plain))).found
    hostile = [called(run, name) for run, name in zip(plain, NAMES, strict=True)]
    text = without_plotly(report.page(hostile))
    made = Elements(text).found
    assert [tag for tag, _ in made] == [tag for tag, _ in expected]
    assert [list(attributes) for _, attributes in made] == [list(attributes) for _, attributes in expected]
    said = words(text)
    assert [run.name for run in hostile if re.sub(r"\s+", " ", run.name) not in said] == []
    promise("R11", "hostile names without an effect in a report", cases=len(NAMES))


def telling(run: runs.Run, words: str) -> runs.Run:
    """The run as if its trainer had found this on the machine, wherever it may find words."""
    start = {"dataset": {**run.dataset, "name": words}, "processor": words, words: "known"}
    outcome = {"status": "failed", "sentence": words}
    return dataclasses.replace(run, facts=(start,), status=Status.FAILED, outcome=outcome)


def test_hostile_words_of_another_machine_are_words_in_a_report(folder):
    run = make_run(folder, arch="conv")
    plain = report.page([telling(run, f"words {number}") for number in range(len(NAMES))])
    hostile = report.page([telling(run, words) for words in NAMES])
    expected, made = (Elements(without_plotly(page)).found for page in (plain, hostile))
    assert [tag for tag, _ in made] == [tag for tag, _ in expected]
    assert [list(attributes) for _, attributes in made] == [list(attributes) for _, attributes in expected]
    said = words(without_plotly(hostile))
    seen = [
        " ".join(visible(name).split()) for name in NAMES if not re.search(r"[\\/]", name)
    ]  # of a path, the end only
    assert [name for name in seen if name not in said] == []
    assert hostile.encode()  # no half of a pair is left


def test_a_run_without_weights_or_pictures_says_so(folder, trained):
    able = runs.find(trained, "latest:conv")
    bare = make_run(trained, arch="fc")
    said = words(without_plotly(report.page([able, bare])))
    assert f"{bare.name} cannot draw: its weights are not here." in said
    (able.path / "best.pt").write_bytes(b"nothing")
    assert f"{able.name} cannot draw: its weights are damaged." in words(without_plotly(report.page([able, bare])))


def test_a_run_of_64_pixels_stands_beside_one_of_32(tmp_path):
    for seed, size in enumerate(config.IMAGE_SIZES):
        run = make_run(tmp_path, image_size=size, epochs=1)
        give_weights(run, seed=seed)
    page = without_plotly(report.page(runs.list_runs(tmp_path)))
    widgets = re.findall(r'data-widget="(\w+)" hidden><script type="application/json">(.*?)</script>', page)
    [throws] = [json.loads(data) for name, data in widgets if name == "throws"]
    assert sorted(run["side"] for run in throws["runs"]) == [32, 64]
    strips = [at for tag, at in Elements(page).found if tag == "img" and "ten pictures" in at["alt"]]
    sizes = [images.decode_picture(base64.b64decode(at["src"].partition(",")[2])).shape for at in strips]
    assert sorted(size[:2] for size in sizes) == [(32, 10 * 33 - 1), (64, 10 * 65 - 1)]


def test_pictures_that_are_called_like_a_built_in_set_are_told_with_their_frame(tmp_path):
    run = make_run(tmp_path, dataset="/my/mnist", image_size=64, fit="pad", epochs=1)
    said = words(without_plotly(report.page([run])))
    assert "--dataset mnist --image-size 64 --fit pad" in said


def test_without_photographs_the_morph_is_between_random_z(trained):
    run = runs.find(trained, "latest:conv")
    assert "between held-out images" in report.page([run])
    for file in run.path.glob("samples/originals.*"):
        file.unlink()
    text = report.page([run])
    assert "between two random z" in text and "The originals are not here." in text


def test_what_redraws_other_images_has_no_row_beside_them(trained):
    fc, conv = (runs.find(trained, f"latest:{arch}") for arch in ("fc", "conv"))
    facts = json.loads((conv.path / "facts.json").read_text())
    facts["starts"][-1]["dataset"]["redrawn"] = [0, 5, 11]
    (conv.path / "facts.json").write_text(json.dumps(facts))
    text = words(without_plotly(report.page([fc, conv.reread()])))
    assert "Redraws other images than the first run, and has no row here: conv" in text
    assert "has no row here" not in words(without_plotly(report.page([fc])))


def test_the_command_writes_it_and_refuses_another_ending(folder, trained, tmp_path, capsys):
    assert cli.main(["report", "latest:fc", "latest:conv", "--out", str(tmp_path / "a.html")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'a.html'}: a report on ")
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert cli.main(["report", "latest:fc", "--out", str(tmp_path / "a.pdf")]) == 2
    assert "--out must end in .html or .htm, got a.pdf." in capsys.readouterr().err
    assert cli.main(["report", "latest", "--json", "--out", str(tmp_path / "b.html")]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == [runs.find(trained, "latest").id]


def test_the_compare_page_hands_it_out(folder, trained):
    from visitor import shown

    at = shown("compare")
    assert any(button.label == "Report" for button in at.get("download_button"))


# ---- opened from disk, in a real browser without a network --------------------------------------------------


@pytest.fixture
def opened(browser, page, tmp_path):
    """Opens the report on the example pair as a file; what went wrong is in its `complaints`."""
    whole = tmp_path / "report.html"
    whole.write_text(page, encoding="utf-8")
    with contextlib.ExitStack() as stack:

        def open_page(file=whole, **how):
            tab = stack.enter_context(offline.opened(browser, file, **how))
            tab.wait_for_selector(".plot .js-line")
            tab.wait_for_selector("img.printed", state="attached")
            return tab

        yield open_page


def test_curves_are_drawn_and_the_slider_moves_every_picture(opened):
    tab = opened(viewport={"width": 1440, "height": 1000})
    assert tab.locator(".plot .scatterlayer .js-line").count() == 4
    until(lambda: len(set(tab.evaluate(FRAMES))) == 2)
    before = tab.evaluate(FRAMES)
    assert len(before) == 2
    place = tab.locator(".morph.flat")
    place.locator("input[name=x]").focus()
    tab.keyboard.press("End")
    until(lambda: all(one != other for one, other in zip(before, tab.evaluate(FRAMES), strict=True)))
    expect(place.locator("output")).to_have_text("100% of the way")
    place.get_by_role("button", name="Play").click()
    expect(place.locator("output")).not_to_have_text("100% of the way")
    place.get_by_role("button", name="Pause").click()
    tab.wait_for_timeout(100)
    still = tab.evaluate(FRAMES)
    tab.wait_for_timeout(300)
    assert tab.evaluate(FRAMES) == still
    assert tab.complaints == []


def test_it_fits_a_phone_in_the_dark(opened):
    tab = opened(viewport={"width": 390, "height": 844}, color_scheme="dark")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    light = "element => getComputedStyle(element).{}.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"
    assert tab.locator("body").evaluate(light.format("backgroundColor")) < 150
    assert tab.locator(".plot .xtick text").first.evaluate(light.format("fill")) > 600
    assert (
        tab.locator(".plot .main-svg")
        .first.evaluate("element => getComputedStyle(element).backgroundColor")
        .endswith(", 0)")
    )
    assert tab.complaints == []


def test_on_paper_the_curves_are_as_wide_as_the_page_and_dark_on_white(opened):
    tab = opened(viewport={"width": 390, "height": 844}, color_scheme="dark")
    tab.emulate_media(media="print")
    assert tab.locator("img.printed").is_visible() and not tab.locator(".plot").is_visible()
    assert not any(place.is_visible() for place in tab.locator(".controls").all())
    assert tab.locator("body").evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(255, 255, 255)"


def test_runs_of_a_tuning_bring_what_it_found_for_how_many_trials(tmp_path):
    for arch, losses in (("fc", [9.0, 5.0]), ("conv", [6.0, 4.0])):
        for number, loss in enumerate(losses, start=1):
            trial(tmp_path, number, [loss], arch=arch, tuning="<b>fair</b>")
    final = [trial(tmp_path, None, [4.5], arch=arch, seed=0, tuning="<b>fair</b>") for arch in ("fc", "conv")]
    page = report.page(final)
    assert "Best so far against budget: <b>fair</b>" in html.unescape(words(page)) and "<b>fair" not in page
    assert "FC, 2 trials: 5.00; conv, 2 trials: 4.00." in words(page)
    figures = [json.loads(text) for tag, text in Elements(page).texts if tag == "script" and text.startswith("{")]
    best = [trace["y"] for trace in figures[-1]["data"] if trace.get("name")]
    assert best == [[9.0, 5.0], [6.0, 4.0]]
    assert "Best so far against budget" not in report.page([make_run(tmp_path / "others")])


@pytest.mark.slow
def test_hostile_names_do_nothing_in_a_browser(opened, folder, tmp_path, promise):
    # Few in each chart, since of many a legend says how many they are.
    made = [
        called(make_run(folder, arch="conv", seed=number, beta=1 + number // 4, preset=None), name)
        for number, name in enumerate(NAMES)
    ]
    (tmp_path / "hostile.html").write_text(report.page(made), encoding="utf-8")
    tab = opened(tmp_path / "hostile.html", viewport={"width": 1440, "height": 1000})
    assert tab.evaluate("() => window.hacked") is None
    assert tab.complaints == []
    legend = tab.locator(".plot .legendtext").evaluate_all("found => found.map(one => one.textContent)")
    calls = itertools.chain.from_iterable(results.told_apart(group) for group in alike.groups(made))
    assert {re.sub(r"\s+", " ", call)[:20] for call in calls} <= {re.sub(r"\s+", " ", text)[:20] for text in legend}
    promise("R11", "hostile names without an effect in a report in a browser", cases=len(NAMES))
