"""One large file from the network, whole and verified or not at all.

What has arrived is kept in a .part file, so that a broken connection, or a second run, goes on where the first
stopped. The final name appears only after the SHA-256 is right (pooch sees to that).
"""

import contextlib
import functools
import itertools
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError

CHUNK = 1 << 14                                         # bytes
IDLE = 60                                               # seconds: a .part file untouched for so long has no owner


@dataclass(frozen=True)
class Limits:
    """How long to wait and how much to take: seconds to connect, seconds without a byte, waits between attempts
    (seconds; their number is the number of retries), and bytes at most."""

    connect: float = 10
    read: float = 30
    waits: tuple = (1, 4, 15)
    size: int = 200_000_000


LIMITS = Limits()


class _Again(Exception):
    """This attempt failed in a way that another one may mend; the text says how."""


def fetch(url, sha256, path, *, magic=b"", limits=LIMITS, progress=True):
    """Download `url` to `path`, whose SHA-256 must be `sha256`; DataError otherwise, and then no `path`.

    `magic` is how the file must start: a page of HTML is refused at its first bytes. Network failures name the
    address and the reason; a wrong checksum shows both.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    path = Path(path)
    for resumed in (True, False):
        with _part_of(path) as part:
            resumed = resumed and part.exists()
            download = functools.partial(_download, part=part, magic=magic, limits=limits, progress=progress)
            try:
                pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, downloader=download)
                return path
            except DataError:
                raise
            except ValueError as error:                 # pooch's word for a wrong checksum; the file is deleted
                if not resumed:
                    got = re.findall(r"\b[0-9a-f]{64}\b", str(error).replace(sha256, ""))
                    raise DataError(f"{url}: the file received has SHA-256 {' '.join(got) or '?'}, expected {sha256}. "
                                    "It was deleted. Is this the right address for this checksum?") from None


@contextlib.contextmanager
def _part_of(path):
    """A .part file that is this thread's alone; takes over the one that a broken-off download left behind."""
    idle = path.with_name(f"{path.name}.part")
    mine = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    for left in (idle, *path.parent.glob(f"{path.name}.*.part")):
        with contextlib.suppress(OSError):              # gone, or another process was quicker
            if left == idle or time.time() - left.stat().st_mtime > IDLE:
                os.replace(left, mine)
                break
    try:
        yield mine
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.replace(mine, idle)


def _download(url, output, _pooch, *, part, magic, limits, progress):
    """pooch's downloader: attempt, wait, go on; then hand the finished file over."""
    import requests

    waits, seen = list(limits.waits), {}
    with requests.Session() as session:
        session.max_redirects = 10
        while True:
            before = _size(part)
            try:
                _attempt(session, url, part, seen, magic, limits, progress)
                break
            except _Again as error:
                if _size(part) - before > CHUNK * 64:   # a megabyte further: a slow host, not a hopeless one
                    waits = list(limits.waits)
                if not waits:
                    raise DataError(f"{url}: {error}. Given up; what has arrived is kept, and the next call goes on "
                                    "from there.") from None
                time.sleep(waits.pop(0))
    os.replace(part, output)


def _size(part):
    return part.stat().st_size if part.exists() else 0


def _attempt(session, url, part, seen, magic, limits, progress):
    """One request for what is still missing; _Again if it broke off, DataError if there is no point in another."""
    import requests
    import urllib3

    have = _size(part)
    headers = {"Accept-Encoding": "identity", "User-Agent": "cs231n-helpers"}
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": seen["etag"]} if seen.get("etag") else {})
    try:
        with session.get(url, headers=headers, stream=True, timeout=(limits.connect, limits.read)) as response:
            _refuse_downgrade([one.url for one in (*response.history, response)])
            start, total = _judge(response, part, have, seen, limits)
            _receive(response, part, start, total, magic, limits, progress)
    except requests.TooManyRedirects:
        raise DataError(f"{url}: the server redirects in circles (more than {session.max_redirects} times).") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        if _size(part) > have:
            raise _Again(f"the connection broke off at {_size(part):,} bytes ({_reason(error, limits)})") from None
        raise DataError(f"{url} cannot be reached: {_reason(error, limits)}.") from None


def _reason(error, limits):
    import requests
    import urllib3

    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {limits.connect:g} seconds"
    if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return f"the server sent nothing for {limits.read:g} seconds"
    innermost = getattr(error.args[0], "reason", error) if error.args else error     # requests wraps urllib3's reason
    return str(innermost).split(": ", 1)[-1]


def _refuse_downgrade(urls):
    if urls[0].startswith("https:") and not all(url.startswith("https:") for url in urls):
        raise DataError(f"{urls[0]} redirects from https to {urls[-1]}; refused, because anybody could change the "
                        "file on its way.")


def _judge(response, part, have, seen, limits):
    """(start, total): the byte at which this answer starts, and the size of the whole file or None if not told."""
    status, start = response.status_code, 0
    if status >= 500:
        raise _Again(_answer(response))
    if status not in (200, 206, 416):
        raise DataError(f"{_answer(response)}. Is the address right?")
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    if status != 200:
        start, total = have, _range_total(response.headers.get("Content-Range", ""), have)
        if total is None or total != seen.get("total", total):      # not the file that the first bytes came from
            part.unlink(missing_ok=True)
            seen.clear()
            raise _Again(f"{_answer(response)}: it cannot go on at byte {have:,}; starting anew")
    if total is not None and total > limits.size:
        raise DataError(f"{response.url} offers {total:,} bytes; at most {limits.size:,} are taken.")
    seen.update(total=total, etag=response.headers.get("ETag", ""))
    return start, total


def _range_total(text, have):
    """The whole size told by 'bytes 100-199/200', if the range starts at `have`; else None."""
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", text.strip())
    return int(match[2]) if match and int(match[1]) == have else None


def _answer(response, head=None):
    head = response.raw.read(40, decode_content=False) if head is None else head
    kind = response.headers.get("Content-Type", "unknown")
    return f"{response.url} answered with status {response.status_code}, type {kind}, {storage.describe_start(head)}"


def _receive(response, part, start, total, magic, limits, progress):
    """Append the body to `part` (or begin it anew), chunk by chunk, with a progress bar."""
    from tqdm.auto import tqdm

    body = response.raw.stream(CHUNK, decode_content=False)
    head = next(body, b"")
    if start == 0 and not head.startswith(magic):
        raise DataError(f"{_answer(response, head)}. That is not the file asked for.")
    with open(part, "ab" if start else "wb") as file, \
            tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.name.split(".")[0],
                 disable=not progress) as bar:
        for chunk in itertools.chain([head], body):
            bar.update(file.write(chunk))
            if file.tell() > limits.size:
                raise DataError(f"{response.url} sent more than {limits.size:,} bytes; no more are taken.")
    if total is not None and _size(part) < total:
        raise _Again(f"the connection ended at {_size(part):,} of {total:,} bytes")
