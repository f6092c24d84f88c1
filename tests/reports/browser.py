"""A real browser over its DevTools protocol: no driver needed, any Chromium will do."""

import itertools
import json
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0", "--remote-allow-origins=*"),
)


class Page:
    """One tab: what it asked for, what it complained of, what it looks like."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message.get("result", {}))
            self.events.append(message)

    def open(
        self, address: str, *, width: int, height: int = 900, dark: bool = False, scale: float = 1
    ) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self._socket.recv()))

    def value(self, expression: str) -> Any:
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)[
            "result"
        ].get("value")

    def promised(self, expression: str) -> Any:
        """Return what a promise of the page is kept with."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    @property
    def requests(self) -> list[str]:
        return [
            e["params"]["request"]["url"]
            for e in self.events
            if e["method"] == "Network.requestWillBeSent"
        ]

    @property
    def complaints(self) -> list[str]:
        told = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
        return [json.dumps(event["params"]) for event in self.events if event["method"] in told]

    def picture(self, path: Path) -> None:
        path.write_bytes(
            b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])
        )


@contextmanager
def browser() -> Iterator[Page]:
    assert CHROMIUM, "ask for CHROMIUM first"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            socket = websocket.create_connection(_tab(Path(profile), process), timeout=30)
            try:
                yield Page(socket)
            finally:
                socket.close()
        finally:
            process.terminate()
            process.wait(timeout=20)


def _tab(profile: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return the address of the first tab, once the browser says where it listens."""
    told = profile / "DevToolsActivePort"
    for _ in range(300):
        assert process.poll() is None, "the browser ended before it started"
        lines = told.read_text().splitlines() if told.exists() else []
        if len(lines) == 2:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the browser did not say where it listens")
    port, path = lines
    socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=30)
    socket.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
    while (answer := json.loads(socket.recv())).get("id") != 1:
        pass
    socket.close()
    tab = next(t for t in answer["result"]["targetInfos"] if t["type"] == "page")
    return f"ws://127.0.0.1:{port}/devtools/page/{tab['targetId']}"
