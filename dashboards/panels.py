"""The few kinds of panels the dashboards are made of, and the frame around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as make
from grafana_foundation_sdk.models import common as c
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.queries import DATASOURCE, Query
from dashboards.words import PLAIN, mapping, steps

TAG: Final = "undertow"
Overrides = Mapping[str, Sequence[DynamicConfigValue]]
"""By the name of a field."""
WINDOWS: Final = {"7 days": "7d", "28 days": "28d", "90 days": "90d", "all days kept": "all"}
Kind = TypeVar("Kind", stat.Panel, timeseries.Panel, bargauge.Panel, statetimeline.Panel, table.Panel)
LAST: Final = common.ReduceDataOptions().calcs(["lastNotNull"])


def _dressed(
    panel: Kind, title: str, description: str, unit: str, queries: Iterable[Query], size: tuple[int, int]
) -> Kind:
    width, height = size
    panel = panel.title(title).description(description).unit(unit).datasource(DATASOURCE).span(width).height(height)
    for ref, query in zip("ABCDEFGHIJKLMNOP", queries, strict=False):
        panel = panel.with_target(query.target(ref))
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    queries: Iterable[Query],
    size: tuple[int, int] = (6, 4),
    *,
    overrides: Overrides | None = None,
    mappings: Mapping[str, tuple[str, str]] | None = None,
    colours: Sequence[tuple[float | None, str]] = PLAIN,
    decimals: int | None = None,
) -> stat.Panel:
    """Numbers side by side, each with its name."""
    panel = _dressed(stat.Panel(), title, description, unit, queries, size)
    panel = panel.graph_mode(c.BigValueGraphMode.NONE).text_mode(c.BigValueTextMode.VALUE_AND_NAME)
    panel = panel.reduce_options(LAST).thresholds(steps(*colours)).no_value("cannot tell yet")
    if mappings:
        panel = panel.mappings(mapping(mappings))
    if decimals is not None:
        panel = panel.decimals(decimals)
    for name, values in (overrides or {}).items():
        panel = panel.override_by_name(name, list(values))
    return panel


def lines(
    title: str,
    description: str,
    unit: str,
    queries: Iterable[Query],
    size: tuple[int, int] = (12, 8),
    *,
    overrides: Overrides | None = None,
    most: float | None = None,
    stacked: bool = False,
) -> timeseries.Panel:
    """A course over time. A gap in the data stays a gap."""
    panel = _dressed(timeseries.Panel(), title, description, unit, queries, size)
    panel = panel.min(0).span_nulls(False).line_width(2).fill_opacity(20 if stacked else 0)
    panel = panel.legend(
        common.VizLegendOptions().display_mode(c.LegendDisplayMode.LIST).placement(c.LegendPlacement.BOTTOM)
    )
    panel = panel.color_scheme(make.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    if most is not None:
        panel = panel.max(most)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(c.StackingMode.NORMAL))
    for name, values in (overrides or {}).items():
        panel = panel.override_by_regexp(name, list(values))
    return panel


def bars(
    title: str,
    description: str,
    unit: str,
    queries: Iterable[Query],
    size: tuple[int, int] = (8, 8),
    *,
    colour: str | None = None,
    overrides: Overrides | None = None,
) -> bargauge.Panel:
    """Bars with a name and a value each."""
    panel = _dressed(bargauge.Panel(), title, description, unit, queries, size)
    panel = panel.orientation(c.VizOrientation.HORIZONTAL).display_mode(c.BarGaugeDisplayMode.BASIC)
    panel = (
        panel.reduce_options(LAST).min(0).no_value("none").thresholds(steps(*([(None, colour)] if colour else PLAIN)))
    )
    for name, values in (overrides or {}).items():
        panel = panel.override_by_regexp(name, list(values))
    return panel


def states(
    title: str, description: str, queries: Iterable[Query], words: Mapping[str, tuple[str, str]], size: tuple[int, int]
) -> statetimeline.Panel:
    """States over time, as words."""
    panel = _dressed(statetimeline.Panel(), title, description, "none", queries, size)
    return panel.mappings(mapping(words)).merge_values(True).show_value(c.VisibilityMode.AUTO)


def rows(
    title: str,
    description: str,
    queries: Sequence[Query],
    columns: Mapping[str, tuple[str | None, Sequence[DynamicConfigValue]]],
    size: tuple[int, int] = (24, 8),
    *,
    unit: str = "none",
) -> table.Panel:
    """A table: the queries' series side by side by their labels.

    ``columns``: by the field's name (a label, or ``Value #A`` of the first query) its heading and overrides, in order;
    without a heading it is left out.
    """
    panel = _dressed(table.Panel(), title, description, unit, queries, size).no_value("?")
    if len(queries) > 1:
        panel = panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    # a table of one query calls its value "Value", one of several "Value #A" and so on
    real = {name.split(" #")[0] if len(queries) == 1 else name: column for name, column in columns.items()}
    panel = panel.with_transformation(
        DataTransformerConfig(
            id_val="organize",
            options={
                "indexByName": {name: place for place, name in enumerate(real)},
                "excludeByName": {
                    "Time": True,
                    **{name: True for name, (heading, _) in real.items() if heading is None},
                },
                "renameByName": {name: heading for name, (heading, _) in real.items() if heading is not None},
            },
        )
    )
    for heading, values in real.values():
        if heading is not None and values:
            panel = panel.override_by_name(heading, list(values))
    return panel


def dashboard(
    uid: str, title: str, description: str, variables: Iterable[str], start: str = "now-90d"
) -> make.Dashboard:
    """An empty dashboard with its variables and links to the others."""
    found = make.Dashboard(title).uid(uid).description(description).tags([TAG]).readonly().timezone("browser")
    found = found.tooltip(DashboardCursorSync.CROSSHAIR).time(start, "now").refresh("1m")
    for name in ("datasource", *variables):
        found = found.with_variable(_Built(_variable(name)))
    link = make.DashboardLink("Undertow").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return found.link(link.tooltip("the other dashboards").include_vars(True).keep_time(True))


class _Built(make.QueryVariable):
    """A builder of what is built already."""

    def __init__(self, built: VariableModel) -> None:
        super().__init__(built.name)
        self._internal = built


def _variable(name: str) -> VariableModel:
    if name == "datasource":
        return make.DatasourceVariable(name).type("prometheus").label("Prometheus").build()
    if name == "window":
        options = [VariableOption(selected=value == "28d", text=text, value=value) for text, value in WINDOWS.items()]
        values = ",".join(f"{text} : {value}" for text, value in WINDOWS.items())
        chosen = make.CustomVariable(name).values(values).options(options).current(options[1])
        return chosen.label("Days of solving").build()
    query = make.QueryVariable(name).datasource(DATASOURCE).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    query = query.sort(VariableSort.ALPHABETICAL_ASC)
    if name == "segment":
        every = VariableOption(selected=True, text="all", value="all")
        query = query.query(_values('undertow_tickets{vendor=~"$vendor"}', name)).current(every)
        return query.label("Customer segment").build()
    query = query.query(_values("undertow_contract_minimum_tickets", "vendor")).label("Vendor")
    if name == "vendor":  # one
        return query.build()
    all_of_them = VariableOption(selected=True, text=["All"], value=["$__all"])
    found = query.multi(True).include_all(True).current(all_of_them).build()
    found.name = "vendor"
    return found


def _values(series: str, label: str) -> dict[str, object]:
    return {"query": f"label_values({series}, {label})", "refId": f"variable-{label}"}
