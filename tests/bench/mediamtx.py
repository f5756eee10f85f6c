"""MediaMTX, where MEDIAMTX_BIN names its binary: LL-HLS with parts of 200 ms and a recording to the local disk."""

import os
from pathlib import Path
from typing import ClassVar

from tests.bench.needs import UnavailableError
from tests.bench.peer import Peer

BINARY = "MEDIAMTX_BIN"

CONFIG = """
logLevel: warn
rtmp: yes
rtmpAddress: 127.0.0.1:{rtmp}
hls: yes
hlsAddress: 127.0.0.1:{http}
hlsAlwaysRemux: yes
hlsVariant: lowLatency
hlsPartDuration: 200ms
rtsp: no
webrtc: no
srt: no
api: no
metrics: no
pathDefaults:
  record: yes
  recordPath: {folder}/record/%path/%Y-%m-%d_%H-%M-%S-%f
paths:
  all_others:
"""


class MediaMtx(Peer):
    """HLS is made for each stream whether or not somebody watches, as in Headwater."""

    name: ClassVar[str] = "mediamtx"

    def command(self) -> list[str]:
        binary = os.environ.get(BINARY, "")
        if not binary:
            raise UnavailableError(f"{BINARY} names no binary")
        if not os.access(binary, os.X_OK):
            raise UnavailableError(f"{BINARY}={binary} is no program")
        config = self.folder / "mediamtx.yml"
        config.write_text(CONFIG.format(folder=self.folder, rtmp=self.rtmp, http=self.http))
        return [str(Path(binary).absolute()), str(config)]
