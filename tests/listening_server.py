"""What servers in the test's own process have in common: a listener, and a thread for each connection."""

from __future__ import annotations

import contextlib
import socket
import threading


class ListeningServer:
    """Serves each connection of a bound listener until closed; `serve` is the server's own part."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, link: socket.socket) -> None:
        """Talk with one client. An OSError ends the connection."""
        raise NotImplementedError

    def close(self) -> None:
        """Listen no more."""
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(link,), daemon=True).start()

    def _converse(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError), link:
            self.serve(link)
