# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The base of every node: managed lifecycle, parameters, plugin, diagnostics."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import Any, ClassVar

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

import emo_music_ros.msg as msg
from emo_music_ros import plugins
from emo_music_ros.consent.rules import valid_person
from emo_music_ros.errors import CompanionError, OptionError
from emo_music_ros.options import Rule
from emo_music_ros.ros.environment import RUN
from emo_music_ros.ros.parameters import Parameters
from emo_music_ros.ros.parts import PartsNode
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.subject import Subject


class CompanionNode(PartsNode):
    """A managed node with one optional plugin.

    Subclasses set the class attributes and fill the hooks `configure`, `activate`, `deactivate`
    and `cleanup`. Its parts live only while it is active.

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
        self._health.state("ok", "unconfigured")
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

    def facts(self) -> dict[str, Any]:
        """Return what the diagnostics show."""
        self.fault("consent", self.subject.problem)
        refusal = self.subject.refusal()
        self.fault("silent", refusal, "ok")
        stages = {name: self.get_parameter(name).value for name in self.stages}
        return {"person": self.person_id, **self.details(), **stages}

    @property
    def person_id(self) -> str:
        """Whom the node works for."""
        return self.subject.person_id

    def allows(self, purpose: str = "", person_id: str = "") -> bool:
        """Tell whether something, by default all the node is there for, may be done with a person,
        by default the node's own.
        """
        purposes = (purpose,) if purpose else self.purposes
        return all(self.subject.allows(each, person_id) for each in purposes)

    def finish(self) -> None:
        """Ask the process to end."""
        self.on_finished()

    # -- parameters --------------------------------------------------------------------------

    def set_parameters(self, parameter_list: list[Parameter]) -> list[SetParametersResult]:
        """Set parameters one by one; those that are accepted are taken over."""
        results = super().set_parameters(parameter_list)
        self.parameters.changed(
            [each for each, result in zip(parameter_list, results) if result.successful]
        )
        return results

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """Set all parameters or none; the services of ROS come here, too."""
        result = super().set_parameters_atomically(parameter_list)
        self.parameters.changed(parameter_list if result.successful else [])
        return result

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
            self.release()
            return self._refuse(error)
        if self._health.text == "configured":
            problems = self.parameters.mistyped()
            self.health("warn" if problems else "ok", "; ".join(["active", *problems]))
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working."""
        self.deactivate()
        self.release()
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
        for step in (self.deactivate, self.release, self.cleanup):
            try:
                step()
            except Exception as error:  # the rest must still be released
                self.get_logger().error(f"while closing: {error!r}")
        self.plugins.clear()

    # -- inside ------------------------------------------------------------------------------

    def _nobody(self) -> Subject:
        return Subject("", "", (), False, "", self.person_changed, self.consent_changed)

    def _follow(self) -> None:
        """Follow whom the run is for and what that person allows."""
        if not hasattr(self.options, "person_id"):
            return
        self.subject = Subject(
            valid_person(self.options.person_id),
            os.environ.get(RUN, ""),
            self.purposes,
            bool(self.purposes) and self.get_parameter("require_consent").value,
            self.get_namespace(),
            self.person_changed,
            self.consent_changed,
        )
        self.fault("consent", self.subject.problem)
        subject = self.subject
        self.listen(msg.Person, "person", subject.on_person, LATCHED, watched=False)
        self.listen(msg.Person, "person/forgotten", self._on_forgotten, watched=False)
        if self.purposes:
            self.listen(msg.ConsentState, "consent/state", subject.on_state, LATCHED, watched=False)

    def _on_forgotten(self, message: msg.Person) -> None:
        self.person_forgotten(message.person_id)

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
        if self._state_machine.current_state[1] == "active":
            self.options_changed()

    def _autostart(self) -> None:
        self.destroy_timer(self._autostart_timer)
        if self.get_parameter("autostart").value and self._is_idle():
            if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
                self.trigger_activate()
