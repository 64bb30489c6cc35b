"""What a site can set, by environment variables that begin with `SFPFR_`; no behaviour here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.movements import NOTICE

GIB = 2**30


class Settings(BaseSettings):
    """All settings of API and worker; the defaults are those of the embedded server."""

    model_config = SettingsConfigDict(env_prefix="SFPFR_", frozen=True, extra="ignore")

    data_dir: Path = Path("sfpfr-data")
    """Where the embedded server keeps everything; partial uploads and scratch in production."""
    database_url: SecretStr | None = None
    """SQLAlchemy address with `postgresql+psycopg://` or `sqlite:///`; default: in `data_dir`."""
    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """Celery's broker; it carries job ids only."""
    storage_url: str = ""
    """`file:///...` or `s3://bucket/prefix`; default: the folder `objects` in `data_dir`."""
    storage_endpoint: str = ""
    """Address of an S3-compatible store that is not Amazon's."""
    storage_region: str = ""
    storage_access_key: str = ""
    storage_secret_key: SecretStr = SecretStr("")
    """Without a key pair the identity of the machine is used."""
    key_file: Path | None = None
    """The site's keys; default: `keys.json` in `data_dir`. Save a copy elsewhere."""
    audit_head_file: Path | None = None
    """Signed head of the audit log; default: in `data_dir`. Another disk is better."""
    public_url: str = "http://127.0.0.1:8000"
    """The address in the browser; with https the cookies are `__Host-` and Secure."""
    allowed_origins: tuple[str, ...] = ()
    """Further origins whose pages may change things (a development server)."""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    """How many proxies in front add to `X-Forwarded-For`."""
    notice: str = NOTICE
    """The text of the strip that can't be dismissed and is on every export."""

    tls_authority: Path | None = None
    """A certificate authority of one's own that devices can install from `/trust`."""
    metrics_token: SecretStr | None = None
    """What a monitoring system sends to read `/metrics`; without it, only this machine may."""

    reference_lines: Path | None = None
    """The site's own measurement errors (MDC95), as JSON; default: those of the literature."""

    database_pool: int = Field(default=10, ge=1)
    request_threads: int = Field(default=20, ge=2)
    """Endpoints that run at the same time."""

    session_idle_minutes: int = Field(default=20, ge=1)
    session_hours: int = Field(default=12, ge=1)
    require_totp: bool = False
    """Whether every user must enrol a second factor before anything else."""
    lockout_failures: int = Field(default=10, ge=3)
    lockout_minutes: int = Field(default=15, ge=1)
    password_threads: int = Field(default=2, ge=1)
    """Argon2 computations at the same time."""
    password_memory_kib: int = Field(default=65536, ge=8)
    """Memory of one of them."""
    link_hours: int = Field(default=24, ge=1)
    """For how long a one-time link works."""
    requests_a_minute: int = Field(default=1200, ge=1)
    """Rate limit a user or address."""
    sign_ins_a_minute: int = Field(default=20, ge=1)
    """Rate limit of attempts an address."""
    look_ups_a_minute: int = Field(default=10, ge=1)
    """Rate limit of break-glass a user."""
    break_glass_hours: int = Field(default=4, ge=1)

    max_upload_bytes: int = Field(default=8 * GIB, ge=1)
    max_video_seconds: float = Field(default=900.0, gt=0)
    quota_bytes: int = Field(default=0, ge=0)
    """Stored bytes at most; 0 is only what the disk holds."""
    reserve_bytes: int = Field(default=1 * GIB, ge=0)
    """Free space that uploads must leave."""
    upload_hours: int = Field(default=24, ge=1)
    """After how long an unfinished upload is swept."""

    job_lease_seconds: int = Field(default=30, ge=5)
    job_attempts: int = Field(default=3, ge=1)
    job_memory_mib: int = Field(default=6144, ge=512)
    job_minutes: int = Field(default=60, ge=1)
    analysis_queue: Literal["cpu", "gpu"] = "cpu"
    """Queue of the jobs that fit faces; `gpu` needs a worker that serves that queue."""

    @property
    def database(self) -> str:
        """The SQLAlchemy address in force; it may hold a password, so never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'sfpfr.sqlite').resolve()}"

    @property
    def storage(self) -> str:
        """The address of the blob storage in force."""
        return self.storage_url or (self.data_dir / "objects").resolve().as_uri()

    @property
    def keys(self) -> Path:
        """The key file in force."""
        return self.key_file or self.data_dir / "keys.json"

    @property
    def audit_head(self) -> Path:
        """The file with the signed head of the audit log in force."""
        return self.audit_head_file or self.data_dir / "audit-head.json"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service through TLS."""
        return self.public_url.startswith("https://")
