"""The page and the figures of a set that is learned through plain training say how networks learn from it."""

from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.inspection.decode import decode
from tdd.inspection.page import page
from tdd.inspection.page_charts import charts_of
from tdd.runs.plot import draw_set


def test_no_learned_rates_are_shown_where_there_are_none():
    corpus = tiny_corpus()
    plain = Distiller(tiny_recipe(inner="plain", inner_steps=[2, 4], inner_rate=0.02, outer_steps=2), corpus).run()
    learned = Distiller(tiny_recipe(outer_steps=2), corpus).run()
    pages = [page(each, decode(each, corpus.train.vectors, 2)) for each in (plain, learned)]
    assert "by AdamW in mini-batches" in pages[0] and "AdamW at 0.02" in pages[0]
    assert "learned learning rate" not in pages[0] and "learned learning rate" in pages[1]
    assert [len(charts_of(each, None, [])) for each in (plain, learned)] == [0, 1]
    assert ["learning-rates" in draw_set(each) for each in (plain, learned)] == [False, True]
