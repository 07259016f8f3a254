"""lab.py [NOTEBOOK]: open the notebooks in JupyterLab, reachable from this machine only, with a token.

The address is printed, and opened where there is a browser. The next free port is taken if 8888 is in use. Nothing is
fetched from elsewhere, and no question about news or updates is asked.
"""

import ipaddress
import json
import os
import secrets
import sys
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
LOOPBACK = "127.0.0.1"
LARGEST_MESSAGE = 50 * 10**6  # bytes from page to kernel, for photographs; Jupyter drops a connection over 10 MB
SETTINGS = {  # defaults of the page, which the learner can still change in its menus
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


def main(*arguments):
    page = start_page(arguments)
    write_settings()
    server = start(page)
    refuse_open_doors(server)
    server.io_loop.add_callback(announce, server)
    server.start()


def announce(server):
    """Say where the notebooks are, once the server answers there."""
    address = f"http://{LOOPBACK}:{server.port}{server.default_url}?token={server.identity_provider.token}"
    print(f"\nThe notebooks are open at\n\n    {address}\n\n"
          "in a browser on this machine. Save your work there; Ctrl-C here stops JupyterLab.\n", flush=True)


def start_page(arguments):
    """Return the path of the page to open: the folder of notebooks, or the one notebook that was named."""
    if not arguments:
        return "/lab/tree/notebooks"
    name = Path(arguments[0]).name.removesuffix(".ipynb")
    if len(arguments) > 1 or not (NOTEBOOKS / f"{name}.ipynb").is_file():
        there = ", ".join(sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))) or "none yet"
        raise SystemExit(f"There is no notebook {' '.join(arguments)!r}. There are: {there}. "
                         "Write, for example: make lab NOTEBOOK=01_knn")
    return f"/lab/tree/notebooks/{name}.ipynb"


def write_settings():
    """Put the defaults where this environment's JupyterLab looks for them."""
    folder = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overrides.json").write_text(json.dumps(SETTINGS, indent=1), encoding="utf-8")


def start(page):
    """Make the server ready, on the next free port. Settings given here stand above those of any file."""
    from jupyterlab.labapp import LabApp

    local = ROOT / ".local" / "lab"
    application = LabApp.initialize_server(argv=[
        f"--ServerApp.root_dir={ROOT}",
        f"--ServerApp.ip={LOOPBACK}",
        f"--IdentityProvider.token={token()}",
        "--ServerApp.allow_remote_access=False",
        f"--ServerApp.default_url={page}",
        f"--LabApp.default_url={page}",
        f"--ServerApp.open_browser={has_browser()}",
        f"--ServerApp.allow_root={hasattr(os, 'geteuid') and os.geteuid() == 0}",
        "--ServerApp.answer_yes=True",          # Ctrl-C asks nothing
        "--Application.log_level=ERROR",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--KernelManager.transport_encryption=auto",    # without it each kernel warns that others could listen
        "--ServerApp.kernel_websocket_connection_class=nodelay.PromptConnection",   # no wait before small messages
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {LARGEST_MESSAGE}}}",
        f"--LabApp.workspaces_dir={local / 'workspaces'}",
    ])  # fmt: skip
    return application


def token():
    """Return the token to be asked for: the learner's own, if JUPYTER_TOKEN holds one, else a new one."""
    if os.environ.get("JUPYTER_TOKEN") == "":
        raise SystemExit("JUPYTER_TOKEN is set but empty: anyone on this machine could run code as you. "
                         "Unset it (a token is then made), or give it a value.")
    return os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)


def refuse_open_doors(server):
    """Look at what the server is really set to, after every file of settings, and refuse what would open it."""
    problems = []
    if not ipaddress.ip_address(server.ip).is_loopback:
        problems.append(f"it would listen on {server.ip}, not on this machine alone")
    if not server.identity_provider.token:
        problems.append("it would ask for no token")
    if server.disable_check_xsrf:
        problems.append("its checks of where a request comes from are switched off")
    if problems:
        raise SystemExit(f"JupyterLab was not started: {'; '.join(problems)}. Look in your settings of Jupyter "
                         "(`jupyter --paths` names the folders) for what sets this.")


def has_browser():
    """Tell whether a browser with windows can be opened; a text browser would take over this terminal."""
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    windows = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in windows):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
