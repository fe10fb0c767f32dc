"""Which migration this program expects."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


def alembic_config() -> "Config":
    """Alembic's configuration without an ini file."""
    from alembic.config import Config  # noqa: PLC0415 - alembic is half of what an API process would import

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    return config


@cache
def head() -> str | None:
    """The newest migration shipped with this program."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    return ScriptDirectory.from_config(alembic_config()).get_current_head()
