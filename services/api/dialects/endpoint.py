"""What a dialect is made of: endpoints, and what one call brings and takes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message
from pydantic import BaseModel

from services.api.rest.problem import Problem

M = TypeVar("M", bound=Message)
B = TypeVar("B", bound=BaseModel)


class Absent(Enum):
    """Why an endpoint answers 501; the value is what it says."""

    LATER = "Headwater does not serve this yet; it comes later"
    NEVER = "Headwater does not do this, and is not going to"


@dataclass(frozen=True, slots=True)
class Answer:
    """`content` is JSON, or bytes that are sent as they are."""

    content: Any
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Native(Protocol):
    """The native API in process, asked as the present caller."""

    async def ask(self, request: Message, answer: type[M]) -> M:
        """Call the method that takes such a request. Errors: AppError, as any client gets them."""
        ...


@dataclass(frozen=True)
class Exchange:
    """One request of a dialect, read and checked."""

    native: Native
    variables: Mapping[str, str]
    """Of the path."""
    query: BaseModel | None
    body: BaseModel | None
    raw: bytes
    content_type: str
    request_id: str
    fields: frozenset[str] = frozenset()
    """Top-level names that the JSON body had: what is left out is not changed."""

    def read(self, model: type[B]) -> B:
        """The body as the model that the endpoint names."""
        if not isinstance(self.body, model):
            raise TypeError(f"the endpoint's body is no {model.__name__}")
        return self.body

    def asked(self, model: type[B]) -> B:
        """The query as the model that the endpoint names."""
        if not isinstance(self.query, model):
            raise TypeError(f"the endpoint's query is no {model.__name__}")
        return self.query


Handler = Callable[[Exchange], Awaitable[Answer]]


@dataclass(frozen=True)
class Endpoint:
    """One row of a dialect's table. `path` begins after the dialect's base; "{id}" stands for one segment."""

    verb: str
    path: str
    summary: str
    handle: Handler | None = None
    absent: Absent | None = None
    """Set where `handle` is not: why it answers 501."""
    lacks: str = ""
    """What of it answers 501 all the same; for the reference."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    """Of a success, the whole document; for the reference."""
    bare: str = ""
    """The media type of an answer that is no JSON; for the reference."""
    status: int = 200
    takes_raw: bool = False
    """The body is handed on unread, whatever its type."""
    max_body: int = 1 << 20
    is_public: bool = False
    """It needs no token."""

    @property
    def has_body(self) -> bool:
        """Without a rule for a body it is not read."""
        return self.takes_raw or self.body is not None


@dataclass(frozen=True)
class Dialect:
    """A product's API."""

    name: str
    """The first segment of its paths, and of `/<name>/openapi.json`."""
    title: str
    bases: tuple[str, ...]
    """Templates of what comes before each endpoint's path; the first is shown in the reference."""
    tenant: str
    """The path variable that names the tenant; empty where only the token does."""
    endpoints: tuple[Endpoint, ...]
    refuse: Callable[[Problem, str], Answer]
    """A refusal in the product's own envelope; the second argument is the request's id."""
    refusal: type[BaseModel]
    """That envelope, for the reference."""
    app: str = ""
    """The path variable that names the app, where there is one."""
