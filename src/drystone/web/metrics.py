"""Prometheus metrics of the server: requests, latency, and what each model's queue and batches are like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drystone.errors import MissingExtraError
from drystone.reader.batcher import Batcher

try:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ImportError:
    raise MissingExtraError("prometheus-client", "server") from None


class _Batchers(Collector):
    """Reads the batchers' own counters when Prometheus asks."""

    def __init__(self, batchers: Mapping[str, Batcher]) -> None:
        self._batchers = batchers

    def collect(self) -> Iterator[Metric]:
        counted = (
            ("batches", "Forward passes", "batches"),
            ("windows", "Windows computed", "windows"),
            ("tokens", "Tokens computed, padding left out", "tokens"),
            ("padding_tokens", "Padding computed", "padding"),
            ("dropped_windows", "Windows dropped before the forward pass", "dropped"),
            ("queue_seconds", "Time that windows waited", "queue_seconds"),
            ("compute_seconds", "Time in forward passes", "compute_seconds"),
        )
        for name, text, attribute in counted:
            family = CounterMetricFamily(f"drystone_{name}", text, labels=["model"])
            for model, batcher in self._batchers.items():
                family.add_metric([model], getattr(batcher.counters, attribute))
            yield family
        waiting = GaugeMetricFamily("drystone_waiting_windows", "Windows in the queue", labels=["model"])
        for model, batcher in self._batchers.items():
            waiting.add_metric([model], batcher.waiting)
        yield waiting


class Metrics:
    """A registry of its own, so that several applications in one process do not mix."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, batchers: Mapping[str, Batcher]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Batchers(batchers))
        self._requests = Counter("drystone_requests", "HTTP requests", ["route", "status"], registry=self._registry)
        self._pairs = Counter("drystone_pairs", "Pairs answered", ["model"], registry=self._registry)
        self._latency = Histogram(
            "drystone_answer_seconds",
            "Time from acceptance to answer, queue included",
            ["model"],
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
            registry=self._registry,
        )

    def request(self, route: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()

    def latency(self, model: str, seconds: float, pairs: int) -> None:
        """Count an answer."""
        self._latency.labels(model).observe(seconds)
        self._pairs.labels(model).inc(pairs)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
