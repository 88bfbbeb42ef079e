"""A strict stand-in for Tesla's Fleet API: sign-in, regions, bill, and cars that drive, sleep and charge.

It runs on loopback, on one clock, real or driven. `python -m fleet_simulator` runs it alone.
"""

from .account import DEFAULT_SCOPES, Account, RefreshRecord
from .battery import Battery
from .bill import Bill, BillEntry
from .car import Car, GpsFix, Trip
from .charging import SOCKET, SUPERCHARGER, WALL_BOX, Charger
from .drive import Crossing, Drive, Fix
from .energy import Energy, Spent, spent
from .faults import Fault, Faults
from .front import RequestRecord
from .geo import Point, distance_m
from .keeper import ScheduleRules
from .keyring import INFOTAINMENT, VEHICLE_SECURITY, Keyring, SignedRecord
from .orders import Order
from .roads import HOME, drive_home
from .server import FleetSimulator

__all__ = [
    "DEFAULT_SCOPES",
    "HOME",
    "INFOTAINMENT",
    "SOCKET",
    "SUPERCHARGER",
    "VEHICLE_SECURITY",
    "WALL_BOX",
    "Account",
    "Battery",
    "Bill",
    "BillEntry",
    "Car",
    "Charger",
    "Crossing",
    "Drive",
    "Energy",
    "Fault",
    "Faults",
    "Fix",
    "FleetSimulator",
    "GpsFix",
    "Keyring",
    "Order",
    "Point",
    "RefreshRecord",
    "RequestRecord",
    "ScheduleRules",
    "SignedRecord",
    "Spent",
    "Trip",
    "distance_m",
    "drive_home",
    "spent",
]
