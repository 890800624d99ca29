"""Dijkstra's self-stabilising token ring (1974): from whatever state it is in, exactly one token is left in
the end.

Every machine holds a number and sees its left neighbour's. The first has the token where the two are equal,
and passes it on by counting up; any other has it where they differ, and passes it on by copying. The ring
starts in *any* state, as after a fault that changed all memories. With enough numbers the surplus tokens die
out, with too few they can circle for ever.

Shows: free initial values, one fairness group for a whole action (`per=()`: some machine moves),
eventually-always.
"""

from explorer import *

MACHINES = constant("MACHINES", 4)

NUMBERS = constant("NUMBERS", 4)
"""Enough are as many as there are machines, and even one less; with two less the ring need not stabilise."""

Machine = Annotated[int, Range(0, MACHINES - 1)]
Number = Annotated[int, Range(0, NUMBERS - 1)]


class Ring(State):
    holds: Map[Machine, Number] = initially(any_of(Number))

    def token(self, machine: int) -> Value[bool]:
        """Whether the machine has a token. Machine 0 looks at the last one, which closes the ring."""
        same = self.holds[machine] == self.holds[machine - 1 if machine else MACHINES - 1]
        return same if machine == 0 else ~same

    def tokens(self) -> Value[int]:
        return count(self.token(machine) for machine in domain(Machine))


@action(actor="machine", fair=WEAK, per=())
def pass_on(ring: Ring, machine: Machine) -> None:
    """passes the token on: {ring.holds[machine]} becomes {new(ring, machine)}"""
    when(ring.token(machine))
    ring.holds[machine].next = new(ring, machine)


def new(ring: Ring, machine: int) -> Value[int]:
    """What the machine holds after it has passed the token on."""
    return ring.holds[machine - 1] if machine else (ring.holds[0] + 1) % NUMBERS


@invariant
def some_token(ring: Ring) -> Value[bool]:
    """There is always a token."""
    return ring.tokens() >= 1


@step_invariant
def no_new_token(ring: Ring) -> Value[bool]:
    """Tokens never become more. So one token, once reached, stays one token."""
    return tokens_after(ring) <= ring.tokens()


def tokens_after(ring: Ring) -> Value[int]:
    """How many tokens there are behind the step."""

    def token(machine: int) -> Value[bool]:
        same = ring.holds[machine].next == ring.holds[machine - 1 if machine else MACHINES - 1].next
        return same if machine == 0 else ~same

    return count(token(machine) for machine in domain(Machine))


@temporal
def stabilises(ring: Ring) -> Formula:
    """From some moment on there is exactly one token."""
    return eventually_always(ring.tokens() == 1)


@temporal
def everybody_gets_it(ring: Ring, machine: Machine) -> Formula:
    """Every machine has a token again and again."""
    return always_eventually(ring.token(machine))


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("4/4", HOLDS, "as many numbers as machines"),
        variant("4/3", HOLDS, "one less", NUMBERS=3),
        variant("4/2", violates("stabilises", steps=8), "two less: three tokens circle for ever", NUMBERS=2),
        variant("5/5", HOLDS, "five machines", MACHINES=5, NUMBERS=5),
    ],
)
