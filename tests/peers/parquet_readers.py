"""Documents that `ingot export RUN DIR --documents` wrote, read by DuckDB, pandas and Polars.

All three must see the same columns and the same rows, in the same order.

    pip install duckdb pandas polars pyarrow
    python tests/peers/parquet_readers.py DIR/documents.parquet
"""

import sys

import duckdb
import pandas
import polars

COLUMNS = ["id", "source", "name", "position", "text", "url", "licence", "held_out"]


def plain(value):
    """A value that the readers write alike: what is missing is None."""
    return None if value is None or value != value else value


def rows_of_duckdb(path):
    answer = duckdb.connect().execute("select * from read_parquet(?)", [path])
    return [column[0] for column in answer.description], answer.fetchall()


def rows_of_pandas(path):
    frame = pandas.read_parquet(path)
    columns = [frame[name].tolist() for name in frame.columns]
    return list(frame.columns), list(zip(*columns))


def rows_of_polars(path):
    frame = polars.read_parquet(path)
    return frame.columns, frame.rows()


def main(path):
    read = {}
    for name, version, rows in [
        ("duckdb", duckdb.__version__, rows_of_duckdb),
        ("pandas", pandas.__version__, rows_of_pandas),
        ("polars", polars.__version__, rows_of_polars),
    ]:
        columns, found = rows(path)
        assert list(columns) == COLUMNS, (name, columns)
        found = [tuple(plain(value) for value in row) for row in found]
        chars = sum(len(row[4]) for row in found)
        print(f"{name} {version}: {len(found)} rows, {chars} characters of text")
        read[name] = found
    assert read["duckdb"] == read["pandas"] == read["polars"], "the rows differ"
    print("the same rows")


if __name__ == "__main__":
    main(sys.argv[1])
