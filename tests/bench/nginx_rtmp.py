"""nginx with its RTMP module, as Debian has it: HLS of 2 s and a recording, both to the local disk."""

from pathlib import Path
from typing import ClassVar

from tests.bench.needs import UnavailableError, needed
from tests.bench.peer import Peer

_MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/share/nginx/modules"), Path("/usr/lib64/nginx/modules"))
_MODULE = "ngx_rtmp_module.so"

CONFIG = """
daemon off;
worker_processes 1;
user {user};
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
load_module {module};
events {{ worker_connections 4096; }}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{rtmp};
        application live {{
            live on;
            hls on;
            hls_path {folder}/hls;
            hls_nested on;
            hls_fragment 2s;
            hls_playlist_length 30s;
            record all;
            record_path {folder}/record;
            record_unique on;
        }}
    }}
}}
"""


class NginxRtmp(Peer):
    """One worker: the module shares nothing between several."""

    name: ClassVar[str] = "nginx-rtmp"

    def command(self) -> list[str]:
        program = needed("nginx", "nginx libnginx-mod-rtmp")
        module = next((folder / _MODULE for folder in _MODULES if (folder / _MODULE).exists()), None)
        if module is None:
            raise UnavailableError("nginx has no RTMP module here (Debian: apt-get install libnginx-mod-rtmp)")
        for name in ("hls", "record"):
            (self.folder / name).mkdir(exist_ok=True)
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=self.folder, module=module, rtmp=self.rtmp, user=self.folder.owner()))
        return [program, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(config)]
