"""`jiugai verify BUNDLE.ndjson`: recomputes a selection run from its bundle and tells every difference."""

from pathlib import Path

from services.cli.verify import verify


def main(bundle: Path) -> None:
    """Recomputes a run from its bundle; exits with 1 when anything differs or the file is no bundle."""
    try:
        with bundle.open("rb") as lines:
            differences = list(verify(lines))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise SystemExit(f"{bundle}: no bundle that can be read ({type(error).__name__})") from error
    print("\n".join(differences) or "OK: hash, points, totals, ranks and outcomes agree")
    raise SystemExit(1 if differences else 0)
