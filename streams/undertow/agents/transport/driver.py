"""The transports themselves, and every switch between kinds of broker."""

from __future__ import annotations

from typing import ClassVar

from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

from undertow.agents.transport.consumer import Consumer
from undertow.agents.transport.producer import Producer


class Transport(driver.Transport):
    """Apache Kafka under the rules P1 to P3 and C1 to C12, as `undertow://host:port`.

    TLS and SASL credentials are Faust's own (`broker_credentials`, `ssl_context`) and pass through unchanged.
    The attributes are settings: an app module may set them before the worker starts.
    """

    Consumer = Consumer
    Producer = Producer

    #: C8: least seconds between two small fetches of topics that are paced (`SpanSchema`). At low rates a span then holds
    #: many records, and CPU is paid a span; latency grows by up to twice as much, for what comes meanwhile is fetched ahead.
    #: 0 never waits. Recovery never waits.
    pace: ClassVar[float] = 0.0
    #: P2: producers that the broker can recognise. Off only where the broker cannot answer InitProducerId.
    idempotent: ClassVar[bool] = True
    #: Ask for log ends by a fetch instead of by ListOffsets alone.
    verify_ends: ClassVar[bool] = False
    #: What `broker_session_timeout` should be on this broker, seconds. The app sets it: Faust reads it from there only.
    session_timeout: ClassVar[float] = 30.0


class EmbeddedTransport(Transport):
    """The embedded demo broker, as `undertow-embedded://host:port`: the same rules, and its three workarounds."""

    #: InitProducerId fails there.
    idempotent: ClassVar[bool] = False
    #: ListOffsets answers the base of the last batch plus one there.
    verify_ends: ClassVar[bool] = True
    #: A join waits half of the session there.
    session_timeout: ClassVar[float] = 6.0


# The entry points of the installed package say the same; this serves a checkout which is only on the path.
TRANSPORTS.aliases["undertow"] = f"{__name__}:Transport"
TRANSPORTS.aliases["undertow-embedded"] = f"{__name__}:EmbeddedTransport"
