"""A short film of spoken sentences over moving pictures, and a web server that hands it out and takes results."""

import http.server
import pathlib
import subprocess
import threading

SENTENCES = [
    "Good morning, and welcome to this short story.",
    "The worker will listen to every word.",
    "Thank you for watching, and have a very good day.",
]
PICTURES = [
    "testsrc2=size=320x180:rate=25",
    "smptebars=size=320x180:rate=25",
    "mandelbrot=size=320x180:rate=25:maxiter=50",
]


def words(text):
    return "".join(letter if letter.isalpha() else " " for letter in text.lower()).split()


def make(folder):
    """Makes FOLDER/video.mp4, a scene for each sentence."""
    inputs, filters, joined = [], "", ""
    for number, (sentence, picture) in enumerate(zip(SENTENCES, PICTURES)):
        sound = f"{folder}/{number}.wav"
        subprocess.run(
            ["flite", "-voice", "slt", "--setf", "duration_stretch=1.1", "-t", sentence, "-o", sound], check=True
        )
        seconds = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", sound],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        seconds = f"{float(seconds) + 0.5:.2f}"
        inputs += ["-f", "lavfi", "-t", seconds, "-i", picture, "-i", sound]
        filters += f"[{2 * number}:v]format=yuv420p[v{number}];[{2 * number + 1}:a]apad=whole_dur={seconds}[a{number}];"
        joined += f"[v{number}][a{number}]"
    subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-v",
            "error",
            "-y",
            *inputs,
            "-filter_complex",
            f"{filters}{joined}concat=n={len(SENTENCES)}:v=1:a=1[v][a]",
            "-map",
            "[v]",
            "-map",
            "[a]",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-c:a",
            "aac",
            f"{folder}/video.mp4",
        ],
        check=True,
    )
    return pathlib.Path(folder, "video.mp4")


class WebServer:
    """Serves one file as /video.mp4; with `holds` it stops in the middle until `go_on` is set. Keeps what is PUT."""

    def __init__(self, path, holds=False):
        self.body = path.read_bytes()
        self.put = {}
        self.go_on = threading.Event()
        self.is_half_way = threading.Event()
        if not holds:
            self.go_on.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.go_on.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _make_handler(outer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path != "/video.mp4":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                half = len(outer.body) // 2
                try:
                    self.wfile.write(outer.body[:half])
                    self.wfile.flush()
                    outer.is_half_way.set()
                    outer.go_on.wait(60)
                    self.wfile.write(outer.body[half:])
                except ConnectionError:
                    pass  # the worker was stopped

            def do_PUT(self):
                length = int(self.headers["Content-Length"])
                outer.put[self.path] = self.rfile.read(length)
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        return Handler
