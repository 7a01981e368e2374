"""Ranks and disputes as plain data for programs. Knows no route."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class NewDispute(BaseModel):
    """What a program sends to dispute a fact."""

    model_config = ConfigDict(extra="forbid")

    artifact: str = Field(max_length=300)
    fact: str = Field(max_length=96)
    words: str = Field(max_length=10_000)
    link: str = Field(max_length=4000)


def dumped(value: Any) -> Any:
    """Return dataclasses, named tuples and models as plain JSON data."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: dumped(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return dumped(value._asdict())
    if isinstance(value, dict):
        return {key: dumped(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [dumped(each) for each in value]
    return value
