"""Algorithms on a state graph: what can be reached, shortest paths, products and copies; and loops over
flags. One text for two speeds.

Written as `components.py` is: on plain sequences, without a type or an allocation. Knows nothing of formulas
and of specs.
"""


def flood(start, to, inside, number, queue, count, reached):
    """Everything that can be reached from the `count` nodes in `queue` without leaving `inside`; how many
    nodes that is.
    """
    for i in range(count):
        reached[queue[i]] = 1
    head = 0
    while head < count:
        v = queue[head]
        head += 1
        for e in range(start[v], start[v + 1]):
            w = to[e]
            if w < number and inside[w] and not reached[w]:
                reached[w] = 1
                queue[count] = w
                count += 1
    return count


def stems(
    start,
    to,
    number,
    sources,
    count,
    free,
    switch,
    inside,
    ends,
    stutterable,
    queue,
    parent,
    edge,
    distance,
    reached,
):
    """Breadth first to the nearest end, and to the nearest stutterable node: `found` gets both, -1 where
    there is none, and how many stand in `queue`.

    Node v is v before the switch and number + v after it; a path may switch wherever `switch` allows, and
    then stays `inside`. Without `free` it has switched from the beginning. Of shortest paths the first by
    order of sources and of edges is found.
    """
    tail = 0
    reached[0] = -1
    reached[1] = -1
    for i in range(count):
        v = sources[i]
        if free:
            parent[v] = v
            distance[v] = 1
            queue[tail] = v
            tail += 1
        if inside[v] and (not free or switch[v]):
            parent[number + v] = v if free else number + v
            distance[number + v] = 1
            queue[tail] = number + v
            tail += 1
    head = 0
    while head < tail and (reached[0] < 0 or reached[1] < 0):
        at = queue[head]
        head += 1
        v = at
        after = at >= number
        if after:
            v = at - number
            if ends[v] and reached[0] < 0:
                reached[0] = at
            if stutterable[v] and reached[1] < 0:
                reached[1] = at
        for e in range(start[v], start[v + 1]):
            w = to[e]
            if w >= number or (after and not inside[w]):
                continue
            if not after and not distance[w]:
                parent[w] = at
                edge[w] = e
                distance[w] = distance[at] + 1
                queue[tail] = w
                tail += 1
            x = number + w
            if not distance[x] and inside[w] and (after or switch[w]):
                parent[x] = at
                edge[x] = e
                distance[x] = distance[at] + 1
                queue[tail] = x
                tail += 1
    reached[2] = tail


def ways(start, to, number, switch, inside, ends, queue, count, distance, most, wanted):
    """Marks what `stems` passed on its shortest ways to all ends at distance `most`."""
    for i in range(count):
        at = queue[count - 1 - i]
        v = at - number if at >= number else at
        if distance[at] == most:
            wanted[at] = 1 if at >= number and ends[v] else 0
        if distance[at] >= most:
            continue
        for e in range(start[v], start[v + 1]):
            w = to[e]
            if w >= number or (at >= number and not inside[w]):
                continue
            if at < number and wanted[w] and distance[w] == distance[at] + 1:
                wanted[at] = 1
            x = number + w
            if inside[w] and (at >= number or switch[w]) and wanted[x] and distance[x] == distance[at] + 1:
                wanted[at] = 1


def product(
    start,
    to,
    by,
    number,
    letter,
    must,
    never,
    next_start,
    next_to,
    initial,
    starts,
    sources,
    stutter,
    ids,
    states,
    places,
    new_start,
    new_to,
    new_by,
    fill,
):
    """The product of a graph with an automaton on its letters: how many nodes and edges it has, and how many
    nodes a behaviour begins in.

    Node (v, q) exists where the letter of v has every bit of must[q] and none of never[q]. Every node can
    also stutter, which is an edge labelled `stutter`. First with `fill` 0: nodes get their numbers, edges are
    counted; then with the number of nodes: edges are written.
    """
    size = len(must)
    nodes = 0
    edges = 0
    if not fill:
        for i in range(starts):
            v = sources[i]
            for q in initial:
                if letter[v] & must[q] == must[q] and not letter[v] & never[q] and not ids[v * size + q]:
                    states[nodes] = v
                    places[nodes] = q
                    nodes += 1
                    ids[v * size + q] = nodes
    else:
        nodes = fill
    first = nodes
    at = 0
    while at < nodes:
        v = states[at]
        q = places[at]
        if fill:
            new_start[at] = edges
        for e in range(start[v] - 1, start[v + 1]):
            w = v if e < start[v] else to[e]
            if w >= number:
                continue
            for k in range(next_start[q], next_start[q + 1]):
                p = next_to[k]
                if letter[w] & must[p] != must[p] or letter[w] & never[p]:
                    continue
                x = ids[w * size + p]
                if fill:
                    new_to[edges] = x - 1
                    new_by[edges] = stutter if e < start[v] else by[e]
                elif not x:
                    states[nodes] = w
                    places[nodes] = p
                    nodes += 1
                    ids[w * size + p] = nodes
                edges += 1
        at += 1
    if fill:
        new_start[nodes] = edges
    return nodes, edges, first


def copies(start, to, by, number, count, size, turned, products, least, new_start, new_to, new_by, base):
    """The graph with `count` copies of each node v, number v * count + k: an edge of label b leads from copy
    k to what renaming b % size makes of it (`turned[p * count + k]`), and on, by what leaves its target as it
    is, to the least copy (`least[v * count + k]`)."""
    edges = 0
    for v in range(number):
        for k in range(count):
            new_start[v * count + k] = edges
            base[v * count + k] = v
            for e in range(start[v], start[v + 1]):
                w = to[e]
                label = by[e]
                node = number * count
                if w < number:
                    p = label % size
                    copy = turned[p * count + k]
                    node = w * count + copy
                    more = least[node]
                    if more:
                        node = w * count + turned[more * count + copy]
                        label += products[more * size + p] - p
                new_to[edges] = node
                new_by[edges] = label
                edges += 1
    new_start[number * count] = edges


def interleave(flags, count, k, out):
    """The flags of nodes as those of copy k."""
    out[k::count] = flags


def sort_rows(start, to, by, number):
    """The edges of every node in the order of their labels."""
    for v in range(number):
        for i in range(start[v] + 1, start[v + 1]):
            a = by[i]
            b = to[i]
            k = i
            while k > start[v] and by[k - 1] > a:
                by[k] = by[k - 1]
                to[k] = to[k - 1]
                k -= 1
            by[k] = a
            to[k] = b


def both(a, b, number, out):
    """Marks where both flags are up; how often that is."""
    count = 0
    for v in range(number):
        out[v] = 1 if a[v] and b[v] else 0
        count += out[v]
    return count


def gather(flags, number, out):
    """The numbers where a flag is up; how many."""
    count = 0
    for v in range(number):
        if flags[v]:
            out[count] = v
            count += 1
    return count


def only(start, to, by, number, label, new_start, new_to, new_by):
    """The graph with the edges of one label alone."""
    edges = 0
    for v in range(number):
        for e in range(start[v], start[v + 1]):
            if by[e] == label:
                new_to[edges] = to[e]
                new_by[edges] = label
                edges += 1
        new_start[v + 1] = edges


def spell(flags, number, bit, letter):
    """Set a bit in the letters of the nodes where a flag is up."""
    for v in range(number):
        if flags[v]:
            letter[v] |= bit


def look_up(places, table, number, out):
    """The entry of a table for the place of every node."""
    for v in range(number):
        out[v] = table[places[v]]


def mark(nodes, count, flags):
    """Put the flags of some nodes up."""
    for i in range(count):
        flags[nodes[i]] = 1
