"""The Config of a site that others reach, on private parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from payments_app.config import Config


def config_at(public_url: str | None, settings: Mapping[str, str]) -> Config:
    """The settings' Config, at `public_url` where it is given: read from the environment, that is
    refused beside a stand-in for Stripe."""
    config = Config.from_env(settings)
    return replace(config, public_url=public_url) if public_url else config
