"""Messages for programs on this machine, over a local socket."""

import socket
from typing import Final

from dahyf_core.errors import SettingsError
from dahyf_core.streaming import LiveHand

HOST: Final = "127.0.0.1"
"""The loopback interface: no other machine can connect."""
MOST_CLIENTS: Final = 8
MOST_WAITING: Final = 4 << 20
"""Bytes that may wait for a client. One that reads more slowly is disconnected."""


class Broadcast:
    """Sends each message as a line to all programs that are connected to a port of the loopback interface."""

    def __init__(self, port: int) -> None:
        """port: 0 for any free one. Raises SettingsError when it is taken."""
        try:
            self._server = socket.create_server((HOST, port), backlog=MOST_CLIENTS)
        except OSError as error:
            raise SettingsError(
                f"The port {port} cannot be used: {error.strerror}.", "Choose another port, or 0 for any free one."
            ) from error
        self._server.setblocking(False)
        self._waiting: dict[socket.socket, bytes] = {}

    @property
    def port(self) -> int:
        """The port."""
        port: int = self._server.getsockname()[1]
        return port

    def send(self, _hands: list[LiveHand], text: str) -> None:
        """Send a line, and accept new clients. Never waits."""
        self._accept()
        for client in list(self._waiting):
            self._push(client, text.encode() + b"\n")

    def close(self) -> None:
        """Disconnect all clients."""
        for client in list(self._waiting):
            client.close()
        self._waiting.clear()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:  # nobody waits
                return
            client.setblocking(False)
            if len(self._waiting) < MOST_CLIENTS:
                self._waiting[client] = b""
            else:
                client.close()

    def _push(self, client: socket.socket, line: bytes) -> None:
        waiting = self._waiting[client] + line
        try:
            waiting = waiting[client.send(waiting) :]
        except BlockingIOError:
            pass
        except OSError:  # it has gone
            waiting = b""
            self._waiting.pop(client)
            client.close()
            return
        if len(waiting) > MOST_WAITING:
            self._waiting.pop(client)
            client.close()
        else:
            self._waiting[client] = waiting
