"""What a server allows where nobody says otherwise. Light to load, since the command line shows it; knows no server."""

from __future__ import annotations

from typing import Final, Literal

#: Seconds until a request is dropped, bytes that one may have, and windows in a model's queue before requests get 429.
TIMEOUT: Final = 30.0
MAX_BODY: Final = 10 * 1024**2
MAX_WAITING: Final = 1024
#: What may be visited to check a requester's challenge: public hosts by http(s), or any host.
Visit = Literal["public", "anywhere"]
