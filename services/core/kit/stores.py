"""Which storage of files a process uses: by its settings."""

from services.core.kit.bucket import Bucket
from services.core.kit.settings import Settings
from services.core.kit.storage import Folder, Storage


def storage_of(settings: Settings) -> Storage:
    """The bucket that is named, else the folder."""
    if settings.s3_bucket is None:
        return Folder(settings.files_path)
    access, secret = settings.s3_access_key, settings.s3_secret_key
    return Bucket(
        settings.s3_bucket,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key=access.get_secret_value() if access else None,
        secret_key=secret.get_secret_value() if secret else None,
    )
