"""Settings from the environment. Secrets have no default; a production start on example values is refused."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from annotated_types import Ge
from pydantic import AfterValidator, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

EXAMPLE = "change-me"


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < 32:
        raise ValueError("a secret needs at least 32 characters")
    return secret


class Settings(BaseSettings):
    """One frozen object, built once at start and handed down; nothing in core reads the environment by itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    database_url: SecretStr
    redis_url: SecretStr
    jiugai_secret_key: Annotated[SecretStr, AfterValidator(_long_enough)]
    # The key of blind indexes; without it, it is derived from the secret key. Whoever changes it names the one before (the secret
    # key, where it was derived) until the worker has rewritten every index, which it does within the hour and logs.
    jiugai_index_key: Annotated[SecretStr, AfterValidator(_long_enough)] | None = None
    jiugai_index_key_former: Annotated[SecretStr, AfterValidator(_long_enough)] | None = None
    jiugai_env: Literal["development", "production"] = "development"
    jiugai_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    jiugai_public_url: str = "http://127.0.0.1:8000"
    jiugai_metrics_token: SecretStr | None = None
    # The mini-program; without both, residents cannot sign in.
    wechat_appid: str | None = None
    wechat_secret: SecretStr | None = None
    wechat_base_url: str = "https://api.weixin.qq.com"
    # The token of the mini-program's message push (开发管理 → 消息推送, plain mode, JSON): signs what WeChat sends to /wechat/push.
    wechat_push_token: SecretStr | None = None

    database_pool: int = 20
    statement_timeout_ms: int = 30_000
    access_token_minutes: int = 15
    refresh_token_days: int = 14
    refresh_grace_seconds: int = 30
    principal_cache_seconds: float = 1.0
    rate_per_client_minute: int = 1_200
    rate_per_principal_minute: int = 6_000
    sign_in_per_client_minute: int = 60
    complaints_per_client_minute: int = 6
    open311_per_key_minute: int = 60
    body_limit_bytes: int = 1_048_576
    import_limit_bytes: int = 20_971_520
    import_file_days: Annotated[int, Ge(1)] = 1_095
    # Where blobs of files lie: one folder that the API and the worker share, on every machine.
    files_path: Path = Path(".data/files")
    # Or, where it is named, a bucket of an S3-compatible store; without an endpoint Amazon's, without keys those of the machine.
    s3_bucket: str | None = None
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    file_limit_bytes: int = 10_485_760  # what `wx.uploadFile` sends at most
    files_per_day: Annotated[int, Ge(1)] = 200
    file_bytes_per_day: Annotated[int, Ge(1)] = 536_870_912
    # The same of staff and of departments' systems, who photograph whole sites.
    staff_files_per_day: Annotated[int, Ge(1)] = 2_000
    staff_file_bytes_per_day: Annotated[int, Ge(1)] = 8_589_934_592
    upload_limit_bytes: int = 33_554_432  # of one file that comes in pieces
    project_file_bytes: Annotated[int, Ge(1)] = 107_374_182_400  # on one project's account, in all
    worker_jobs: int = 10

    @model_validator(mode="after")
    def _keys_in_pairs(self) -> Self:
        if (self.s3_access_key is None) != (self.s3_secret_key is None):
            raise ValueError("S3_ACCESS_KEY and S3_SECRET_KEY come together")
        return self

    @model_validator(mode="after")
    def _no_example_in_production(self) -> Self:
        if self.jiugai_env != "production":
            return self
        given = {
            "JIUGAI_SECRET_KEY": self.jiugai_secret_key.get_secret_value(),
            "DATABASE_URL": urlsplit(self.database_url.get_secret_value()).password or "",
            "REDIS_URL": urlsplit(self.redis_url.get_secret_value()).password or "",
            "JIUGAI_INDEX_KEY": self.jiugai_index_key.get_secret_value() if self.jiugai_index_key else "",
            "WECHAT_SECRET": self.wechat_secret.get_secret_value() if self.wechat_secret else "",
            "WECHAT_PUSH_TOKEN": self.wechat_push_token.get_secret_value() if self.wechat_push_token else "",
            "S3_SECRET_KEY": self.s3_secret_key.get_secret_value() if self.s3_secret_key else "",
            "JIUGAI_METRICS_TOKEN": self.jiugai_metrics_token.get_secret_value() if self.jiugai_metrics_token else "",
        }
        for name, value in given.items():
            if EXAMPLE in value:
                raise ValueError(f"{name} still holds the example value; production does not start on it")
        if not self.wechat_base_url.startswith("https://"):
            raise ValueError("WECHAT_BASE_URL must begin with https:// in production: it is sent the secret")
        if self.s3_endpoint is not None and not self.s3_endpoint.startswith("https://"):
            raise ValueError("S3_ENDPOINT must begin with https:// in production: photographs travel there")
        if self.s3_bucket is None and not self.files_path.is_absolute():
            raise ValueError("FILES_PATH must be given in full in production: API and worker share it")
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """The database address in the form that SQLAlchemy's asyncpg driver takes."""
        _, _, rest = self.database_url.get_secret_value().partition("://")
        return f"postgresql+asyncpg://{rest}"


def load() -> Settings:
    """Settings of this process, from its environment."""
    return Settings()
