"""A site is a folder that opens from disk and from any host, tells what the runs tell, and lets one play with their models."""

import base64
import itertools
import json
import re
import shutil

import numpy as np
import offline
import pytest
import torch
from hand import SIZES, expect, press
from hostile import NAMES
from offline import drawn, painted, pixels
from patience import until
from visitor import make_run

from vaedash import cli, images, runs
from vaedash.comparing import quiz, shuffle
from vaedash.models import latent
from vaedash.showing import carried, charts, playing, site
from vaedash.showing.site import lines, preview, story

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

PAGES = ("index.html", "story.html", "report-hkfrfp.html")
# What nobody of fourteen knows (tests/ui/test_walk.py has more, of the pages).
FORBIDDEN = re.compile(
    r"\b(nats?|PCA|seeds?|p[123]|latents?|KL|variance|root mean square|alpha|prior|images?|photos?|loss|fc|epochs?)\b"
)


@pytest.fixture(scope="module")
def files(examples) -> dict[str, bytes]:
    return site.files(examples)


@pytest.fixture(scope="module")
def folder_of_site(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "out"
    site.write(folder, files)
    return folder


def words(page: bytes) -> str:
    text = re.sub(r"<(script|style).*?</\1>", "", page.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


# ---- in a browser, from disk --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_from_a_folder_without_a_network_and_fits(browser, folder_of_site, page, size):
    with offline.opened(browser, folder_of_site / page, **SIZES[size]) as tab:
        tab.wait_for_timeout(1000)
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
        assert tab.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_in_the_story_the_slider_moves_what_the_models_draw_and_it_is_what_torch_draws(
    browser, folder_of_site, examples, size
):
    models, _ = carried.loaded(examples[:2])
    shown = quiz.best_first(examples[1], examples[1].pictures.originals())
    brought = carried.carried(examples[:2], models, called=lambda run: run.config.arch)
    with offline.opened(browser, folder_of_site / "story.html", **SIZES[size]) as tab:
        canvases, slider = ".morph.flat figure:not(.end) canvas", tab.locator(".morph.flat input[name=x]")
        until(lambda: painted(tab, canvases))
        before = drawn(tab, canvases)
        press(slider)  # in its middle
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, canvases), strict=True)))
        place = float(slider.input_value()) / float(slider.get_attribute("max"))
        assert 0.3 < place < 0.7
        expect(tab.locator(".morph.flat output")).to_have_text(f"{round(100 * place)}% of the way")
        tab.wait_for_timeout(300)
        for model, canvas in zip(brought.models, drawn(tab, canvases), strict=True):
            start, end = torch.from_numpy(playing.ends(model.run, model.vae, 2, shown)[0])
            exact = 255 * latent.decode_exactly(model.vae, ((1 - place) * start + place * end)[None])[0].numpy()
            assert np.abs(pixels(canvas) - exact).max() <= model.most + 1  # and half a level of rounding
            assert f"{model.most:.2g} at most" in words((folder_of_site / "story.html").read_bytes())
        assert tab.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_whoever_guesses_is_told_and_sees_why(browser, folder_of_site, examples, size):
    tested = shuffle.four_runs(examples)
    asked = {question.key: question for question in quiz.questions(examples[:2], tested)}
    with offline.opened(browser, folder_of_site / "story.html", **SIZES[size]) as tab:
        for guess, key in zip(tab.locator(".guess").all(), ("drew", "weights", "made up"), strict=True):
            answer = guess.locator(".answer")
            assert not answer.is_visible()
            press(guess.get_by_role("button").first)
            expect(answer).to_have_text(asked[key].sentence)
            expect(answer).to_be_visible()
            expect(guess.locator(".said")).to_contain_text("You said")
            expect(guess.locator(".right")).to_have_text(guess.get_attribute("data-answer"))
        assert tab.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_a_control_shows_what_they_redrew_after_so_many_looks(browser, folder_of_site, examples, size):
    with offline.opened(browser, folder_of_site / "story.html", **SIZES[size]) as tab:
        canvases, slider = ".looks canvas", tab.locator(".looks input")
        until(lambda: painted(tab, canvases))
        expect(tab.locator(".looks output")).to_have_text("after one look")
        for look, key in ((1, "Home"), (12, "End")):
            slider.focus()
            tab.keyboard.press(key)
            expect(tab.locator(".looks output")).to_have_text("after one look" if look == 1 else "after 12 looks")
            for run, canvas in zip(examples[:2], drawn(tab, canvases), strict=True):
                kept = run.pictures.originals()[0], run.pictures.sample("recon", look)[0]
                np.testing.assert_array_equal(pixels(canvas)[:, :, :32], np.concatenate(kept, axis=1))
        assert tab.complaints == []


def test_the_story_can_be_read_and_its_pictures_seen_without_a_script(browser, folder_of_site):
    with offline.opened(browser, folder_of_site / "story.html", java_script_enabled=False, **SIZES["phone"]) as tab:
        assert "everything can be read and seen without it" in tab.locator("body").inner_text()
        assert tab.locator("section:visible").count() > 6 and tab.locator("img:visible").count() > 12
        tab.get_by_text("The answer").first.tap()
        assert tab.locator(".answer").first.is_visible()
        assert not tab.get_by_role("button").count()  # none that would do nothing


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_everybody_can_use_each_page(browser, folder_of_site, page, look):
    how = {"color_scheme": look, "reduced_motion": "reduce", **SIZES["laptop"]}
    with offline.opened(browser, folder_of_site / page, **how) as tab:
        tab.wait_for_timeout(1000)
        if page != "index.html":  # what is built only once it is seen
            tab.locator("[data-widget=flow]").evaluate("place => place.scrollIntoView()")
            expect(tab.locator(".flow section:not([aria-busy])")).to_have_count(2)
        results = axe.Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
        found = {
            result["id"]: [node["html"][:200] for node in result["nodes"]]
            for result in results
            if result["impact"] in ("serious", "critical")
        }
        assert found == {}


@pytest.mark.parametrize("page", ["index.html", "story.html"])
def test_words_are_those_that_everybody_knows(browser, folder_of_site, page):
    with offline.opened(browser, folder_of_site / page, **SIZES["laptop"]) as tab:
        assert set(FORBIDDEN.findall(tab.locator("main").inner_text())) == set()


# ---- what is told ------------------------------------------------------------------------------------------------


def test_links_lead_to_files_of_the_site_and_nothing_else_is_asked_for(files):
    for name in PAGES:
        text = re.sub(r"<script.*?</script>", "", files[name].decode(), flags=re.DOTALL)
        links = re.findall(r'<a [^>]*href="([^"]+)"', text)
        assert links and set(links) <= set(files), name
        assert not re.search(r'(?:src|href)="(?!data:)[^"]*//', text)
    assert files[".nojekyll"] == b""


def test_all_that_is_told_comes_from_the_runs(files, examples):
    told, pair = words(files["story.html"]), examples[:2]
    tested = shuffle.four_runs(examples)
    for question in quiz.questions(pair, tested):
        assert question.sentence in told
    assert quiz.learned(pair, tested) in told and "20,000 pictures (shapes)" in told
    assert "And if the pixels are shuffled?" in told
    for name in PAGES:
        assert "vaedash 0.1.0" in words(files[name]) and "python -m vaedash train" in words(files[name])
    assert f"python -m vaedash site {' '.join(run.id for run in examples)} --out site" in words(files["index.html"])


def test_what_the_runs_have_nothing_to_tell_of_is_left_out(tmp_path):
    pair = [make_run(tmp_path, arch=arch, loss=loss) for arch, loss in (("fc", 60.0), ("conv", 50.0))]
    made = site.files(pair)
    told = words(made["story.html"])
    assert "Which of these did conv draw?" in told and "Does architecture matter?" in told
    for missing in ("shuffled", "Throw the dice", "What lies between", "What do they remember", "Pull a bar"):
        assert missing not in told
    assert 'class="part"' not in made["story.html"].decode()


def test_runs_without_a_pair_have_no_story_and_groups_have_a_report_each(tmp_path):
    alone = make_run(tmp_path, arch="conv")
    other = make_run(tmp_path, arch="conv", beta=2.0, preset=None)
    made = site.files([alone, other])
    assert story.pair([alone, other]) == [] and site.STORY not in made
    assert {f"report-{run.id}.html" for run in (alone, other)} < set(made)
    assert "Read the story" not in words(made["index.html"])


def test_a_preview_is_as_large_as_previews_are_and_absolute_where_the_address_is_known(files, examples):
    picture = images.decode_picture(files["preview.png"])
    assert picture.shape == (preview.HEIGHT, preview.WIDTH, 3) and len(np.unique(picture)) > 50
    assert '<meta property="og:image" content="preview.png">' in files["index.html"].decode()
    placed = site.files([examples[0]], address="https://name.github.io/vaedash")["index.html"].decode()
    assert '<meta property="og:image" content="https://name.github.io/vaedash/preview.png">' in placed
    assert '<meta property="og:url" content="https://name.github.io/vaedash/index.html">' in placed
    assert "--address https://name.github.io/vaedash" in words(placed.encode())


def called(run: runs.Run, name: str) -> runs.Run:
    (run.path / "notes.json").write_text(json.dumps({"name": name, "schema": 1}))
    return run.reread()


def test_hostile_names_are_words_in_a_site(browser, tmp_path, promise):
    plain = [
        make_run(tmp_path / "runs", arch=arch, seed=seed)
        for seed, arch in zip(range(len(NAMES)), itertools.cycle(("fc", "conv")), strict=False)
    ]
    tags = {name: re.findall(r"<(\w+)", page.decode()) for name, page in site.files(plain).items() if "html" in name}
    hostile = site.files([called(run, name) for run, name in zip(plain, NAMES, strict=True)])
    for name in ("index.html", "story.html"):
        assert re.findall(r"<(\w+)", hostile[name].decode()) == tags[name]
    site.write(tmp_path / "site", hostile)
    for name in ("index.html", "story.html"):
        with offline.opened(browser, tmp_path / "site" / name, **SIZES["laptop"]) as tab:
            assert tab.evaluate("() => window.hacked") is None
            assert tab.complaints == []
    promise("R11", "hostile names without an effect in a site", cases=len(NAMES))


def test_a_still_of_the_race_has_a_line_and_a_name_for_each_and_ends_where_the_runs_end(examples):
    figure = charts.contest(examples[:2])
    svg = base64.b64decode(lines.still(figure).partition(",")[2]).decode()
    assert re.findall(r">(\w+)</text>", svg) == ["FC", "conv"]
    ways = [
        [tuple(map(float, point.split(","))) for point in way.split()] for way in re.findall(r'points="([^"]+)"', svg)
    ]
    for run, way in zip(examples[:2], ways, strict=True):
        assert len(way) == len(run.epochs)
        assert way[-1][0] == pytest.approx(lines.WIDTH * lines.across(figure, len(run.epochs)) / 100, abs=0.1)
        losses = [row["test_loss"] for row in run.epochs]
        assert [point[1] for point in way].index(max(point[1] for point in way)) == losses.index(min(losses))
    assert ways[0][-1][1] < ways[1][-1][1]  # what is less wrong is lower


# ---- the folder --------------------------------------------------------------------------------------------------


def test_a_site_is_written_anew_in_its_own_folder_and_what_it_has_no_more_goes(tmp_path, files):
    out = tmp_path / "out"
    (out / ".git").mkdir(parents=True)
    (out / "CNAME").write_text("example.org")
    site.write(out, files)
    fewer = {name: data for name, data in files.items() if name != "story.html"}
    site.write(out, fewer)
    assert {file.name for file in out.iterdir()} == {*fewer, "site.json", ".git", "CNAME"}


@pytest.mark.parametrize("name", ["../other.html", "/etc/report-a.html", "mine.html", "..", 7])
def test_a_list_that_names_what_is_no_page_of_a_site_deletes_nothing(tmp_path, name):
    (tmp_path / "other.html").write_text("mine")
    out = tmp_path / "out"
    site.write(out, {"index.html": b""})
    (out / "mine.html").write_text("mine")
    (out / "site.json").write_text(json.dumps({"made_by": "vaedash", "files": [name]}))
    site.write(out, {"index.html": b""})
    assert (tmp_path / "other.html").exists() and (out / "mine.html").exists()


def test_the_command_writes_it_and_says_where(tmp_path, examples, capsys):
    folder = tmp_path / "runs"
    for run in examples[:1]:
        shutil.copytree(run.path, folder / run.id)
    command = ["site", examples[0].id, "--runs-dir", str(folder), "--out", str(tmp_path / "made")]
    assert cli.main(command) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{tmp_path / 'made'}: a site of 4 files") and "no story" in said.err
    assert cli.main([*command, "--json"]) == 0
    assert "index.html" in json.loads(capsys.readouterr().out)["files"]
    (folder / "index.html").write_text("mine")
    assert cli.main([*command[:-1], str(folder)]) == 2
    assert "holds other things" in capsys.readouterr().err
