"""The cheapest minutes to charge in, pure, in whole numbers: no rounding decides between two plans that cost the same.

A price holds for a stretch of time. With a steady power a cheapest plan uses each stretch wholly or not at all, but for
one: of two that are used in part, the dearer gives minutes to the cheaper until one of them is full or empty. That is
what is searched, exactly. Near full the car draws less and less, and the search looks at the same plans: a plan outside
of them could be cheaper then, by the little that the power falls within a stretch. One block is tried at each minute.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from .least_cost import Choice, Part

# A key is one whole number: what it costs, then what is preferred among plans that cost the same.
_COST: Final = 1 << 56
_MORE_STARTS: Final = 1 << 40
_SOONER: Final = 1 << 14
# No preference weighs as much as this.
_HALF: Final = _COST >> 1
# How far above what it costs at least a plan is looked for, first as a share of what the dearest part could make.
_FIRST_LOOK: Final = 16
_FARTHER: Final = 4

type _Path = tuple[_Path, int, int] | None
type _Best = dict[int, tuple[int, _Path]]


class Ties(StrEnum):
    """What is preferred of two plans that cost the same."""

    EARLIER = "earlier"
    LATER = "later"
    #: Among as few starts, the earlier one.
    FEWER_STARTS = "fewer_starts"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time with one price in which the car may charge. start, end: minutes from anywhere. price: millionths for a kWh."""

    start: int
    end: int
    price: int


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be charged.

    energy: mWh from the wall after so many minutes of charging, beginning with 0. max_windows: that may begin.
    start_cost: what each beginning must save, in the unit of price times energy. is_running: the car charges when the
    first stretch begins; to go on is no beginning then.
    """

    energy: Sequence[int]
    max_windows: int
    ties: Ties = Ties.FEWER_STARTS
    start_cost: int = 0
    is_running: bool = False

    @property
    def minutes(self) -> int:
        """Return how long it charges."""
        return len(self.energy) - 1


def cheapest(stretches: Sequence[Stretch], task: Task) -> list[tuple[int, int]]:
    """Return the windows (start, end) in which the task costs least; all that can be had where it does not fit.

    stretches: in order, without overlap; where one begins at another's end a window goes on.
    """
    minutes = min(task.minutes, most(stretches, task))
    if not minutes:
        return []
    if task.max_windows == 1 and not task.is_running:
        return [_block(stretches, task, minutes)]
    # Without a bound on the windows there is less to search, and mostly its answer keeps to the bound.
    windows = _Search(stretches, task, minutes, bound=None).windows()
    if _begun(windows, stretches, task) > task.max_windows:
        windows = _Search(stretches, task, minutes, bound=task.max_windows).windows()
    return windows


def most(stretches: Sequence[Stretch], task: Task) -> int:
    """Return how many minutes could be charged in so many windows."""
    runs = [run[-1].end - run[0].start for run in _runs(stretches)]
    going_on = runs.pop(0) if task.is_running and runs else 0
    return going_on + sum(sorted(runs, reverse=True)[: task.max_windows])


def _runs(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """Return the stretches, those together that a window can go through."""
    runs: list[list[Stretch]] = []
    for stretch in stretches:
        if runs and runs[-1][-1].end == stretch.start:
            runs[-1].append(stretch)
        else:
            runs.append([stretch])
    return runs


def _block(stretches: Sequence[Stretch], task: Task, minutes: int) -> tuple[int, int]:
    """Return the cheapest block of so many minutes, of all that there are."""
    late = -1 if task.ties is Ties.LATER else 1
    found: list[tuple[int, int, int]] = []
    for run in _runs(stretches):
        first = 0
        for start in range(run[0].start, run[-1].end - minutes + 1):
            first += run[first].end == start
            found.append((_block_cost(run, first, start, task.energy, minutes), start * late, start))
    start = min(found)[2]
    return start, start + minutes


def _block_cost(run: Sequence[Stretch], first: int, start: int, energy: Sequence[int], minutes: int) -> int:
    cost = done = 0
    for stretch in islice(run, first, None):
        reached = min(stretch.end - start, minutes)
        cost += stretch.price * (energy[reached] - energy[done])
        done = reached
        if done == minutes:
            break
    return cost


def _begun(windows: Sequence[tuple[int, int]], stretches: Sequence[Stretch], task: Task) -> int:
    return len(windows) - (task.is_running and windows[0][0] == stretches[0].start)


def joined(pieces: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return windows, those that touch as one. pieces: in order."""
    found: list[tuple[int, int]] = []
    for start, end in pieces:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


class _Search:
    """Goes through the stretches in order and keeps the cheapest way to each number of minutes charged.

    Kept apart: whether a stretch was used in part already; how many windows have begun, where that is bounded; and
    whether the car charges at the end of the stretch, so that it may go on (`going`), or may not (`best`, all ways).
    What cannot lead to a plan below a certain cost is left out. If that leaves nothing, the cost was too low.
    """

    def __init__(self, stretches: Sequence[Stretch], task: Task, minutes: int, *, bound: int | None) -> None:
        self._energy = task.energy
        self._minutes = minutes
        self._origin = stretches[0].start
        self._layers = 1 if bound is None else bound + 1
        self._next_layer = 0 if bound is None else 1
        self._is_running = task.is_running
        few = task.ties is Ties.FEWER_STARTS
        self._early = {Ties.EARLIER: _SOONER, Ties.LATER: -_SOONER, Ties.FEWER_STARTS: 1}[task.ties]
        self._start = task.start_cost * _COST + (_MORE_STARTS if few else 1)
        parts = _parts(stretches, task.energy, minutes)
        self._least = Choice(
            parts, task.energy[minutes], bound, task.start_cost, task.is_running
        ).least_cost()
        prices = [stretch.price for stretch in stretches]
        self._look = max(1, (max(prices) - min(prices)) * max(part.most for part in parts) // _FIRST_LOOK)
        # All of the energy is charged in the end, so that a price less for all of it makes no other plan the cheapest.
        self._stretches = [
            Stretch(stretch.start, stretch.end, stretch.price - self._least.price) for stretch in stretches
        ]
        self._sums = self._reachable()
        self._best: list[list[_Best]] = []
        self._going: list[list[_Best]] = []
        self._below = 0

    def _reachable(self) -> list[int]:
        """Return, for each stretch, which numbers of minutes can be had from it on in whole stretches: a bit each."""
        sums = [1]
        mask = (1 << self._minutes + 1) - 1
        for stretch in reversed(self._stretches):
            sums.append((sums[-1] | sums[-1] << (stretch.end - stretch.start)) & mask)
        return sums[::-1]

    def windows(self) -> list[tuple[int, int]]:
        """Return the cheapest windows."""
        least = self._least.total - self._least.price * self._energy[self._minutes]
        while not (found := self._found(least + self._look)):
            self._look *= _FARTHER
        path = min(found, key=lambda entry: entry[0])[1]
        pieces: list[tuple[int, int]] = []
        while path is not None:
            pieces.append(path[1:])
            path = path[0]
        return joined(reversed(pieces))

    def _found(self, cost: int) -> list[tuple[int, _Path]]:
        """Return the best ways at this cost or less, one for each number of windows."""
        self._below = cost * _COST + _HALF
        self._best, self._going = self._none(), self._none()
        self._best[0][0][0] = (0, None)
        if self._is_running:
            self._going[0][0][0] = (0, None)
        left = sum(stretch.end - stretch.start for stretch in self._stretches)
        for index, stretch in enumerate(self._stretches):
            if index and self._stretches[index - 1].end != stretch.start:
                self._going = self._none()
            left -= stretch.end - stretch.start
            self._pass(stretch, index, left)
        return [layer[self._minutes] for layers in self._best for layer in layers if self._minutes in layer]

    def _none(self) -> list[list[_Best]]:
        return [[{} for _ in range(self._layers)] for _ in range(2)]

    def _pass(self, stretch: Stretch, index: int, left: int) -> None:
        """Add a stretch: it is left out, used wholly, or used in part. left: minutes in those that follow."""
        sums = self._sums[index + 1]
        ended, going = self._none(), self._none()
        rest = self._least.after[index]
        going_below = [self._below - cost * _COST for cost in rest.going]
        for layer, below in enumerate(going_below):
            after = layer + self._next_layer
            for used in range(2):
                self._add(going[used][layer], self._going[used][layer], stretch, 0, below)
                if after < self._layers:
                    self._add(
                        going[used][after], self._best[used][layer], stretch, self._start, going_below[after]
                    )
            self._add_parts(ended[1], going[1], layer, stretch, sums)
        least = max(0, self._minutes - left)
        for layer, cost in enumerate(rest.waiting):
            below = self._below - cost * _COST
            for used in range(2):
                best = self._best[used][layer]
                for more in (ended[used][layer], going[used][layer]):
                    for done, entry in more.items():
                        known = best.get(done)
                        if known is None or entry[0] < known[0]:
                            best[done] = entry
                for done in [
                    done
                    for done, entry in best.items()
                    if entry[0] > below or (not sums >> self._minutes - done & 1 if used else done < least)
                ]:
                    del best[done]
        self._going = going

    def _add(self, into: _Best, ways: _Best, stretch: Stretch, start: int, below: int) -> None:
        """Use a stretch wholly, where that leaves it below a cost. start: what it adds to the key to begin with it."""
        length = stretch.end - stretch.start
        energy, price, most = self._energy, stretch.price * _COST, self._minutes - length
        if not ways or most < 0:
            return
        start += self._key(stretch.start, length, 0, 0)
        for done, (key, path) in ways.items():
            if done > most:
                continue
            after = done + length
            cost = key + start + price * (energy[after] - energy[done])
            if cost <= below:
                known = into.get(after)
                if known is None or cost < known[0]:
                    into[after] = cost, (path, stretch.start, stretch.end)

    def _add_parts(
        self, ended: list[_Best], going: list[_Best], layer: int, stretch: Stretch, sums: int
    ) -> None:
        """Use a stretch in part: its first minutes, going on or beginning, or its last ones, for the next to go on."""
        after = layer + self._next_layer
        for done, (key, path) in self._going[0][layer].items():
            for part in self._parts(done, stretch, sums):
                first = self._key(stretch.start, part, done, stretch.price)
                piece = (stretch.start, stretch.start + part)
                _keep(ended[layer], done + part, (key + first, (path, *piece)))
        if after >= self._layers:
            return
        for done, (key, path) in self._best[0][layer].items():
            for part in self._parts(done, stretch, sums):
                first = self._key(stretch.start, part, done, stretch.price)
                piece = (stretch.start, stretch.start + part)
                _keep(ended[after], done + part, (key + self._start + first, (path, *piece)))
                begins = stretch.end - part
                last = self._key(begins, part, done, stretch.price)
                _keep(going[after], done + part, (key + self._start + last, (path, begins, stretch.end)))

    def _parts(self, done: int, stretch: Stretch, sums: int) -> Iterator[int]:
        """Yield how many minutes of a stretch leave a rest that can be had in whole stretches."""
        wanted = self._minutes - done
        low = max(0, wanted - (stretch.end - stretch.start) + 1)
        bits = sums >> low & (1 << max(0, wanted - low)) - 1
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            yield wanted - low - lowest.bit_length() + 1

    def _key(self, start: int, length: int, done: int, price: int) -> int:
        """Return what so many minutes from a time add to the key, when so many were charged before."""
        begins = start - self._origin
        early = begins * length + length * (length - 1) // 2
        energy = self._energy[done + length] - self._energy[done]
        return price * energy * _COST + early * self._early


def _keep(best: _Best, done: int, entry: tuple[int, _Path]) -> None:
    known = best.get(done)
    if known is None or entry[0] < known[0]:
        best[done] = entry


def _parts(stretches: Sequence[Stretch], energy: Sequence[int], minutes: int) -> list[Part]:
    """Return what each stretch may draw, whenever in the charge it comes."""
    drawn: dict[int, tuple[int, int]] = {}
    for length in {stretch.end - stretch.start for stretch in stretches}:
        if length > minutes:
            # Never used wholly; its cheapest part may be all there is, or nothing.
            drawn[length] = energy[minutes], 0
            continue
        each = [energy[done + length] - energy[done] for done in range(minutes - length + 1)]
        drawn[length] = max(each), min(each)
    return [
        Part(
            stretch.price,
            *drawn[stretch.end - stretch.start],
            index > 0 and stretches[index - 1].end == stretch.start,
        )
        for index, stretch in enumerate(stretches)
    ]
