"""Every setting, read once: environment `LIVEFEED_*`, then `.env`, then `livefeed.toml`.

Each field's description is the sentence that the documentation prints; its default is what a laptop needs.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class Settings(BaseSettings):
    """What an operator may choose. Durations are seconds, sizes are bytes unless the name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="LIVEFEED_",
        env_file=".env",
        toml_file="livefeed.toml",
        extra="ignore",
        frozen=True,
    )

    store: str = Field(
        "sqlite:///livefeed.db",
        description="Where everything is kept: sqlite:///FILE for one process, redis://HOST:PORT/DB, "
        "rediss://, unix:// or redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/DB for a fleet.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every network.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    base_url: str = Field(
        "",
        description="Public address of the site, such as https://live.example.org; else http://HOST:PORT.",
    )
    media: Path = Field(Path("media"), description="Folder for uploaded pictures; a fleet shares one.")
    secret: SecretStr = Field(
        SecretStr(""),
        description="At least 32 random characters, the same for a whole fleet: a process with another one "
        "is refused. An absent one is made and kept in the store.",
    )
    workers: int = Field(1, ge=1, le=64, description="Processes to start; more than one needs a Redis store.")
    templates: Path | None = Field(
        None,
        description="Folder of the theme: its templates, static/ and locale/ replace single shipped files.",
    )
    accept: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Weaknesses of the Redis server accepted by name, comma-separated, such as "
        "appendfsync=everysec; anything weaker than always and noeviction is refused otherwise.",
    )
    site_title: str = Field("livefeed", description="Name of the site on the index, in feeds and titles.")
    offline: bool = Field(
        True,
        description="Browsers keep the pages that a reader saw last, for when there is no network; false has "
        "them forget what they kept.",
    )
    site_language: str = Field("ar", description="Language of the index and of the site's feeds.")

    body_bytes: int = Field(100_000, ge=1, description="Longest body of an update.")
    headline_chars: int = Field(300, ge=1, description="Longest headline and other single-line text.")
    # JSON may escape each letter in six bytes: the longest body in Arabic must fit in all the same.
    request_bytes: int = Field(400_000, ge=1, description="Longest request body, except uploads.")
    media_bytes: int = Field(20_000_000, ge=1, description="Largest picture that may be uploaded.")
    media_pixels: int = Field(25_000_000, ge=1, description="Most pixels of a picture: width times height.")
    page_size: int = Field(
        20, ge=1, le=200, description="Updates on an archive page; the first has up to twice."
    )
    feed_items: int = Field(50, ge=50, le=500, description="Items a feed has at least.")
    feed_most_items: int = Field(
        1000,
        ge=50,
        le=2000,
        description="Updates a feed has at most. Otherwise it has all of the last 48 hours: this is a limit "
        "for the day on which something goes wrong.",
    )
    tail_events: int = Field(500, ge=1, description="Newest events of a followed channel kept in memory.")
    cache_bytes: int = Field(
        64_000_000,
        ge=0,
        description="Memory for rendered pages and feeds, and as much again for what feeds are made of.",
    )
    max_readers: int = Field(50_000, ge=1, description="Open connections of readers in one process.")

    webhook_attempts: int = Field(
        8, ge=1, le=20, description="Attempts at a message of a webhook before it becomes a dead letter."
    )
    webhook_pause: float = Field(
        5.0, gt=0, description="Seconds after the first failed attempt; three times longer after each other."
    )
    hub: str = Field(
        "",
        description="An external WebSub hub that feeds name and that is told of changes; empty: ours, /hub.",
    )
    delivery_timeout: float = Field(
        10.0, gt=0, le=60, description="Longest request to a webhook or to another address outside."
    )
    courier_lease: float = Field(
        10.0,
        ge=1,
        description="After so long another process delivers for one that died; the same in a fleet.",
    )
    private_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks that deliveries may reach although they are not public, comma-separated, such "
        "as 127.0.0.0/8,10.1.0.0/16.",
    )

    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks of the reverse proxies whose X-Forwarded-For is believed, comma-separated, "
        "such as 127.0.0.1,10.1.0.0/16; nobody's when empty.",
    )

    heartbeat_interval: float = Field(20.0, gt=0, le=24, description="Seconds between heartbeats to readers.")
    stall_timeout: float = Field(30.0, gt=0, description="A reader taking nothing for so long is dropped.")
    heal_interval: float = Field(2.0, gt=0, description="How often the log is compared with what is known.")
    write_timeout: float = Field(1.8, gt=0, le=1.9, description="Every write is answered within this time.")
    store_timeout: float = Field(1.0, gt=0, description="Longest wait for one answer of a Redis store.")
    replicas: int = Field(
        0,
        ge=0,
        le=10,
        description="Replicas of Redis that must have a write before it is acknowledged: 1 behind Sentinel, "
        "so that no failover loses one.",
    )
    release_interval: float = Field(1.0, gt=0, description="How often due scheduled updates are looked for.")
    drain_window: float = Field(5.0, ge=0, description="At a stop, readers are sent off within this time.")
    hold: float = Field(
        5.0, ge=0, le=60, description="What the desk publishes can be taken back for so long; 0 is at once."
    )
    breaking_hold: float = Field(10.0, ge=0, le=60, description="The same for breaking updates.")
    close_after: float = Field(
        0.0,
        ge=0,
        description="A live coverage is closed when nothing was published for so many seconds; the desk is "
        "warned in the last quarter of them. 0: never.",
    )
    archive_after: float = Field(
        0.0,
        ge=0,
        description="A coverage is archived once it has been closed for so many seconds (2592000: 30 days); "
        "what an editor puts back stays. 0: never.",
    )
    session_idle: float = Field(12 * 3600, gt=0, description="A desk session ends after so long without use.")
    session_lifetime: float = Field(
        7 * 86400, gt=0, description="A desk session ends after so long in any case."
    )
    detach: bool = Field(
        True,
        description="Take readers' connections out of aiohttp's hands after the handshake: a tenth of "
        "the memory. Switch it off to find out whether a trouble comes from there.",
    )
    reuse_port: bool = Field(False, description="Share the port with other processes on this machine.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for /metrics; empty: only from this machine."
    )
    log_format: str = Field("auto", pattern="^(auto|json|console)$", description="auto, json or console.")

    @field_validator("accept", "private_networks", "proxies", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("private_networks", "proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ip_network(text)  # its own sentence names the text and what is wrong with it
        return value

    @field_validator("hub")
    @classmethod
    def _hub_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} must begin with http:// or https://")
        return value

    @field_validator("base_url")
    @classmethod
    def _bare_address(cls, value: str) -> str:
        bare = value.rstrip("/")
        parts = urlsplit(bare)  # raises ValueError for brackets that do not match
        if bare and parts.scheme not in {"http", "https"}:
            raise ValueError(f"{value!r} must begin with http:// or https://")
        # Pages name their neighbours from the root of the host: below a folder, every link would lead out.
        if bare and (bare != f"{parts.scheme}://{parts.netloc}" or not parts.hostname or "@" in bare):
            raise ValueError(f"{value!r} must be a scheme and a host alone, such as https://live.example.org")
        return bare

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        length = len(value.get_secret_value())
        if 0 < length < 32:
            raise ValueError(f"it has {length} characters; at least 32 random ones are needed")
        return value

    @property
    def public_url(self) -> str:
        """`base_url`, or the address this process listens on."""
        host = "localhost" if self.host in {"", "0.0.0.0", "::", "127.0.0.1"} else self.host  # noqa: S104 - compared, not bound
        bracketed = f"[{host}]" if ":" in host else host  # an IPv6 address (RFC 3986, section 3.2.2)
        return self.base_url or f"http://{bracketed}:{self.port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)
