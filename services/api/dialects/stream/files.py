"""What belongs to a video: files to download, and captions."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Literal, cast

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel

from headwater.v1 import media_pb2 as pb
from services.api.dialects.endpoint import Absent, Answer, Endpoint, Exchange
from services.api.dialects.stream.envelope import Envelope, NothingAnswer, success
from services.common.errors import AppError, Kind

MAX_FORM = 11 << 20
"""10 MB of captions, and the form around them."""
_FORMATS = {"default": pb.Download.MP4, "audio": pb.Download.M4A}
_NAMES = {number: name for name, number in _FORMATS.items()}


class File(BaseModel):
    """How far a file is."""

    status: Literal["ready", "inprogress", "error"]
    percentComplete: float  # noqa: N815  their name
    url: str | None


class FilesAnswer(Envelope):
    """The files that were ordered, by kind."""

    result: dict[str, File]


class Caption(BaseModel):
    """A text track as it is shown."""

    language: str
    label: str
    generated: bool
    status: Literal["ready"]


class CaptionAnswer(Envelope):
    """One text track."""

    result: Caption


class CaptionsAnswer(Envelope):
    """All text tracks."""

    result: list[Caption]


async def _list_files(exchange: Exchange) -> Answer:
    request = pb.ListDownloadsRequest(media_id=exchange.variables["id"])
    found = await exchange.native.ask(request, pb.ListDownloadsResponse)
    return success({_NAMES[each.format]: _file(each).model_dump() for each in found.downloads})


async def _order_default(exchange: Exchange) -> Answer:
    return await _order(exchange, "default")


async def _order_audio(exchange: Exchange) -> Answer:
    return await _order(exchange, "audio")


async def _order(exchange: Exchange, name: str) -> Answer:
    request = pb.CreateDownloadRequest(media_id=exchange.variables["id"], format=_FORMATS[name])
    return success({name: _file(await exchange.native.ask(request, pb.Download)).model_dump()})


async def _delete_all(exchange: Exchange) -> Answer:
    listed = pb.ListDownloadsRequest(media_id=exchange.variables["id"])
    for each in (await exchange.native.ask(listed, pb.ListDownloadsResponse)).downloads:
        await _delete_file(exchange, each.format)
    return success("")


async def _delete_default(exchange: Exchange) -> Answer:
    await _delete_file(exchange, pb.Download.MP4)
    return success("")


async def _delete_audio(exchange: Exchange) -> Answer:
    await _delete_file(exchange, pb.Download.M4A)
    return success("")


async def _delete_file(exchange: Exchange, kind: pb.Download.Format.ValueType) -> None:
    await exchange.native.ask(pb.DeleteDownloadRequest(media_id=exchange.variables["id"], format=kind), Empty)


def _file(of: pb.Download) -> File:
    words: dict[int, Literal["ready", "inprogress", "error"]] = {
        pb.Download.READY: "ready",
        pb.Download.FAILED: "error",
    }
    return File(status=words.get(of.state, "inprogress"), percentComplete=of.percent, url=of.url or None)


async def _list_captions(exchange: Exchange) -> Answer:
    return success([_caption(each).model_dump() for each in await _captions(exchange)])


async def _captions(exchange: Exchange) -> list[pb.Caption]:
    request = pb.ListCaptionsRequest(media_id=exchange.variables["id"])
    return list((await exchange.native.ask(request, pb.ListCaptionsResponse)).captions)


async def _get_caption(exchange: Exchange) -> Answer:
    language = exchange.variables["language"]
    found = next((each for each in await _captions(exchange) if each.language == language), None)
    if found is None:
        raise AppError(Kind.NOT_FOUND, f"there are no captions in {language}")
    return success(_caption(found).model_dump())


async def _put_caption(exchange: Exchange) -> Answer:
    text = HttpBody(content_type="text/vtt", data=_sent_file(exchange))
    request = pb.UpdateCaptionRequest(
        media_id=exchange.variables["id"], language=exchange.variables["language"], text=text
    )
    return success(_caption(await exchange.native.ask(request, pb.Caption)).model_dump())


def _sent_file(exchange: Exchange) -> bytes:
    """A form's field or file called `file` (RFC 7578), or a body that is WebVTT itself."""
    if not exchange.content_type.lower().startswith("multipart/form-data"):
        return exchange.raw
    head = b"Content-Type: " + exchange.content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    form = BytesParser(policy=HTTP).parsebytes(head + exchange.raw)
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            return cast("bytes", part.get_payload(decode=True))
    raise AppError(Kind.INVALID, "the form has no field or file of this name", field="file")


async def _delete_caption(exchange: Exchange) -> Answer:
    request = pb.DeleteCaptionRequest(media_id=exchange.variables["id"], language=exchange.variables["language"])
    await exchange.native.ask(request, Empty)
    return success("")


async def _get_vtt(exchange: Exchange) -> Answer:
    """Bare text."""
    request = pb.GetCaptionRequest(media_id=exchange.variables["id"], language=exchange.variables["language"])
    found = await exchange.native.ask(request, HttpBody)
    return Answer(found.data, media_type="text/vtt; charset=utf-8")


def _caption(of: pb.Caption) -> Caption:
    return Caption(language=of.language, label=of.label, generated=False, status="ready")


_FILES, _CAPTIONS, _CAPTION = "/{id}/downloads", "/{id}/captions", "/{id}/captions/{language}"

ENDPOINTS = (
    Endpoint("GET", _FILES, "List files to download", _list_files, answer=FilesAnswer),
    Endpoint("POST", _FILES, "Order the MP4", _order_default, answer=FilesAnswer),
    Endpoint("POST", f"{_FILES}/default", "Order the MP4", _order_default, answer=FilesAnswer),
    Endpoint("POST", f"{_FILES}/audio", "Order the M4A", _order_audio, answer=FilesAnswer),
    Endpoint("DELETE", _FILES, "Delete all files", _delete_all, answer=NothingAnswer),
    Endpoint("DELETE", f"{_FILES}/default", "Delete the MP4", _delete_default, answer=NothingAnswer),
    Endpoint("DELETE", f"{_FILES}/audio", "Delete the M4A", _delete_audio, answer=NothingAnswer),
    Endpoint("GET", _CAPTIONS, "List captions", _list_captions, answer=CaptionsAnswer),
    Endpoint("GET", _CAPTION, "Get captions", _get_caption, answer=CaptionAnswer),
    Endpoint(
        *("PUT", _CAPTION, "Upload captions", _put_caption), takes_raw=True, max_body=MAX_FORM, answer=CaptionAnswer
    ),
    Endpoint("DELETE", _CAPTION, "Delete captions", _delete_caption, answer=NothingAnswer),
    Endpoint("GET", f"{_CAPTION}/vtt", "Get captions as WebVTT", _get_vtt, bare="text/vtt"),
    Endpoint("POST", f"{_CAPTION}/generate", "Generate captions", absent=Absent.NEVER),
)
