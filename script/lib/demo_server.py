"""Serves one folder on 127.0.0.1, at the pace of a home connection. Prints its port as its first line.

usage: demo_server.py FOLDER MEGABYTES_PER_SECOND
"""

import functools
import http.server
import sys
import time

BLOCK_BYTES = 64 * 1024


class Server(http.server.SimpleHTTPRequestHandler):
    bytes_per_second = 1e6

    def copyfile(self, source, outputfile):
        start, sent = time.monotonic(), 0
        while block := source.read(BLOCK_BYTES):
            outputfile.write(block)
            sent += len(block)
            time.sleep(max(0.0, start + sent / self.bytes_per_second - time.monotonic()))

    def log_message(self, *arguments):
        pass


def main():
    Server.bytes_per_second = float(sys.argv[2]) * 1e6
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=sys.argv[1]))
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
