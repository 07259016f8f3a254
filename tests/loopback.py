"""A web server on this machine that misbehaves as planned: one act per request, the last act for all further ones."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(body, *, status=200, ranges=True, etag='"v1"', drop_after=None, hang_after=None, **headers):
    """An act: answer with `body`, obeying Range and If-Range; break off, or fall silent, after so many bytes of it."""
    def act(handler):
        start, code = 0, status
        asked = handler.headers.get("Range")
        if ranges and asked and handler.headers.get("If-Range", etag) == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            code = 206 if start < len(body) else 416
        rest = body[start:]
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(rest)))
        if etag:
            handler.send_header("ETag", etag)
        if code == 206:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        cut = min(number for number in (drop_after, hang_after, len(rest)) if number is not None)
        handler.wfile.write(rest[:cut])
        handler.wfile.flush()
        handler.server.sent += cut
        if hang_after is not None:
            handler.server.closing.wait(20)
        handler.close_connection = True
    return act


def redirect(to):
    """An act: answer 302, go to the path `to`."""
    def act(handler):
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return act


@contextlib.contextmanager
def server(*acts):
    """A running server; `.url` its address, `.requests` the headers of all requests so far, `.sent` the bytes given."""
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with lock:
                self.server.requests.append(dict(self.headers))
                act = acts[min(len(self.server.requests), len(acts)) - 1]
            with contextlib.suppress(ConnectionError):
                act(self)

        def log_message(self, *_):
            pass

    lock = threading.Lock()
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    running.requests, running.sent, running.closing = [], 0, threading.Event()
    running.url = f"http://127.0.0.1:{running.server_port}/cifar-10-binary.tar.gz"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        running.closing.set()
        running.shutdown()
        thread.join()
        running.server_close()
