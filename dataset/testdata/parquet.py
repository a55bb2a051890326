"""Writes types.parquet and legacy.parquet, a column of each type that pyarrow can write, and nested.parquet and lz4.parquet, which facet refuses. Run it in this folder, with pyarrow."""
import datetime as dt, decimal, uuid

import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal
MOMENT = dt.datetime(1969, 12, 31, 23, 59, 58, 123456)
UTC = MOMENT.replace(tzinfo=dt.timezone.utc)


def stamps(unit, zone=None):
    return pa.array([UTC if zone else MOMENT, None], pa.timestamp(unit, zone)) if unit != "ms" else \
        pa.array([(UTC if zone else MOMENT).replace(microsecond=123000), None], pa.timestamp(unit, zone))


columns = {
    "string": pa.array(["é", None]), "large": pa.array(["x", None], pa.large_string()), "binary": pa.array([b"plain", None]),
    "dictionary": pa.array(["a", None]).dictionary_encode(), "bool": pa.array([True, None]),
    "i8": pa.array([-128, None], pa.int8()), "i64": pa.array([-2**63, None], pa.int64()),
    "u8": pa.array([255, None], pa.uint8()), "u16": pa.array([65535, None], pa.uint16()), "u32": pa.array([4294967295, None], pa.uint32()),
    "u64": pa.array([2**64 - 1, None], pa.uint64()),
    "f32": pa.array([0.1, None], pa.float32()), "f64": pa.array([1e-7, None], pa.float64()), "whole": pa.array([100000000.0, None]),
    "d9": pa.array([D("-0.05"), None], pa.decimal128(9, 2)), "d38": pa.array([D("-12345678901234567890.123456789"), None], pa.decimal128(38, 9)),
    "d76": pa.array([D("1" * 60 + ".5"), None], pa.decimal256(76, 1)), "d0": pa.array([D("7"), None], pa.decimal128(5, 0)),
    "date32": pa.array([dt.date(1965, 2, 28), None], pa.date32()), "date64": pa.array([dt.date(2024, 2, 29), None], pa.date64()),
    "t_ms": pa.array([dt.time(1, 2, 3, 4000), None], pa.time32("ms")), "t_us": pa.array([dt.time(23, 59, 59, 999999), None], pa.time64("us")),
    "t_ns": pa.array([dt.time(1, 2, 3), None], pa.time64("ns")),
    "ts_ms": stamps("ms"), "ts_us": stamps("us"), "ts_ns": stamps("ns"), "utc_ms": stamps("ms", "UTC"), "utc_us": stamps("us", "Europe/Berlin"), "utc_ns": stamps("ns", "UTC"),
    "uuid": pa.array([uuid.UUID("6d5b6c5e-3f1e-4f5c-8d8e-0f5b6c5e3f1e").bytes, None], pa.uuid()),
    "json": pa.array(['{"a": 1}', None], pa.json_()),
}
pq.write_table(pa.table({"path": ["a.png", "b.png"]} | columns), "types.parquet")
legacy = {"date32": columns["date32"], "d9": columns["d9"], "u32": columns["u32"], "ts": columns["ts_us"], "string": columns["string"]}
pq.write_table(pa.table({"path": ["a.png", "b.png"]} | legacy), "legacy.parquet", version="1.0", use_deprecated_int96_timestamps=True,
               store_decimal_as_integer=True, compression="zstd", data_page_version="2.0")
pq.write_table(pa.table({"path": ["a.png"], "label": [["x", "y"]], "group": [{"a": 1}], "truth": [b"\xff\x00"], "time": pa.array([1.5], pa.float16())}),
               "nested.parquet")
pq.write_table(pa.table({"path": ["a.png"] * 3}), "lz4.parquet", compression="lz4")
