"""Workers that keep their seat in the group have names that stay, one each."""

from __future__ import annotations

from deploy.commands import parse
from deploy.test_deploy import MANIFESTS, SERVICES, pod
from undertow.topics import seat


def test_each_pod_of_the_stateful_set_has_its_own_seat() -> None:
    """The pod's name is the instance id, and the session leaves time for a restart."""
    whole = MANIFESTS["StatefulSet", "undertow"]
    _, container = pod("StatefulSet", "undertow")
    environment = {one["name"]: one for one in container["env"]}
    assert environment["UNDERTOW_INSTANCE_ID"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    names = [f"{whole['metadata']['name']}-{number}" for number in range(whole["spec"]["replicas"])]
    assert len({seat(name, {}) for name in names}) == len(names), "every one is an id that Kafka takes"
    said = {name: one["value"] for name, one in environment.items() if "value" in one}
    found = parse(container["args"], said | {"UNDERTOW_INSTANCE_ID": names[0]})
    assert found["instance_id"] == names[0]
    probe = container["startupProbe"]
    assert found["session_timeout"] > found["leave_within"] + probe["periodSeconds"], "or a planned restart outlasts it"
    assert found["leave_within"] < whole["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]


def test_replicas_of_compose_have_no_seats() -> None:
    """All of them get the same environment, so one id would be every worker's."""
    assert "--instance-id" not in SERVICES["worker"]["command"]
    assert "UNDERTOW_INSTANCE_ID" not in SERVICES["worker"].get("environment", {})
