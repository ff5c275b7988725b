# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a node is made of: parts that live while it is active, on two clocks, with their health."""

from __future__ import annotations

import math
import os
import traceback
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile

from emo_music_ros.clock import SteadyStamps
from emo_music_ros.errors import CompanionError
from emo_music_ros.ros.health import SHOWN, Health
from emo_music_ros.ros.listening import OVERRIDES, Listener
from emo_music_ros.ros.parameters import plain
from emo_music_ros.ros.qos import EVENT
from emo_music_ros.ros.stamps import stamp
from emo_music_ros.ros.worker import Worker

#: A step of the clock larger than this is told [s].
CLOCK_STEP = 1.0
NO_CLOCK = (
    "use_sim_time is set and nobody publishes /clock: every stamp is 0. Start the simulation, or"
    " the bag with --clock"
)
_LEVELS = {
    "ok": DiagnosticStatus.OK,
    "warn": DiagnosticStatus.WARN,
    "error": DiagnosticStatus.ERROR,
}


class PartsNode(LifecycleNode):
    """A managed node that looks after its parts.

    What is made with `listen`, `advertise`, `every`, `serve` and `work` lives until `release`.
    Whatever fails in one of them is shown in ``/diagnostics`` until it is over, and ends nothing.

    Parameters
    ----------
    name : str
        Of the node.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._health = Health(self._tell)
        self._parts: list[Callable[[], object]] = []
        self._workers: list[tuple[str, Worker[Any]]] = []
        self._listeners: list[Listener] = []
        self._lost: dict[str, int] = {}
        self.unused: dict[str, int] = {}  # topic -> messages that could not be used
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._ahead = math.nan  # ROS time minus steady time
        self._stamps = SteadyStamps()
        self._diagnostics = self.create_publisher(
            DiagnosticArray, "/diagnostics", copy(EVENT), qos_overriding_options=OVERRIDES
        )
        self._diagnostics_timer = self.create_timer(
            1.0, self.guarded("diagnostics", self._diagnose), clock=self._steady
        )

    def facts(self) -> dict[str, Any]:
        """Return what else the diagnostics show."""
        return {}

    def now(self) -> float:
        """Return the ROS time in unix seconds."""
        return self.get_clock().now().nanoseconds * 1e-9

    def steady(self) -> float:
        """Return seconds of a clock that nobody sets, for order and durations."""
        return self._steady.now().nanoseconds * 1e-9

    def arrival(self, stamp: float, lasted: float = 0.0, topic: str = "") -> float:
        """Return the steady time of a stamp; NaN if it cannot be, which is counted and shown.

        A signal that `lasted` from the stamp on [s] cannot end in the future either.
        """
        time = self._stamps(stamp, self.now(), self.steady(), lasted)
        if math.isnan(time):
            part = f"stamps of {topic}" if topic else "stamps"
            self.fault(part, self._stamps.problem, "warn", lasts=10.0)
        return time

    def wall(self, steady: float) -> float:
        """Return the ROS time of a steady time [unix s]."""
        return self.now() - (self.steady() - steady)

    def health(self, level: str, text: str) -> None:
        """Set what the diagnostics say of the node (`ok`, `warn` or `error`).

        A change is logged once; where only numbers change it is not.
        """
        self._health.state(level, text)

    def fault(self, part: str, text: str, level: str = "error", *, lasts: float = math.inf) -> None:
        """Show that a part does not work, until :meth:`recovered`; no text = it does."""
        if text:
            self._health.fault(part, text, level, self.steady(), lasts)
        else:
            self._health.over(part)

    def failed(self, part: str, error: Exception) -> None:
        """Log an error that left a part of the node, and show it until it works again."""
        if not isinstance(error, CompanionError):
            text = "".join(traceback.format_exception(error))
            self.get_logger().error(f"{part}: {text}", throttle_duration_sec=10.0)
        known = isinstance(error, CompanionError)
        self.fault(part, str(error) if known else f"failed: {error!r}", lasts=SHOWN)

    def recovered(self, part: str) -> None:
        """Note that a part works again."""
        self._health.over(part)

    def guarded(self, part: str, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Return a callback whose errors are shown and end nothing."""

        def call(*arguments: Any) -> Any:
            try:
                result = callback(*arguments)
            except Exception as error:  # whatever it is, the node goes on
                self.failed(part, error)
                return None
            self.recovered(part)
            return result

        return call

    def listen(
        self,
        kind: type,
        topic: str,
        callback: Callable[[Any], None],
        qos: QoSProfile = EVENT,
        *,
        watched: bool = True,
        lasting: bool = True,
        others: Mapping[type, Callable[[Any], None]] | None = None,
    ) -> Listener:
        """Subscribe while active; of a topic that is watched, messages that are lost are counted.

        Watching costs: an executor asks every part after every message. Publishers of other types
        named in `others` and of lower quality of service are taken too; what cannot be is shown.
        Of a topic that comes and goes (not `lasting`) no parameters are made, which would stay.
        """

        def lost(count: int) -> None:
            self._lost[topic] = self._lost.get(topic, 0) + count

        def told(text: str) -> None:
            self.fault(f"publisher of {topic}", text, "warn")

        takes = {kind: callback, **(others or {})}
        guarded = {each: self.guarded(topic, call) for each, call in takes.items()}
        listener = Listener(self, topic, guarded, qos, lost, told, watched, lasting)
        self._listeners.append(listener)
        self._parts.append(listener.close)
        return listener

    def unlisten(self, listener: Listener) -> None:
        """End a subscription while the node goes on."""
        self._listeners.remove(listener)
        self._parts.remove(listener.close)
        listener.close()
        topic = listener.topic
        for part in (topic, f"publisher of {topic}", f"messages of {topic}", f"stamps of {topic}"):
            self._health.gone(part)
        for counts in (self._lost, self.unused):
            counts.pop(topic, None)

    def unusable(self, topic: str, error: CompanionError) -> None:
        """Show, and log once, that what comes on a topic cannot be used, and what would work."""
        self.unused[topic] = self.unused.get(topic, 0) + 1
        self.fault(f"messages of {topic}", str(error), "warn", lasts=SHOWN)

    def usable(self, topic: str) -> None:
        """Note that what comes on a topic can be used."""
        self.recovered(f"messages of {topic}")

    def advertise(self, kind: type, topic: str, qos: QoSProfile = EVENT) -> Publisher:
        """Make a publisher that lives while active."""
        publisher = self.create_publisher(kind, topic, copy(qos), qos_overriding_options=OVERRIDES)
        self._parts.append(lambda: self.destroy_publisher(publisher))
        return publisher

    def every(self, period: float, callback: Callable[[], None]) -> None:
        """Call back every `period` seconds of steady time while active."""
        part = getattr(callback, "__name__", "timer").strip("_")
        timer = self.create_timer(period, self.guarded(part, callback), clock=self._steady)
        self._parts.append(lambda: self.destroy_timer(timer))

    def serve(self, kind: type, name: str, callback: Callable[[Any, Any], Any]) -> None:
        """Offer a service while active; whatever goes wrong becomes its answer."""

        def answer(request: Any, response: Any) -> Any:
            try:
                response = callback(request, response)
            except CompanionError as error:
                response.success, response.message = False, str(error)
            except Exception as error:  # nobody may be left waiting
                self.failed(name, error)
                response = type(response)()
                response.success = False
                response.message = f"{name} failed: {error!r}. See the log of {self.get_name()}"
                return response
            self.recovered(name)
            return response

        service = self.create_service(kind, name, answer)
        self._parts.append(lambda: self.destroy_service(service))

    def work(self, handle: Callable[[Any], None], slots: int, topic: str) -> Worker[Any]:
        """Make a worker thread that lives while active; what it skips of a topic is counted."""
        part = f"work on {topic}" if topic else "work"

        def failed(error: Exception) -> None:
            self.failed(part, error)

        worker: Worker[Any] = Worker(
            handle, slots, failed, f"{self.get_name()} {topic}", lambda: self.recovered(part)
        )
        self._workers.append((topic, worker))
        self._parts.append(worker.stop)
        return worker

    def ends(self, close: Callable[[], object]) -> None:
        """Have a part that was made in another way end with the others."""
        self._parts.append(close)

    def release(self) -> None:
        """End every part."""
        while self._parts:
            self._parts.pop()()
        self._workers.clear()
        self._listeners.clear()

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """Set parameters; one that is fixed and stays as it is needs no right to change.

        So a node takes its own ``ros2 param dump``.
        """
        changed = [entry for entry in parameter_list if not self._stays(entry)]
        if parameter_list and not changed:
            return SetParametersResult(successful=True)
        return super().set_parameters_atomically(changed)

    def _stays(self, entry: Parameter) -> bool:
        return (
            self.has_parameter(entry.name)
            and self.describe_parameter(entry.name).read_only
            and plain(self.get_parameter(entry.name).value) == plain(entry.value)
        )

    def dropped(self) -> dict[str, int]:
        """Return the messages lost in transport or skipped by a worker, by topic."""
        counts = dict(self._lost)
        for topic, worker in self._workers:
            if not topic:
                continue
            counts[topic] = counts.get(topic, 0) + worker.skipped
        return counts

    def _tell(self, level: str, text: str) -> None:
        # rclpy ties a line of code to one severity
        if level == "ok":
            self.get_logger().info(text)
        elif level == "warn":
            self.get_logger().warning(text)
        else:
            self.get_logger().error(text)

    def _watch_clock(self) -> None:
        """Tell of a clock that is set or does not run."""
        before, self._ahead = self._ahead, self.now() - self.steady()
        simulated = self.get_parameter("use_sim_time").value
        stands = simulated and self.now() == 0
        self.fault("clock", NO_CLOCK if stands else "", "warn")
        step = self._ahead - before
        if not simulated and abs(step) > CLOCK_STEP:
            self.get_logger().warning(f"the system clock was set by {step:+.1f} s; nothing is lost")

    def _diagnose(self) -> None:
        self._watch_clock()
        for listener in list(self._listeners):
            self.guarded(f"subscription of {listener.topic}", listener.look)()
        values: dict[str, Any] = {
            "lifecycle": self._state_machine.current_state[1],
            "pid": os.getpid(),
            "peak_rss_mb": peak_rss_mb(),
            "stamps refused": self._stamps.refused,
            **{f"dropped {topic}": count for topic, count in self.dropped().items()},
            **{f"unusable {topic}": count for topic, count in self.unused.items()},
            **self.facts(),
        }
        level, text = self._health.worst(self.steady())
        status = DiagnosticStatus(
            level=_LEVELS[level],
            name=self.get_fully_qualified_name(),
            message=text,
            hardware_id="emo_music_ros",
            values=[KeyValue(key=key, value=_text(value)) for key, value in values.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = stamp(self.now())
        self._diagnostics.publish(message)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def peak_rss_mb() -> float:
    """Return the largest resident memory of this process so far in MB."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
