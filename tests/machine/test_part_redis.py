"""The Redis of one machine: its configuration."""

import stat
from pathlib import Path

from services.common.settings_load import load
from services.machine.home import Home
from services.machine.part_redis import redis
from services.machine.settings import MachineSettings


def test_configuration_is_private_and_a_next_start_has_the_same_password(tmp_path: Path) -> None:
    """What an older version wrote for all to read is replaced; the password itself stands in its own file alone."""
    home = Home(tmp_path)
    home.prepare()
    conf = tmp_path / "redis.conf"
    conf.write_text("port 6379\n")
    conf.chmod(0o644)
    first, second = (redis(home, load(MachineSettings)).settings["HEADWATER_REDIS_URL"] for _ in range(2))
    assert first == second
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "redis-password").stat().st_mode) == 0o600
    assert home.secret("redis-password") in first
    assert home.secret("redis-password") not in conf.read_text()
    assert "user default off" in conf.read_text()
