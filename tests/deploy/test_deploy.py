"""What is deployed fits together: schemas, files, ports and command lines, as far as it can be told without Docker."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator, Draft202012Validator

from deploy.commands import parse
from rules.promql import ROOT, RULES
from undertow.cli.main import cli
from undertow.settings import Settings

DEPLOY = ROOT / "deploy"
SCHEMAS = Path(__file__).parent / "schemas"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
MANIFESTS = {
    (one["kind"], one["metadata"]["name"]): one
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    if one["kind"] != "Kustomization"
}
PORT = Settings().metrics_port
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


# -- compose


def test_the_compose_file_satisfies_the_compose_specification() -> None:
    """Its published schema, which is older than the project's name at the top."""
    schema = json.loads((SCHEMAS / "compose-spec.json").read_text())
    said = {key: value for key, value in COMPOSE.items() if key != "name"}
    Draft7Validator(schema).validate(said)
    assert list(Draft7Validator(schema).iter_errors({**said, "services": {"a": {"imagge": "b"}}})), (
        "the schema refuses nothing"
    )


def test_every_file_that_compose_mounts_exists() -> None:
    """But the secrets, which are made on the machine; see deploy/README.md."""
    mounted = [v for service in SERVICES.values() for v in service.get("volumes", ())]
    named = [v.split(":")[0] for v in mounted]
    for source in named:
        if source.startswith("."):
            if source == "../dashboards/grafana" and not (ROOT / "dashboards" / "grafana").exists():
                continue  # comes with the dashboards
            assert (DEPLOY / source).exists(), source
        else:
            assert source in COMPOSE["volumes"], source
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
        assert f"secrets/{name}" in (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_mounts_are_read_only_and_ports_stay_on_the_machine() -> None:
    """Nobody outside gets at figures, Kafka or Grafana by accident."""
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            assert volume.endswith(":ro") or not volume.startswith("."), (name, volume)
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), (name, port)


def test_secrets_are_files_where_their_readers_look() -> None:
    """Alertmanager's and Grafana's configuration name the paths at which compose puts them."""
    said = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    targets = {one["target"] for one in SERVICES["alertmanager"]["secrets"]}
    assert targets == set(re.findall(r"/etc/alertmanager/secrets/[\w-]+", said))
    assert SERVICES["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana-password"
    everything = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"(?i)password: *[^/{\s]|token: *[^/{\s]", everything.replace("PASSWORD__FILE: /run", ""))


@pytest.mark.parametrize("name", ["topics", "worker"])
def test_our_services_command_lines_parse(name: str) -> None:
    """With the options that the commands really have, and the paths that are mounted."""
    found = parse(SERVICES[name]["command"], {"UNDERTOW_METRICS_HOST": "0.0.0.0"})
    assert found["broker"] == "kafka:9092"
    folder = str(found["folder"])
    assert folder in [v.split(":")[1] for v in SERVICES[name]["volumes"]]
    if name == "worker":
        assert SERVICES[name]["deploy"]["replicas"] == 2
        assert SERVICES[name]["restart"] == "always"


def test_ports_of_compose_are_those_that_are_listened_on() -> None:
    """Worker, scrape, Alertmanager, data source and Kafka's listeners agree."""
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (ours,) = [one for one in scrape["scrape_configs"] if one["job_name"] == "undertow"]
    (found,) = ours["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["worker"], PORT)
    assert SERVICES["worker"]["ports"][0].endswith(f":{PORT}")
    (manager,) = scrape["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert manager.split(":")[0] in SERVICES
    assert SERVICES["alertmanager"]["ports"][0].endswith(manager.split(":")[1])
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    listeners = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert "PLAINTEXT://kafka:9092" in listeners
    assert SERVICES["kafka"]["ports"] == ["127.0.0.1:29092:29092"]
    assert "localhost:29092" in listeners


def test_prometheus_finds_its_rules_and_shows_the_runbooks() -> None:
    """Where the configuration looks, compose mounts; links in alerts lead to what is served."""
    prometheus = SERVICES["prometheus"]
    mounts = dict(volume.split(":")[:2] for volume in prometheus["volumes"])
    for path in RULES:
        assert mounts[f"./prometheus/{path.name}"] == f"/etc/prometheus/rules/{path.name}"
    said = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert said["rule_files"] == ["/etc/prometheus/rules/undertow.*.yaml"]
    assert f"--web.console.templates={mounts['./runbooks']}" in prometheus["command"]
    external = said["global"]["external_labels"]
    assert f"--web.external-url={external['runbooks_url'].removesuffix('/consoles')}" in prometheus["command"]
    assert external["grafana_url"].endswith(SERVICES["grafana"]["ports"][0].split(":")[1])
    (drop,) = said["alerting"]["alert_relabel_configs"]
    assert drop["action"] == "labeldrop"
    assert all(re.fullmatch(drop["regex"], name) for name in external), (
        "else each alert would carry the links as labels"
    )


def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    """With the rules where compose puts them."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    said = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    path = tmp_path / "prometheus.yml"
    path.write_text(said.replace("/etc/prometheus/rules", str(DEPLOY / "prometheus")))
    run = subprocess.run(
        ["promtool", "check", "config", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 rule files found" in run.stdout + run.stderr


def test_grafana_is_given_the_dashboards() -> None:
    """The provider reads the folder that compose mounts."""
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/undertow.yaml").read_text())["providers"][0]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounts["../dashboards/grafana"] == provider["options"]["path"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(provider["options"]["path"])
    folder = ROOT / "dashboards" / "grafana"
    if not folder.is_dir():
        pytest.skip("dashboards/grafana is not there yet: it comes with the dashboards")
    assert (folder / Path(home).name).exists()


# -- image


def test_the_image_is_built_of_what_exists_and_pinned_by_the_constraints() -> None:
    """Two stages of one pinned base, and the versions that are tested."""
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = settings["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    assert tuple(map(int, bases[0].split(":")[1].split("-")[0].split(".")))[:2] >= least
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*)", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]
    ]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source
    assert "-c constraints.txt" in DOCKERFILE
    (extra,) = re.findall(r"'\.\[(\w+)\]'", DOCKERFILE)
    assert extra in project["optional-dependencies"]
    folders = set(settings["tool"]["setuptools"]["package-dir"].values())
    needed = {"README.md", "LICENSE", "pyproject.toml", "constraints.txt", *folders}
    assert needed <= set(copied), "setuptools reads these"


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    """Not root, a numeric user for Kubernetes, and a probe of the worker's own port."""
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert f"127.0.0.1:{PORT}/healthz" in last
    assert f"EXPOSE {PORT}" in last
    entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", last, re.MULTILINE)[0])
    command = json.loads(re.findall(r"^CMD (\[.*)$", last, re.MULTILINE)[-1])
    assert entry == ["undertow"]
    environment = dict(re.findall(r"(UNDERTOW_\w+)=(\S+)", last))
    found = parse(command, environment)
    assert (str(found["folder"]), found["metrics_host"], found["data_dir"]) == (
        environment["UNDERTOW_CONTRACTS"],
        environment["UNDERTOW_METRICS_HOST"],
        environment["UNDERTOW_DATA_DIR"],
    )


# -- Kubernetes


@pytest.mark.parametrize("key", MANIFESTS, ids=lambda key: key[0])
def test_a_manifest_satisfies_the_schema_of_its_kind(key: tuple[str, str]) -> None:
    """Kubernetes' own, unknown keys refused; the operator's kinds are looked at below."""
    schema = json.loads((SCHEMAS / "kubernetes.json").read_text())
    if key[0] in {"ServiceMonitor", "PrometheusRule"}:
        assert MANIFESTS[key]["apiVersion"] == "monitoring.coreos.com/v1"
        return
    of = {"$ref": f"#/$defs/{schema['kinds'][key[0]]}", "$defs": schema["$defs"]}
    Draft202012Validator(of).validate(MANIFESTS[key])
    assert list(Draft202012Validator(of).iter_errors({**MANIFESTS[key], "unknown": 1})), "the schema refuses nothing"


def test_kustomize_reads_every_manifest() -> None:
    """The list is the folder; kubectl, where there is one, agrees."""
    folder = DEPLOY / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed: that kustomize reads them is not shown")
    run = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert len(list(yaml.safe_load_all(run.stdout))) == len(MANIFESTS)


def test_the_rules_of_the_operator_are_the_rules() -> None:
    """Run the command at the head of the file when this fails."""
    made = CliRunner().invoke(cli, ["alerts", "kubernetes", *map(str, reversed(RULES))])
    assert made.exit_code == 0, made.output
    assert made.stdout == (DEPLOY / "kubernetes" / "prometheusrule.yaml").read_text(encoding="utf-8")
    groups = [group for path in reversed(RULES) for group in yaml.safe_load(path.read_text())["groups"]]
    assert MANIFESTS["PrometheusRule", "undertow"]["spec"]["groups"] == groups


def test_what_is_no_file_of_rules_is_refused_with_a_word(tmp_path: Path) -> None:
    """Exit code 2, and which file it is."""
    for name, said in (("a.yaml", "x: 1"), ("b.yaml", "{"), ("missing.yaml", None)):
        if said is not None:
            (tmp_path / name).write_text(said)
        run = CliRunner().invoke(cli, ["alerts", "kubernetes", str(tmp_path / name)])
        assert run.exit_code == 2
        assert name in run.output


def pod(kind: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pod's and its container's specification."""
    spec = MANIFESTS[kind, name]["spec"]["template"]["spec"]
    return spec, spec["containers"][0]


@pytest.mark.parametrize(("kind", "name"), [("StatefulSet", "undertow"), ("Job", "undertow-topics")])
def test_pods_run_our_commands_with_few_rights(kind: str, name: str) -> None:
    """Not root, nothing writable but scratch, no token, and a command line that parses with its environment."""
    spec, container = pod(kind, name)
    environment = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    found = parse(container["args"], environment)
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert str(found["folder"]) == mounts["contracts"]
    assert set(mounts) == {one["name"] for one in spec["volumes"]}
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == MANIFESTS["ServiceAccount", "undertow"]["metadata"]["name"]
    rights = container["securityContext"]
    assert (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"]) == (False, True)
    secret = [
        one["valueFrom"]["secretKeyRef"] for one in container["env"] if "secretKeyRef" in one.get("valueFrom", {})
    ]
    assert [one["name"] for one in secret] == ["undertow-kafka"]
    named = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert "undertow-contracts" in named
    assert "undertow-kafka" in named


def test_probes_services_and_monitors_meet_at_the_worker_s_port() -> None:
    """Liveness asks whether the loop turns, readiness whether the work is done; a worker that is not ready is scraped, too."""
    _, container = pod("StatefulSet", "undertow")
    assert container["ports"] == [{"name": "metrics", "containerPort": PORT}]
    paths = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe: one["path"] for probe, one in paths.items()} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    assert {one["port"] for one in paths.values()} == {"metrics"}
    service = MANIFESTS["Service", "undertow"]
    assert service["spec"]["ports"][0]["port"] == PORT
    assert service["spec"]["publishNotReadyAddresses"] is True
    whole = MANIFESTS["StatefulSet", "undertow"]["spec"]
    labels = whole["template"]["metadata"]["labels"]
    budget = MANIFESTS["PodDisruptionBudget", "undertow"]["spec"]
    for selector in (service["spec"]["selector"], whole["selector"]["matchLabels"], budget["selector"]["matchLabels"]):
        assert selector.items() <= labels.items()
    assert whole["serviceName"] == "undertow"
    assert budget["maxUnavailable"] < whole["replicas"]
    monitor = MANIFESTS["ServiceMonitor", "undertow"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [one["port"] for one in monitor["endpoints"]] == ["metrics"]
    assert service["metadata"]["labels"][monitor["jobLabel"]] == "undertow", "rules know the workers by this job"
