"""`headwater demo`: a generated picture pushed into a livestream."""

import re
from typing import Annotated, Any, Literal

import typer

from headwater.cli.machine import find_services
from headwater.cli.session import session

_NAME = "Headwater demo"


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="SECONDS", help="Stop after so long; unset: at Ctrl-C.")
    ] = None,
    instance: Annotated[Literal["primary", "secondary"], typer.Option("--instance", help="Which input.")] = "primary",
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Width x height of the picture.")] = "1280x720",
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="RTMP URL to push to, instead of a livestream's.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="Stream key for --url.")] = None,
) -> None:
    """Push a generated picture and print where to watch it."""
    width, height = _size(size)
    find_services()
    from services.machine.demo import push  # noqa: PLC0415  keeps --help quick

    target = "/".join(filter(None, (url.rstrip("/"), key))) if url else _from_api(instance)
    raise typer.Exit(push(target, width, height, seconds=seconds))


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,4})x(\d{3,4})", text)
    width, height = map(int, match.groups()) if match else (0, 0)
    if not (320 <= width <= 3840 and 180 <= height <= 2160) or width % 2 or height % 2:
        raise typer.BadParameter(f"{text}: even numbers such as 1280x720 are needed, 320x180 to 3840x2160")
    return width, height


def _from_api(instance: str) -> str:
    with session() as client:
        named = (one for one in client.livestreams.list(name=_NAME) if one.get("name") == _NAME)
        found = next(named, None) or client.livestreams.create(name=_NAME)
        livestream = client.livestreams.get(found["id"])
    way = _input(livestream, instance)
    for playout in livestream.get("playouts", []):
        if not playout.get("isServed", True):
            continue
        page = re.sub(r"/index\.m3u8$", "/watch", playout["url"])
        print(f"watch  {page}\n{playout['protocol']:<6} {playout['url']}")
    return f"{way['url'].rstrip('/')}/{way['streamKey']}"


def _input(livestream: dict[str, Any], instance: str) -> dict[str, Any]:
    for way in livestream.get("inputs", []):
        if way.get("instance") == instance and way.get("protocol") == "rtmp":
            return dict(way)
    raise typer.BadParameter(f"the livestream has no RTMP input for instance {instance}")
