"""Writers of /sys/kernel/fadump_*: where each is, and fadump_mutex."""

import enum

from explorer import *


class Client(Scalarset):
    """A process that writes to a sysfs file."""

    size = constant("clients", 2)
    names = ("udev", "admin", "kdump")


class Step(enum.Enum):
    """What the writer does next: registering, unregistering, releasing."""

    IDLE = 0
    ADD = 1
    COUNT = 2
    REMOVE_ALL = 3
    UNCOUNT = 4
    LOCK = 5
    FREE_PRESERVED = 6
    RELEASE = 7
    INITIALISE = 8


class Clients(State):
    """Each writer's step, whether it unregisters in order to register again, and the owner of
    fadump_mutex."""

    at: Map[Client, Step] = initially(Step.IDLE, quiet=True)
    again: Map[Client, bool] = initially(False, quiet=True)
    mutex: Var[Client | None] = initially(None)

    def lock(self, client: Client) -> None:
        when(self.mutex == None)
        self.mutex.next = client

    def end(self, client: Client) -> None:
        """The write returns, and gives the mutex back if it has it."""
        self.at[client].next = Step.IDLE
        self.mutex.next = ite(self.mutex == client, None, self.mutex)

    def stop(self) -> None:
        """The kernel they run on is gone."""
        for client in Client:
            self.at[client].next = Step.IDLE
            self.again[client].next = False
        self.mutex.next = None

    def idle(self, client: Client) -> Value[bool]:
        return self.at[client] == Step.IDLE
