"""Turns JSON into the dataclasses of facet.answers."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


@functools.lru_cache(maxsize=None)
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def decode(kind: Any, value: Any) -> Any:
    """A value of JSON as a value of a type. Fields that the class does not know are passed over: a newer facet may add some."""
    if value is None:
        return None
    origin = typing.get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        return decode(next(k for k in typing.get_args(kind) if k is not type(None)), value)
    if origin is list:
        (item,) = typing.get_args(kind)
        return [decode(item, v) for v in value]
    if origin is dict:
        return {k: decode(typing.get_args(kind)[1], v) for k, v in value.items()}
    if dataclasses.is_dataclass(kind):
        return build(typing.cast(type, kind), value)
    if kind is float and isinstance(value, int):
        return float(value)
    return value


def build(kind: type[T], value: dict[str, Any], **more: Any) -> T:
    """An instance of a dataclass from an object of JSON."""
    hints = _hints(typing.cast(Any, kind))
    known = {f.name: value[f.name.rstrip("_")] for f in dataclasses.fields(kind) if f.name.rstrip("_") in value}  # type: ignore[arg-type]
    return kind(**{name: decode(hints[name], v) for name, v in known.items()}, **more)
