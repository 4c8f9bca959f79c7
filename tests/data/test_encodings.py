"""Encodings are told apart by what the text reads as, and a guess shows a word that it reads."""

import json
from pathlib import Path

import pytest

from tdd.data.files import read_file
from tdd.errors import TddError
from tdd.settings.recipe import Recipe

RECIPE = Recipe()
GERMAN = "Ein schöner Film über Mädchen, größte Überraschung"
JAPANESE = "この映画はとても良かったです。また見たい"
RUSSIAN = "Фильм был отличный, актёры играли хорошо"
ARABIC = "كان الفيلم رائعا جدا والممثلون جيدون"


@pytest.mark.parametrize("mixed", ["", " and a movie the plot was dull"])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Film był świetny, choć aktorzy grali bardzo źle, żałuję"),
        ("cp1250", "Příběh byl skvělý, ale herci hráli špatně a příliš žalostně"),
        ("iso8859_2", "Film był świetny, choć aktorzy grali bardzo źle, żałuję"),
        ("cp1251", RUSSIAN),
        ("koi8_r", RUSSIAN),
        ("cp866", RUSSIAN),
        ("cp1251", "Фільм був чудовий, її їжа дуже смачна"),
        ("cp1251", "Филмът беше чудесен, актьорите играха добре"),
        ("cp1252", GERMAN),
        ("cp1252", "Un très bon film, les acteurs étaient excellents, déjà vu"),
        ("cp1252", "hyvää yötä, tämä on pitkä elokuva"),
        ("cp1252", "não é bom, a ação"),
        ("cp1252", "it’s “good” – really"),
        ("cp1253", "η ταινία ήταν πολύ καλή, οι ηθοποιοί έπαιξαν υπέροχα"),
        ("cp1255", "הסרט היה טוב מאוד והשחקנים נהדרים"),
        ("cp1256", ARABIC),
        ("cp874", "ภาพยนตร์เรื่องนี้ดีมาก นักแสดงเล่นดี"),
        ("cp932", JAPANESE),
        ("euc_jp", JAPANESE),
        ("cp949", "이 영화는 정말 재미있었습니다"),
        ("gb18030", "这部电影非常好看，演员的表演很精彩"),
        ("big5", "這部電影非常好看，演員的表演很精彩"),
    ],
)
def test_encodings_of_several_languages_are_told_apart(encoding: str, text: str, mixed: str, tmp_path: Path):
    lines = ["text,label", *(f'"{text}{mixed} {i}",{"ab"[i % 2]}' for i in range(30)), ""]
    (tmp_path / "d.csv").write_bytes("\n".join(lines).encode(encoding))
    assert read_file(tmp_path / "d.csv", RECIPE).splits["train"]["text"][0] == f"{text}{mixed} 0"


def write(path: Path, text: str, encoding: str) -> Path:
    path.write_bytes(("text;label\n" + f"{text};a\nno;b\n" * 20).encode(encoding))
    return path


def test_a_guess_shows_a_word_and_an_encoding_that_is_known_none(tmp_path: Path):
    path = write(tmp_path / "d.csv", GERMAN, "latin-1")
    guessed = "encoding cp1252 (guessed, it reads 'Überraschung': --encoding sets another), separator a semicolon"
    assert read_file(path, RECIPE).notes == [f"d.csv: {guessed}"]
    told = RECIPE.model_copy(update={"encoding": "latin-1"})
    assert read_file(path, told).notes == ["d.csv: encoding latin-1, separator a semicolon"]
    marked = write(tmp_path / "e.csv", GERMAN, "utf-16")
    assert read_file(marked, RECIPE).notes == ["e.csv: encoding utf-16, separator a semicolon"]


def test_json_in_a_long_line_is_looked_at_by_its_texts(tmp_path: Path):
    texts = [f"{JAPANESE} {number}" for number in range(300)]
    path = tmp_path / "d.json"
    path.write_bytes(json.dumps([{"text": text} for text in texts], ensure_ascii=False).encode("cp932"))
    assert read_file(path, RECIPE).splits["train"]["text"][:] == texts
    good, bad = ('{"text": "café"}'.encode(encoding) for encoding in ("utf-8", "latin-1"))
    path.write_bytes(b"[" + b", ".join([*[good] * 400, bad]) + b"]")
    with pytest.raises(TddError, match=r"d\.json, line 1: not UTF-8, as 400 of 401 texts"):
        read_file(path, RECIPE)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_text_that_is_utf_8_but_for_some_lines_is_refused(suffix: str, tmp_path: Path):
    path = tmp_path / f"d{suffix}"
    row = '{"text": "café %d", "label": "a"}' if suffix == ".jsonl" else "café %d,a"
    lines = [(row % number).encode("latin-1" if number in (7, 9) else "utf-8") for number in range(40)]
    path.write_bytes(b"\n".join([b"text,label"] * (suffix == ".csv") + lines))
    line = 9 if suffix == ".csv" else 8
    with pytest.raises(TddError, match=rf"d\{suffix}, line {line}: not UTF-8, as 38 of 40 texts .* mend those"):
        read_file(path, RECIPE)
    told = RECIPE.model_copy(update={"encoding": "latin-1"})
    assert read_file(path, told).splits["train"]["text"][7] == "café 7"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-16", r"d\.csv, line 1: not utf-16; set encoding \(--encoding\) to another one"),
        *((name, f"no encoding '{name}'; usual ones are utf-8") for name in ("rot13", "hex", "no-such")),
    ],
)
def test_an_encoding_that_the_text_is_not_in_or_that_is_none_of_text_is_a_line(encoding, told, tmp_path: Path):
    (tmp_path / "d.csv").write_text("text,label\na fine film,good\n")
    with pytest.raises(TddError, match=told):
        read_file(tmp_path / "d.csv", Recipe(dataset="d", encoding=encoding))
