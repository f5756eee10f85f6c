"""Answers of servicers and refusals as HTTP responses."""

import orjson
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message
from starlette.responses import Response

from services.api.breath import BREATH, breathing
from services.api.rest.problem import Problem
from services.api.rest.proto_json import outline, to_json

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


async def response_of(answer: Message) -> Response:
    """ProtoJSON with its version as ETag; an HttpBody as the bytes that it is. A long list keeps nobody waiting."""
    if isinstance(answer, HttpBody):
        return Response(answer.data, media_type=answer.content_type or "application/octet-stream", headers=HEADERS)
    content, lists = outline(answer, BREATH)
    for name, values in lists.items():
        content[name] = [to_json(each) async for each in breathing(values)]
    response = Response(orjson.dumps(content), media_type="application/json", headers=HEADERS)
    if content.get("etag"):
        response.headers["ETag"] = f'"{content["etag"]}"'
    return response


def problem_response(problem: Problem) -> Response:
    headers = HEADERS | dict(problem.headers)
    return Response(problem.body(), problem.status, media_type="application/problem+json", headers=headers)
