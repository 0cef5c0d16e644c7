"""Links to a broker with TLS, SASL and ACLs: what docs/access.md shows works, and what is refused is said once."""

import base64
import datetime
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import articles
from harness import Broker, ServiceTestCase, check_outputs, ended_well, kafka_tool, produce, tocsin, wait_processed, wait_until
from test_access import PASSWORD, Access

from confluent_kafka.admin import ConfigResource

ADDRESS = "subjectAltName=IP:127.0.0.1"


class Authority:
    """Certificates by openssl, in a folder of their own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-tls-"))
        for name in ("ca", "other"):
            self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".pem",
                         "-subj", "/CN=" + name, "-days", "30")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name, subject, *validity):
        """NAME.key, NAME.crt and both in NAME.pem, for 127.0.0.1."""
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + subject)
        (self.folder / "extensions").write_text(ADDRESS + "\n")
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("%d\n" % (1000 + len(list(self.folder.glob("*.crt")))))
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=a\n[a]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\ndefault_md=sha256\npolicy=p\n"
            "[p]\ncommonName=supplied\n")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", name + ".csr",
                     "-out", name + ".crt", "-notext", "-extfile", "extensions", *(validity or ("-days", "10")))
        pem = self.folder / (name + ".pem")
        pem.write_text((self.folder / (name + ".key")).read_text() + (self.folder / (name + ".crt")).read_text())
        return pem

    def path(self, name):
        return self.folder / name


class SecuredTest(ServiceTestCase):
    together, shares_broker = True, False

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.keys = cls.authority.path("live.pem")
        shutil.copy(cls.authority.issue("broker", "broker"), cls.keys)
        cls.authority.issue("expired", "broker", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
        cls.authority.issue("client", "tocsin")
        cls.broker = Broker(users="tocsin:%s,stranger:%s" % (PASSWORD, PASSWORD), tls="%s,%s" % (cls.keys, cls.authority.path("ca.pem")))

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.authority.folder, ignore_errors=True)

    def run_as(self, mechanism, user="tocsin", password=PASSWORD, ca="ca.pem", brokers=None, ready=True):
        client = "security.protocol: SASL_SSL, sasl.mechanism: %s, sasl.username: %s, sasl.password: %s, ssl.ca.location: %s" % (
            mechanism, user, password, self.authority.path(ca))
        return self.run_daemon(ready=ready, brokers=brokers or self.broker.secured, client=client)

    def run_mutual(self, keys=None, ready=True):
        client = "security.protocol: SSL, ssl.ca.location: %s" % self.authority.path("ca.pem")
        if keys:
            client += ", ssl.certificate.location: %s, ssl.key.location: %s" % (
                self.authority.path(keys + ".crt"), self.authority.path(keys + ".key"))
        return self.run_daemon(ready=ready, brokers=self.broker.mutual, client=client)

    def present(self, keys):
        """The broker's certificate from now on, as its operators renew it: the file, then the dynamic configuration."""
        shutil.copy(self.authority.path(keys + ".pem"), self.keys)
        names = ["listener.name.%s.ssl.keystore.%s" % (listener, what) for listener in ("secured", "mutual")
                 for what in ("type", "location")]
        resource = ConfigResource(ConfigResource.Type.BROKER, "1",
                                  {name: "PEM" if name.endswith("type") else str(self.keys) for name in names})
        self.broker.admin.alter_configs([resource])[resource].result(30)

    def grant(self):
        for name, partitions in (("raw", 2), ("enriched", 1), ("duplicates", 1), ("alerts", 1), ("pairs", 1), ("deadletter", 1)):
            self.broker.create(getattr(self.topics, name), partitions)
        self.broker.create(self.topics.ledger, 1, message_timestamp_type="LogAppendTime", cleanup_policy="delete",
                           retention_bytes=-1, retention_ms=14 * 24 * 3600 * 1000)
        Access(self.broker, self.topics).grant()

    def feed(self, seed):
        produce(self.broker, self.topics.raw, articles.stream(30, seed=seed)[0])
        wait_processed(self.broker, self.topics)

    def test_scram_plain_and_certificates_and_a_renewed_one(self):
        self.grant()
        for seed, start in enumerate((lambda: self.run_as("PLAIN"), lambda: self.run_mutual("client"),
                                      lambda: self.run_as("SCRAM-SHA-512"))):
            if seed:
                self.assertEqual(self.daemons[-1].terminate(), 0)
            daemon = start()
            self.feed(seed)
        # Renewed under a running service: its connections go on, and it comes back after they broke.
        self.authority.issue("renewed", "broker")
        self.present("renewed")
        self.feed(7)
        self.broker.kill()
        self.broker.start()
        self.feed(8)
        daemon.wait_ready()
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 150)

    def change_password(self, password):
        """The broker's, for SCRAM, as its operators do it."""
        ended_well(kafka_tool(self.broker, "kafka.admin.ConfigCommand", "--alter", "--entity-type", "users", "--entity-name",
                              "tocsin", "--add-config", "SCRAM-SHA-512=[password=%s]" % password))

    def secret_file(self, text):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-secret-"))
        self.addCleanup(shutil.rmtree, folder)
        path = folder / "secret"
        path.write_text(text + "\n")
        return path

    def write_anew(self, path, text):
        """As Kubernetes and others do: whole or not at all."""
        fresh = path.with_suffix(".new")
        fresh.write_text(text + "\n")
        fresh.rename(path)

    def wait_taken(self, daemon):
        wait_until(lambda: "took the renewed secret" in daemon.log.read_text(), "the renewed secret to be taken", 30)

    def reconnects(self, daemon, seed):
        """All connections made anew, by the same process, and nothing lost."""
        self.broker.kill()
        self.broker.start()
        self.feed(seed)
        daemon.wait_ready()
        self.assertIsNone(daemon.process.poll())
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 60)

    def test_a_renewed_password_is_taken(self):
        self.grant()
        path = self.secret_file(PASSWORD)
        daemon = self.run_daemon(
            brokers=self.broker.secured, client_files="sasl.password: %s" % path,
            client="security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-512, sasl.username: tocsin, ssl.ca.location: %s"
            % self.authority.path("ca.pem"))
        self.feed(0)
        self.addCleanup(self.change_password, PASSWORD)
        self.change_password("another-one")
        self.write_anew(path, "another-one")
        self.wait_taken(daemon)
        self.reconnects(daemon, 1)

    def test_a_renewed_certificate_is_shown(self):
        """Ours: the first one ends while the service runs, and every connection made after that needs the second."""
        self.grant()
        folder = self.secret_file("").parent
        def put(name, *validity):
            self.authority.issue(name, "tocsin", *validity)
            for end in (".key", ".crt"):
                fresh = folder / ("fresh" + end)
                shutil.copy(self.authority.path(name + end), fresh)
                fresh.rename(folder / ("own" + end))
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=40)
        put("brief", "-startdate", "20200101000000Z", "-enddate", ends.strftime("%Y%m%d%H%M%SZ"))
        daemon = self.run_daemon(brokers=self.broker.mutual, client=(
            "security.protocol: SSL, ssl.ca.location: %s, ssl.certificate.location: %s, ssl.key.location: %s"
            % (self.authority.path("ca.pem"), folder / "own.crt", folder / "own.key")))
        self.feed(0)
        put("longer")
        wait_until(lambda: "show the renewed certificate" in daemon.log.read_text(), "the certificate to be read", 30)
        wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > ends, "the first certificate to end", 90)
        self.reconnects(daemon, 1)

    def test_a_cut_token_is_named(self):
        path = self.secret_file("eyJhbGciOi")
        daemon = self.run_daemon(
            ready=False, brokers=self.broker.secured, client_files="sasl.oauthbearer.token: %s" % path,
            client="security.protocol: SASL_SSL, sasl.mechanism: OAUTHBEARER, ssl.ca.location: %s" % self.authority.path("ca.pem"))
        self.refused(daemon, "%s holds no JSON Web Token" % path)
        code, _, errors = tocsin("check", "--config", daemon.config)
        self.assertEqual(code, 2)
        self.assertIn("%s holds no JSON Web Token" % path, errors)

    def test_tokens_of_a_file(self):
        """OAUTHBEARER; the broker takes unsigned tokens."""
        def token(seconds):
            part = lambda claims: base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
            return "%s.%s." % (part({"alg": "none"}), part({"sub": "tocsin", "iat": time.time() - 5, "exp": time.time() + seconds}))
        self.grant()
        ends = time.time() + 30
        path = self.secret_file(token(30))
        daemon = self.run_daemon(
            brokers=self.broker.secured, client_files="sasl.oauthbearer.token: %s" % path,
            client="security.protocol: SASL_SSL, sasl.mechanism: OAUTHBEARER, ssl.ca.location: %s" % self.authority.path("ca.pem"))
        self.feed(0)
        self.write_anew(path, token(3600))
        self.wait_taken(daemon)
        wait_until(lambda: time.time() > ends, "the first token to end", 60)
        self.reconnects(daemon, 1)

    def refused(self, daemon, *reasons):
        """It ended soon with exit 1, its last error says why, and its log is short."""
        self.assertEqual(daemon.wait_exit(90), 1, daemon.tail())
        lines = daemon.log.read_text().splitlines()
        last = [line for line in lines if "service: failed" in line]
        self.assertEqual(len(last), 1, daemon.tail())
        for reason in reasons:
            self.assertIn(reason, last[0])
        self.assertLess(len(lines), 40, daemon.tail())

    def test_what_is_refused_is_said(self):
        self.grant()
        host = "localhost:" + self.broker.secured.split(":")[1]
        tried = [
            (self.run_as("SCRAM-SHA-512", password="wrong", ready=False), "refuse the login", "sasl"),
            (self.run_as("SCRAM-SHA-512", ca="other.pem", ready=False), "cannot be trusted", "unable to get local issuer"),
            (self.run_as("SCRAM-SHA-512", brokers=host, ready=False), "cannot be trusted", "hostname mismatch"),
            (self.run_mutual(ready=False), "certificate", "ssl.certificate.location"),
            (self.run_as("SCRAM-SHA-512", user="stranger", ready=False), "not authorized: ", "for User:stranger")]
        for daemon, *reasons in tried:
            self.refused(daemon, *reasons)
        self.present("expired")
        self.addCleanup(self.present, "broker")
        self.refused(self.run_as("SCRAM-SHA-512", ready=False), "cannot be trusted", "certificate has expired")
