"""A small honest `origin`: accepts on the socket handed down and answers with its replica's name."""

import os

from services.common.sockets import listening_socket

if __name__ == "__main__":
    listener = listening_socket("origin", "127.0.0.1", 0)
    listener.setblocking(True)
    while True:
        connection, _ = listener.accept()
        connection.sendall(os.environ["HEADWATER_REPLICA"].encode())
        connection.close()
