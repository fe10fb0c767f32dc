"""What keeps the files of imports from staying for ever."""

from datetime import datetime

from services.core.kit.uow import UnitOfWork

FORGET = """
WITH past AS (
  UPDATE data_import SET file_deleted_at = $2
  WHERE made_at < $1 AND file_deleted_at IS NULL AND state NOT IN ('queued', 'running') RETURNING id),
rows AS (DELETE FROM import_bad_row r USING past WHERE r.import_id = past.id)
DELETE FROM import_file f USING past WHERE f.import_id = past.id
"""


async def forget_files(uow: UnitOfWork, *, before: datetime) -> None:
    """Deletes the files of imports that were sent before and do not run, and the bad rows copied from them.

    The import stays with its counts, findings and the digest of its file: a figure's source row still names it, and whoever kept
    the file can show that it is this one.
    """
    await uow.driver.execute(FORGET, before, uow.now)
