"""A connection between kernel and page that sends each message at once.

A picture follows a few small messages ("busy", ...). By default the system keeps a small packet back until the one
before is confirmed, and the browser confirms up to 40 ms late: every third picture then comes 35 ms later (measured:
90 % of pictures within 80 ms, and without the waiting within 50 ms).
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own connection, with the waiting (Nagle's algorithm) switched off."""

    def connect(self):
        """Join the page to its kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
