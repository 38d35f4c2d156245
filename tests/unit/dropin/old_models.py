# ruff: noqa: N805, UP006, UP007, UP045
"""Models as extensions wrote them for pydantic 1. Imported in a process of its own."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Dict, Generic, List, Optional, TypeVar, Union  # noqa: UP035

from pydantic import BaseModel, Field, conlist, constr, root_validator, validator


class Item(BaseModel):
    id: str
    note: Optional[str]
    anything: Any
    required: Optional[int] = ...  # type: ignore[assignment]
    also_required: Optional[int] = Field(..., description="x")
    described: Optional[int] = Field(description="y")
    code: str = Field("A1", regex="^[A-Z][0-9]$")  # type: ignore[call-arg]


class Tree(BaseModel):
    children: "List[Tree]" = []
    parent: "Optional[Tree]"


class Child(Item):
    more: Optional[Dict[str, Union[int, str]]]


class Aliased(BaseModel):
    kind: str
    name: Optional[str]

    class Config:
        orm_mode = True
        allow_population_by_field_name = True
        fields = {"kind": "type", "name": {"alias": "fullName"}}  # noqa: RUF012
        extra = "forbid"


class Frozen(BaseModel):
    x: int

    class Config:
        allow_mutation = False


class Shaped(BaseModel):
    first: int
    second: Optional[int]

    def dict(self, **options: Any) -> Any:
        shown = super().dict(**options)
        shown["sum"] = self.first + (self.second or 0)
        return shown


class Checked(BaseModel):
    low: int
    high: int

    @validator("low", pre=True)
    def _low(cls, value: Any) -> Any:
        return 0 if value is None else value

    @root_validator
    def _order(cls, values: Dict[str, Any]) -> Dict[str, Any]:
        if values["low"] > values["high"]:
            raise ValueError("low is above high")
        return values

    @root_validator(pre=True)
    def _names(cls, values: Dict[str, Any]) -> Dict[str, Any]:
        return {key.lower(): value for key, value in values.items()}


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: List[T]
    next: Optional[str]


class Always(BaseModel):
    size: Optional[int]
    plain: Optional[int]
    seen: List[str] = []

    @validator("size", always=True)
    def _size(cls, value: Any) -> Any:
        return 3 if value is None else value

    @validator("plain")
    def _plain(cls, value: Any) -> Any:
        return value + 1

    @validator("seen", each_item=True)
    def _seen(cls, value: Any) -> Any:
        return value.upper()


class Named(BaseModel):
    first: int
    second: int = 0

    class Config:
        title = "Names"

    @validator("first")
    def _one(cls, value: Any, field: Any, config: Any) -> Any:
        if value < 0:
            raise ValueError(f"{field.name} of {config.title} is negative")
        return value

    @validator("second", "first", pre=True)
    def _several(cls, value: Any, values: Any, field: Any) -> Any:
        if value == "bad":
            raise ValueError(f"{field.alias} after {sorted(values)} is bad")
        return value


class NamedToo(Named):
    third = "x"
    second = 5

    class Config(Named.Config):
        extra = "forbid"


class Limited(BaseModel):
    name: constr(regex="^a")  # type: ignore[call-arg,valid-type]
    items: conlist(int, min_items=1, max_items=2) = [1]  # type: ignore[call-overload,valid-type]
    kind: str = Field("fixed", const=True)  # type: ignore[call-arg]
    fixed: int = Field(1, allow_mutation=False)  # type: ignore[call-arg]


class OwnText(BaseModel):
    text: str

    def json(self, **options: Any) -> str:
        return "own"


class OwnTextToo(OwnText):
    more: Optional[str]


class OwnTextThree(OwnTextToo):
    most: Optional[str]


class Amounts(BaseModel):
    price: Decimal
    by_day: Dict[str, Optional[Decimal]] = {}
    at: datetime
    took: timedelta
    inner: "Optional[Amounts]"


Amounts.update_forward_refs()


class ShapedAmounts(Amounts):
    def dict(self, **options: Any) -> Any:
        return super().dict(**{**options, "exclude_none": True})


class YearOnly(Amounts):
    class Config:
        json_encoders: ClassVar[Any] = {datetime: lambda moment: moment.year}
