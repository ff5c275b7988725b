"""The base of every node: managed lifecycle, parameters, plugin, diagnostics."""

from __future__ import annotations

import math
import os
import traceback
from collections.abc import Callable
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile

import emo_music_ros.msg as msg
from emo_music_ros import plugins
from emo_music_ros.clock import SteadyStamps
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.errors import CompanionError, OptionError
from emo_music_ros.options import Rule
from emo_music_ros.ros.health import SHOWN, Health
from emo_music_ros.ros.parameters import Parameters
from emo_music_ros.ros.qos import EVENT, LATCHED
from emo_music_ros.ros.stamps import stamp
from emo_music_ros.ros.subject import Subject
from emo_music_ros.ros.worker import Worker

#: A step of the clock larger than this is told [s].
CLOCK_STEP = 1.0
LEVELS = {"ok": DiagnosticStatus.OK, "warn": DiagnosticStatus.WARN, "error": DiagnosticStatus.ERROR}


class CompanionNode(LifecycleNode):
    """A managed node with one optional plugin.

    Subclasses set the class attributes and fill the hooks `configure`, `activate`, `deactivate`
    and `cleanup`. What is made with `listen`, `every`, `serve` and `work` lives only while the
    node is active.

    Attributes
    ----------
    node_name : str
        Name and executable of the node.
    stages : dict
        Parameter that names a plugin -> (stage, default plugin). The first one is `self.plugin`.
    Options : type
        Options dataclass of the node itself; those of the plugin are declared under its name. One
        with `person_id` makes the node follow whom the run is for.
    purposes : tuple of str
        What of a person the node needs consent for.
    """

    node_name: ClassVar[str] = ""
    stages: ClassVar[dict[str, tuple[str, str]]] = {}
    Options: ClassVar[type] = plugins.NoOptions
    purposes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(self.node_name, **kwargs)
        self.on_finished: Callable[[], None] = lambda: None
        self.plugins: dict[str, Any] = {}
        self._health = Health(self._tell)
        self._entities: list[Callable[[], object]] = []
        self._workers: list[tuple[str, Worker[Any]]] = []
        self._lost: dict[str, int] = {}
        self.parameters = Parameters(self, self._is_idle, self._options_changed)
        self.parameters.declare_one(
            "autostart", True, Rule("configure and activate by itself when started")
        )
        if self.purposes:
            self.parameters.declare_one(
                "require_consent", False, Rule("do nothing with a person who has not consented")
            )
        self.parameters.declare(self.Options)
        for name, (stage, default) in self.stages.items():
            known = ", ".join(sorted(plugins.available(stage)))
            self.parameters.declare_one(name, default, Rule(f"{stage} plugin; installed: {known}"))
        self._declare_plugins()
        self.options: Any = None
        self.subject = self._nobody()
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._ahead = math.nan  # ROS time minus steady time
        self._stamps = SteadyStamps()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", EVENT)
        self._diagnostics_timer = self.create_timer(1.0, self._diagnose, clock=self._steady)
        self._autostart_timer = self.create_timer(0.0, self._autostart, clock=self._steady)

    # -- hooks -------------------------------------------------------------------------------

    def configure(self) -> None:
        """Load what the node needs; raise CompanionError to refuse."""

    def activate(self) -> None:
        """Start working: make publishers, subscriptions, timers and services."""

    def deactivate(self) -> None:
        """Stop working; publishers still exist, and go with everything else right after."""

    def cleanup(self) -> None:
        """Release what `configure` made."""

    def options_changed(self) -> None:
        """Take over `self.options` after a change at run time."""

    def person_changed(self, before: str) -> None:
        """Turn from the person before to that of `self.subject`."""

    def consent_changed(self) -> None:
        """Begin or end what `self.subject` allows or forbids now."""

    def person_forgotten(self, person_id: str) -> None:
        """Drop whatever is held of a person."""

    def details(self) -> dict[str, Any]:
        """Return more values for the diagnostics."""
        return {}

    @property
    def plugin(self) -> Any:
        """The node's first plugin, None while it is not configured."""
        return self.plugins.get(next(iter(self.stages), ""))

    # -- for subclasses ----------------------------------------------------------------------

    def now(self) -> float:
        """Return the ROS time in unix seconds."""
        return self.get_clock().now().nanoseconds * 1e-9

    def steady(self) -> float:
        """Return seconds of a clock that nobody sets, for order and durations."""
        return self._steady.now().nanoseconds * 1e-9

    @property
    def person_id(self) -> str:
        """Whom the node works for."""
        return self.subject.person_id

    def allows(self, purpose: str = SENSING, person_id: str = "") -> bool:
        """Tell whether something may be done with a person, by default the node's own."""
        return self.subject.allows(purpose, person_id)

    def arrival(self, stamp: float) -> float:
        """Return the steady time of a stamp; NaN if it cannot be, which is counted and shown."""
        time = self._stamps(stamp, self.now(), self.steady())
        if math.isnan(time):
            self.fault("stamps", self._stamps.problem, "warn", lasts=10.0)
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
        self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile = EVENT
    ) -> None:
        """Subscribe while active; messages lost on the way are counted by topic."""

        def lost(event: Any) -> None:
            self._lost[topic] = self._lost.get(topic, 0) + event.total_count_change

        def mismatch(event: Any) -> None:
            self.fault(topic, "a publisher offers an incompatible QoS. Compare both with: "
                       f"ros2 topic info -v {topic}", "warn")  # fmt: skip

        subscription = self.create_subscription(
            kind,
            topic,
            self.guarded(topic, callback),
            qos,
            event_callbacks=SubscriptionEventCallbacks(
                message_lost=lost, incompatible_qos=mismatch
            ),
        )
        self._entities.append(lambda: self.destroy_subscription(subscription))

    def advertise(self, kind: type, topic: str, qos: QoSProfile = EVENT) -> Publisher:
        """Make a publisher that lives while active."""
        publisher = self.create_publisher(kind, topic, qos)
        self._entities.append(lambda: self.destroy_publisher(publisher))
        return publisher

    def every(self, period: float, callback: Callable[[], None]) -> None:
        """Call back every `period` seconds of steady time while active."""
        part = getattr(callback, "__name__", "timer").strip("_")
        timer = self.create_timer(period, self.guarded(part, callback), clock=self._steady)
        self._entities.append(lambda: self.destroy_timer(timer))

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
        self._entities.append(lambda: self.destroy_service(service))

    def work(self, handle: Callable[[Any], None], slots: int, topic: str) -> Worker[Any]:
        """Make a worker thread that lives while active; what it skips of a topic is counted."""

        part = f"work on {topic}" if topic else "work"

        def work(item: Any) -> None:
            handle(item)
            self.recovered(part)

        def failed(error: Exception) -> None:
            self.failed(part, error)

        worker: Worker[Any] = Worker(work, slots, failed, f"{self.get_name()} {topic}")
        self._workers.append((topic, worker))
        self._entities.append(worker.stop)
        return worker

    def finish(self) -> None:
        """Ask the process to end."""
        self.on_finished()

    # -- lifecycle ---------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build the options and the plugin."""
        try:
            self._declare_plugins()
            if self.parameters.refused():
                raise OptionError(
                    "; ".join(self.parameters.refused()), "Correct it and configure again"
                )
            self.options = self.parameters.values(self.Options)
            for name, (stage, _) in self.stages.items():
                self.plugins[name] = self._make_plugin(name, stage)
            self.configure()
        except Exception as error:  # whatever it is, the node stays and can be mended
            self.plugins.clear()
            return self._refuse(error)
        self.health("ok", "configured")
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start working."""
        try:
            self._follow()
            self.activate()
        except Exception as error:  # whatever it is, the node stays and can be mended
            self._release()
            return self._refuse(error)
        if self._health.text == "configured":
            problems = self.parameters.mistyped()
            self.health("warn" if problems else "ok", "; ".join(["active", *problems]))
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working."""
        self.deactivate()
        self._release()
        self.health("ok", "inactive")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        self.cleanup()
        self.plugins.clear()
        self.health("ok", "unconfigured")
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working and release everything, from any state."""
        self.close()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured after an unexpected failure, ready to be configured again."""
        self.health("error", f"failed while {state.label}; see the log, then configure again")
        self.close()
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Stop and release whatever there is; safe in any state."""
        for step in (self.deactivate, self._release, self.cleanup):
            try:
                step()
            except Exception as error:  # the rest must still be released
                self.get_logger().error(f"while closing: {error!r}")
        self.plugins.clear()

    # -- inside ------------------------------------------------------------------------------

    def _tell(self, level: str, text: str) -> None:
        # rclpy ties a line of code to one severity
        if level == "ok":
            self.get_logger().info(text)
        elif level == "warn":
            self.get_logger().warning(text)
        else:
            self.get_logger().error(text)

    def _nobody(self) -> Subject:
        return Subject("", (), False, "", self.person_changed, self.consent_changed)

    def _follow(self) -> None:
        """Follow whom the run is for and what that person allows."""
        person_id = getattr(self.options, "person_id", "")
        if not person_id:
            return
        self.subject = Subject(
            person_id,
            self.purposes,
            bool(self.purposes) and self.get_parameter("require_consent").value,
            self.get_namespace(),
            self.person_changed,
            self.consent_changed,
        )
        self.fault("consent", self.subject.problem)
        self.listen(msg.Person, "person", self.subject.on_person, LATCHED)
        self.listen(
            msg.Person,
            "person/forgotten",
            lambda message: self.person_forgotten(message.person_id),
        )
        if self.purposes:
            self.listen(msg.ConsentState, "consent/state", self.subject.on_state, LATCHED)

    def _refuse(self, error: Exception) -> TransitionCallbackReturn:
        if not isinstance(error, CompanionError):
            self.get_logger().error(traceback.format_exc())
        self.health("error", str(error) or repr(error))
        return TransitionCallbackReturn.FAILURE

    def _is_idle(self) -> bool:
        return self._state_machine.current_state[1] == "unconfigured"

    def _declare_plugins(self) -> None:
        for name, (stage, _) in self.stages.items():
            plugin = self.get_parameter(name).value
            try:
                options = plugins.options_of(plugins.find(stage, plugin))
            except CompanionError as error:
                self.health("error", str(error))
                continue
            self.parameters.declare(options, f"{plugin}.")

    def _make_plugin(self, name: str, stage: str) -> Any:
        plugin = self.get_parameter(name).value
        options = plugins.options_of(plugins.find(stage, plugin))
        return plugins.create(stage, plugin, self.parameters.mapping(options, f"{plugin}."))

    def configured(self, stage: str) -> Any:
        """Return the options of a plugin as the parameters say."""
        prefix = f"{self.get_parameter(stage).value}."
        return self.parameters.values(plugins.options_of(type(self.plugins[stage])), prefix)

    def _options_changed(self) -> None:
        self.options = self.parameters.values(self.Options)
        for name, plugin in self.plugins.items():
            if hasattr(plugin, "options"):
                plugin.options = self.configured(name)
        self.options_changed()

    def _autostart(self) -> None:
        self.destroy_timer(self._autostart_timer)
        if self.get_parameter("autostart").value and self._is_idle():
            if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
                self.trigger_activate()

    def _release(self) -> None:
        while self._entities:
            self._entities.pop()()
        self._workers.clear()

    def dropped(self) -> dict[str, int]:
        """Return the messages lost in transport or skipped by a worker, by topic."""
        counts = dict(self._lost)
        for topic, worker in self._workers:
            if not topic:
                continue
            counts[topic] = counts.get(topic, 0) + worker.skipped
        return counts

    def _watch_clock(self) -> None:
        """Tell of a clock that is set or does not run."""
        before, self._ahead = self._ahead, self.now() - self.steady()
        simulated = self.get_parameter("use_sim_time").value
        stands = simulated and self.now() == 0
        self.fault("clock", "use_sim_time is set and nobody publishes /clock: every stamp is 0. "
                   "Start the simulation or the bag with --clock" if stands else "", "warn")  # fmt: skip
        step = self._ahead - before
        if not simulated and abs(step) > CLOCK_STEP:
            self.get_logger().warning(f"the system clock was set by {step:+.1f} s; nothing is lost")

    def _diagnose(self) -> None:
        self._watch_clock()
        refusal = self.subject.refusal()
        self.fault("consent", self.subject.problem)
        level, text = self._health.worst(self.steady())
        if refusal:
            text = f"silent, {refusal}; {text}"
        values: dict[str, Any] = {
            "lifecycle": self._state_machine.current_state[1],
            "pid": os.getpid(),
            "peak_rss_mb": peak_rss_mb(),
            "stamps refused": self._stamps.refused,
            **{f"dropped {topic}": count for topic, count in self.dropped().items()},
            **self.details(),
        }
        for name in self.stages:
            values[name] = self.get_parameter(name).value
        status = DiagnosticStatus(
            level=LEVELS[level],
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
