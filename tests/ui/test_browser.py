"""The page in a real browser: from an empty folder to a finished race, and what a link, a phone and the dark make of it."""

import contextlib
import itertools
import re

import pandas
import pytest
from hand import settled
from patience import until
from visitor import make_run, row

from vaedash import config, runs
from vaedash.bench import ui as bench
from vaedash.comparing import quiz
from vaedash.languages import LANGUAGES, say, speech, spoken
from vaedash.ui import components, tables

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

PAGES = tuple(bench.PAGES.values())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose runs folder is empty."""
    opened = bench.Server(tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("data"))
    yield opened
    for run in runs.list_runs(opened.folder):
        run.request_stop()
    opened.close()


@pytest.fixture
def tab(browser):
    """A tab that keeps what went wrong: errors in the console, and requests that leave the machine."""
    opened = browser.new_page(viewport={"width": 1440, "height": 1000})
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda request: opened.complaints.append(request.url) if leaves(request.url) else None)
    yield opened
    opened.close()


def leaves(url: str) -> bool:
    return not re.match(r"(https?|wss?)://localhost[:/]|data:|blob:", url)


def unexpected(complaints: list[str]) -> list[str]:
    # On a page other than the first, Streamlit looks for its server below that page's address before it looks above.
    return [text for text in complaints if "404 (Not Found)" not in text]


@pytest.mark.parametrize("path", [pytest.param(path, marks=[pytest.mark.slow] if path else []) for path in PAGES])
def test_every_page_of_an_empty_folder_opens_without_complaint(tab, server, path):
    tab.goto(f"{server.url}/{path}")
    settled(tab)
    said = "How sure is that?" if path == "why" else re.compile("Nothing has been trained yet|No run has weights yet")
    expect(tab.get_by_text(said).first).to_be_visible()
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    assert unexpected(tab.complaints) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone_in_the_dark(browser, server, path):
    phone = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    try:
        phone.goto(f"{server.url}/{path}")
        settled(phone)
        main = phone.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth <= window.innerWidth")
        background = phone.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
        assert sum(map(int, re.findall(r"\d+", background)[:3])) < 200
    finally:
        phone.close()


WHOLE = """() => [...document.querySelectorAll('[class*=st-key-crisp-] img')].map(img => {
    const room = img.closest('[class*=st-key-crisp-]').getBoundingClientRect().width
    return {times: img.getBoundingClientRect().width / img.naturalWidth, most: Math.floor(room / img.naturalWidth),
            how: getComputedStyle(img).imageRendering, alt: img.alt}
})"""


@pytest.mark.parametrize(
    "width", [1440, pytest.param(1280, marks=pytest.mark.slow), pytest.param(390, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "path", ["?tour=1", *(pytest.param(path, marks=pytest.mark.slow) for path in ("", "gallery", "compare"))]
)
def test_every_pixel_of_a_picture_is_a_square_of_whole_pixels_as_large_as_there_is_room_for(
    browser, classroom, path, width
):
    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        page.goto(f"{classroom.url}/{path}")
        settled(page)
        page.wait_for_function("() => document.querySelectorAll('[class*=st-key-crisp-] img').length >= 2")
        page.wait_for_function(f"() => ({WHOLE})().every(image => image.how == 'pixelated')")  # the stylesheet is there
        assert any(image["most"] for image in page.evaluate(WHOLE))
        page.wait_for_function(
            "() => [...document.querySelectorAll('[class*=st-key-crisp-] img')].every(img => img.complete)"
        )
        for image in page.evaluate(WHOLE):
            if image["most"]:
                assert image["times"] == pytest.approx(image["most"], abs=0.01), image
    finally:
        page.close()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A server with 36 runs of a study, and ten more of one sort whose names are long."""
    folder = tmp_path_factory.mktemp("crowd") / "runs"
    for arch, preset, seed in itertools.product(config.PAIR, config.STUDY, range(6)):
        make_run(folder, arch=arch, preset=preset, seed=seed)
    for arch, batch in itertools.product(config.PAIR, range(5)):
        run = make_run(folder, arch=arch, preset=None, batch_size=16 + batch)
        run.write_notes(name=f"number {batch} of those that have a long name, and go on and on")
    with bench.Server(folder, tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest.mark.parametrize("many", [36, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("width", "large"),
    [
        (1440, False),
        *(pytest.param(*size, marks=pytest.mark.slow) for size in ((1280, True), (390, False), (390, True))),
    ],
)
def test_however_many_runs_are_compared_their_curves_keep_300_pixels(browser, crowd, width, large, many):
    chosen = [run.id for run in runs.list_runs(crowd.folder) if bool(run.config.preset) == (many == 36)]
    assert len(chosen) == many
    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        page.goto(f"{crowd.url}/compare?runs={','.join(chosen)}&presenter={str(large).lower()}")
        settled(page)
        plot = page.locator(".js-plotly-plot").first
        expect(plot.locator(".legend .traces").first).to_be_visible()
        if large:
            ticks = page.locator(".js-plotly-plot .xtick text").first
            until(lambda: ticks.evaluate("element => parseFloat(getComputedStyle(element).fontSize)") > 18)
        assert plot.locator(".nsewdrag").first.bounding_box()["height"] >= 300
        assert page.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= window.innerWidth")
    finally:
        page.close()


@pytest.mark.slow
def test_what_was_measured_beyond_the_loss_is_shown_as_a_picture_and_as_a_table(tab, classroom):
    tab.goto(f"{classroom.url}/compare")
    tab.get_by_text("Beyond the loss").click()
    expect(tab.get_by_text("PSNR (dB), higher is better; n = 12")).to_be_visible()
    tab.get_by_role("radio", name="SWD").click()
    expect(tab.get_by_text("SWD, lower is better; n = 12")).to_be_visible()
    expect(tab.get_by_text(re.compile("real pictures: "))).to_be_visible()
    tab.locator(".st-key-curves button").click()
    tab.get_by_role("radio", name="weights").click()
    expect(tab.locator(".js-plotly-plot").first.locator(".xtitle")).to_have_text("weights")
    expect(tab.locator(".js-plotly-plot").first.locator(".scatterlayer .point")).to_have_count(4)
    assert unexpected(tab.complaints) == []


@pytest.mark.slow
def test_the_course_of_every_latent_is_drawn(tab, classroom):
    tab.goto(f"{classroom.url}/latent-space")
    tab.get_by_text("How much does each number say").click()
    expect(tab.locator(".heatmaplayer image").or_(tab.locator(".heatmaplayer .hm")).first).to_be_attached()
    expect(tab.get_by_text(re.compile("in use after epoch 6, saying"))).to_have_count(2)
    assert unexpected(tab.complaints) == []


@pytest.mark.slow
def test_a_newcomer_trains_both_stops_one_resumes_it_and_plays_with_what_they_learned(browser, tab, server):
    tab.goto(server.url)
    tab.get_by_role("button", name="Train both").click()

    # Two lanes, and a curve that has points before the first epoch is over.
    expect(tab.get_by_role("button", name="Stop")).to_have_count(2)
    tab.wait_for_function("() => document.querySelectorAll('.live-figure .scatterlayer .js-line').length >= 2")

    # Two grids, epoch by epoch.
    tab.wait_for_function(
        "() => document.querySelectorAll('[data-testid=stImage] img[alt*=\"made up last\"]').length == 2"
    )

    # Hide a curve: it stays hidden while new points come.
    legend = tab.locator(".live-figure .legendtoggle").first
    legend.click()
    tab.wait_for_timeout(2_500)
    assert tab.locator(".live-figure .legend .traces").first.evaluate("trace => getComputedStyle(trace).opacity") != "1"

    # Stop one, resume it, and stop both once they have something to compare.
    if tab.get_by_role("button", name="Stop").count():
        tab.get_by_role("button", name="Stop").last.click()
        tab.get_by_role("button", name="Resume").first.click()
        until(lambda: all(run.active or run.status == "finished" for run in runs.list_runs(server.folder)))
    until(lambda: all(run.epochs for run in runs.list_runs(server.folder)))
    for run in runs.list_runs(server.folder):
        run.request_stop()
    until(lambda: not any(run.active for run in runs.list_runs(server.folder)))
    assert {run.status for run in runs.list_runs(server.folder)} <= {"finished", "stopped"}
    expect(
        tab.get_by_text(re.compile("less wrong than|No fair comparison|level|No clear leader")).first
    ).to_be_visible()

    # The runs travel to the other pages.
    ids = {run.id for run in runs.list_runs(server.folder)}
    tab.get_by_role("link", name="Compare", exact=True).click()
    expect(tab.get_by_role("heading", name="Who draws better?")).to_be_visible()
    expect(tab.locator(".js-plotly-plot .js-line").first).to_be_visible()
    assert all(run_id in tab.url for run_id in ids)
    tab.get_by_role("link", name="Gallery", exact=True).click()
    expect(tab.get_by_test_id("stImage").first).to_be_visible()

    # The morph moves under the finger, without asking the server.
    tab.get_by_role("link", name="Interpolate", exact=True).click()
    handle = tab.locator("input[type=range]").first
    expect(handle).to_be_visible()
    drawn = tab.locator("figure:not(.end) canvas")
    expect(drawn).to_have_count(2)
    pixels = "all => all.map(canvas => canvas.toDataURL())"
    before = drawn.evaluate_all(pixels)
    handle.focus()
    tab.keyboard.press("End")
    until(lambda: all(one != other for one, other in zip(before, drawn.evaluate_all(pixels), strict=True)))

    # A link opens the same view.
    address = tab.url
    again = browser.new_page()
    again.goto(address)
    expect(again.locator("figure:not(.end) canvas")).to_have_count(2)
    again.close()
    assert unexpected(tab.complaints) == []


# ---- in front of a class -------------------------------------------------------------------------------------


def press(tab, key: str) -> None:
    """A key, once what was there before has answered."""
    settled(tab)
    tab.keyboard.press(key)


def test_of_pictures_without_room_for_all_their_rows_a_few_are_whole_and_the_whole_screen_has_all(browser, classroom):
    tab = browser.new_page(viewport={"width": 1280, "height": 600})
    tab.goto(f"{classroom.url}/gallery?view=Blind+vote&ballot=7")
    settled(tab)
    real = tab.locator(".st-key-real")
    shown = real.locator("img").bounding_box()
    assert shown["width"] / shown["height"] == pytest.approx(3 / 2, rel=0.02)  # two of three rows
    real.hover()
    real.locator("button").click()
    expect(real.get_by_role("button", name="Close fullscreen")).to_be_visible()
    until(lambda: real.locator("img").bounding_box()["height"] > 500)
    tab.close()


@pytest.mark.slow
def test_two_browsers_vote_on_one_ballot_and_see_the_common_tally(browser, classroom):
    both = components.comparable(runs.list_runs(classroom.folder))
    answer = quiz.ballot(both, kind="prior", draw=7).answer
    other = next(letter for letter in "AB" if letter != answer)
    contexts = [browser.new_context(), browser.new_context()]
    teacher, pupil = (context.new_page() for context in contexts)
    try:
        for visitor in (teacher, pupil):
            visitor.goto(f"{classroom.url}/gallery?view=Blind+vote&ballot=7")
            settled(visitor)
            expect(visitor.get_by_alt_text(re.compile("^pictures, made up by [AB]$"))).to_have_count(2)
        pupil.get_by_role("button", name=f"Vote {other}").click()
        expect(teacher.get_by_text("1 vote so far")).to_be_visible()  # without a click of the teacher's
        press(teacher, answer.lower())
        expect(pupil.get_by_text("2 votes so far")).to_be_visible()
        picture = pupil.get_by_alt_text(f"made up by {answer}").bounding_box()
        pupil.mouse.click(picture["x"] + 20, picture["y"] + 20)  # a click on the picture votes as well
        expect(pupil.get_by_role("button", name=f"{answer}, my vote")).to_be_visible()
        press(teacher, "PageDown")  # scrolls: who reads on has not asked for the answer
        settled(teacher)
        expect(teacher.locator("[class*=st-key-stage-label-]")).to_have_count(0)
        press(teacher, "Enter")
        expect(teacher.get_by_text("2 of 2 votes found conv")).to_be_visible()
        expect(teacher.locator(f".st-key-stage-label-{answer}")).to_contain_text("conv")
        expect(pupil.locator("[class*=st-key-stage-label-]")).to_have_count(0)
    finally:
        for context in contexts:
            context.close()


@pytest.mark.slow
def test_presenter_mode_enlarges_the_type_on_every_page_and_the_address_carries_it(tab, classroom):
    size = "element => parseFloat(getComputedStyle(element).fontSize)"
    tab.goto(classroom.url)
    settled(tab)
    words = tab.get_by_test_id("stMarkdown").first
    # Figures have letters of their own.
    ticks = tab.locator(".live-figure .xtick text").first
    small = [part.evaluate(size) for part in (words, ticks)]
    tab.get_by_text("Large type").click()
    tab.wait_for_url("**presenter=true**")
    until(lambda: ticks.evaluate(size) > small[1])
    large = [part.evaluate(size) for part in (words, ticks)]
    assert all(after >= 1.25 * before for before, after in zip(small, large, strict=True)), (small, large)
    tab.get_by_role("link", name="Gallery", exact=True).click()
    expect(tab.get_by_role("heading", name="What do they draw?")).to_be_visible()
    assert "presenter=true" in tab.url
    tab.wait_for_function(f"({size})(document.documentElement) > 20")
    # On a phone it is larger than usual too, and nothing sticks out.
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"{classroom.url}/gallery?presenter=true&view=Blind+vote")
    settled(tab)
    tab.wait_for_function(f"({size})(document.documentElement) > 16")
    assert tab.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= window.innerWidth")
    assert unexpected(tab.complaints) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_stands_beside_the_title_of_compare_is_in_one_line_on_a_small_laptop(tab, clone, language):
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto(f"{clone.url}/compare?lang={language}")
    settled(tab)
    with spoken(speech(language)):
        last = tab.get_by_role("button", name=say("Report"), exact=True)
    title = tab.get_by_role("heading", level=1).bounding_box()
    assert last.bounding_box()["y"] < title["y"] + title["height"]


def test_a_heading_in_large_type_has_its_letters_above_what_follows(tab, clone):
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto(f"{clone.url}/gallery?view=Blind+vote&presenter=true")
    settled(tab)
    heading = tab.get_by_role("heading", name="Which of these did conv draw?")
    letters = heading.evaluate(
        "heading => { const all = document.createRange(); all.selectNodeContents(heading); return all.getBoundingClientRect().bottom }"
    )
    assert letters <= tab.locator("[class*=st-key-stage-card-] img").first.bounding_box()["y"] + 2


def test_a_run_is_renamed_beside_an_older_tab_and_deleted_by_a_second_click_with_its_list_still_open(browser, tmp_path):
    with bench.Server(tmp_path / "runs", tmp_path / "data") as opened:
        run = make_run(opened.folder)
        (run.path / "last.pt").write_bytes(bytes(31_400_000))
        tabs = [browser.new_page(viewport={"width": 1440, "height": 1000}) for _ in range(2)]
        older, newer = tabs
        for tab in tabs:
            tab.goto(f"{opened.url}/train")
            tab.locator("summary").filter(has_text=run.name).click()
        for tab, label, typed in ((newer, "Name", "new"), (older, "Tags", "first")):
            field = tab.locator("details").filter(has=tab.get_by_text("Save")).get_by_role("textbox", name=label)
            field.fill(typed)
            field.press("Enter")
            tab.get_by_role("button", name="Save", exact=True).click()
            until(lambda: run.reread().notes.get("name" if label == "Name" else "tags"))  # noqa: B023
        assert (run.reread().name, run.reread().tags) == ("new", ("first",))
        newer.get_by_role("button", name="Delete", exact=True).click()
        newer.get_by_role("button", name="Delete 31 MB for ever").click()
        until(lambda: not run.path.exists())
        expect(newer.get_by_text("Nothing has been trained yet")).to_be_visible()
        for tab in tabs:
            expect(tab.get_by_test_id("stException")).to_have_count(0)
            tab.close()


# What tables write, which they paint, and how wide that is.
PAINTED = """
window.painted = {};
const paint = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    window.painted[text] = this.measureText(text).width;
    return paint.call(this, text, ...place);
};
"""


@pytest.mark.parametrize(
    ("locale", "table", "numbers", "foreign"),
    [
        (
            "en-GB",
            "All runs as a table",
            ("1,119,811", "2,000", "77.72", "10,923,113,302.25"),
            r"\d{1,3}(\.\d{3})+(,\d+)?",
        ),
        (
            "de-DE",
            "Alle Läufe als Tabelle",
            ("1.119.811", "2.000", "77,72", "10.923.113.302,25"),
            r"\d{1,3}(,\d{3})+(\.\d+)?",
        ),
    ],
)
def test_tables_write_numbers_as_their_reader_does_and_cut_none_off(
    browser, tmp_path, data_dir, locale, table, numbers, foreign
):
    make_run(tmp_path, arch="fc", loss=10_923_113_304.25)
    make_run(tmp_path, arch="conv", loss=79.72)
    with bench.Server(tmp_path, data_dir) as server:
        page = browser.new_page(locale=locale, viewport={"width": 2600, "height": 1400})
        page.add_init_script(PAINTED)
        page.goto(f"{server.url}/compare")
        page.get_by_text(table).click()
        for text in numbers:
            until(lambda text=text: text in page.evaluate("window.painted"))
        painted = page.evaluate("window.painted")
        page.close()
    assert not [text for text in painted if re.fullmatch(foreign, text)]
    room = tables._number(pandas.Series([10_923_113_302.25]), digits=2)["width"]
    assert painted[numbers[-1]] <= room - 16  # of which glide's cells keep 8 pixels free on either side


# A browser without a window grants nothing by itself: it stands in for what asks its person, and for what that person is shown.
ASKED = """
window.told = [];
window.Notification = class {
    static permission = "default";
    static requestPermission = async () => (window.Notification.permission = "granted");
    constructor(title, { body }) { window.told.push(`${title}: ${body}`); }
};
"""


@pytest.mark.slow
def test_a_tab_says_how_far_a_training_is_and_that_it_has_ended(browser, tmp_path, data_dir):
    pair = [make_run(tmp_path, arch=arch, status="running", loss=loss) for arch, loss in (("fc", 60.0), ("conv", 50.0))]
    with bench.Server(tmp_path, data_dir) as server, contextlib.ExitStack() as training:
        for run in pair:
            training.enter_context(run.claim())
            run.reopen()
        page = browser.new_page()
        page.add_init_script(ASKED)
        page.goto(server.url)
        expect(page).to_have_title("Training: 2% - vaedash")
        assert page.evaluate("Notification.permission") == "default"  # nobody is asked unasked
        page.get_by_role("button", name="Tell me when it has ended").click()
        expect(page.get_by_role("button", name="Tell me when it has ended")).to_be_hidden()
        expect(page.get_by_text("You will be told when it has ended.")).to_be_visible()
        for run in pair:
            run.write_outcome("finished", "It finished.")
        training.close()
        expect(page).to_have_title("Ended: conv is 17% less wrong than FC on new pictures - vaedash")
        until(lambda: page.evaluate("window.told"))
        assert page.evaluate("window.told") == [
            "The training has ended: conv is 17% less wrong than FC on new pictures"
        ]
        page.goto(f"{server.url}/compare")
        expect(page).to_have_title("Compare: conv is 17% less wrong than FC on new pictures - vaedash")
        page.goto(f"{server.url}/gallery")
        expect(page).to_have_title("Gallery - vaedash")
        page.close()


REFUSES = ASKED.replace('"granted"', '"denied"')


@pytest.mark.slow
def test_a_browser_that_refuses_to_tell_is_said_to_once_somebody_has_asked(browser, tmp_path, data_dir):
    run = make_run(tmp_path, arch="fc", status="running")
    with bench.Server(tmp_path, data_dir) as server, run.claim():
        run.reopen()
        page = browser.new_page()
        page.add_init_script(REFUSES)
        page.goto(server.url)
        refused = page.get_by_text("This browser does not let this page tell you")
        expect(page.get_by_role("button", name="Tell me when it has ended")).to_be_visible()
        expect(refused).to_have_count(0)
        page.get_by_role("button", name="Tell me when it has ended").click()
        expect(refused).to_be_visible()
        page.close()


@pytest.mark.slow
def test_compare_renews_itself_while_one_of_its_runs_trains(browser, tmp_path, data_dir):
    fc = make_run(tmp_path, arch="fc", loss=60.0)
    conv = make_run(tmp_path, arch="conv", loss=50.0, status="running", epochs=1)
    with bench.Server(tmp_path, data_dir) as server:
        page = browser.new_page()
        with conv.claim():
            page.goto(f"{server.url}/compare?runs={fc.id},{conv.id}")
            expect(page.get_by_text("after epoch 1", exact=True)).to_have_count(1)
            conv.write_metrics([row(epoch, 40.0 - epoch) for epoch in (1, 2)])
            expect(page.get_by_text("after epoch 1", exact=True)).to_have_count(0)
            conv.write_outcome("finished", "It finished.")
        expect(page).to_have_title("Compare: conv is 34% less wrong than FC on new pictures - vaedash")
        page.close()
