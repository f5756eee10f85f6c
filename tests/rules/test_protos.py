"""The contract keeps its own grammar: facts have happened, orders are imperative, every public method has a path."""

import re
from pathlib import Path

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

from tests.rules import tree
from tools import protos

# Verbs whose past tense does not end in -ed.
IRREGULAR = ("Lost", "Seen", "Begun", "Gone", "Sent", "Found", "Left", "Made", "Taken", "Cut", "Held")
ORDERS = (
    *("Get", "List", "Create", "Update", "Delete", "Activate", "Idle", "Watch", "Disconnect", "Publish", "Complete"),
    *("Enable", "Disable", "Rotate", "Restore", "Clip", "Ping", "Resend"),
)
METHODS = ("get", "put", "post", "delete", "patch")


@pytest.fixture(scope="module")
def image() -> descriptor_pb2.FileDescriptorSet:
    return descriptor_pb2.FileDescriptorSet.FromString((tree.ROOT / protos.IMAGE).read_bytes())


def _file(image: descriptor_pb2.FileDescriptorSet, name: str) -> descriptor_pb2.FileDescriptorProto:
    return next(file for file in image.file if file.name == name)


def _methods(image: descriptor_pb2.FileDescriptorSet, package: str) -> list[descriptor_pb2.MethodDescriptorProto]:
    files = [file for file in image.file if file.package == package]
    return [method for file in files for service in file.service for method in service.method]


def test_fact_has_happened(image: descriptor_pb2.FileDescriptorSet) -> None:
    """Each fact is named in the past tense, and its field by the same words."""
    envelope = next(one for one in _file(image, "headwater/internal/v1/facts.proto").message_type if one.name == "Fact")
    facts = {
        field.name: field.type_name.rpartition(".")[2] for field in envelope.field if field.HasField("oneof_index")
    }

    assert facts
    assert [fact for fact in facts.values() if not fact.endswith(("ed", *IRREGULAR))] == []
    assert [field for field, fact in facts.items() if re.sub(r"(?<!^)([A-Z])", r"_\1", fact).lower() != field] == []


@pytest.mark.parametrize("package", ["headwater.v1", "headwater.internal.v1"])
def test_method_is_an_order_or_a_question(image: descriptor_pb2.FileDescriptorSet, package: str) -> None:
    """gRPC carries what the caller needs an answer to, so each method opens with a verb."""
    names = [method.name for method in _methods(image, package)]

    assert names
    assert [name for name in names if not name.startswith(ORDERS)] == []


def test_public_method_has_a_path(image: descriptor_pb2.FileDescriptorSet) -> None:
    """REST is transcoded from the contract, so no public method is without its path below /v1/."""
    methods = _methods(image, "headwater.v1")
    rules = {method.name: method.options.Extensions[annotations_pb2.http] for method in methods}
    paths = {
        name: next((getattr(rule, verb) for verb in METHODS if getattr(rule, verb)), "") for name, rule in rules.items()
    }

    assert paths
    assert {name: path for name, path in paths.items() if not path.startswith("/v1/")} == {}


def test_public_contract_knows_nothing_internal(image: descriptor_pb2.FileDescriptorSet) -> None:
    """What other people compile needs only public files."""
    public = [file for file in image.file if file.package == "headwater.v1"]

    assert [name for file in public for name in file.dependency if name.startswith("headwater/internal")] == []


def test_generated_code_is_of_the_present_protos() -> None:
    """What is imported as headwater.v1 was built from the .proto files as they are."""
    assert protos.is_current(protos.digest()), "run `make protos`"


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Generated code depends on nothing but the protos and the pinned generators."""
    built = []
    for name in ("one", "two"):
        out, scratch = tmp_path / name, tmp_path / f"{name}-scratch"
        out.mkdir()
        scratch.mkdir()
        protos.build(out, scratch)
        built.append({str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()})

    assert built[0] == built[1]
