"""Which memory model is checked. Families that can be composed say it by one constant."""

from explorer import *

MODEL = constant("memory", MemoryModel.POWER)
