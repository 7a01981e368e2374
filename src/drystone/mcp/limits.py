"""What one call may ask for, and one result hold. Light to load, since the command line shows some; knows no server."""

from __future__ import annotations

from typing import Final, Literal

#: Bytes of a result as it is sent, and lines of its text: what one common client shows before it cuts.
RESULT_BYTES: Final = 10 * 1024
RESULT_LINES: Final = 256
#: Seconds that a call may take.
TIMEOUT: Final = 20.0
#: Calls that are worked on at the same time, and calls that wait for that.
AT_ONCE: Final = 4
WAITING: Final = 32
#: Bytes of a message, and sessions that are open over HTTP at the same time.
MAX_BODY: Final = 256 * 1024
SESSIONS: Final = 256
#: Characters of a query, and of what names a file.
QUERY: Final = 10_000
NAME: Final = 5_000
#: Files of a search, lines of each and lines around them: where nobody says, and at most.
FILES: Final = 10
MOST_FILES: Final = 50
LINES: Final = 3
MOST_LINES: Final = 20
MOST_AROUND: Final = 10
#: Answers to a question: where nobody says, and at most.
ANSWERS: Final = 3
MOST_ANSWERS: Final = 10
#: Results (of a file: bytes) behind which no page begins.
DEEPEST: Final = 1 << 40

#: Programs whose settings are shown.
Client = Literal["claude", "cursor", "vscode"]
