"""The keys that the plane of `docker compose` wants calls to be signed with."""

import os

USUAL = "test"  # as docker-compose.yml has it, and localstack-client


def access_key() -> str:
    return os.environ.get("REHEARSE_ACCESS_KEY") or USUAL


def secret_key() -> str:
    return os.environ.get("REHEARSE_SECRET_KEY") or USUAL
