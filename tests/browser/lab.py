"""JupyterLab and Chromium for the tests: on free ports, with everything of their own, stopped by their own ids."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tools.lab import LARGEST_MESSAGE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
QUIET = {  # settings of JupyterLab: no pop-ups, nothing fetched from elsewhere
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "extensionmanager-extension/plugin": {"enabled": False},
}
CHROMIUM_FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
]  # fmt: skip


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, token and the folder it shows."""

    address: str
    token: str
    folder: Path

    def link(self, notebook):
        """Address of one notebook, alone in a workspace of its own."""
        return f"{self.address}/lab/workspaces/w{secrets.token_hex(4)}/tree/{notebook}?reset&token={self.token}"


@contextlib.contextmanager
def run_lab(folder, home):
    """Run JupyterLab on `folder`; all it writes of its own goes under `home`."""
    port, token = _free_port(), secrets.token_hex(16)
    _write_settings(home / "settings")
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(_command(port, folder), env=_environment(home, token), stdout=log, stderr=log, cwd=folder)
    lab = Lab(f"http://127.0.0.1:{port}", token, Path(folder))
    try:
        _wait_until_up(lab, server, home / "lab.log")
        yield lab
    finally:
        _stop(server)
        log.close()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _command(port, folder):
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}", "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--KernelManager.transport_encryption=auto",  # these three as `make lab` has them
        "--ServerApp.kernel_websocket_connection_class=nodelay.PromptConnection",
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {LARGEST_MESSAGE}}}",
    ]  # fmt: skip


def _environment(home, token):
    places = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
    }  # fmt: skip
    own = {name: str(home / folder) for name, folder in places.items()}
    folders = [str(ROOT), str(ROOT / "tools"), str(HERE), os.environ.get("PYTHONPATH")]
    paths = os.pathsep.join(filter(None, folders))
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # kernels choose their own
    return inherited | own | {"JUPYTER_TOKEN": token, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}


def _write_settings(folder):
    for name, settings in QUIET.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")


def _wait_until_up(lab, server, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{lab.address}/api/status?token={lab.token}", timeout=2).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not come up within {seconds} s:\n{log.read_text()[-2000:]}")


def _stop(server):
    """End the server politely, so that it ends its kernels, then by force."""
    server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def chromium_path():
    """Where Chromium is installed, or None; CS231N_CHROMIUM names another browser of the family."""
    named = os.environ.get("CS231N_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def run_browser(playwright, visible=False):
    """Run Chromium with a fresh profile."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = CHROMIUM_FLAGS + (["--no-sandbox"] if root else [])
    browser = playwright.chromium.launch(executable_path=chromium_path(), headless=not visible, args=flags)
    try:
        yield browser
    finally:
        browser.close()
