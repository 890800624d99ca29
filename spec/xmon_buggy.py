"""Linux 5.3: xmon calls OPAL on every platform, and reads the XIVE state of CPUs that have none."""

from actions.opal import firmware
from actions.xive import esb, event_queue
from actions.xmon import commands, kernel, machine, properties
from actions.xmon.kernel import Config, Walk

from explorer import Spec, violates

spec = Spec(
    firmware,
    esb,
    event_queue,
    kernel,
    machine,
    commands,
    properties,
    cpus=2,
    sources=2,
    busy_spells=1,
    dx_tests_hv=False,
    dx_tests_xc=False,
    config=Config.DIRECT,
    walk=Walk.NONE,
    expect=violates("no_crash", steps=3, also=("commands_return",)),
)
