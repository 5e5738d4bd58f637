"""The gaming vendor from Kafka to the leaders' letter box: real Prometheus, real Alertmanager, panels, alerts, links.

One play in five acts, told once; each test looks at what was seen of it. Rules and routes are the deployed ones at sixty times
their pace (``parts.sooner``). Figures are judged by the time of the story, silence by the clock on the wall, as always.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from e2e.parts import DEPLOY, sooner
from e2e.scene import (
    BAD,
    CALM,
    ENGINEERS,
    GOOD_AGAIN,
    LEADERS,
    SILENT,
    SPIKE,
    VENDORS,
    Scene,
    alert_of,
    restarted,
    scene,
)
from e2e.story import GAMING, HONEST
from panels import asked, dashboards
from prometheus import Missing
from undertow.embedded import EmbeddedBroker

pytest.importorskip("aiosmtpd", reason="the dev extra brings aiosmtpd")
pytestmark = pytest.mark.broker

G, H = GAMING.name, HONEST.name
OUTCOME = (SPIKE, G, "all", "3d")
FEED = (SILENT, G, "", "")
SETTLED = 3.0
"""Seconds after which what an act would wrongly cause would have been evaluated and delivered."""
NIGHTLY = "customers are evaluated by no worker yet, only by `undertow churn`"
UNANSWERED = "nobody answers a finding in this story"
EMPTY = {
    "undertow-leaders: Customers to call A": NIGHTLY,
    "undertow-vendor: Disputes A": UNANSWERED,
} | {f"undertow-leaders: Unhappy and silent, for each who complained {ref}": NIGHTLY for ref in "ABC"} | {
    f"undertow-leaders: Excess silence {ref}": NIGHTLY for ref in "ABCD"
}
"""Queries that this story cannot fill, with the reason."""


@pytest.fixture(scope="module")
def played(embedded: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Calm; worse, so that the spike is told of; a restart; a feed that stops and comes back; better."""
    folder: Path = tmp_path_factory.mktemp("e2e")
    begun = time.monotonic()
    try:
        opened = scene(embedded, folder)
        stage = opened.__enter__()
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        _play(stage)
        for name, act in stage.acts.items():
            print(f"{name}: {act.end - act.begin:.1f} s")
        print(f"all: {time.monotonic() - begun:.1f} s")
        yield stage
    finally:
        opened.__exit__(None, None, None)


def _play(stage: Scene) -> None:
    box, vendor = stage.box, VENDORS[G]
    with stage.act("calm"):
        stage.teller.skip_to(CALM)
        stage.until(lambda: stage.shown(CALM), "the calm months are judged")
        time.sleep(5 + SETTLED)  # as long as a spike waits before it fires
    with stage.act("spike"):
        stage.teller.skip_to(BAD)
        stage.until(lambda: stage.firing(OUTCOME), "the spike fires")
        for address in (*LEADERS, *vendor):
            stage.until(lambda to=address: box.to(to), f"{address} is told")
        stage.notes["links"] = stage.box.told(LEADERS[0], SPIKE, "firing")[0]
        stage.notes["empty"] = {str(one) for d in dashboards().values() for one in asked(d) if not stage.prometheus.query(one.filled())}
        stage.notes["answers"] = _followed(stage)
    with stage.act("restart"):
        restarted(stage)
        stage.until(lambda: stage.shown(BAD), "the new worker shows figures")
        time.sleep(SETTLED)
    with stage.act("silence"):
        stage.teller.mute(G)
        stage.until(lambda: stage.firing(FEED), "the feed's silence fires")
        for address in (*ENGINEERS, *vendor):
            stage.until(lambda to=address: _says(stage, to, "feed is silent"), f"{address} is told of the feed")
        stage.notes["held"] = {alert_of(one["labels"]): one["status"]["state"] for one in stage.alertmanager.alerts()}
        time.sleep(SETTLED)
    with stage.act("better"):
        stage.teller.mute()
        stage.teller.skip_to(GOOD_AGAIN)
        stage.until(lambda: stage.shown(GOOD_AGAIN), "the better months are judged")
        for address in (LEADERS[0], vendor[0]):
            stage.until(lambda to=address: box.told(to, SPIKE, "resolved"), f"{address} is told that it is over")
        stage.until(lambda: box.told(ENGINEERS[0], SILENT, "resolved"), "the feed is back")
        time.sleep(SETTLED)


def _says(stage: Scene, address: str, words: str) -> bool:
    return any(words in message.body for message in stage.box.to(address))


def _followed(stage: Scene) -> dict[str, tuple[int, str]]:
    """The links of the spike that lead to something of ours that is running: status and body of each."""
    said = stage.notes["links"]["annotations"]
    found = {}
    for name in ("runbook_url", "evidence_url"):
        with urllib.request.urlopen(said[name], timeout=10) as answer:
            found[name] = answer.status, answer.read().decode()
    return found


def test_every_query_of_every_panel_has_data(played: Scene) -> None:
    """Promise: while the spike stands, nothing on any dashboard is empty but what is named with its reason."""
    assert played.notes["empty"] == set(EMPTY), "a query is empty, or a named one has data: take it off the list"


def test_the_spike_goes_from_pending_to_firing_once_and_is_over(played: Scene) -> None:
    """Promise: not in the calm months; pending before it fires; without a break through restart and silence; then over."""
    acts = played.acts
    assert played.watch.states(OUTCOME, 0, acts["calm"].end) == ["inactive"]
    assert played.watch.states(OUTCOME) == ["inactive", "pending", "firing", "inactive"]
    assert not played.watch.failed


def test_leaders_and_the_vendor_are_told_of_the_spike_by_mail_and_webhook(played: Scene) -> None:
    """Promise: leaders and the vendor it is about, at once, by both ways; nobody else."""
    spike = played.acts["spike"]
    for path, mail in (LEADERS, VENDORS[G]):
        assert {alert["labels"]["vendor"] for alert in played.box.told(path, SPIKE, "firing")} == {G}
        first = next(one for one in played.box.to(mail) if "more customers than usual" in one.body)
        assert spike.begin < first.at < spike.end
    assert not played.box.told(ENGINEERS[0], SPIKE, "firing")
    assert not _says(played, ENGINEERS[1], "more customers than usual")
    assert played.box.refused == []
