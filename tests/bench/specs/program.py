"""Two processes that each walk round PLACES places: 2 * PLACES action instances of one shape, PLACES ** 2
states.
"""

from typing import Annotated

from explorer import HOLDS, Map, Range, Scalarset, Spec, State, action, constant, initially, when

PLACES = constant("PLACES", 10)
Place = Annotated[int, Range(0, PLACES - 1)]


class Process(Scalarset):
    size = 2


class Processes(State):
    at: Map[Process, Place] = initially(0)


@action
def walk(processes: Processes, process: Process, place: Place) -> None:
    """{process} leaves {place}"""
    when(processes.at[process] == place)
    processes.at[process].next = 0 if place == PLACES - 1 else place + 1


spec = Spec(expect=HOLDS)
