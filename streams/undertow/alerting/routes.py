"""Alertmanager's whole configuration, made of recipients: a route a vendor, so that none can be told of another."""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from undertow.alerting.recipients import Recipient, Recipients

HEAD: Final = (
    "# Made by `undertow alerts routes` of the contracts and recipients.yaml: edit those, and make it again.\n"
)
TEMPLATES: Final = "/etc/alertmanager/templates/*.tmpl"
AT_ONCE: Final = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
DAILY: Final = {"group_wait": "5m", "group_interval": "24h", "repeat_interval": "23h"}
"""A digest: everything that is new or still stands, once a day. A repeat is due at the next flush, so it must be shorter."""


def config(recipients: Recipients, templates: str = TEMPLATES) -> dict[str, Any]:
    """The configuration as Alertmanager 0.25 and later read it. ``templates``: where the templates are found there."""
    leaders, engineers = recipients.leaders, recipients.engineers
    whole: dict[str, Any] = {}
    if (smtp := recipients.smtp) is not None:
        whole["global"] = {"smtp_smarthost": smtp.smarthost, "smtp_from": smtp.from_}
        whole["global"]["smtp_require_tls"] = smtp.require_tls
        if smtp.username is not None:
            whole["global"]["smtp_auth_username"] = smtp.username
        if smtp.password_file is not None:
            whole["global"]["smtp_auth_password_file"] = smtp.password_file
    whole["templates"] = [templates]
    whole["route"] = {
        "receiver": "engineers",  # what no route knows is a mistake in the rules, and theirs to mend
        "group_by": ["alertname", "job", "vendor"],
        **AT_ONCE,
        "routes": [
            *(_vendor(vendor) for vendor in sorted(recipients.vendors)),
            _route(
                "leaders-now", ['audience="leaders"', 'severity="critical"'], AT_ONCE, ["alertname", "job", "vendor"]
            ),
            _route("leaders-digest", ['audience="leaders"'], DAILY, ["job"]),
            _route("engineers", ['audience="engineers"', 'severity="critical"'], AT_ONCE, ["alertname", "job"]),
            _route("engineers", ['audience="engineers"'], DAILY, ["job"]),
        ],
    }
    whole["inhibit_rules"] = INHIBIT
    whole["receivers"] = [
        _receiver("engineers", engineers, "undertow"),
        _receiver("leaders-now", leaders, "undertow"),
        _receiver("leaders-digest", leaders, "undertow.digest"),
        *(
            _receiver(called(vendor), recipients.vendors[vendor], "undertow.vendor")
            for vendor in sorted(recipients.vendors)
        ),
    ]
    return whole


INHIBIT: Final[list[dict[str, Any]]] = [
    {
        "source_matchers": ['alertname="UndertowWorkerNotReady"'],
        "target_matchers": ['kind=~"outcome|feed"'],
        "equal": ["job"],
    },
    {
        "source_matchers": ['alertname="UndertowFeedSilent"'],
        "target_matchers": ['kind="outcome"'],
        "equal": ["job", "vendor"],
    },
    {
        "source_matchers": ['severity="critical"', 'alertname=~"Undertow.+"'],
        "target_matchers": ['severity="warning"', 'alertname=~"Undertow.+"'],
        "equal": ["alertname", "job", "vendor", "topic"],
    },
]
"""What says nothing new while something else stands: outcomes while the feed is silent or a worker not ready, a warning beside
the same alert as critical. A label that neither has counts as equal."""


def text(recipients: Recipients, templates: str = TEMPLATES) -> str:
    """The configuration as YAML, with a line on how it was made."""
    return HEAD + yaml.safe_dump(config(recipients, templates), sort_keys=False, width=120)


def called(vendor: str) -> str:
    """The name of a vendor's receiver."""
    return f"vendor {vendor}"


def _vendor(vendor: str) -> dict[str, Any]:
    """At once or daily, as leaders hear it, and on to the leaders."""
    is_it = [f"vendor={json.dumps(vendor, ensure_ascii=False)}", 'tell_vendor="yes"']
    critical = _route(called(vendor), ['severity="critical"'], AT_ONCE, ["alertname", "job"])
    return {
        "receiver": called(vendor),
        "matchers": is_it,
        "continue": True,
        "group_by": ["job"],
        **DAILY,
        "routes": [critical],
    }


def _route(receiver: str, matchers: list[str], pace: dict[str, str], group_by: list[str]) -> dict[str, Any]:
    return {"receiver": receiver, "matchers": matchers, "group_by": group_by, **pace}


def _receiver(name: str, to: Recipient, template: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}
    if to.email:
        found["email_configs"] = [
            {
                "to": ", ".join(to.email),
                "send_resolved": True,
                "headers": {"Subject": f'{{{{ template "{template}.subject" . }}}}'},
                "html": f'{{{{ template "{template}.html" . }}}}',
                "text": f'{{{{ template "{template}.text" . }}}}',
            }
        ]
    if to.webhook is not None:
        hook: dict[str, Any] = {"url": to.webhook, "send_resolved": True, "max_alerts": 100}
        if to.token_file is not None:
            hook["http_config"] = {"authorization": {"credentials_file": to.token_file}}
        found["webhook_configs"] = [hook]
    return found
