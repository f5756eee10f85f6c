"""Signatures as another program reckons them: the openssl command line."""

import base64
import subprocess
from pathlib import Path


def hmac_sha256(secret: str, message: bytes) -> str:
    """In hex."""
    command = ["openssl", "dgst", "-sha256", "-hmac", secret, "-r"]
    answer = subprocess.run(command, input=message, capture_output=True, check=True, timeout=10)
    return answer.stdout.split()[0].decode()


def is_signed(folder: Path, public_key: str, signature: str, message: bytes) -> bool:
    """Whether a base64 signature is that key's over the message, by RSA with SHA-256."""
    key, sealed = folder / "key.pem", folder / "signature"
    key.write_text(public_key)
    sealed.write_bytes(base64.b64decode(signature, validate=True))
    command = ["openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(sealed)]
    return subprocess.run(command, input=message, capture_output=True, check=False, timeout=10).returncode == 0
