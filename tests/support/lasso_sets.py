"""The judge without a bound: sets of states in which a behaviour can stay for ever, as bits of a word.

What it rests on, none of which the checker uses:

* A behaviour gives every until of a formula a truth value at every moment. Nodes are pairs of a state and
  such values (only those that the state allows); a node may follow another where each value is what the law
  of until, `a U b = b or (a and next(a U b))`, makes of the next one. A path through the nodes has the true
  values if no until stays true for ever without its b: a false one never meets b before a fails, by the law.
  So the formula is broken by a behaviour of the graph iff such a path starts in state 0 with values that make
  the formula false.
* Strong fairness of a group says: it is taken again and again, or enabled only finitely often. So a fair
  cycle exists iff one exists either with the group's steps in it, or among the states where it is not
  enabled. Both are tried, for both groups; all that is left to ask then is that something happens again and
  again (a step is taken, weak fairness is met, an until is fulfilled).
* Something of that kind exists on a cycle iff it exists in a set of nodes that all reach each other, as a
  walk can go through all of it again and again; of such sets the largest are enough. Who reaches whom is
  Warshall's closure.
"""

from __future__ import annotations
