"""The page as a browser shows it: at every width, in light and dark, by mouse, by keyboard and to a screen reader."""

import pytest
import torch
from browser import launched, opened, skip_or_fail
from tiny import tiny_corpus, tiny_recipe
from tiny_images import tiny_images

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.inspection.colors import CLASS_COLORS
from tdd.inspection.decode import decode
from tdd.inspection.page import page
from tdd.inspection.page_extras import Extras, measured
from tdd.inspection.page_shades import LEVELS
from tdd.inspection.pictures import pictures
from tdd.system.seeds import generator

WIDTHS = [360, 768, 1280, 1920]
LOG = [
    {"step": i, "outer_loss": 1 / i, "validation_accuracy": 0.5 + i / 20 if i % 2 else None, "best_accuracy": 0.9}
    for i in range(1, 9)
]


def many_classes() -> DistilledSet:
    """Twelve pictures a step, of as many classes with long names."""
    labels = 3 * torch.randn(2, 12, 12, generator=generator(0, "labels"))
    names = [f"a very long name of class {'x' * place}" for place in range(12)]
    recipe = tiny_recipe(n=24, steps=2, network="lenet", options={})
    source = {"dataset": "pictures", "pixel_mean": "0.3", "pixel_sd": "0.4"}
    return DistilledSet(torch.zeros(2, 12, 1, 8, 8), labels, torch.ones(1, 2), names, recipe, source)


@pytest.fixture(scope="module")
def browser():
    skip_or_fail()
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The path of a page of each kind of set."""
    folder = tmp_path_factory.mktemp("pages")
    corpus, images = tiny_corpus(), tiny_images()
    made = {}
    for kind, settings in (("vectors", {"epochs": 2}), ("words", {"samples": "words"})):
        distilled = Distiller(tiny_recipe(n=8, steps=4, **settings), corpus).run()
        distilled.results = {
            "evaluation": {"fixed": {"mean": 0.8, "sd": 0.01, "networks": 5}},
            "full_data": {"accuracy": 0.9},
            "baselines": {"random": {"mean": 0.6, "sd": 0.02}},
        }
        vectors = corpus.train.vectors
        sentences = decode(distilled, vectors, 3)
        extras = measured(distilled, sentences, vectors, corpus=corpus)
        made[kind] = page(distilled, sentences, extras=Extras(**(vars(extras) | {"log": LOG})))
    recipe = tiny_recipe(n=4, steps=2, network="lenet", options={})
    distilled = Distiller(recipe, images).best()
    made["pictures"] = page(distilled, pictures(distilled), extras=measured(distilled, corpus=images, real=4))
    made["many"] = page(many_classes(), pictures(many_classes()))
    for kind, text in made.items():
        (folder / f"{kind}.html").write_text(text)
    return {kind: folder / f"{kind}.html" for kind in made}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["vectors", "words", "pictures", "many"])
def test_it_is_as_wide_as_the_window_in_every_view(browser, pages, kind, width):
    with opened(browser, pages[kind], width) as shown:
        for view in ("all", "step", "class", "list"):
            shown.locator(f"input[name=view][value={view}]").check(force=True)
            assert shown.evaluate("document.documentElement.scrollWidth") == width
        shown.locator("input[name=view][value=all]").check(force=True)
        edge = max(shown.locator("article").evaluate_all("all => all.map(a => a.getBoundingClientRect().right)"))
        inside = shown.locator(".card").evaluate_all("all => all.map(a => [a.id, a.scrollWidth - a.clientWidth])")
        assert [name for name, over in inside if over > 0] == []
        assert width - edge <= max(24, 0.03 * width)  # no empty half


def of_so_many(samples: int) -> DistilledSet:
    """Two steps of so many short sentences each."""
    labels = torch.randn(2, samples, 2, generator=generator(0, "labels"))
    source = {"dataset": "films", "vectors_checksum": "tiny-checksum"}
    recipe = tiny_recipe(n=2 * samples, steps=2)
    sentences = torch.randn(2, samples, 6, 4, generator=generator(0, "samples"))
    return DistilledSet(sentences, labels, torch.ones(1, 2), ["bad", "good"], recipe, source)


@pytest.mark.parametrize(
    ("samples", "columns"),
    [
        (6, {360: 1, 768: 2, 1280: 3, 1920: 6}),
        (4, {1280: 4, 1920: 4}),
        (5, {1280: 3, 1920: 5}),
        (8, {1280: 4, 1920: 4}),
    ],
)
def test_cards_fill_their_rows_evenly(browser, tmp_path, samples, columns, vectors):
    distilled = of_so_many(samples)
    path = tmp_path / "page.html"
    path.write_text(page(distilled, decode(distilled, vectors)))
    lefts = "all => all.map(a => Math.round(a.getBoundingClientRect().left))"
    for width, expected in columns.items():
        with opened(browser, path, width) as shown:
            assert len(set(shown.locator("#step-0 article").evaluate_all(lefts))) == expected
    with opened(browser, path, 1920) as shown:  # and where the window changes
        shown.set_viewport_size({"width": 360, "height": 900})
        assert len(set(shown.locator("#step-0 article").evaluate_all(lefts))) == 1
        assert shown.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("kind", ["vectors", "words"])
def test_an_overview_of_few_steps_is_not_mostly_empty(browser, pages, kind):
    with opened(browser, pages[kind], 1280) as shown:
        bottoms = "e => [e.getBoundingClientRect().bottom, e.querySelector('.grid').getBoundingClientRect().bottom]"
        card, grid = shown.locator("#overview").evaluate(bottoms)
        assert card - grid < 60
        tops = shown.locator(".charts figure").evaluate_all("all => all.map(a => a.getBoundingClientRect().top)")
        assert len(set(tops)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["vectors", "words", "pictures"])
def test_axe_finds_nothing_serious_and_contrast_is_enough(browser, pages, kind, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, pages[kind], 1280, scheme=scheme) as shown:
        for view in ("all", "class", "list"):
            shown.locator(f"input[name=view][value={view}]").check(force=True)
            if view == "all" and kind != "pictures":
                shown.locator(".words i").nth(2).click()
            found = Axe().run(shown).response
            checked = {rule["id"] for rule in found["passes"]}
            assert {"color-contrast", "label", "aria-valid-attr-value"} <= checked
            worst = [
                (rule["id"], node["target"], node["failureSummary"])
                for rule in found["violations"]
                if rule["impact"] in ("serious", "critical")
                for node in rule["nodes"]
            ]
            assert worst == []


@pytest.mark.parametrize("colors", [CLASS_COLORS[:5], CLASS_COLORS[5:]])
def test_shades_leave_enough_contrast_at_their_darkest(browser, pages, colors):
    from axe_playwright_python.sync_playwright import Axe

    for scheme in ("light", "dark"):
        with opened(browser, pages["words"], scheme=scheme) as shown:
            for place, color in enumerate(colors):
                article = shown.locator("article").nth(place)
                article.evaluate("(article, color) => article.style.setProperty('--c', color)", color)
            shown.locator(".words i").evaluate_all(
                "(all, name) => all.forEach(word => word.className = name)", f"i{LEVELS}"
            )
            found = Axe().run(shown, context=".words", options={"runOnly": ["color-contrast"]}).response
            assert [node["failureSummary"] for rule in found["violations"] for node in rule["nodes"]] == []


def test_a_word_is_found_by_typing_and_let_go_by_escape(browser, pages):
    with opened(browser, pages["words"]) as shown:
        words = shown.locator(".words i").all_inner_texts()
        asked = words[0]
        shown.get_by_label("Find a word").focus()
        shown.keyboard.type(asked.upper())
        hits = sum(asked in word for word in words)
        samples = shown.evaluate(
            "asked => [...document.querySelectorAll('article')].filter(a => "
            "[...a.querySelectorAll('.words i')].some(w => w.textContent.includes(asked))).length",
            asked,
        )
        said = f"{hits} word{'' if hits == 1 else 's'} in {samples} of 8 samples"
        assert shown.locator("#found").inner_text() == said
        assert shown.locator(".words i.hit").count() == hits
        assert shown.locator("article:visible").count() == samples
        assert shown.locator(".cell.dim").count() == 8 - samples
        shown.keyboard.press("Escape")
        assert shown.locator("article:visible").count() == 8 and shown.locator(".hit").count() == 0
        shown.get_by_label("Find a word").fill("nowhere at all")
        assert shown.locator("#found").inner_text() == "0 words in 0 of 8 samples"


def test_views_are_chosen_by_keyboard_and_hold_every_sample_once(browser, pages):
    with opened(browser, pages["vectors"]) as shown:
        radio = shown.locator("input[name=view][value=all]")
        radio.focus()
        ids = [f"s{step}-{index}" for step in range(4) for index in range(2)]
        assert shown.locator("article").evaluate_all("all => all.map(a => a.id)") == ids
        shown.keyboard.press("ArrowRight")
        assert shown.locator("article").evaluate_all("all => all.map(a => a.id)") == ids[:2]
        shown.get_by_label("step after").press("Enter")
        assert shown.locator("article").evaluate_all("all => all.map(a => a.id)") == ids[2:4]
        shown.get_by_label("step before").click()
        shown.get_by_label("step before").click()
        assert shown.locator("#step").input_value() == "3"
        shown.locator("input[name=view][value=step]").focus()
        shown.keyboard.press("ArrowRight")
        found = shown.locator("article").evaluate_all("all => all.map(a => [a.dataset.class, a.id])")
        assert sorted(name for _, name in found) == ids and [c for c, _ in found] == sorted(c for c, _ in found)
        shown.locator("#class").select_option(index=1)
        first = {name for c, name in found if c == found[0][0]}
        assert set(shown.locator("article").evaluate_all("all => all.map(a => a.id)")) == first
        shown.locator("input[name=view][value=class]").focus()
        shown.keyboard.press("ArrowRight")
        assert shown.locator("#groups tbody tr").count() == 8 and shown.locator("article").count() == 0
        shown.get_by_role("link", name="2.1", exact=True).click()
        assert shown.locator("article.now").get_attribute("id") == "s2-1"
        assert shown.evaluate("document.activeElement.id") == "s2-1"


def test_the_overview_leads_to_samples_also_to_those_of_another_step(browser, pages):
    with opened(browser, pages["words"]) as shown:
        shown.locator("input[name=view][value=step]").check(force=True)
        shown.locator('.cell[href="#s3-0"]').press("Enter")
        assert shown.locator("#step").input_value() == "3"
        assert shown.evaluate("document.activeElement.id") == "s3-0"
        shown.locator(".legend .chip").first.click()
        assert shown.locator("body").get_attribute("data-view") == "class"


def test_near_words_open_beside_their_word_by_mouse_and_by_arrow_keys(browser, pages):
    for width in (360, 1280):
        with opened(browser, pages["vectors"], width) as shown:
            near = shown.locator("#near")
            assert near.is_hidden()
            shown.locator("article .words").first.scroll_into_view_if_needed()
            word = shown.locator("article .words i").nth(1)
            word.hover()
            assert near.locator("h5").inner_text() == word.inner_text()
            box, at = near.bounding_box(), word.bounding_box()
            assert abs(box["y"] - (at["y"] + at["height"])) < 30 or abs(box["y"] + box["height"] - at["y"]) < 30
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
            shown.mouse.move(0, 0)
            assert near.is_hidden()
            words = shown.locator("article .words").nth(1)
            words.focus()
            shown.keyboard.press("ArrowRight")
            shown.keyboard.press("ArrowRight")
            second = words.locator("i").nth(1)
            assert near.locator("h5").inner_text() == second.inner_text()
            assert words.get_attribute("aria-activedescendant") == second.get_attribute("id")
            assert second.get_attribute("aria-selected") == "true"
            text = near.inner_text()
            assert "importance" in text and "cosine similarity" in text and "share of training texts" in text
            shown.keyboard.press("Escape")
            assert near.is_hidden()


def test_words_that_matter_find_themselves(browser, pages):
    with opened(browser, pages["words"]) as shown:
        button = shown.locator(".find").first
        button.click()
        assert shown.get_by_label("Find a word").input_value() == button.inner_text()
        assert shown.locator(".hit").count() > 0


def test_shades_and_theme_are_switched(browser, pages):
    with opened(browser, pages["vectors"], scheme="dark") as shown:
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = shown.evaluate(ground)
        theme = shown.get_by_role("button", name="Theme")
        theme.click()
        assert theme.inner_text() == "Theme: light" and shown.evaluate(ground) != dark
        theme.click()
        assert theme.inner_text() == "Theme: dark" and shown.evaluate(ground) == dark
        shown.get_by_label("Shades").select_option("nearness")
        assert shown.locator(".for-nearness").is_visible() and shown.locator(".for-importance").is_hidden()


def test_a_picture_is_enlarged_and_the_others_labels_are_told(browser, pages):
    with opened(browser, pages["pictures"]) as shown:
        shown.locator(".zoom").nth(1).press("Enter")
        large = shown.locator("#large")
        assert large.is_visible() and large.locator("img").bounding_box()["width"] > 300
        assert "step 0, sample 1: " in large.inner_text()
        shown.keyboard.press("Escape")
        assert large.is_hidden()


def test_it_can_be_read_without_its_script(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    try:
        shown = context.new_page()
        shown.goto(pages["words"].as_uri())
        assert shown.locator("article:visible").count() == 8
        assert shown.get_by_label("Find a word").is_hidden()
    finally:
        context.close()
