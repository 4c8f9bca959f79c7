"""The heat map has a cell for every figure, and none where nothing was measured."""

from tdd.evaluation.transfer_cells import matrix, protocols_of, words_told
from tdd.inspection.transfer_figure import draw_transfer


def cell(mean, **more):
    return {"mean": mean, "words": None} | more


ONE = {"gru": {"plain": {"set": cell(0.5, words=40), "herding": cell(0.25)}}, "tfidf": {"plain": {"set": cell(0.4)}}}
OTHER = {"lstm": {"learned": {"set": cell(0.75)}, "plain": {"set": cell(0.6)}}}


def test_a_single_run_has_its_real_examples_as_rows_and_several_are_rows_themselves():
    assert matrix([("words", ONE)], "plain") == [("words", {"gru": 0.5, "tfidf": 0.4}), ("herding", {"gru": 0.25})]
    both = [("words", ONE), ("free", OTHER)]
    assert matrix(both, "plain") == [("words", {"gru": 0.5, "tfidf": 0.4}), ("free", {"lstm": 0.6})]
    assert matrix(both, "learned") == [("free", {"lstm": 0.75})]
    assert protocols_of(ONE) == ["plain"] and protocols_of(OTHER) == ["learned", "plain"]
    assert words_told(ONE) == "words: this set 40" and words_told(OTHER) == ""


def test_every_figure_is_in_the_heat_map():
    figure = draw_transfer(matrix([("words", ONE), ("free", OTHER)], "plain"), "plain training")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["50.0", "40.0", "60.0"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["gru", "tfidf", "lstm"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["words", "free"]
    assert axes.get_xlabel() == "tested on, by plain training"
