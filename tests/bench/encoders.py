"""ffmpeg pushing the film in real time, without encoding: one process a stream, and how far each has come."""

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_STOP_S = 5.0


def guarded(command: list[str]) -> list[str]:
    """A command whose process dies with this one, however that ends."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


def sent_s(progress: str) -> float:
    """How much of the film has gone out by the last block that `ffmpeg -progress` has written, in seconds."""
    told = [line.partition("=")[2] for line in progress.splitlines() if line.startswith("out_time_us=")]
    numbers = [value for value in told if value.lstrip("-").isdigit()]
    return int(numbers[-1]) / 1e6 if numbers else 0.0


class Encoders:
    """As many as have been started; all end with the block."""

    def __init__(self, film: Path, folder: Path) -> None:
        self._film, self._folder = film, folder
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, url: str) -> None:
        """One more stream."""
        number = len(self._processes)
        command = ["ffmpeg", "-nostdin", "-v", "error", "-nostats", "-re", "-stream_loop", "-1", "-i", str(self._film)]
        command += ["-c", "copy", "-stats_period", "0.2", "-progress", str(self._progress(number)), "-f", "flv", url]
        with self._log(number).open("wb") as log:
            self._processes.append(subprocess.Popen(guarded(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    @property
    def count(self) -> int:
        return len(self._processes)

    def sent_s(self) -> list[float]:
        """How much of the film each has sent, in seconds."""
        return [sent_s(self._tail(number)) for number in range(self.count)]

    def failed(self) -> list[str]:
        """The last words of those that have ended by themselves."""
        ended = [number for number, process in enumerate(self._processes) if process.poll() is not None]
        return [f"encoder {number}: {self._log(number).read_text()[-300:].strip()}" for number in ended]

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + _STOP_S
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def _progress(self, number: int) -> Path:
        return self._folder / f"encoder-{number}.progress"

    def _log(self, number: int) -> Path:
        return self._folder / f"encoder-{number}.log"

    def _tail(self, number: int) -> str:
        path = self._progress(number)
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
