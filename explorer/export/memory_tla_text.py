"""The storage of explorer/memory as operators of TLA+. The normal form is said by its rules: the least
fixpoint of what has settled, and one pair of equal stores merged after the other.
"""

TEXT = r"""
NOTHING == 255
Cpus == 0..(CPUS - 1)
Locations == 0..(LOCATIONS - 1)
Slots == 0..(SLOTS - 1)
Users == [x \in Locations |-> {cpu \in Cpus : <<cpu, x>> \in (LOADS \union STORES)}]

Least(set) == CHOOSE a \in set : \A b \in set : a <= b
Greatest(set) == CHOOSE a \in set : \A b \in set : a >= b
Smaller(a, b) == IF a < b THEN a ELSE b
Larger(a, b) == IF a > b THEN a ELSE b

\* A view has for each location an age, 0 the newest store, or NOTHING.
Unknown == [x \in Locations |-> NOTHING]
Newest == [x \in Locations |-> 0]
Join(view, more) == [x \in Locations |-> Smaller(view[x], more[x])]
JoinAll(views, view) == [cpu \in Cpus |-> Join(views[cpu], view)]

\* The store of an age.
Store(m, x, age) == m.entries[x][age + 1]

\* The least view that says as much, and lacks nothing that a store in it, or before such a one, needs.
RECURSIVE Closed(_, _)
Closed(m, view) ==
  LET those(x) == view[x]..(Len(m.entries[x]) - 2)
      needs(y) == UNION {{Store(m, x, age).need[y] : age \in those(x)} : x \in Locations}
      more == [y \in Locations |-> Least({view[y]} \union needs(y))]
  IN IF more = view THEN view ELSE Closed(m, more)

\* The normal form.
OldestKnown(views, x) == Greatest({0} \union {views[cpu][x] : cpu \in Users[x]})

\* The newest stores such that they, and all before them, have reached everybody with all that they need.
RECURSIVE Settled(_, _)
Settled(m, known) ==
  LET late(x) == {age \in known[x]..(Len(m.entries[x]) - 2) :
                    \E y \in Locations : Store(m, x, age).need[y] < known[y]}
      more == [x \in Locations |-> Greatest({known[x]} \union {age + 1 : age \in late(x)})]
  IN IF more = known THEN known ELSE Settled(m, more)

Asked(view, settled) == [x \in Locations |-> IF view[x] >= settled[x] THEN NOTHING ELSE view[x]]

Retired(m) ==
  LET views == IF DEPENDENCIES THEN m.floor ELSE m.propagated
      settled == Settled(m, [x \in Locations |-> OldestKnown(views, x)])
      known == [x \in Locations |-> OldestKnown(m.propagated, x)]
      bases == [x \in Locations |-> Larger(settled[x], OldestKnown(m.floor, x))]
      left(x, age) ==
        LET entry == Store(m, x, age) IN
        IF age = bases[x]
        THEN [value |-> entry.value, need |-> Unknown, glued |-> FALSE]
        ELSE [value |-> entry.value, need |-> Asked(entry.need, settled),
              glued |-> entry.glued /\ age < known[x]]
      number(x) == Smaller(Len(m.entries[x]), bases[x] + 1)
      lost(held) == held[1] # NOTHING /\ held[2] > bases[held[1]]
  IN [m EXCEPT
       !.entries = [x \in Locations |-> [n \in 1..number(x) |-> left(x, n - 1)]],
       !.propagated = JoinAll(m.propagated, bases),
       !.floor = JoinAll(m.floor, bases),
       !.fenced = [cpu \in Cpus |-> Asked(m.fenced[cpu], settled)],
       !.own = [cpu \in Cpus |-> Asked(m.own[cpu], settled)],
       !.saved = [cpu \in Cpus |-> [slot \in Slots |-> Asked(m.saved[cpu][slot], settled)]],
       !.reserved = [cpu \in Cpus |-> IF lost(@[cpu]) THEN <<NOTHING, NOTHING>> ELSE @[cpu]]]

\* Whether the stores of this age and the next older one are one to everybody.
Alike(m, x, age) ==
  LET newer == Store(m, x, age)
      older == Store(m, x, age + 1)
  IN /\ newer.value = older.value
     /\ newer.need = older.need
     /\ DEPENDENCIES => \A cpu \in Cpus : m.own[cpu][x] \notin {age, age + 1}
     /\ newer.glued \/ OldestKnown(m.propagated, x) <= age

Merged(m, x, age) ==
  LET younger(view) == [view EXCEPT ![x] = IF @ > age /\ @ # NOTHING THEN @ - 1 ELSE @]
      kept(y) == [n \in 1..Len(m.entries[y]) |-> [m.entries[y][n] EXCEPT !.need = younger(@)]]
      fewer == [n \in 1..(Len(m.entries[x]) - 1) |->
                 IF n = age + 1 THEN [kept(x)[n] EXCEPT !.glued = Store(m, x, age + 1).glued]
                 ELSE kept(x)[IF n > age + 1 THEN n + 1 ELSE n]]
      held(pair) ==
        IF pair[1] # x \/ pair[2] <= age THEN pair
        ELSE IF pair[2] = age + 1 THEN <<NOTHING, NOTHING>> ELSE <<x, pair[2] - 1>>
  IN [m EXCEPT
       !.entries = [y \in Locations |-> IF y = x THEN fewer ELSE kept(y)],
       !.propagated = [cpu \in Cpus |-> younger(@[cpu])],
       !.floor = [cpu \in Cpus |-> younger(@[cpu])],
       !.fenced = [cpu \in Cpus |-> younger(@[cpu])],
       !.own = [cpu \in Cpus |-> younger(@[cpu])],
       !.saved = [cpu \in Cpus |-> [slot \in Slots |-> younger(@[cpu][slot])]],
       !.reserved = [cpu \in Cpus |-> held(@[cpu])]]

RECURSIVE Reduced(_)
Reduced(memory) ==
  LET m == Retired(memory)
      twins(x) == {age \in 0..(Len(m.entries[x]) - 2) : Alike(m, x, age)}
      those == {x \in Locations : twins(x) # {}}
  IN IF those = {} THEN m
     ELSE LET x == Least(those) IN Reduced(Merged(m, x, Least(twins(x))))

\* The oldest store of some locations that somebody may still miss reaches everybody.
Spread(m, those) ==
  LET everywhere == Closed(m, [x \in Locations |-> IF x \in those THEN Len(m.entries[x]) - 2 ELSE NOTHING])
  IN [m EXCEPT !.propagated = JoinAll(@, everywhere), !.floor = JoinAll(@, everywhere)]

Impossible(why) == [result |-> why]

RECURSIVE Bounded(_)
Bounded(m) ==
  LET longest == Greatest({Len(m.entries[x]) : x \in Locations})
  IN IF longest <= BOUND THEN m
     ELSE IF ~SETTLE THEN Impossible(-2)
     ELSE Bounded(Reduced(Spread(m, {x \in Locations : Len(m.entries[x]) = longest})))

Normal(m) ==
  LET ended(cpu) == cpu \in m.finished
      dead(cpu, x) == <<cpu, x>> \in m.no_loads \/ <<cpu, x>> \notin LOADS
      storing(cpu) == cpu \notin m.no_stores /\ \E x \in Locations : <<cpu, x>> \in STORES
  IN Bounded(Reduced([m EXCEPT
       !.propagated = [cpu \in Cpus |-> IF ended(cpu) THEN Newest ELSE @[cpu]],
       !.floor = [cpu \in Cpus |-> IF ended(cpu) THEN Newest
                    ELSE [x \in Locations |-> IF dead(cpu, x) THEN m.propagated[cpu][x] ELSE @[cpu][x]]],
       !.fenced = [cpu \in Cpus |-> IF ended(cpu) \/ ~storing(cpu) THEN Unknown ELSE @[cpu]],
       !.own = [cpu \in Cpus |-> IF ended(cpu) THEN Unknown ELSE @[cpu]],
       !.saved = [cpu \in Cpus |-> IF ended(cpu) THEN [slot \in Slots |-> Unknown] ELSE @[cpu]],
       !.reserved = [cpu \in Cpus |-> IF ended(cpu) THEN <<NOTHING, NOTHING>> ELSE @[cpu]]]))

\* What a CPU does. `after` is a set of slots, `save` a slot or -1.
Synchronised(m) == IF EARLY_LOADS THEN m ELSE [m EXCEPT !.floor = m.propagated]

OldestLoad(m, cpu, x, after) == Least({m.floor[cpu][x]} \union {m.saved[cpu][slot][x] : slot \in after})

Take(m, cpu, x, age, after, save, acquire) ==
  LET need == Store(m, x, age).need
      arrived == [need EXCEPT ![x] = Smaller(@, age)]
      own == age = m.own[cpu][x]
      everywhere == IF MULTI_COPY_ATOMIC /\ age < m.propagated[cpu][x] THEN Closed(m, arrived) ELSE Unknown
      floor == [m.floor[cpu] EXCEPT ![x] = Smaller(@, age)]
      seen == [(IF own THEN floor ELSE Join(floor, need)) EXCEPT ![x] = Smaller(@, age)]
      satisfied == [y \in Locations |-> Least({seen[y]} \union {m.saved[cpu][slot][y] : slot \in after})]
      shared == DEPENDENCIES /\ MULTI_COPY_ATOMIC /\ ~own
  IN Synchronised([m EXCEPT
       !.propagated = [c \in Cpus |-> LET view == Join(@[c], everywhere) IN
                        IF c = cpu THEN Join(view, arrived) ELSE view],
       !.fenced[cpu] = IF FENCES_STORES THEN Join(@, IF shared THEN arrived ELSE need) ELSE @,
       !.floor[cpu] = IF DEPENDENCIES /\ acquire THEN Join(floor, satisfied) ELSE floor,
       !.saved[cpu] = [slot \in Slots |-> IF DEPENDENCIES /\ slot = save THEN satisfied ELSE @[slot]]])

Needed(m, cpu, release) ==
  IF IMMEDIATE THEN Unknown
  ELSE IF release THEN Join(m.fenced[cpu], m.propagated[cpu])
  ELSE IF ORDERED_STORES THEN m.propagated[cpu] ELSE m.fenced[cpu]

\* Whether the next store of the CPU may come before the `age` newest ones.
Fits(m, cpu, x, age, release) ==
  IF IMMEDIATE THEN age = 0
  ELSE /\ age <= m.propagated[cpu][x]
       /\ age <= Closed(m, Needed(m, cpu, release))[x]
       /\ age = 0 \/ ~Store(m, x, age - 1).glued

Insert(m, cpu, x, age, value, release, glued) ==
  LET older(view) == [view EXCEPT ![x] = IF @ >= age /\ @ # NOTHING THEN @ + 1 ELSE @]
      need == Needed(m, cpu, release)
      new == [value |-> value, glued |-> glued,
              need |-> older(IF MULTI_COPY_ATOMIC THEN [need EXCEPT ![x] = NOTHING] ELSE need)]
      kept(y) == [n \in 1..Len(m.entries[y]) |-> [m.entries[y][n] EXCEPT !.need = older(@)]]
      more == [n \in 1..(Len(m.entries[x]) + 1) |->
                IF n = age + 1 THEN new ELSE kept(x)[IF n > age + 1 THEN n - 1 ELSE n]]
      reached(view) == IF IMMEDIATE THEN [older(view) EXCEPT ![x] = 0] ELSE older(view)
  IN [m EXCEPT
       !.entries = [y \in Locations |-> IF y = x THEN more ELSE kept(y)],
       !.propagated = [[c \in Cpus |-> reached(@[c])] EXCEPT ![cpu][x] = age],
       !.floor = [[c \in Cpus |-> IF IMMEDIATE THEN reached(m.propagated[c]) ELSE older(@[c])]
                  EXCEPT ![cpu][x] = age],
       !.own = [c \in Cpus |->
                 IF TRACKS_OWN /\ c = cpu THEN [older(@[c]) EXCEPT ![x] = age] ELSE older(@[c])],
       !.fenced = [c \in Cpus |-> older(@[c])],
       !.saved = [c \in Cpus |-> [slot \in Slots |-> older(@[c][slot])]],
       !.reserved = [c \in Cpus |-> IF @[c][1] = x /\ @[c][2] >= age THEN <<x, @[c][2] + 1>> ELSE @[c]],
       !.no_loads = @ \ {<<cpu, x>>}]

Exchanges(m, cpu, x, age, after, save, acquire, release) ==
  /\ age <= OldestLoad(m, cpu, x, after)
  /\ age <= m.propagated[cpu][x]
  /\ Fits(Take(m, cpu, x, age, after, save, acquire), cpu, x, age, release)

\* The operations and questions of the model.
MayLoad(m, cpu, x) == <<cpu, x>> \notin m.no_loads /\ cpu \notin m.finished
MayStore(m, cpu) == cpu \notin m.no_stores /\ cpu \notin m.finished
Ages(m, x) == 0..(Len(m.entries[x]) - 1)

MemoryValue(m, x, age) == IF m.result < 0 THEN 0 ELSE Store(m, x, Smaller(age, Len(m.entries[x]) - 1)).value

MemoryOldestLoad(m, cpu, x, after, save, acquire) == IF m.result < 0 THEN -1 ELSE OldestLoad(m, cpu, x, after)

MemoryOldestPlace(m, cpu, x, release) ==
  IF m.result < 0 THEN -1 ELSE Greatest({-1} \union {age \in Ages(m, x) : Fits(m, cpu, x, age, release)})

MemoryOldestExchange(m, cpu, x, after, save, acquire, release) ==
  IF m.result < 0 THEN -1
  ELSE Greatest({-1} \union {age \in Ages(m, x) : Exchanges(m, cpu, x, age, after, save, acquire, release)})

MemoryLoad(m, cpu, x, age, after, save, acquire) ==
  IF m.result < 0 THEN m
  ELSE IF ~MayLoad(m, cpu, x) THEN Impossible(-3)
  ELSE IF age > OldestLoad(m, cpu, x, after) THEN Impossible(-1)
  ELSE Normal(Take(m, cpu, x, age, after, save, acquire))

MemoryStore(m, cpu, x, value, age, release) ==
  IF m.result < 0 THEN m
  ELSE IF ~MayStore(m, cpu) THEN Impossible(-3)
  ELSE IF ~Fits(m, cpu, x, age, release) THEN Impossible(-1)
  ELSE Normal(Insert(m, cpu, x, age, value, release, FALSE))

MemoryExchange(m, cpu, x, value, age, after, save, acquire, release) ==
  IF m.result < 0 THEN m
  ELSE IF ~MayStore(m, cpu) THEN Impossible(-3)
  ELSE IF ~Exchanges(m, cpu, x, age, after, save, acquire, release) THEN Impossible(-1)
  ELSE Normal(Insert(Take(m, cpu, x, age, after, save, acquire), cpu, x, age, value, release, TRUE))

MemoryReserve(m, cpu, x, age, after, save, acquire) ==
  IF m.result < 0 THEN m
  ELSE IF ~MayLoad(m, cpu, x) THEN Impossible(-3)
  ELSE IF age > OldestLoad(m, cpu, x, after) THEN Impossible(-1)
  ELSE Normal([Take(m, cpu, x, age, after, save, acquire) EXCEPT !.reserved[cpu] = <<x, age>>])

MemoryConditional(m, cpu, x, value) ==
  IF m.result < 0 THEN m
  ELSE LET age == m.reserved[cpu][2] IN
    IF ~MayStore(m, cpu) THEN Impossible(-3)
    ELSE IF m.reserved[cpu][1] # x \/ ~Fits(m, cpu, x, age, FALSE) THEN Impossible(-1)
    ELSE Normal([Insert(m, cpu, x, age, value, FALSE, TRUE) EXCEPT !.reserved[cpu] = <<NOTHING, NOTHING>>])

MemoryFail(m, cpu) ==
  IF m.result < 0 THEN m ELSE Normal([m EXCEPT !.reserved[cpu] = <<NOTHING, NOTHING>>])

MemoryBarrier(m, cpu, kind, after) ==
  IF m.result < 0 THEN m
  ELSE
    LET full == kind \in {"SYNC", "LWSYNC"}
        loading == full \/ kind \in {"DMB_LD", "CONTEXT"}
        own == m.propagated[cpu]
        pushed == IF kind # "SYNC" THEN Unknown ELSE IF MULTI_COPY_ATOMIC THEN Closed(m, own) ELSE own
        reached == Join(own, pushed)
        depends == [y \in Locations |->
                     Least({m.floor[cpu][y]} \union {m.saved[cpu][slot][y] : slot \in after})]
    IN Normal(Synchronised([m EXCEPT
         !.no_stores = IF full THEN @ \ {cpu} ELSE @,
         !.no_loads = IF loading THEN {pair \in @ : pair[1] # cpu} ELSE @,
         !.propagated = JoinAll(@, pushed),
         !.fenced[cpu] =
           IF ~FENCES_STORES THEN @ ELSE IF full THEN reached
           ELSE IF kind = "EIEIO" THEN Join(@, m.own[cpu]) ELSE @,
         !.floor[cpu] = IF loading THEN reached ELSE IF kind = "ISYNC" THEN depends ELSE @]))

BarrierWhere(m, cpu, passed, kind) == IF passed # 0 THEN MemoryBarrier(m, cpu, kind, {}) ELSE m

MemoryNoLoad(m, cpu, x) ==
  IF m.result < 0 THEN m
  ELSE Normal([m EXCEPT !.no_loads = @ \union (IF EARLY_LOADS THEN {<<cpu, x>>} \intersect LOADS ELSE {})])

MemoryNoStore(m, cpu) == IF m.result < 0 THEN m ELSE Normal([m EXCEPT !.no_stores = @ \union {cpu}])

MemoryUnused(m, cpu, locations, stores, steps) ==
  IF m.result < 0 THEN m
  ELSE LET those == {<<cpu, x>> : x \in {y \in Locations : (locations \div 2^y) % 2 = 1}} IN
    Normal([m EXCEPT
      !.no_loads = @ \union (IF EARLY_LOADS THEN those \intersect LOADS ELSE {}),
      !.no_stores = IF stores THEN @ \union {cpu} ELSE @,
      !.finished = IF steps THEN @ \union {cpu} ELSE @])

MemorySpread(m, x) ==
  IF m.result < 0 THEN m ELSE IF Len(m.entries[x]) < 2 THEN Impossible(-1) ELSE Normal(Spread(m, {x}))

MemoryUnderWay(m, x) == IF m.result >= 0 /\ Len(m.entries[x]) > 1 THEN 1 ELSE 0

MemoryMayRead(m, cpu, x, value) ==
  IF m.result >= 0 /\ \E age \in 0..m.floor[cpu][x] : Store(m, x, age).value = value THEN 1 ELSE 0

MemoryOf(values, no_loads, no_stores, finished) ==
  Normal([result |-> 0,
          entries |-> [x \in Locations |-> <<[value |-> values[x + 1], need |-> Unknown, glued |-> FALSE]>>],
          propagated |-> [cpu \in Cpus |-> Newest],
          floor |-> [cpu \in Cpus |-> Newest],
          fenced |-> [cpu \in Cpus |-> Unknown],
          own |-> [cpu \in Cpus |-> Unknown],
          saved |-> [cpu \in Cpus |-> [slot \in Slots |-> Unknown]],
          reserved |-> [cpu \in Cpus |-> <<NOTHING, NOTHING>>],
          no_loads |-> no_loads, no_stores |-> no_stores, finished |-> finished])
"""
