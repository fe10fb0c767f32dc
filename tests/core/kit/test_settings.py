"""Settings: no secret has a default, production does not start on examples, and no error shows a value."""

import pytest
from pydantic import ValidationError

from services.core.kit.settings import EXAMPLE, Settings, load

GOOD = {
    "DATABASE_URL": "postgresql://jiugai:s3cret-one@db.example/jiugai",
    "REDIS_URL": "redis://:s3cret-two@redis.example/0",
    "JIUGAI_SECRET_KEY": "s3cret-three-" + "0123456789abcdef" * 2,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_good_values_start_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUGAI_ENV", "production")
    monkeypatch.setenv("FILES_PATH", "/var/lib/jiugai/files")
    assert load().sqlalchemy_url == "postgresql+asyncpg://jiugai:s3cret-one@db.example/jiugai"


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, ""])
def test_no_secret_has_a_default(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        load()


@pytest.mark.parametrize("name", [*sorted(GOOD), "JIUGAI_INDEX_KEY"])
def test_production_refuses_example_values_and_development_takes_them(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    example = {
        "DATABASE_URL": f"postgresql://jiugai:{EXAMPLE}@db.example/jiugai",
        "REDIS_URL": f"redis://:{EXAMPLE}@redis.example/0",
        "JIUGAI_SECRET_KEY": f"{EXAMPLE}-" + "x" * 40,
        "JIUGAI_INDEX_KEY": f"{EXAMPLE}-" + "x" * 40,
    }[name]
    monkeypatch.setenv(name, example)
    assert load().jiugai_env == "development"
    monkeypatch.setenv("JIUGAI_ENV", "production")
    with pytest.raises(ValidationError, match=name) as refusal:
        load()
    assert "s3cret" not in str(refusal.value)


def test_a_short_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUGAI_SECRET_KEY", "s3cret")
    with pytest.raises(ValidationError) as refusal:
        load()
    assert "s3cret" not in str(refusal.value)


def test_secrets_do_not_show_in_the_settings_themselves() -> None:
    assert "s3cret" not in repr(load())


@pytest.mark.parametrize(
    ("name", "value"), [("WECHAT_SECRET", EXAMPLE), ("WECHAT_BASE_URL", "http://api.weixin.qq.com")]
)
def test_production_sends_no_example_to_wechat_and_no_secret_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert load().jiugai_env == "development"
    monkeypatch.setenv("JIUGAI_ENV", "production")
    with pytest.raises(ValidationError, match=name):
        load()


@pytest.mark.parametrize("path", [None, "files", "./files"])
def test_production_names_the_folder_of_files_in_full(monkeypatch: pytest.MonkeyPatch, path: str | None) -> None:
    if path is not None:
        monkeypatch.setenv("FILES_PATH", path)
    assert not load().files_path.is_absolute()
    monkeypatch.setenv("JIUGAI_ENV", "production")
    with pytest.raises(ValidationError, match="FILES_PATH"):
        load()


def test_a_bucket_stands_for_the_folder_and_is_reached_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUGAI_ENV", "production")
    monkeypatch.setenv("FILES_PATH", "files")
    monkeypatch.setenv("S3_BUCKET", "jiugai")
    assert load().s3_bucket == "jiugai"
    monkeypatch.setenv("S3_ENDPOINT", "http://s3.example.gov.cn")
    with pytest.raises(ValidationError, match="https"):
        load()
    monkeypatch.setenv("S3_ENDPOINT", "https://s3.example.gov.cn")
    monkeypatch.setenv("S3_ACCESS_KEY", "key")
    with pytest.raises(ValidationError, match="come together"):
        load()
    monkeypatch.setenv("S3_SECRET_KEY", "change-me")
    with pytest.raises(ValidationError, match="S3_SECRET_KEY"):
        load()
