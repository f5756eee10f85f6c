"""The routes of REST, read from the services' descriptors."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from google.api import annotations_pb2
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.api.rest.template import Template, compile_template


@dataclass(frozen=True, slots=True)
class Route:
    """One binding of a gRPC method to a verb and a path."""

    verb: str
    template: Template
    body: str
    """Which field of the request the body is; "*": the whole request; "": there is none."""
    descriptor: MethodDescriptor
    request: type[Message]
    is_additional: bool = False
    """The method has another binding, which comes before this one."""

    @property
    def takes_raw(self) -> bool:
        """The body is bytes of any type (google.api.HttpBody), not JSON."""
        if self.body in {"", "*"}:
            return False
        kind = self.descriptor.input_type.fields_by_name[self.body].message_type
        return kind is not None and kind.full_name == HttpBody.DESCRIPTOR.full_name

    @property
    def method(self) -> str:
        """As gRPC writes it: `/headwater.v1.MediaService/GetMedia`."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"


@dataclass(frozen=True, slots=True)
class Match:
    """What a path leads to: one route, or the verbs that it knows."""

    route: Route | None
    variables: dict[str, str]
    verbs: tuple[str, ...]


class Routes:
    """All routes of some services."""

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        self._routes = [route for service in services for route in _routes_of(service)]

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def find(self, verb: str, path: str) -> Match:
        """HEAD is answered as GET is."""
        wanted = "GET" if verb == "HEAD" else verb
        found = [(route, route.template.match(path)) for route in self._routes]
        known = [(route, variables) for route, variables in found if variables is not None]
        verbs = tuple(sorted({route.verb for route, _ in known}))
        for route, variables in known:
            if route.verb == wanted:
                return Match(route, variables, verbs)
        return Match(None, {}, verbs)


def _routes_of(service: ServiceDescriptor) -> Iterable[Route]:
    for method in service.methods:
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        for binding in (rule, *rule.additional_bindings):
            verb = binding.WhichOneof("pattern")
            if verb:
                template = compile_template(getattr(binding, verb))
                request = GetMessageClass(method.input_type)
                yield Route(verb.upper(), template, binding.body, method, request, binding is not rule)
