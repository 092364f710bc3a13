"""Writes the files beside it with the packages that write them in the field.

    python -m venv VENV && VENV/bin/pip install PACKAGE
    VENV/bin/python tests/answers/written/write.py PACKAGE

PACKAGE is label-studio-sdk, cleanlab, argilla (with datasets) or crowd-kit; each part needs only
its own. `versions.json` keeps which version wrote which file. The answers are the constants below,
so that the tests know what must be read.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
#: annotator -> class of each item; None where an annotator was not asked.
LABELS = {
    "ann": ["cat", "dog", "cat", None, "bird"],
    "bob": ["cat", "cat", None, "bird", "bird"],
    "eve": ["dog", "dog", "cat", "bird", None],
}


def keep(package: str, *files: str) -> None:
    """Note the version that wrote the files."""
    path = HERE / "versions.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {file: f"{package} {version(package)}" for file in files}
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def long_table():
    """task, worker, label of every answer."""
    import pandas as pd

    rows = [
        {"task": f"item {place}", "worker": who, "label": label}
        for who, labels in LABELS.items()
        for place, label in enumerate(labels)
        if label is not None
    ]
    return pd.DataFrame(rows)


def crowd_kit() -> None:
    """Labels as crowd-kit's aggregators take them, and comparisons as its Bradley-Terry does."""
    import pandas as pd
    from crowdkit.aggregation import BradleyTerry, MajorityVote

    table = long_table()
    MajorityVote().fit_predict(table)
    table.to_csv(HERE / "crowdkit_labels.csv", index=False)
    pairs = pd.DataFrame(
        [["ann", "a", "b", "a"], ["bob", "b", "c", "c"], ["eve", "a", "c", "a"]],
        columns=["worker", "left", "right", "label"],
    )
    BradleyTerry(n_iter=10).fit_predict(pairs)
    pairs.to_csv(HERE / "crowdkit_pairs.csv", index=False)
    keep("crowd-kit", "crowdkit_labels.csv", "crowdkit_pairs.csv")


def cleanlab() -> None:
    """The matrix of cleanlab's multiannotator functions, as it formats it itself."""
    from cleanlab.multiannotator import convert_long_to_wide_dataset, get_majority_vote_label

    table = long_table()
    numbers = {name: k for k, name in enumerate(sorted(set(table["label"])))}
    long = table.rename(columns={"worker": "annotator"}).assign(
        label=table["label"].map(numbers), task=table["task"].str.removeprefix("item ").astype(int)
    )
    matrix = convert_long_to_wide_dataset(long)
    get_majority_vote_label(matrix)
    matrix.to_csv(HERE / "cleanlab_matrix.csv")
    matrix.to_parquet(HERE / "cleanlab_matrix.parquet")
    keep("cleanlab", "cleanlab_matrix.csv", "cleanlab_matrix.parquet")


def argilla() -> None:
    """Records with responses, by records.to_json and by the table of records.to_datasets."""
    import argilla as rg
    from argilla.records._io import GenericIO, JsonIO
    from datasets import Dataset

    people = {who: f"00000000-0000-0000-0000-00000000000{n}" for n, who in enumerate(LABELS)}
    records = []
    for place in range(5):
        answers = [
            rg.Response("label", labels[place], user_id=people[who], status="submitted")
            for who, labels in LABELS.items()
            if labels[place] is not None
        ]
        answers += [
            rg.Response("stars", 1 + place % 3, user_id=people["ann"], status="submitted"),
            rg.Response("topics", ["plot", "music"], user_id=people["bob"], status="submitted"),
            rg.Response("order", ["b", "a"], user_id=people["eve"], status="submitted"),
            rg.Response("label", "dog", user_id=people["ann"], status="discarded")
            if LABELS["ann"][place] is None
            else rg.Response("stars", 3, user_id=people["bob"], status="discarded"),
        ]
        records.append(
            rg.Record(id=f"item {place}", fields={"text": f"text {place}"}, responses=answers)
        )
    (HERE / "argilla_records.json").unlink(missing_ok=True)
    JsonIO.to_json(records, HERE / "argilla_records.json")
    table = Dataset.from_list(GenericIO.to_list(records, flatten=True))
    table.to_parquet(HERE / "argilla_table.parquet")
    table.to_json(HERE / "argilla_table.jsonl")
    table.to_csv(HERE / "argilla_table.csv", index=False)
    keep("argilla", *(f"argilla_{name}" for name in (
        "records.json", "table.parquet", "table.jsonl", "table.csv")))  # fmt: skip


CONFIG = """<View>
  <Text name="text" value="$text"/>
  <Choices name="label" toName="text">
    <Choice value="bird"/><Choice value="cat"/><Choice value="dog"/>
  </Choices>
  <Choices name="topics" toName="text" choice="multiple">
    <Choice value="plot"/><Choice value="music"/>
  </Choices>
  <Rating name="stars" toName="text" maxRating="5"/>
  <Number name="length" toName="text"/>
</View>"""


def label_studio() -> None:
    """A task list as the server exports it, made by the SDK's objects, and its own JSON_MIN."""
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(CONFIG)
    label, topics, stars, length = (
        interface.get_control(name) for name in ("label", "topics", "stars", "length")
    )
    tasks, number = [], 0
    for place in range(5):
        annotations = []
        for who, (name, labels) in enumerate(LABELS.items(), 1):
            if labels[place] is None:
                continue
            number += 1
            results = [label.label([labels[place]])]
            if name == "bob":
                results += [topics.label(["plot", "music"]), stars.label(rating=1 + place % 3)]
            if name == "eve":
                results += [length.label(number=place + 0.5)]
            regions = [result._dict() for result in results]
            assert interface.validate_annotation({"result": regions}), regions
            annotations.append(
                {"id": number, "completed_by": {"id": who, "email": f"{name}@example.org"},
                 "lead_time": 2.0 + who, "was_cancelled": False, "ground_truth": False,
                 "result": regions}
            )  # fmt: skip
        tasks.append({"id": place, "data": {"text": f"item {place}"}, "annotations": annotations})
    path = HERE / "label_studio.json"
    path.write_text(json.dumps(tasks, indent=1) + "\n")
    converter = Converter(CONFIG, project_dir=None, download_resources=False)
    folder = HERE / "label_studio_min"
    converter.convert_to_json_min(str(path), str(folder), is_dir=False)
    (folder / "result.json").replace(HERE / "label_studio_min.json")
    folder.rmdir()
    keep("label-studio-sdk", "label_studio.json", "label_studio_min.json")


if __name__ == "__main__":
    {"crowd-kit": crowd_kit, "cleanlab": cleanlab, "argilla": argilla,
     "label-studio-sdk": label_studio}[sys.argv[1]]()  # fmt: skip
