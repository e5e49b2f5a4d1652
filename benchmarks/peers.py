"""Peers on the same data: `python peers.py NAME FILE` runs one, with no more than a task needs."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable

SCHEMA = {
    "type": "object",
    "required": ["id", "text", "label"],
    "properties": {
        "id": {"type": "integer"},
        "text": {"type": "string", "minLength": 1},
        "label": {"type": "string"},
    },
}


def orjson_floor(path: str) -> str:
    """Decode every line."""
    import orjson

    with open(path, "rb") as stream:
        return f"{sum(1 for line in stream if orjson.loads(line))} rows"


def jsonschema_floor(path: str) -> str:
    """Decode every line and validate it with the reference validator."""
    import orjson
    from jsonschema import Draft202012Validator

    valid = Draft202012Validator(SCHEMA).is_valid
    with open(path, "rb") as stream:
        return f"{sum(not valid(orjson.loads(line)) for line in stream)} invalid"


def fastjsonschema_floor(path: str) -> str:
    """Do the same with generated Python code."""
    import fastjsonschema
    import orjson

    check = fastjsonschema.compile(SCHEMA)
    with open(path, "rb") as stream:
        for line in stream:
            check(orjson.loads(line))
    return "0 invalid"


def pandera(path: str) -> str:
    """Check a schema and unique texts, over a data frame."""
    import pandas as pd
    import pandera.pandas as pa

    frame = pd.read_json(path, lines=True)
    columns = {
        "id": pa.Column(int),
        "text": pa.Column(str, pa.Check.str_length(1), unique=True),
        "label": pa.Column(str),
    }
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return f"{len(error.failure_cases)} failures"
    return "0 failures"


def great_expectations(path: str) -> str:
    """Check a schema and unique texts, as five expectations."""
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (
        context.data_sources.add_pandas("data")
        .add_dataframe_asset("rows")
        .add_batch_definition_whole_dataframe("all")
    )
    suite = gx.ExpectationSuite(name="suite")
    for expectation in (
        gx.expectations.ExpectColumnValuesToBeOfType(column="id", type_="int64"),
        gx.expectations.ExpectColumnValuesToNotBeNull(column="text"),
        gx.expectations.ExpectColumnValueLengthsToBeBetween(column="text", min_value=1),
        gx.expectations.ExpectColumnValuesToNotBeNull(column="label"),
        gx.expectations.ExpectColumnValuesToBeUnique(column="text"),
    ):
        suite.add_expectation(expectation)
    result = batch.get_batch({"dataframe": pd.read_json(path, lines=True)}).validate(suite)
    return f"{result.results[-1].result['unexpected_count']} texts not unique"


def datatrove(path: str) -> str:
    """Remove exact duplicates, in its three stages: signatures, finding, filtering."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import ExactDedupFilter, ExactDedupSignature, ExactFindDedups
    from datatrove.pipeline.dedup.exact_dedup import ExactDedupConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    folder, _, name = path.rpartition("/")
    config = ExactDedupConfig(content_getter=lambda document: document.text.encode())
    with tempfile.TemporaryDirectory() as work:
        reader = JsonlReader(folder or ".", glob_pattern=name)
        for number, pipeline in enumerate(
            (
                [reader, ExactDedupSignature(f"{work}/sig", config)],
                [ExactFindDedups(f"{work}/sig", f"{work}/dups", config)],
                [
                    reader,
                    ExactDedupFilter(f"{work}/dups", config),
                    JsonlWriter(f"{work}/out", compression=None),
                ],
            )
        ):
            LocalPipelineExecutor(
                pipeline, tasks=1, workers=1, logging_dir=f"{work}/log{number}"
            ).run()
        with open(f"{work}/out/00000.jsonl", "rb") as stream:
            return f"{sum(1 for _ in stream)} rows kept"


PEERS: dict[str, Callable[[str], str]] = {
    "orjson": orjson_floor,
    "jsonschema": jsonschema_floor,
    "fastjsonschema": fastjsonschema_floor,
    "pandera": pandera,
    "great-expectations": great_expectations,
    "datatrove": datatrove,
}

if __name__ == "__main__":
    print(json.dumps(PEERS[sys.argv[1]](sys.argv[2])))
