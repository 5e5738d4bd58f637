"""The gaming vendor from Kafka to the leaders' letter box: real Prometheus, real Alertmanager, panels, alerts, links.

One play in six acts, told once; each test looks at what was seen of it. Rules and routes are the deployed ones at forty times
their pace (``parts.sooner``). Figures are judged by the time of the story, silence by the clock on the wall, as always.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from e2e.parts import DEPLOY, FASTER, Message, sooner
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
    joined,
    restarted,
    scene,
)
from e2e.story import GAMING, HONEST
from panels import asked, dashboards
from prometheus import Missing
from undertow.embedded import EmbeddedBroker

pytest.importorskip("aiosmtpd", reason="the dev extra brings aiosmtpd")
pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("e2e")]  # one play for all of them

G, H = GAMING.name, HONEST.name
OUTCOME = (SPIKE, G, "all", "7d")
FEED = (SILENT, G, "", "")
WAITS, BRIDGED, MISSED = 300 / FASTER, 900 / FASTER, 600 / FASTER
"""Seconds: how long a spike stands before it fires; for how long rules carry it over while nobody shows figures; after how many
a worker is missed. A test holds them to the rules."""
UNHAPPY, QUIET = "more customers than usual are unhappy", "the feed is silent"
PATIENCE = 20.0
"""Seconds within which every panel has something to show."""
SETTLED = 3.0
"""Seconds after which what an act would wrongly cause would have been evaluated and delivered."""
EMPTY: dict[str, str] = {}
"""Queries that this story cannot fill, with the reason; none is left."""


@pytest.fixture(scope="module")
def played(embedded: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Calm; worse, so that the spike is told of; a restart; a crash; a feed that stops and comes back; better."""
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
        print("longest scrape:", stage.prometheus.value("max(max_over_time(scrape_duration_seconds[5m]))"))
        print("missed scrapes:", stage.prometheus.value("sum(count_over_time((up == 0)[5m:1s]))"))
        print(f"all: {time.monotonic() - begun:.1f} s")
        yield stage
    finally:
        opened.__exit__(None, None, None)


def _play(stage: Scene) -> None:
    box, vendor = stage.box, VENDORS[G]
    with stage.act("calm"):
        stage.teller.skip_to(CALM)
        stage.until(lambda: stage.shown(CALM), "the calm months are judged")
        time.sleep(WAITS + SETTLED)
    with stage.act("spike"):
        stage.teller.skip_to(BAD)
        stage.until(lambda: stage.firing(OUTCOME), "the spike fires")
        for address in (*LEADERS, *vendor):
            stage.until(lambda to=address: box.to(to), f"{address} is told")
        stage.until(
            lambda: _all_told(stage, LEADERS[0]) and _all_told(stage, vendor[0]), "every segment's spike is told"
        )
        stage.notes["links"] = stage.box.told(LEADERS[0], SPIKE, "firing")[0]
        stage.notes["empty"] = _empty(stage)
        stage.notes["answers"] = _followed(stage)
    with stage.act("restart"):
        gone = time.monotonic()
        restarted(stage)
        stage.until(lambda: stage.shown(BAD), "the new worker shows figures")
        stage.notes["restart took"] = time.monotonic() - gone
        time.sleep(SETTLED)
    stage.teller.mute(G)
    with stage.act("crash"):
        joined(stage)
        stage.until(lambda: len(stage.prometheus.query("undertow_ready == 1")) == 2, "two workers are ready")
        gone = time.monotonic()
        restarted(stage, kill=True)
        stage.until(lambda: stage.shown(BAD), "one of them shows figures")
        stage.notes["crash took"] = time.monotonic() - gone
        stage.until(lambda: len(stage.prometheus.query("undertow_ready == 1")) == 2, "two workers are ready again")
        stage.notes["owners"] = [bool(worker.samples("undertow_reported_tickets")) for worker in stage.workers]
    with stage.act("silence"):
        stage.until(lambda: stage.firing(FEED), "the feed's silence fires")
        for address in (*ENGINEERS, *vendor):
            stage.until(lambda to=address: _says(stage, to, QUIET), f"{address} is told of the feed")
        stage.notes["held"] = {alert_of(one["labels"]): one["status"]["state"] for one in stage.alertmanager.alerts()}
        time.sleep(SETTLED)
    with stage.act("better"):
        stage.teller.mute()
        stage.teller.skip_to(GOOD_AGAIN)
        stage.until(lambda: stage.shown(GOOD_AGAIN), "the better months are judged")
        for address in (*LEADERS, *vendor):
            stage.until(lambda to=address: _over(stage, to), f"{address} is told it is over")
        stage.until(lambda: box.told(ENGINEERS[0], SILENT, "resolved"), "the feed is back")
        time.sleep(SETTLED)


def _empty(stage: Scene) -> set[str]:
    """The queries without data: what a night says of customers may be a while in coming, and a busy machine misses scrapes."""
    queries = [one for dashboard in dashboards().values() for one in asked(dashboard)]
    deadline = time.monotonic() + PATIENCE
    while queries and time.monotonic() < deadline:
        queries = [one for one in queries if not stage.prometheus.query(one.filled())]
        if {str(one) for one in queries} == EMPTY.keys():
            break
        time.sleep(0.5)
    return {str(one) for one in queries}


def _in_time(stage: Scene) -> None:
    """Skip where this machine took longer over a restart or a crash than rules carry over: what they then say is right."""
    for name, most in (("restart", MISSED), ("crash", BRIDGED)):
        if (took := stage.notes[f"{name} took"]) > most:
            pytest.skip(
                f"this machine took {took:.0f} s over the {name}, and rules carry over {most:.0f} s at this pace"
            )


def _says(stage: Scene, address: str, words: str) -> bool:
    return any(words in message.body for message in stage.box.to(address))


def _all_told(stage: Scene, path: str) -> bool:
    """Whether a webhook knows of every spike there is: what is on its way is told later, and rightly."""
    told = {alert_of(alert["labels"]) for alert in stage.box.told(path, SPIKE, "firing")}
    return {alert for alert in stage.watch.looks[-1][1] if alert[0] == SPIKE} <= told


def _over(stage: Scene, address: str) -> bool:
    return any(UNHAPPY in message.body and message.status == "resolved" for message in stage.box.to(address))


def _followed(stage: Scene) -> dict[str, Any]:
    """What the spike's links to the running Prometheus lead to; of the evidence also the series that its page asks for."""
    said = stage.notes["links"]["annotations"]
    found: dict[str, Any] = {}
    for name in ("runbook_url", "evidence_url"):
        with urllib.request.urlopen(said[name], timeout=10) as answer:  # raises for any answer but a good one
            found[name] = answer.read().decode()
    (asks,) = parse_qs(urlsplit(said["evidence_url"]).query)["g0.expr"]
    found["evidence"] = {series["metric"]["__name__"] for series in stage.prometheus.query(asks)}
    return found


def _between(stage: Scene, first: str, last: str) -> list[Message]:
    """What was delivered from the beginning of one act to the end of another."""
    return [one for one in stage.box.messages if stage.acts[first].begin <= one.at <= stage.acts[last].end]


def test_every_query_of_every_panel_has_data(played: Scene) -> None:
    """Promise: while the spike stands, nothing on any dashboard is empty but what is named with its reason."""
    assert played.notes["empty"] == set(EMPTY), "a query is empty, or a named one has data: take it off the list"


def test_the_spike_goes_from_pending_to_firing_and_is_over_in_the_end(played: Scene) -> None:
    """Promise: nothing in the calm months; pending before it fires; it fires until the story is told that it got better."""
    assert played.watch.states(OUTCOME, 0, played.acts["calm"].end) == ["inactive"]
    *before, last = played.watch.states(OUTCOME, 0, played.acts["spike"].end)
    assert (before[-1], last) == ("pending", "firing")
    assert "firing" not in before
    assert played.watch.states(OUTCOME, played.acts["better"].begin) == ["firing", "inactive"]
    assert not played.watch.failed


def test_leaders_and_the_vendor_are_told_of_the_spike_by_mail_and_webhook(played: Scene) -> None:
    """Promise: leaders and the vendor it is about, at once, by both ways; nobody else; leaders' webhook with its token."""
    for path, mail in (LEADERS, VENDORS[G]):
        assert {alert["labels"]["vendor"] for alert in played.box.told(path, SPIKE, "firing")} == {G}
        first = next(one for one in played.box.to(mail) if UNHAPPY in one.body)
        assert first.at < played.acts["spike"].end
    assert not played.box.told(ENGINEERS[0], SPIKE, "firing")
    assert not _says(played, ENGINEERS[1], UNHAPPY)
    assert played.box.refused == []


def test_a_vendor_hears_of_itself_only_and_is_led_nowhere(played: Scene) -> None:
    """Promise: neither is ever told of anybody else; mails hold no link of ours."""
    assert not [one for one in played.box.to(*VENDORS[H]) if H not in one.body or G in one.body]
    told = played.box.to(*VENDORS[G])
    assert {alert["labels"]["vendor"] for message in told for alert in message.alerts} == {G}
    mails = [message.body for message in told if not message.alerts]
    assert mails
    assert not [mail for mail in mails if H in mail or "http" in mail]


def test_nothing_is_ever_said_against_the_honest_vendor(played: Scene) -> None:
    """Promise: in no act does any alert about it, or about one too small to judge, fire, and it is told nothing."""
    assert {vendor for name, vendor, _, _ in played.watch.fired() if name != SILENT} <= {G, ""}
    _in_time(played)
    assert {vendor for _, vendor, _, _ in played.watch.fired()} <= {G, ""}
    assert played.box.to(*VENDORS[H]) == []


def test_the_links_of_the_spike_work(played: Scene) -> None:
    """Promise: the runbook is the file in deploy/, the dashboard is one of ours and knows what is chosen, evidence is shown."""
    said, answers = played.notes["links"]["annotations"], played.notes["answers"]
    assert answers["runbook_url"] == (DEPLOY / "runbooks" / f"{SPIKE}.md").read_text(encoding="utf-8")
    assert "<title>Prometheus" in answers["evidence_url"]
    assert answers["evidence"] == {"undertow_spike", "undertow_spike_score", "undertow_spike_threshold_score"}
    link = urlsplit(said["dashboard_url"])
    found = dashboards()[link.path.removeprefix("/d/")]
    declared = {f"var-{variable['name']}" for variable in found["templating"]["list"]}
    assert parse_qs(link.query) == {"var-vendor": [G], "var-segment": ["all"]}
    assert parse_qs(link.query).keys() <= declared


def test_a_restart_of_the_worker_causes_no_alert(played: Scene) -> None:
    """Promise: what stood stands without a break, nothing new fires that was not on its way, nobody is told anything."""
    _in_time(played)
    act = played.acts["restart"]
    known = {alert for at, states in played.watch.looks if at < act.begin for alert in states}
    assert played.watch.fired(act.begin, act.end) <= known
    assert played.watch.states(OUTCOME, act.begin, act.end) == ["firing"]
    assert not [one for one in _between(played, "restart", "restart") if SPIKE in one.body or one.status == "resolved"]
    assert not {name for name, *_ in played.watch.fired(act.begin, act.end)} & {SILENT, "UndertowWorkerNotReady"}


def test_figures_move_to_another_worker_when_one_is_killed(played: Scene) -> None:
    """Promise: one of the two shows figures afterwards, and the spike stood all the while."""
    assert sorted(played.notes["owners"]) == [False, True]
    _in_time(played)
    act = played.acts["crash"]
    assert played.watch.states(OUTCOME, act.begin, act.end) == ["firing"]
    assert not [one for one in _between(played, "crash", "crash") if UNHAPPY in one.body]


def test_a_feed_that_stops_gives_the_alert_of_the_feed_alone(played: Scene) -> None:
    """Promise: engineers and the vendor hear of the feed; every outcome of that vendor is held back; leaders hear nothing."""
    held = played.notes["held"]
    assert held.pop(FEED) == "active"
    assert held[OUTCOME] == "suppressed"
    assert {state for (_, vendor, _, _), state in held.items() if vendor == G} == {"suppressed"}
    silence = _between(played, "silence", "silence")
    assert {one.to for one in silence if QUIET in one.body} == {*ENGINEERS, *VENDORS[G]}
    assert {one.to for one in silence} <= {*ENGINEERS, *VENDORS[G]}
    kinds = {alert["labels"]["kind"]: alert["labels"]["alertname"] for one in silence for alert in one.alerts}
    assert "outcome" not in kinds
    assert kinds["feed"] == SILENT


def test_what_is_over_is_said_to_all_who_were_told(played: Scene) -> None:
    """Promise: the spike's end to leaders and vendor, the feed's return to engineers and vendor; no sooner than it is so."""
    better = played.acts["better"]
    for words, addresses in ((UNHAPPY, (*LEADERS, *VENDORS[G])), (QUIET, (*ENGINEERS, *VENDORS[G]))):
        over = [one for one in played.box.messages if one.status == "resolved" and words in one.body]
        assert {one.to for one in over} == set(addresses)
        assert all(one.at > better.begin for one in over)


def test_the_rules_here_are_the_deployed_ones_only_sooner() -> None:
    """Promise: the times change by one factor, and nothing else does."""
    deployed = [rule for path in sorted((DEPLOY / "prometheus").glob("undertow.*.yaml")) for rule in _rules(path)]
    here = [sooner(rule) for rule in deployed]
    for was, now in zip(deployed, here, strict=True):
        assert {key for key in was if was[key] != now[key]} <= {"for", "keep_firing_for"}
    by_name = {rule["alert"]: rule for rule in here if "alert" in rule}
    assert by_name[SPIKE]["for"] == f"{WAITS * 1000:.0f}ms"
    assert by_name[SPIKE]["keep_firing_for"] == f"{BRIDGED * 1000:.0f}ms"
    assert by_name["UndertowWorkerNotReady"]["for"] == f"{MISSED * 1000:.0f}ms"


def _rules(path: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
