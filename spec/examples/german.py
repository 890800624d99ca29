"""German's cache coherence protocol: caches ask a home node for a shared or an exclusive copy of one line.

Home serves one request at a time. Where a copy is in the way it sends Inv to its holders and waits for their
InvAck; who held the line exclusively sends the data along. Every cache has three channels of one message
each: requests, what home sends, and acknowledgements.

Modelled as Chou, Mannava and Park give it ("A simple method for parameterized verification of cache coherence
protocols", FMCAD 2004), without what a channel or cache holds where nobody reads it. The numbers are those
that Rumur counts for the Murphi text: 3,390 states for two caches, 58,104 for three, 1,105,434 for four; 852,
5,235 and 28,088 with symmetry.

Shows: two scalarsets (caches and data), messages as optional values, a ghost variable.
"""

import enum

from explorer import *

CACHES = constant("CACHES", 2)

EAGER = constant("EAGER", False)
"""A mistake: home grants an exclusive copy without waiting for the sharers' InvAck."""

NO_WRITE_BACK = constant("NO_WRITE_BACK", False)
"""A mistake: home forgets to take the data that comes with an InvAck."""


class Cache(Scalarset):
    size = CACHES


class Data(Scalarset):
    """Values of the line. They are stored and compared, so two are enough and they are interchangeable."""

    size = constant("VALUES", 2)


class Copy(enum.Enum):
    """What a cache has of the line."""

    INVALID, SHARED, EXCLUSIVE = range(3)


class Request(enum.Enum):
    SHARED, EXCLUSIVE = range(2)


class Order(enum.Enum):
    """What home sends."""

    INV, GRANT_SHARED, GRANT_EXCLUSIVE = range(3)


class Caches(State):
    copy: Map[Cache, Copy] = initially(Copy.INVALID)
    data: Map[Cache, Data | None] = initially(None)


class Channels(State):
    """One message each way; the data that comes with a grant, or with the acknowledgement of an exclusive
    holder.
    """

    request: Map[Cache, Request | None] = initially(None)
    order: Map[Cache, Order | None] = initially(None)
    granted: Map[Cache, Data | None] = initially(None)
    acknowledged: Map[Cache, bool] = initially(False)
    returned: Map[Cache, Data | None] = initially(None)


class Home(State):
    """`serving` is the request at hand, `of` whose it is. `latest` is a ghost: what was last written,
    wherever it is.
    """

    serving: Var[Request | None] = initially(None)
    of: Var[Cache | None] = initially(None)
    to_invalidate: Map[Cache, bool] = initially(False)
    has_copy: Map[Cache, bool] = initially(False)
    exclusive: Var[bool] = initially(False)
    memory: Var[Data] = initially(any_of(Data))
    latest: Var[Data] = initially(any_of(Data))


@initial
def memory_is_up_to_date(home: Home) -> Value[bool]:
    return home.memory == home.latest


# The caches. Asking and storing are free choices; what was begun goes on.


@action(actor="cache")
def ask_shared(caches: Caches, channels: Channels, cache: Cache) -> None:
    """ReqS"""
    when(channels.request[cache].is_none)
    when(caches.copy[cache] == Copy.INVALID)
    channels.request[cache].next = Request.SHARED


@action(actor="cache")
def ask_exclusive(caches: Caches, channels: Channels, cache: Cache) -> None:
    """ReqE"""
    when(channels.request[cache].is_none)
    when(caches.copy[cache] != Copy.EXCLUSIVE)
    channels.request[cache].next = Request.EXCLUSIVE


@action(actor="cache")
def store(caches: Caches, home: Home, cache: Cache, value: Data) -> None:
    """stores {value}"""
    when(caches.copy[cache] == Copy.EXCLUSIVE)
    caches.data[cache].next = value
    home.latest.next = value


@action(actor="cache", fair=WEAK)
def acknowledge(caches: Caches, channels: Channels, cache: Cache) -> None:
    """Inv -> InvAck, with the data if it was exclusive"""
    when(channels.order[cache] == Order.INV)
    when(~channels.acknowledged[cache])
    channels.order[cache].next = None
    channels.acknowledged[cache].next = True
    channels.returned[cache].next = ite(
        caches.copy[cache] == Copy.EXCLUSIVE, caches.data[cache], channels.returned[cache]
    )
    caches.copy[cache].next = Copy.INVALID
    caches.data[cache].next = None


@action(actor="cache", fair=WEAK)
def receive_shared(caches: Caches, channels: Channels, cache: Cache) -> None:
    """GntS: has a shared copy"""
    when(channels.order[cache] == Order.GRANT_SHARED)
    receive(caches, channels, cache, Copy.SHARED)


@action(actor="cache", fair=WEAK)
def receive_exclusive(caches: Caches, channels: Channels, cache: Cache) -> None:
    """GntE: has the exclusive copy"""
    when(channels.order[cache] == Order.GRANT_EXCLUSIVE)
    receive(caches, channels, cache, Copy.EXCLUSIVE)


def receive(caches: Caches, channels: Channels, cache: Cache, copy: Copy) -> None:
    caches.copy[cache].next = copy
    caches.data[cache].next = channels.granted[cache]
    channels.order[cache].next = None
    channels.granted[cache].next = None


# Home. Strongly fair to each cache that asks: others' requests come between for a while, not for ever.


@action(actor="home", fair=STRONG, per=("cache",))
def take_up(channels: Channels, home: Home, cache: Cache, request: Request) -> None:
    """takes up the request of {cache}: {request}"""
    when(home.serving.is_none)
    when(channels.request[cache] == request)
    home.serving.next = request
    home.of.next = cache
    channels.request[cache].next = None
    for one in Cache:
        home.to_invalidate[one].next = home.has_copy[one]


@action(actor="home", fair=WEAK)
def invalidate(channels: Channels, home: Home, cache: Cache) -> None:
    """Inv -> {cache}"""
    when(channels.order[cache].is_none)
    when(home.to_invalidate[cache])
    when((home.serving == Request.EXCLUSIVE) | ((home.serving == Request.SHARED) & home.exclusive))
    channels.order[cache].next = Order.INV
    home.to_invalidate[cache].next = False


@action(actor="home", fair=WEAK)
def hear_acknowledgement(channels: Channels, home: Home, cache: Cache) -> None:
    """InvAck of {cache}"""
    when(channels.acknowledged[cache])
    when(~home.serving.is_none)
    channels.acknowledged[cache].next = False
    home.has_copy[cache].next = False
    home.exclusive.next = False
    nothing = channels.returned[cache].is_none | NO_WRITE_BACK
    home.memory.next = ite(nothing, home.memory, channels.returned[cache].value)
    channels.returned[cache].next = None


@action(actor="home", fair=WEAK)
def grant_shared(channels: Channels, home: Home, cache: Cache) -> None:
    """GntS -> {cache}"""
    when(home.serving == Request.SHARED)
    when(~home.exclusive)
    grant(channels, home, cache, Order.GRANT_SHARED)


@action(actor="home", fair=WEAK)
def grant_exclusive(channels: Channels, home: Home, cache: Cache) -> None:
    """GntE -> {cache}"""
    when(home.serving == Request.EXCLUSIVE)
    when(~home.exclusive)
    when(EAGER or every(~home.has_copy[one] for one in Cache))
    grant(channels, home, cache, Order.GRANT_EXCLUSIVE)
    home.exclusive.next = True


def grant(channels: Channels, home: Home, cache: Cache, order: Order) -> None:
    """Answer the request at hand."""
    when(home.of == cache)
    when(channels.order[cache].is_none)
    channels.order[cache].next = order
    channels.granted[cache].next = home.memory
    home.has_copy[cache].next = True
    home.serving.next = None
    home.of.next = None


@invariant
def control(caches: Caches, one: Cache, other: Cache) -> Value[bool]:
    """Where one cache has an exclusive copy, no other has any (CtrlProp)."""
    return implies((caches.copy[one] == Copy.EXCLUSIVE) & (one != other), caches.copy[other] == Copy.INVALID)


@invariant
def data(caches: Caches, home: Home, cache: Cache) -> Value[bool]:
    """Every copy is what was last written; so is memory, unless there is an exclusive copy (DataProp)."""
    return implies(caches.copy[cache] != Copy.INVALID, caches.data[cache] == home.latest) & (
        home.exclusive | (home.memory == home.latest)
    )


@temporal
def requests_are_served(caches: Caches, channels: Channels, cache: Cache) -> Formula:
    """Who asks gets a copy."""
    return leads_to(~channels.request[cache].is_none, caches.copy[cache] != Copy.INVALID)


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("2", HOLDS, "two caches"),
        variant("3", HOLDS, "three", CACHES=3),
        variant(
            "EA",
            violates("control", steps=8),
            "grants an exclusive copy without waiting for InvAck",
            EAGER=True,
            VALUES=1,
        ),
        variant(
            "NW", violates("data", steps=10), "forgets the data that comes with an InvAck", NO_WRITE_BACK=True
        ),
    ],
)
