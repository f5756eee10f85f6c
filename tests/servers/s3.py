"""Object stores that speak S3: SeaweedFS out of its wheel, and real MinIO where it was built (`make minio`)."""

import os
from typing import ClassVar

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException

from tests.servers.process import Server, needed, program

ACCESS_KEY = "headwater"
SECRET_KEY = "headwater-secret"
REGION = "us-east-1"


class S3Server(Server):
    """SeaweedFS as one process; its parts talk to each other on ports of their own."""

    name = "s3"
    ports_needed = 10
    # One port for each of SeaweedFS's roles, after the first, which is S3 itself.
    ROLES: ClassVar = (
        "s3.port",
        "s3.port.grpc",
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
        "admin.port",
        "admin.port.grpc",
    )
    access_key = ACCESS_KEY
    secret_key = SECRET_KEY
    region = REGION

    @property
    def url(self) -> str:
        return f"http://{self.endpoint}"

    @property
    def endpoint(self) -> str:
        """Host and port, as the S3 client takes it."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        return [
            needed("weed"),
            "mini",
            f"-dir={data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *(f"-{role}={port}" for role, port in zip(self.ROLES, self.ports, strict=True)),
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-admin.ui=false",
            "-webdav=false",
            "-master.telemetry=false",
            "-volume.preStopSeconds=0",
            f"-filer.localSocket={data}/filer.sock",
        ]

    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def is_ready(self) -> bool:
        """A signed request is answered."""
        with urllib3.PoolManager(retries=False, timeout=2) as pool:
            try:
                self.client(pool).list_buckets()
            except (MinioException, urllib3.exceptions.HTTPError):
                return False
            return True

    def client(self, pool: urllib3.PoolManager | None = None) -> Minio:
        """A client that holds the server's keys."""
        return Minio(
            self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            region=self.region,
            secure=False,
            http_client=pool,
        )

    def buckets(self) -> set[str]:
        """The names of all buckets."""
        return {bucket.name for bucket in self.client().list_buckets()}

    def remove(self, bucket: str) -> None:
        """End a bucket and everything in it."""
        client = self.client()
        objects = [DeleteObject(str(each.object_name)) for each in client.list_objects(bucket, recursive=True)]
        for error in client.remove_objects(bucket, objects):
            raise AssertionError(f"{bucket}: {error.message}")
        client.remove_bucket(bucket)


class MinioServer(S3Server):
    """MinIO, the reference store."""

    name = "minio"
    ports_needed = 2

    def command(self) -> list[str]:
        binary = minio_program()
        if binary is None:
            raise FileNotFoundError("no MinIO: run `make minio`, or name its binary in MINIO_BIN")
        addresses = [f"127.0.0.1:{port}" for port in self.ports]
        return [
            binary,
            "server",
            "--quiet",
            "--address",
            addresses[0],
            "--console-address",
            addresses[1],
            str(self.folder / "data"),
        ]

    def environment(self) -> dict[str, str]:
        return {"MINIO_ROOT_USER": self.access_key, "MINIO_ROOT_PASSWORD": self.secret_key, "MINIO_UPDATE": "off"}


def minio_program() -> str | None:
    """MinIO's binary where there is one: MINIO_BIN, what `make minio` built, or the PATH."""
    return os.environ.get("MINIO_BIN") or program("minio")
