"""A limit on files while they come in: what is too large is not written to the disk to be refused afterwards."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from accounts.actions.uploads import LARGEST


class Limit(FileUploadHandler):
    """Stops reading after LARGEST bytes and says so on the request; stands before the handlers that keep the bytes."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the bytes on. Raises StopUpload: the rest of the request is read and thrown away."""
        self._size += len(raw_data)
        if self._size > LARGEST:
            if self.request is not None:
                self.request.upload_was_too_large = True  # type: ignore[attr-defined]  # the page says it in words
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Keep nothing: the next handler does."""
