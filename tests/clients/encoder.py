"""ffmpeg as an encoder: it pushes a film as it is, in real time, and can be killed, paused and continued."""

import asyncio
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_S = 0.05


class EncoderFailedError(AssertionError):
    """ffmpeg ended otherwise than it should have; its last words are in the text."""


class Encoder:
    """One push. It begins with the object and is over when the film is, or when somebody ends it."""

    def __init__(self, film: Path, url: str, log: Path, *, start_s: float = 0.0, loop: bool = False) -> None:
        """Send `film` from `start_s` on; with `loop`, again and again."""
        self.log = log
        reading = ["-stream_loop", "-1"] if loop else []
        reading += ["-ss", f"{start_s:g}"] if start_s else []
        command = ["setpriv", "--pdeathsig", "KILL", "--", "ffmpeg", "-nostdin", "-v", "info", "-nostats", "-re"]
        command += [*reading, "-i", str(film), "-c", "copy", "-f", "flv", url]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0
            )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL); its connection is closed by the kernel."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): the connection stays open and nothing comes."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def sent_all(self, *, deadline_s: float) -> None:
        """Return when the film has been sent to its end; EncoderFailedError if ffmpeg ends any other way."""
        code = await self.ended(deadline_s=deadline_s)
        if code != 0:
            raise EncoderFailedError(f"ffmpeg ended with {code}:\n{self.said()}")

    async def ended(self, *, deadline_s: float) -> int:
        """ffmpeg's exit code, once it has one."""
        async with asyncio.timeout(deadline_s):
            while (code := self._process.poll()) is None:  # noqa: ASYNC110  a process sends no event
                await asyncio.sleep(POLL_S)
        return code

    def said(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.is_running:
            self.kill()
