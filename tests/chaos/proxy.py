"""A TCP proxy that reads Kafka's framing: it can lose the answer to a request, or deliver a request late.

Clients reach the broker through it because the broker's PROXIED listener is advertised on its port
(deploy/broker start --proxy PORT). It listens on loopback only and stops with close().
"""

import socket
import struct
import threading
import time

# Values of api_key.
PRODUCE, INIT_PRODUCER_ID, ADD_PARTITIONS, ADD_OFFSETS, END_TRANSACTION, COMMIT_OFFSETS = 0, 22, 24, 25, 26, 28


def read_exactly(source, count):
    data = b""
    while len(data) < count:
        part = source.recv(count - len(data))
        if not part:
            return None
        data += part
    return data


def read_frame(source):
    """(size and bytes of one request or response); None at the end of the connection."""
    head = read_exactly(source, 4)
    body = head and read_exactly(source, struct.unpack(">i", head)[0])
    return None if body is None else head + body


def cut(connection):
    """Breaks it for both ends; whoever waits on it here goes on."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is broken already


class Link:
    """One connection of a client and the one to the broker that belongs to it."""

    def __init__(self, client, broker):
        self.client, self.broker = client, broker
        self.lost_answers = set()  # correlation ids
        self.keep_broker = False   # a request is to be delivered late: _deliver() ends the broker's side

    def cut(self):
        cut(self.client)
        if not self.keep_broker:
            cut(self.broker)


def read_some(source):
    """Bytes as they come; None at the end of the connection."""
    return source.recv(65536) or None


class Proxy:
    """`is_sealed`: what passes is TLS, so there are no frames to see and no rules for them."""

    def __init__(self, is_sealed=False):
        self.read = read_some if is_sealed else read_frame
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.address = "127.0.0.1:%d" % self.port
        self.upstream = None  # (host, port)
        self.mutex = threading.Lock()  # guards what follows
        self.links = set()
        self.rule = None      # called with (link, api_key, frame): true when it took the request over
        self.lost = self.delayed = 0
        self.notes = []       # (api_key, frame, whether the rule took it over) of requests about transactions
        threading.Thread(target=self._accept, daemon=True).start()

    def connect_to(self, address):
        host, port = address.split(":")
        self.upstream = host, int(port)

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(self.upstream, 5)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            link = Link(client, broker)
            with self.mutex:
                self.links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        """Both directions, until one of them ends."""
        answers = threading.Thread(target=self._answers, args=(link,), daemon=True)
        answers.start()
        try:
            while (frame := self.read(link.client)) is not None:
                rule = self.rule
                key = None if self.read is read_some else struct.unpack(">h", frame[4:6])[0]
                is_taken = rule is not None and rule(link, key, frame)
                if key in (INIT_PRODUCER_ID, ADD_PARTITIONS, END_TRANSACTION):
                    self.notes.append((key, frame, is_taken))
                if not is_taken:
                    link.broker.sendall(frame)
        except OSError:
            pass
        link.cut()
        answers.join()
        link.client.close()
        if not link.keep_broker:
            link.broker.close()
        with self.mutex:
            self.links.discard(link)

    def _answers(self, link):
        try:
            while (frame := self.read(link.broker)) is not None:
                if link.lost_answers and struct.unpack(">i", frame[4:8])[0] in link.lost_answers:
                    with self.mutex:
                        self.lost += 1
                    break  # the broker did it; the client will never know from this answer
                link.client.sendall(frame)
        except OSError:
            pass
        link.cut()

    def lose_answers(self, api_keys, random, share):
        """From now on the answers to a share of these requests are lost, with their connections."""
        def rule(link, key, frame):
            if key in api_keys and random.random() < share:
                link.lost_answers.add(struct.unpack(">i", frame[8:12])[0])
            return False
        self.rule = rule

    def delay(self, api_keys, random, share, seconds_max):
        """The connection breaks; the broker gets the request all the same, up to `seconds_max` later."""
        def rule(link, key, frame):
            if key not in api_keys or random.random() >= share:
                return False
            link.keep_broker = True
            link.cut()
            threading.Thread(target=self._deliver, args=(link, frame, random.uniform(0, seconds_max)),
                             daemon=True).start()
            return True
        self.rule = rule

    def _deliver(self, link, frame, seconds):
        time.sleep(seconds)
        try:
            link.broker.sendall(frame)
        except OSError:
            pass
        time.sleep(1)  # the broker drops what it has not read when the connection ends
        with self.mutex:
            self.delayed += 1
        cut(link.broker)
        link.broker.close()

    def be_honest(self):
        self.rule = None

    def cut_all(self):
        with self.mutex:
            links = list(self.links)
        for link in links:
            link.cut()

    def close(self):
        cut(self.server)
        self.server.close()
        self.cut_all()
