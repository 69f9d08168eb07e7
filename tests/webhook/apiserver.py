# SPDX-License-Identifier: Apache-2.0
"""An API server of which nothing is there but lists and watches: of as many objects as a test wants, faster than a real one
makes them, and with the answers that a real one gives seldom."""
import base64
import http.server
import json
import pathlib
import queue
import socketserver
import ssl
import subprocess
import threading
import urllib.parse

GROUP = "/apis/sluice.dev/v1beta1"
POLICIES, CLUSTERS, NAMESPACES = GROUP + "/flinkpolicies", GROUP + "/flinkclusters", "/api/v1/namespaces"


def compact(value):
    """As API servers write it."""
    return json.dumps(value, separators=(",", ":"))


class ApiServer:
    """Collections by path: texts of objects by key. `put` and `drop` tell the watches. `held` paths are not answered."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "api.key", "-out",
                        self.folder / "api.crt"], check=True, capture_output=True)
        self.objects = {POLICIES: {}, CLUSTERS: {}, NAMESPACES: {}}
        self.watches, self.lists, self.requests = {}, {}, []
        self.history = []  # (version, path, line)
        self.held, self.lock, self.version, self.server, self.port = set(), threading.RLock(), 1, None, 0
        self.start()

    def start(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):  # noqa: N802
                api.answer(self)

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "api.crt", self.folder / "api.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def kubeconfig(self):
        path = self.folder / "kubeconfig"
        authority = base64.b64encode((self.folder / "api.crt").read_bytes()).decode()
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{self.port}", "certificate-authority-data": authority}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))
        return str(path)

    # ---- what a test does

    def put(self, path, key, text, kind="MODIFIED"):
        """An object made or changed, its text compact JSON."""
        with self.lock:
            self.objects[path][key] = text
            self.tell_change(path, kind, text)

    def drop(self, path, key):
        with self.lock:
            self.tell_change(path, "DELETED", self.objects[path].pop(key))

    def tell_change(self, path, kind, text):
        self.version += 1
        text = text.replace('"metadata":{', f'"metadata":{{"resourceVersion":"{self.version}",', 1)
        self.tell(path, f'{{"type":"{kind}","object":{text}}}\n')

    def tell(self, path, line):
        with self.lock:
            self.history.append((self.version, path, line))
            for lines in self.watches.get(path, []):
                lines.put(line)

    def end_watches(self, path):
        """As too old: the collection is listed anew."""
        with self.lock:
            self.version += 1
            self.tell(path, '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n')

    def bookmark(self):
        """What a real one says to each watch about once a minute."""
        for path in self.objects:
            self.tell_change(path, "BOOKMARK", '{"metadata":{"annotations":{}}}')

    def stop(self):
        """Away, with every connection."""
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            for watches in self.watches.values():
                for lines in watches:
                    lines.put(None)

    # ---- answers

    def answer(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        with self.lock:
            self.requests.append(handler.path)
        if url.path not in self.objects or url.path in self.held:
            self.send(handler, 503, compact({"kind": "Status", "code": 503, "message": "not now"}))
        elif query.get("watch"):
            self.stream(handler, url.path, int(query["resourceVersion"]))
        else:
            self.page(handler, url.path, int(query["limit"]), int(query.get("continue", 0)))

    def send(self, handler, code, text):
        body = text.encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def page(self, handler, path, limit, first):
        with self.lock:
            texts = list(self.objects[path].values())
            version = self.version
            if first + limit >= len(texts):
                self.lists[path] = self.lists.get(path, 0) + 1
        metadata = {"resourceVersion": str(version)}
        if first + limit < len(texts):
            metadata["continue"] = str(first + limit)
        self.send(handler, 200, f'{{"kind":"List","apiVersion":"v1","metadata":{compact(metadata)},"items":['
                  + ",".join(texts[first:first + limit]) + "]}\n")

    def stream(self, handler, path, version):
        lines = queue.Queue()
        with self.lock:
            for at, where, line in self.history:
                if at > version and where == path:
                    lines.put(line)
            self.watches.setdefault(path, []).append(lines)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.flush()
        handler.close_connection = True
        try:
            while (line := lines.get()) is not None:
                handler.wfile.write(line.encode())
        except OSError:
            pass
        finally:
            with self.lock:
                self.watches[path].remove(lines)
