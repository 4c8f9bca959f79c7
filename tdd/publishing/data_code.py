"""How others load the rows that a set was tested on: as code, and in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.class_folders import IMAGES
from tdd.data.formats.fasttext_lines import LABEL
from tdd.data.formats.packed import data_suffix
from tdd.data.packaged import INSTALL_TOMATOES, TOMATOES_FILE, TOMATOES_PACKAGE
from tdd.publishing.card_text import as_python, is_on_hub

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

_ROWS_OF_FRAME = "Dataset.from_pandas(frame)"
_QUOTES = {"single": ['quotechar="\'"'], "none": ["quoting=3"]}


@dataclass(frozen=True)
class DataCode:
    """Code that loads a split as a `datasets.Dataset`, in the order of its rows.

    Attributes:
        code: an expression, after the lines `before`.
        before: lines that it needs.
        asked_for: what lies at the `path` that the reader gives, in words; None: no path is asked for.
        package: of PyPI that holds the data; None: none does.
        install: a further command that installs what is needed.
        function: a function of the set's own code.
    """

    code: str
    before: list[str] = field(default_factory=list)
    asked_for: str | None = None
    package: str | None = None
    install: str | None = None
    function: str | None = None

    @property
    def packages(self) -> list[str]:
        """What pip installs for it by name; a package with a command of its own is installed by that."""
        return [self.package] if self.package and not self.install else []


def data_code(distilled: DistilledSet, split: str) -> DataCode:
    """The code that loads `split` of the data that a set was distilled from."""
    recipe, source = distilled.recipe, distilled.source
    data = distilled.results.get("data") or {}
    if is_on_hub(distilled):
        config = [as_python(source["config"])] if source.get("config") else []
        named = [as_python(source["dataset"]), *config, f"revision={as_python(source['revision'])}"]
        return DataCode(_load_dataset(*named, f"split={as_python(split)}"))
    if recipe.data_from == "memory":
        columns = " and ".join(
            str(data[name]) for name in ("text_column", "image_column", "label_column") if name in data
        )
        asked = f"a parquet file of the rows that the author gave in Python, with columns {columns}"
        return DataCode(_load_dataset('"parquet"', "data_files=path", 'split="train"'), asked_for=asked)
    if recipe.dataset == "digits" and source.get("dataset") == "digits":
        return DataCode("Dataset.from_dict(digit_rows())", package="scikit-learn", function="digit_rows")
    if recipe.dataset == "tomatoes" and source.get("dataset") == TOMATOES_FILE:
        package = f"package = find_spec({as_python(TOMATOES_PACKAGE)}).submodule_search_locations[0]"
        place = f'f"{{package}}/data/{TOMATOES_FILE}"'
        lines = [package, _frame(place, data)]
        return DataCode(_ROWS_OF_FRAME, lines, package=TOMATOES_PACKAGE, install=INSTALL_TOMATOES)
    return _of_path(distilled, split, data)


def _of_path(distilled: DistilledSet, split: str, data: dict[str, Any]) -> DataCode:
    """The code that loads a split from the file or folder at `path`."""
    name, files = distilled.source.get("dataset", distilled.recipe.dataset), data.get("files") or {}
    # What tdd calls a split that is tested on, whatever its own name.
    names = files.get("train" if data.get("tested_on") is None else data["tested_on"], [])
    if len(names) == 1 and (suffix := data_suffix(Path(names[0]))) is not None:
        file = names[0] if names[0] == name else f"{names[0]} in {name}"
        facts = data.get("by_file", {}).get(names[0], data)
        if suffix == ".parquet":
            return DataCode(_load_dataset('"parquet"', "data_files=path", 'split="train"'), asked_for=file)
        if suffix in (".json", ".jsonl"):
            held = [f"field={as_python(split)}"] if sum(names == other for other in files.values()) > 1 else []
            return DataCode(_load_dataset('"json"', "data_files=path", *held, 'split="train"'), asked_for=file)
        if "delimiter" in facts:
            return DataCode(_ROWS_OF_FRAME, [_frame("path", facts)], file)
        opened = f'fsspec.open(path, "rt", compression="infer", encoding={as_python(facts.get("encoding", "utf-8"))})'
        lines = f'parts = [re.split(r"{LABEL.pattern}", line) for line in {opened}.open() if line.strip()]'
        texts = '[f"{before.strip()} {after.strip()}".strip() for before, _, after in parts]'
        return DataCode(f'Dataset.from_dict({{"text": {texts}, "label": [part[1] for part in parts]}})', [lines], file)
    if names and all(data_suffix(Path(one)) is None for one in names):  # a folder a class
        return _of_class_folders(distilled, name, names if len(files) > 1 else [], data)
    return DataCode(_load_dataset("path", f"split={as_python(split)}"), asked_for=f"the folder {name}")


def _of_class_folders(distilled: DistilledSet, name: str, of_split: list[str], data: dict[str, Any]) -> DataCode:
    """The code that loads texts or images that lie in a folder a class."""
    is_text = distilled.space.kind == "text"
    kinds = (".txt",) if is_text else IMAGES
    root = f"pathlib.Path(path, {as_python(of_split[0])})" if of_split else "pathlib.Path(path)"
    lines = [
        f"root = {root}  # the classes are folders in it",
        "class_of = lambda file: next((part for part in file.relative_to(root).parts[:-1] if part in classes), None)",
        'is_shown = lambda file: not any(part.startswith((".", "__")) for part in file.relative_to(root).parts)',
        f'files = [file for file in sorted(root.rglob("*")) if file.suffix.lower() in {kinds} and is_shown(file)]',
        "files = [file for file in files if class_of(file)]",
    ]
    encoding = as_python(data.get("encoding", "utf-8"))
    contents = f"file.read_text({encoding})" if is_text else "str(file)"
    column = "text" if is_text else "image"
    rows = f'{{"{column}": [{contents} for file in files], "label": [class_of(file) for file in files]}}'
    return DataCode(f"Dataset.from_dict({rows})", lines, f"the folder {name}")


def _load_dataset(*arguments: str) -> str:
    return f"load_dataset({', '.join(arguments)})"


def _frame(place: str, facts: dict[str, Any]) -> str:
    """The line that reads delimited text into `frame`, every cell as it is written."""
    arguments = [place, "dtype=str", "keep_default_na=False"]
    if (delimiter := facts.get("delimiter", ",")) != ",":
        arguments.append(f"sep={as_python(delimiter)}")
    arguments += _QUOTES.get(facts.get("quote", ""), [])
    if (encoding := facts.get("encoding", "utf-8")) != "utf-8":
        arguments.append(f"encoding={as_python(encoding)}")
    names = ""
    if facts.get("header") is False:
        arguments.append("header=None")
        names = ".rename(columns=lambda place: str(place + 1))"
    return f"frame = pandas.read_csv({', '.join(arguments)}){names}"
