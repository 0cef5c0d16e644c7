"""What a Helm chart must be without a cluster: lint, and for each file of chart-values the rendered
resources against the API's schemas (no unknown field), custom resources against those of crd/, the
configurations by `tocsin check`, the rules by promtool, kube-score without a critical finding."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHART = HERE.parents[1] / "deploy/helm/tocsin"
VERSIONS = ("1.29", "1.32", "1.35")
CUSTOM = {"ScaledObject": "scaledobject_v1alpha1", "ServiceMonitor": "servicemonitor_v1",
          "PrometheusRule": "prometheusrule_v1"}
UNCHECKED = {"KafkaTopic"}  # Strimzi's; only by the tests below
# What kube-score asks for and the chart refuses, with the reason.
IGNORED = (
    "container-image-pull-policy",  # tags of releases do not move
    "container-resources")  # a limit of processors only throttles; requests and a limit of memory are set
OPTIONAL = {"NetworkPolicy": "pod-networkpolicy", "PodDisruptionBudget": "statefulset-has-poddisruptionbudget"}
# Values that must be refused, each with what the refusal says.
REFUSED = (
    ({"replcas": 3}, "replcas"),
    ({"config": {"kafka": {"brokers": "a:1", "group": "g"}, "admin": {"listen": ""}}}, "config"),
    ({"config": {"kafka": {"brokers": "a:1", "group": None}}}, "group"),
    ({"replicas": 0}, "replicas"),
    ({"autoscaling": {"maxReplicas": 5}}, "more than autoscaling.rawPartitions"),
    ({"autoscaling": {"kind": "keda", "maxReplicas": 1}}, "below replicas"),
    ({"notify": {"enabled": True}}, "nobody to notify"),
    ({"page": {"enabled": True}}, "page-token"),
    ({"strimzi": {"enabled": True}}, "strimzi.cluster"),
    ({"strimzi": {"enabled": True, "cluster": "a", "ledgerRetentionHours": 100}}, "three windows"))


def run(*command, check=True):
    """The finished process; with `check` a failure ends the test with all it said."""
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode:
        sys.exit("%s\n%s%s" % (" ".join(map(str, command)), done.stdout, done.stderr))
    return done


class Matrix:
    """The chart rendered with one file of values after the other; `None`: as it is shipped."""

    def __init__(self, tools, folder):
        self.tools = tools
        self.folder = folder

    def template(self, values, release="news", check=True):
        given = ["--values", values] if values else []
        return run(self.tools.helm, "template", release, CHART, "--namespace", "prod", "--kube-version", VERSIONS[0],
                   *given, check=check)

    def check(self, values):
        given = ["--values", values] if values else []
        run(self.tools.helm, "lint", "--strict", CHART, "--kube-version", VERSIONS[0], *given)
        text = self.template(values).stdout
        documents = [d for d in yaml.safe_load_all(text) if d]
        for document in documents:
            self.schema(document)
        self.connections(documents)
        self.configurations(documents)
        self.score(text, documents)
        return len(documents)

    def schema(self, document):
        kind = document["kind"]
        if kind in CUSTOM:
            text = (HERE / "crd" / (CUSTOM[kind] + ".json")).read_text()
            # Their patterns are Go's; Python wants flags first.
            schema = json.loads(text.replace("^(?i)", "(?i)^"))
            jsonschema.validate(document, schema)
            if kind == "PrometheusRule" and shutil.which("promtool"):
                rules = self.folder / "rules.yaml"
                rules.write_text(yaml.safe_dump(document["spec"]))
                run("promtool", "check", "rules", rules)
        elif kind not in UNCHECKED:
            for version in VERSIONS:
                kubernetes_validate.validate(document, version, strict=True)

    @staticmethod
    def connections(documents):
        """Selectors select, accounts and config maps exist, pods outlive their drain, topics fit the ledger."""
        by_kind = {}
        for document in documents:
            by_kind.setdefault(document["kind"], []).append(document)
        names = {(d["kind"], d["metadata"]["name"]) for d in documents}
        assert len(names) == len(documents), "two resources with one name"
        for kind in ("StatefulSet", "Deployment"):
            for workload in by_kind.get(kind, []):
                template = workload["spec"]["template"]
                labels = template["metadata"]["labels"]
                assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items(), kind
                pod = template["spec"]
                assert ("ServiceAccount", pod["serviceAccountName"]) in names
                assert pod["automountServiceAccountToken"] is False
                for volume in pod["volumes"]:
                    assert set(volume) & {"configMap", "emptyDir", "secret"}, "no state outside Kafka"
                    if "configMap" in volume:
                        assert ("ConfigMap", volume["configMap"]["name"]) in names
        service, = by_kind["StatefulSet"]
        for kind, of in (("Service", lambda s: s["selector"]), ("PodDisruptionBudget", lambda s: s["selector"]["matchLabels"]),
                         ("NetworkPolicy", lambda s: s["podSelector"]["matchLabels"])):
            for document in by_kind.get(kind, []):
                chosen = of(document["spec"]).items()
                workloads = by_kind["StatefulSet"] + by_kind.get("Deployment", [])
                assert any(chosen <= w["spec"]["template"]["metadata"]["labels"].items() for w in workloads), kind
        for monitor in by_kind.get("ServiceMonitor", []):
            wanted = monitor["spec"]["selector"]["matchLabels"].items()
            assert any(wanted <= d["metadata"]["labels"].items() for d in by_kind["Service"])
        for scaler in by_kind.get("ScaledObject", []) + by_kind.get("HorizontalPodAutoscaler", []):
            assert ("StatefulSet", scaler["spec"]["scaleTargetRef"]["name"]) in names
            assert "replicas" not in service["spec"], "two who set the number of pods"
        config = next(yaml.safe_load(d["data"]["tocsin.yaml"]) for d in by_kind["ConfigMap"]
                      if d["metadata"]["name"] == service["metadata"]["name"])
        drain = int(config["limits"]["drain_timeout"].rstrip("s"))
        # 5 s after its drain a process leaves at the latest.
        assert service["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > drain + 5
        topics = {t["spec"]["topicName"]: t["spec"] for t in by_kind.get("KafkaTopic", [])}
        if topics:
            assert config["kafka"]["create_topics"] is False, "two who create topics"
            ledger = topics["news.ledger"]
            assert ledger["partitions"] == 1 and ledger["config"]["message.timestamp.type"] == "LogAppendTime"
            assert ledger["config"]["cleanup.policy"] == "delete" and ledger["config"]["retention.bytes"] == -1
            assert ledger["config"]["min.insync.replicas"] == ledger["replicas"] - 1

    def configurations(self, documents):
        """Each tocsin.yaml as the binary sees it in a pod."""
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        for document in documents:
            for name, content in document.get("data", {}).items():
                if name.endswith(".json"):
                    json.loads(content)
            text = document.get("data", {}).get("tocsin.yaml")
            if not text:
                continue
            for name in re.findall(r"/run/tocsin/secrets/([a-z-]+)", text):
                (secrets / name).write_text("https://example.org/\n")
            config = self.folder / "tocsin.yaml"
            config.write_text(text.replace("/run/tocsin/secrets", str(secrets)))
            run("env", "POD_NAME=news-tocsin-0", self.tools.tocsin, "check", "--config", config)

    def score(self, text, documents):
        """kube-score sees the API's own resources; those of others it cannot parse."""
        core = self.folder / "core.yaml"
        core.write_text(yaml.safe_dump_all(
            d for d in documents if d["kind"] not in UNCHECKED and d["kind"] not in CUSTOM))
        kinds = {d["kind"] for d in documents}
        # What somebody turned off is not missed.
        off = [test for kind, test in OPTIONAL.items() if kind not in kinds]
        ignored = [word for name in (*IGNORED, *off) for word in ("--ignore-test", name)]
        run(self.tools.kube_score, "score", "--kubernetes-version", "v1.29", *ignored, core)


def version():
    """The chart is of the version that CMakeLists.txt names."""
    project = re.search(r"project\(tocsin VERSION (\S+)", (HERE.parents[1] / "CMakeLists.txt").read_text())[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == project, (chart, project)


def rolls(matrix):
    """A changed configuration changes the pods, another number of pods does not."""
    def pod(values):
        path = matrix.folder / "values.yaml"
        path.write_text(yaml.safe_dump(values))
        documents = yaml.safe_load_all(matrix.template(path).stdout)
        return next(d for d in documents if d["kind"] == "StatefulSet")["spec"]["template"]
    assert pod({}) == pod({"replicas": 5})
    assert pod({}) != pod({"config": {"log": {"level": "debug"}}})


def refuses(matrix):
    path = matrix.folder / "refused.yaml"
    for values, reason in REFUSED:
        path.write_text(yaml.safe_dump(values))
        done = matrix.template(path, check=False)
        assert done.returncode and reason in done.stderr, (values, done.stderr)


def packages(matrix):
    """What `helm package` packs is complete: the tree's links are files in it."""
    run(matrix.tools.helm, "package", CHART, "--destination", matrix.folder)
    archive, = matrix.folder.glob("tocsin-*.tgz")
    unpacked = matrix.folder / "unpacked"
    unpacked.mkdir()
    run("tar", "-xzf", archive, "-C", unpacked)
    for name in ("rules.yaml", "operation.json", "news.json"):
        assert (unpacked / "tocsin/files" / name).read_bytes() == (CHART / "files" / name).read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tocsin", "helm", "kube-score"):
        parser.add_argument("--" + name, required=True)
    tools = parser.parse_args()
    version()
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(tools, pathlib.Path(folder))
        for values in [None, *sorted((HERE / "chart-values").glob("*.yaml"))]:
            print("%-14s %d resources" % (values.stem if values else "as shipped", matrix.check(values)))
        rolls(matrix)
        refuses(matrix)
        packages(matrix)
    print("%d sets of values are refused" % len(REFUSED))


if __name__ == "__main__":
    main()
