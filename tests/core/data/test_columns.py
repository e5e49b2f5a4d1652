"""Columns of state become the Arrow arrays that pyarrow itself makes of them."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslint.errors import PluginError
from dslint.storage.arrow import arrow_type, to_arrow

VALUES = {
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "double": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "binary[3]": st.binary(min_size=3, max_size=3),
    "string": st.text(st.characters(exclude_categories=["Cs"])),
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
@settings(deadline=None)  # the first one imports pyarrow
def test_a_column_is_what_pyarrow_makes_of_it(kind, data):
    values = data.draw(st.lists(st.none() | VALUES[kind], max_size=40))
    column = to_arrow({"x": kind}, [{"x": values}])["x"].combine_chunks()
    column.validate(full=True)
    assert column.equals(pa.array(values, arrow_type(kind)))
    assert column.null_count == values.count(None)


def test_ranges_and_other_sequences_are_columns_too():
    assert to_arrow({"x": "int64"}, [{"x": range(3)}, {"x": (3, 4)}])["x"].to_pylist() == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_values_of_a_wrong_length_are_refused():
    with pytest.raises(PluginError, match=r"binary\[4\]"):
        to_arrow({"x": "binary[4]"}, [{"x": [b"abcd", b"abc", b"abcde"]}])


def test_making_columns_imports_no_pandas():
    pytest.importorskip("pandas")
    code = "import sys; from dslint.storage.arrow import to_arrow as made; made({'a': 'int64', 'b': 'bool'}, [{'a': [1], 'b': [True]}]); print('pandas' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )
