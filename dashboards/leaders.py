"""What leaders watch: is the green real? One panel a vendor, then the trend, who to call, and all vendors side by side."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common, stat
from grafana_foundation_sdk.builders import dashboard as make
from grafana_foundation_sdk.models import common as c
from grafana_foundation_sdk.models.dashboard import AnnotationQuery, DynamicConfigValue

from dashboards.panels import dashboard, lines, number, rows, states
from dashboards.queries import DATASOURCE, ROW, VENDOR, WINDOW, Query, ones, top
from dashboards.words import ALARM, AMBER, GREEN, GREY, RED, VERDICTS, fixed, mapped, mapping, named, unit

UID = "undertow-leaders"
TO_VENDOR = "/d/undertow-vendor/undertow-vendor?var-vendor=${__field.labels.vendor}&${window:queryparam}&${datasource:queryparam}"


def answer() -> stat.Panel:
    """How many vendors have which verdict: the answer before any scrolling, however many vendors there are."""
    panel = number(
        "Is the green real? Vendors by verdict",
        "How many of the chosen vendors are red inside, not clear yet, hold up, or have too few tickets to tell, over the window "
        "of days chosen above. Each stands below with its figures, and all of them side by side further down.",
        "none",
        [Query(f"count by (verdict) ({ones('verdict', 'vendor, verdict', ROW)})", "{{verdict}}", instant=True)],
        (24, 4),
        decimals=0,
        overrides={verdict: [named(word), fixed(colour)] for verdict, (word, colour) in VERDICTS.items()},
    )
    return panel.color_mode(c.BigValueColorMode.BACKGROUND)


def watermelon(title: str, size: tuple[int, int]) -> stat.Panel:
    """Outside and inside of one vendor, the verdict as a word, and how sure that is."""
    panel = number(
        title,
        "Is the green real? Verdict: hidden dissatisfaction held against what both sides call normal, on its interval and "
        "never on the bare share. Outside: the share of tickets the vendor reported as met. Inside: the share of the very "
        "same tickets that were reported as met and after which nothing bad happened to the customer; in the verdict's "
        "colour. The two bounds are its 95 % interval, tickets is how many it rests on. Only tickets whose follow-up is "
        "over count, so the newest days are missing. A click on a number opens the vendor.",
        "percentunit",
        [
            Query(ones("verdict", "vendor, verdict", ROW), "{{verdict}}", instant=True),
            Query(top("reported_ratio"), "outside", instant=True),
            Query(
                f"{top('actual_ratio')} * on (vendor) group_right () ({ones('verdict', 'vendor, verdict', ROW)})",
                "inside {{verdict}}",
                instant=True,
            ),
            Query(top("actual_ratio_low"), "low", instant=True),
            Query(top("actual_ratio_high"), "high", instant=True),
            Query(top("actual_eligible_tickets"), "n", instant=True),
        ],
        size,
        decimals=0,
        overrides={
            **{
                verdict: [
                    named("Verdict"),
                    *unit("none"),
                    DynamicConfigValue(
                        id_val="mappings",
                        value=[one.to_json() for one in mapping({"1": (word, colour)})],
                    ),
                ]
                for verdict, (word, colour) in VERDICTS.items()
            },
            "outside": [named("Outside: reported"), fixed(GREEN)],
            **{
                f"inside {verdict}": [named("Inside: actual"), fixed(colour)]
                for verdict, (_, colour) in VERDICTS.items()
            },
            "low": [named("inside at least"), fixed(GREY)],
            "high": [named("inside at most"), fixed(GREY)],
            "n": [named("tickets"), *unit("short", 0), fixed(GREY)],
        },
    )
    panel = panel.orientation(c.VizOrientation.VERTICAL).color_mode(c.BigValueColorMode.BACKGROUND)
    panel = panel.text(common.VizTextDisplayOptions().title_size(14).value_size(26))
    link = make.DashboardLink("Open this vendor")
    return panel.data_links([link.url(TO_VENDOR)])


class _Mark(AnnotationQuery):
    """Grafana's Prometheus data source reads the mark's words from fields that the SDK's type does not have."""

    def to_json(self) -> dict[str, object]:
        return {
            **super().to_json(),
            "titleFormat": "Spike: {{vendor}}",
            "textFormat": "Hidden dissatisfaction of {{vendor}} rose ({{lag}} tickets).",
            "step": "1h",
        }


class _Spikes(make.AnnotationQuery):
    def __init__(self) -> None:
        super().__init__()
        self._internal = _Mark(
            name="Spikes",
            datasource=DATASOURCE,
            enable=True,
            icon_color=RED,
            expr=ones("spike", "vendor, lag", f'{VENDOR},segment="$segment"'),
        )


def compared() -> list[Query]:
    """The columns of the table of vendors."""
    figures = [
        top("reported_ratio"),
        top("actual_ratio"),
        top("hidden_dissatisfaction_ratio"),
        top("hidden_dissatisfaction_ratio_low"),
        top("hidden_dissatisfaction_ratio_high"),
        top("hidden_dissatisfaction_allowed_ratio"),
        top("hidden_dissatisfaction_eligible_tickets"),
        top("immature_tickets"),
        top("truth_budget_used_ratio", of=VENDOR),
        top("equity_gap_ratio", of=f'{WINDOW},mix="raw"'),
    ]
    return [
        Query(f"max by (vendor, verdict) (undertow_verdict{{{ROW}}}) == 1", table=True),
        *(Query(one, table=True) for one in figures),
    ]


def build() -> make.Dashboard:
    """The dashboard."""
    share = unit("percentunit", 0)
    found = dashboard(
        UID, "Undertow: leaders", "Is the vendors' green real? Start here.", ("vendors", "segment", "window")
    ).annotation(_Spikes())
    found = found.with_panel(answer())
    found = found.with_panel(watermelon("$vendor", (24, 6)).repeat("vendor").repeat_direction("v"))
    found = found.with_row(make.Row("Over time and who to call"))
    found = found.with_panel(
        lines(
            "Hidden dissatisfaction over time",
            "Of the tickets reported as met, the share after which the customer came back, complained or left; the window "
            "of days of solving chosen above, as it stood at each moment. Dashed: what both sides call normal, chance "
            "included. Vertical marks: a spike alarm stood.",
            "percentunit",
            [
                Query(top("hidden_dissatisfaction_ratio"), "{{vendor}}"),
                Query(top("hidden_dissatisfaction_allowed_ratio"), "normal for {{vendor}}"),
            ],
            (16, 9),
            overrides={
                "normal for .*": [
                    DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 8]}),
                    DynamicConfigValue(id_val="custom.lineWidth", value=1),
                ]
            },
        )
    )
    found = found.with_panel(
        number(
            "Customers to call",
            "How many customers have probably left, and not long ago, by the vendor whose ticket each stopped after ('none': "
            "after no ticket). Who they are is for the company alone and in no metric.",
            "short",
            [Query(top("customers_to_call", of='vendor=~"$vendor|none"'), "{{vendor}}", instant=True)],
            (8, 9),
            colours=((None, GREY), (1, AMBER)),
        )
    )
    found = found.with_panel(
        states(
            "Spike alarms",
            "When the alarm for a sudden rise of hidden dissatisfaction stood, by how old the tickets are it looks at: "
            "mature ones, or those solved 3 or 7 days ago, which know less and know it sooner.",
            [Query(top("spike", "vendor, lag", f'{VENDOR},segment="$segment"'), "{{vendor}} {{lag}}")],
            ALARM,
            (12, 6),
        )
    )
    found = found.with_panel(
        states(
            "Truth budget alarms",
            "When claims of met were contradicted faster than the contract's objective leaves room for: both windows of "
            "the pair burnt faster than agreed.",
            [Query(top("truth_budget_alert", "vendor, pair", VENDOR), "{{vendor}} {{pair}}")],
            ALARM,
            (12, 6),
        )
    )
    found = _unsaid(found)
    found = found.with_row(make.Row("All vendors side by side"))
    return found.with_panel(
        rows(
            "Compare vendors",
            "Every vendor over the same window. Hidden: share of the tickets reported as met that left an unhappy "
            "customer, with its 95 % interval and what would be normal. Waiting: solved, and too early to judge. Budget "
            "used: of the room the contract leaves for claims that prove wrong, 100 % is all of it. Equity gap: worst-served "
            "minus best-served segment.",
            compared(),
            {
                "vendor": ("Vendor", []),
                "verdict": ("Verdict", mapped(VERDICTS)),
                "Value #A": (None, []),
                "Value #B": ("Outside", share),
                "Value #C": ("Inside", share),
                "Value #D": ("Hidden", share),
                "Value #E": ("at least", share),
                "Value #F": ("at most", share),
                "Value #G": ("normal", share),
                "Value #H": ("tickets", unit("short", 0)),
                "Value #I": ("waiting", unit("short", 0)),
                "Value #J": ("budget used", share),
                "Value #K": ("equity gap", share),
            },
            (24, 9),
        )
    )


def _unsaid(found: make.Dashboard) -> make.Dashboard:
    """What customers do and do not say."""
    silence = f'{VENDOR},segment="$segment",horizon="90d",compared="after_a_ticket"'
    found = found.with_row(make.Row("What the customers do not say"))
    found = found.with_panel(
        number(
            "Unhappy and silent, for each who complained",
            "From the company's own data: customers with a bad outcome who said nothing, and those silent beyond what is "
            "usual, for each customer who complained; with its 95 % interval. Absent where nobody complained.",
            "none",
            [
                Query(top("iceberg_ratio", of=VENDOR), "{{vendor}}", instant=True),
                Query(top("iceberg_ratio_low", of=VENDOR), "{{vendor}} at least", instant=True),
                Query(top("iceberg_ratio_high", of=VENDOR), "{{vendor}} at most", instant=True),
            ],
            (8, 7),
            decimals=1,
        )
    )
    found = found.with_panel(
        rows(
            "Excess silence",
            "Customers without a single active day in the 90 days after a ticket, beyond comparable customers who had no "
            "ticket then; with its 95 % interval. An excess, never a cause. Only where the whole interval lies above 0 is "
            "there something to say.",
            [
                Query(top("excess_silence_ratio", of=silence), table=True),
                Query(top("excess_silence_ratio_low", of=silence), table=True),
                Query(top("excess_silence_ratio_high", of=silence), table=True),
                Query(top("silence_eligible_customers", of=silence), table=True),
            ],
            {
                "vendor": ("Vendor", []),
                "Value #A": ("Excess", unit("percentunit", 1)),
                "Value #B": ("at least", unit("percentunit", 1)),
                "Value #C": ("at most", unit("percentunit", 1)),
                "Value #D": ("customers", unit("short", 0)),
            },
            (8, 7),
        )
    )
    return found.with_panel(
        lines(
            "Early signs",
            "Of the newest tickets reported as met, the share that is bad already 3 or 7 days after the solve, beside what "
            "is usual at that age. Knows less than the verdict and knows it weeks sooner.",
            "percentunit",
            [
                Query(top("early_ratio", "vendor, lag", VENDOR), "{{vendor}} after {{lag}}"),
                Query(top("early_usual_ratio", "vendor, lag", VENDOR), "usual for {{vendor}} after {{lag}}"),
            ],
            (8, 7),
        )
    )
