"""Downloads against a server that misbehaves: what arrives under the final name is whole and verified, or nothing."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from loopback import redirect, serve, server

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import download
from cs231n_helpers.data.download import Limits, fetch

BODY = b"\x1f\x8b" + np.random.default_rng(0).bytes(299_998)
SHA256 = hashlib.sha256(BODY).hexdigest()
QUICK = Limits(connect=2, read=0.3, waits=(0.01, 0.02, 0.03), size=1_000_000)
HTML = b"<html><body>Not here</body></html>"


@pytest.fixture(autouse=True)
def straight_to_loopback(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cifar10.tar.gz"


def get(url, path, sha256=SHA256, limits=QUICK, progress=False):
    return fetch(url, sha256, path, magic=b"\x1f\x8b", limits=limits, progress=progress)


def refused(url, path, **settings):
    """The text of the error; afterwards there is no file under the final name."""
    with pytest.raises(DataError) as caught:
        get(url, path, **settings)
    assert not path.exists() and url in str(caught.value)
    return str(caught.value)


def left(path):
    return sorted(file.name for file in path.parent.iterdir())


# ------------------------------------------------------------------------------------------------------ what succeeds
def test_a_plain_download(path, capsys):
    with server(serve(BODY)) as web:
        assert get(web.url, path, progress=True) == path
    assert path.read_bytes() == BODY and left(path) == [path.name]
    [request] = web.requests
    assert request["Accept-Encoding"] == "identity" and "Range" not in request
    assert "100%" in capsys.readouterr().err            # the progress bar


def test_what_is_there_and_right_is_not_fetched_again(path):
    path.write_bytes(BODY)
    with server(serve(HTML, status=404)) as web:
        get(web.url, path)
    assert web.requests == []


def test_a_dropped_connection_is_resumed_where_it_broke(path):
    with server(serve(BODY, drop_after=200_000), serve(BODY)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY
    start = int(web.requests[1]["Range"].removeprefix("bytes=").rstrip("-"))
    assert 100_000 < start <= 200_000 and web.requests[1]["If-Range"] == '"v1"'
    assert web.sent < len(BODY) + 100_000               # the first bytes were not sent twice


def test_a_server_without_ranges_is_asked_for_everything_again(path):
    with server(serve(BODY, drop_after=200_000), serve(BODY, ranges=False)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY and len(web.requests) == 2


def test_a_file_that_changed_meanwhile_is_taken_from_the_start(path):
    old = BODY[:2] + bytes(299_998)
    with server(serve(old, drop_after=200_000, etag='"old"'), serve(BODY, etag='"new"')) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY and web.requests[1]["If-Range"] == '"old"'


def test_a_continuation_of_another_length_is_thrown_away(path):
    longer = BODY[:2] + bytes(399_998)
    with server(serve(longer, drop_after=200_000), serve(BODY), serve(BODY)) as web:
        get(web.url, path)                              # the second answer: 206, but of 300,000 bytes
    assert path.read_bytes() == BODY and "Range" not in web.requests[2]


def test_a_continuation_from_another_place_is_thrown_away(path):
    def shifted(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-{len(BODY) - 1}/{len(BODY)}")
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY)

    with server(serve(BODY, drop_after=200_000), shifted, serve(BODY)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY and len(web.requests) == 3 and "Range" not in web.requests[2]


def test_too_long_a_beginning_is_thrown_away(path):
    path.with_name(path.name + ".part").write_bytes(BODY + b"more")
    with server(serve(BODY)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY and len(web.requests) == 2         # 416, then from the start


def test_503_is_tried_again_with_growing_waits(path, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with server(serve(b"busy", status=503), serve(b"busy", status=502), serve(BODY)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY and len(web.requests) == 3 and waits == [0.01, 0.02]


def test_an_encoding_claimed_for_the_archive_itself_is_not_undone(path):
    with server(serve(BODY, Content_Encoding="gzip")) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY


def test_a_slow_host_may_break_off_more_often_than_there_are_waits(path):
    body = b"\x1f\x8b" + np.random.default_rng(1).bytes(9_000_000)
    drops = [serve(body, drop_after=1_500_000)] * 5
    with server(*drops, serve(body)) as web:
        get(web.url, path, hashlib.sha256(body).hexdigest(), Limits(waits=(0.01,), size=10_000_000))
    assert path.read_bytes() == body and len(web.requests) == 6


def test_a_redirect_is_followed(path):
    with server(redirect("/elsewhere"), serve(BODY)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY


# --------------------------------------------------------------------------------------------------------- what fails
def test_an_html_page_with_status_200_is_refused(path):
    with server(serve(HTML, Content_Type="text/html")) as web:
        said = refused(web.url, path)
    assert "status 200, type text/html, an HTML page, it starts with b'<html><body>Not here" in said
    assert left(path) == [] and len(web.requests) == 1


def test_an_empty_answer_is_refused(path):
    with server(serve(b"")) as web:
        assert "status 200" in refused(web.url, path)
    assert left(path) == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_client_error_is_not_tried_again(path, status):
    with server(serve(HTML, status=status, Content_Type="text/html")) as web:
        said = refused(web.url, path)
    assert f"status {status}, type text/html" in said and "<html>" in said and len(web.requests) == 1


def test_503_for_ever_is_given_up(path):
    with server(serve(b"busy", status=503)) as web:
        said = refused(web.url, path)
    assert "status 503" in said and "b'busy'" in said and len(web.requests) == 4


def test_a_wrong_checksum_shows_both(path):
    other = BODY[:-1] + b"?"
    with server(serve(other)) as web:
        said = refused(web.url, path)
    assert SHA256 in said and hashlib.sha256(other).hexdigest() in said
    assert left(path) == [] and len(web.requests) == 1


def test_a_wrong_beginning_costs_one_download_from_the_start(path):
    path.with_name(path.name + ".part").write_bytes(bytes(1_000))
    with server(serve(BODY)) as web:
        get(web.url, path)
    assert path.read_bytes() == BODY
    assert web.requests[0]["Range"] == "bytes=1000-" and "Range" not in web.requests[1]


def test_a_checksum_wrong_twice_is_refused(path):
    path.with_name(path.name + ".part").write_bytes(bytes(1_000))
    with server(serve(BODY)) as web:
        assert "expected " + "0" * 64 in refused(web.url, path, sha256="0" * 64)
    assert len(web.requests) == 2 and left(path) == []


def test_a_redirect_loop_ends(path):
    with server(redirect("/again")) as web:
        assert "redirects in circles" in refused(web.url, path)
    assert 5 < len(web.requests) < 15


def test_a_silent_server_is_left_after_the_time_limit(path):
    began = time.monotonic()
    with server(serve(BODY, hang_after=0)) as web:
        assert "the server sent nothing for 0.3 seconds" in refused(web.url, path)
        assert time.monotonic() - began < 3 and len(web.requests) == 1


def test_a_server_that_falls_silent_is_asked_again(path):
    with server(serve(BODY, hang_after=150_000), serve(BODY)) as web:
        get(web.url, path)
        assert "Range" in web.requests[1]
    assert path.read_bytes() == BODY


def test_nobody_there(path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x"
        assert "cannot be reached: " in refused(url, path)


def test_more_than_the_limit_is_not_taken(path):
    small = Limits(size=100_000, waits=())
    with server(serve(BODY)) as web:
        assert "offers 300,000 bytes; at most 100,000" in refused(web.url, path, limits=small)

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(100_000):
            handler.wfile.write(BODY[:16_384])

    with server(endless) as web:
        assert "sent more than 100,000 bytes" in refused(web.url, path, limits=small)


def test_never_from_https_to_http():
    with pytest.raises(DataError, match="redirects from https to http://b; refused"):
        download._refuse_downgrade(["https://a", "http://b"])
    with pytest.raises(DataError, match="refused"):
        download._refuse_downgrade(["https://a", "http://b", "https://c"])
    download._refuse_downgrade(["https://a", "https://b"])
    download._refuse_downgrade(["http://a", "https://b"])


# -------------------------------------------------------------------------------------------- stopping, and neighbours
def test_stopping_keeps_what_has_arrived_for_the_next_call(path, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    with server(serve(BODY, drop_after=200_000), serve(BODY)) as web:
        with monkeypatch.context() as patched:
            patched.setattr(time, "sleep", stop)
            with pytest.raises(KeyboardInterrupt):
                get(web.url, path)
        assert left(path) == [path.name + ".part"]
        get(web.url, path)
    assert "Range" in web.requests[1] and path.read_bytes() == BODY and left(path) == [path.name]


@pytest.mark.parametrize("age, taken", [(100, True), (20, False)])
def test_the_beginning_of_a_killed_process_is_taken_over_but_not_that_of_a_living_one(path, age, taken):
    part = path.with_name(path.name + ".11-1.part")
    part.write_bytes(BODY[:1_000])
    os.utime(part, (time.time() - age,) * 2)
    with server(serve(BODY)) as web:
        get(web.url, path)
    assert web.requests[0].get("Range") == ("bytes=1000-" if taken else None)
    assert path.read_bytes() == BODY and part.exists() is not taken


def test_two_at_a_time_do_not_disturb_each_other(path):
    with server(serve(BODY)) as web:
        threads = [threading.Thread(target=get, args=(web.url, path)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert path.read_bytes() == BODY and left(path) == [path.name]


def test_a_real_interrupt_ends_a_silent_download_at_once(tmp_path):
    environment = {**os.environ, "CS231N_CACHE": str(tmp_path), "PYTHONPATH": str(storage.PROJECT)}
    with server(serve(BODY, hang_after=200_000)) as web:
        command = [sys.executable, "-W", "error", "-m", "cs231n_helpers.data.cifar10", web.url]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while sum(part.stat().st_size for part in tmp_path.glob("*.part")) < 150_000 and time.monotonic() < deadline:
            time.sleep(0.02)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 130 and time.monotonic() - began < 2
    assert "What has arrived is kept" in said and "Traceback" not in said
    [part] = tmp_path.glob("*.part")
    assert 100_000 < part.stat().st_size <= 200_000 and BODY.startswith(part.read_bytes())
