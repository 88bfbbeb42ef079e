"""What of a car may be told: what scout and worker did and why, what they go by, its schedules, its plan, its last read."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isinf
from typing import Any, Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .action_cars import iso
from .data import Car, ScoutWorkerConfigEntry
from .redaction import block_told
from .schedule_kinds import CHARGE, PRECONDITION, Kind
from .scout.habits import SATURDAY, Habits
from .scout.history import rough_kilometres
from .scout.policy import plan
from .scout.view import View
from .services_plan import described, in_car, wished
from .worker.sessions import Session

_MPS_TO_KMH: Final = 3.6
_STEP_KMH: Final = 10


@callback
def car_told(entry: ScoutWorkerConfigEntry, car: Car, zones: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of a car. zones: by entity id, what a home zone is called here."""
    return {
        "scout": _scout_told(car, zones),
        "policy": _policy_told(car.scout.view()),
        "looks": [{**asdict(look), "at": iso(look.at)} for look in car.scout.looks.history.looks],
        "full_reads": [{"at": iso(read.at), "cause": read.cause} for read in car.scout.looks.history.reads],
        "worker": _worker_told(car),
        "charging_schedules": _schedules_told(car, CHARGE),
        "preconditioning_schedules": _schedules_told(car, PRECONDITION),
        "plan": _plan_told(car),
        "commands_go": way.value if (way := entry.runtime_data.account.commander.way_of(car.vin)) else None,
        "last_read": {name: block_told(block) for name, block in car.worker.data.vehicle_data.blocks.items()},
    }


def _scout_told(car: Car, zones: Mapping[str, str]) -> dict[str, Any]:
    data, where = car.scout.data, car.scout.data.whereabouts
    error, interval = car.scout.last_error, car.scout.update_interval
    return {
        "cloud": data.cloud.value,
        "presence": where.presence.value,
        "presence_since": iso(where.since),
        "zone": zones.get(where.zone, "zone") if where.zone else None,
        "doubted": where.doubted.value if where.doubted else None,
        "told_at": iso(where.told_at),
        "has_departed": where.has_departed,
        "last_look": iso(data.last_look),
        "last_read": iso(data.last_read),
        "position_taken_at": iso(data.fix.at) if data.fix else None,
        "next_look": iso(data.next_look),
        "reason": data.reason.value,
        "seconds_between": interval.total_seconds() if interval else None,
        "last_error": error.code if error else None,
        "last_status": error.status if error else None,
        "last_update_success": car.scout.last_update_success,
        "vanished_at": iso(data.vanished_at),
        "eyes_answer": answer.value if car.scout.eyes and (answer := car.scout.eyes.answer) else None,
    }


def _policy_told(view: View) -> dict[str, Any]:
    """Return what the policy goes by now, and what it says; distances and speeds are rough."""
    planned = plan(view)
    return {
        "presence": view.presence.value,
        "kilometres_at_most": rough_kilometres(view.to_home),
        "is_driving": view.is_driving,
        "kmh": None if view.speed is None else round(view.speed * _MPS_TO_KMH / _STEP_KMH) * _STEP_KMH,
        "parked_minutes": _minutes(view.parked_since, view.now),
        "home_minutes": _minutes(view.home_since, view.now),
        "online_minutes": _minutes(view.online_since, view.now),
        "minutes_since_asleep": _minutes(view.asleep_at, view.now),
        "minutes_since_look": _minutes(view.last_look, view.now),
        "minutes_since_read": _minutes(view.last_read, view.now),
        "minutes_since_glimpse": _minutes(view.glimpsed_at, view.now),
        "navigation_minutes_home": None if view.minutes_home is None else round(view.minutes_home),
        "charging_minutes_left": _minutes(view.now, view.charging_until),
        "found_where_it_was": view.still,
        "found_in_vain": view.vain,
        "is_doubted": view.is_doubted,
        "has_woken": view.has_woken,
        "eyes": view.eyes.value if view.eyes else None,
        "wish": view.promptness.value,
        "wait_factor": None if isinf(view.thrift) else round(view.thrift, 2),
        "local_time": dt_util.as_local(dt_util.utc_from_timestamp(view.now)).strftime("%a %H:%M %z"),
        "habits": _habits_told(view),
        "says": {
            "look_at": iso(planned.look_at),
            "read_at": None if isinf(planned.read_at) else iso(planned.read_at),
            "reason": planned.reason.value,
            "is_full": planned.is_full,
            "is_held": planned.is_held,
        },
    }


def _habits_told(view: View) -> dict[str, Any]:
    """Return how much was learned and what follows from it now; no time of day at which a car usually leaves."""
    habits: Habits = view.habits
    local = view.local(view.now)
    return {
        "outings": len(habits.leavings),
        "stays": len(habits.stays),
        "paces": len(habits.paces),
        "outings_at_weekends": sum(row.weekday >= SATURDAY for row in habits.leavings),
        "leaves_home_now": habits.leaves_home(local).name.lower(),
        "sets_off_now": None if view.to_home is None else habits.sets_off(view.to_home, local).name.lower(),
        "garage_without_signal": habits.is_known_to_vanish,
        "is_out_since_minutes": _minutes(view.journey.left.best if view.journey.left else None, view.now),
    }


def _minutes(since: float | None, until: float | None) -> int | None:
    return None if since is None or until is None or isinf(until) else round((until - since) / 60)


def _worker_told(car: Car) -> dict[str, Any]:
    data, waker = car.worker.data, car.worker.waker
    sessions = (*data.log.past, *((data.log.running,) if data.log.running else ()))
    interval = car.worker.update_interval
    return {
        "last_cause": data.last_cause.value if data.last_cause else None,
        "read_at": iso(data.vehicle_data.read_at),
        "pending": [
            {
                "cause": trigger.cause.value,
                "raised_at": iso(trigger.raised_at),
                "attempts": trigger.attempts,
                "retry_at": iso(trigger.retry_at),
                "is_told": trigger.is_told,
            }
            for trigger in data.pending
        ],
        "next_read": {"at": iso(data.next_reading.at), "cause": data.next_reading.cause.value}
        if data.next_reading
        else None,
        "follows": {
            "arrived_at": iso(data.course.arrived_at),
            "looks_since_arrival": data.course.looks,
            "cable_soon_after_arrival": list(data.course.plugs),
            "is_plugged": data.course.is_plugged,
            "is_charging": data.course.is_charging,
            "charge_ends_at": iso(data.course.ends_at),
            "nothing_new_in_a_row": data.course.quiet,
        },
        "seconds_between": interval.total_seconds() if interval else None,
        "last_update_success": car.worker.last_update_success,
        "charge_sessions": [_session_told(session) for session in sessions[-5:]],
        "wakes": [iso(at) for at in waker.wakes],
        "wakes_today": waker.wakes_today,
    }


def _session_told(session: Session) -> dict[str, Any]:
    return {**session.as_dict(), "started_at": iso(session.started_at), "ended_at": iso(session.ended_at)}


def _schedules_told(car: Car, kind: Kind[Any]) -> list[dict[str, Any]] | None:
    """Return a kind of schedules, None where the car did not tell them; not where they are for, nor what they are called."""
    present = car.schedules.present(kind)
    if present is None:
        return None
    return [
        {
            "id": one.id,
            "made_for": owner.value if (owner := car.schedules.owner(kind, one.id)) else None,
            "is_at_home": car.schedules.is_at_home(one),
            "is_named": bool(one.name),
            **{
                name: value
                for name in ("days", "start", "end", "at", "enabled", "one_time")
                if (value := getattr(one, name, None)) is not None
            },
        }
        for one in present
    ]


def _plan_told(car: Car) -> dict[str, Any]:
    state, learned = car.plans.data, car.plans.learned
    return {
        "plan": described(state.plan) if state.plan else None,
        **wished(state),
        **in_car(state),
        "what_kept_it_out": state.problem,
        "wall_kw": learned.wall_kw,
        "has_learned": bool(learned.model),
    }
