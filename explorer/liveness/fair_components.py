"""Algorithms on a state graph: its components, and which of them are fair. One text for two speeds.

Every function works on plain sequences under CPython and on arrays under Numba (`toolkit` makes both from
this file), so it creates nothing, knows no type, and computes with small integers. What it takes is in
`arrays.py`. Knows nothing of formulas and of specs.
"""


def components(edges, nodes, count, name, parts, walk):
    """The strongly connected components of the nodes of rank 0 (Pearce 2016). Returns how many nodes stand in
    `order`, and the lowest rank given, less one.

    `order` has the nodes component by component, `last` marks the end of each. Nodes of one component get one
    rank; ranks are given from `name` downwards, which must stay above the number of nodes. Other nodes are no
    part of the graph; the rank of no node is such a one.
    """
    start, to, _ = edges
    order, last, rank, _, _ = parts
    stack, path, cursor = walk
    clock, top, done = 1, 0, 0
    for i in range(count):
        root = nodes[i]
        if rank[root]:
            continue
        depth = 0
        path[0] = root
        cursor[0] = start[root]
        rank[root] = clock
        last[root] = 1
        clock += 1
        while depth >= 0:
            v = path[depth]
            e = cursor[depth]
            end = start[v + 1]
            least = rank[v]
            below = -1
            while e < end:
                w = to[e]
                r = rank[w]
                if not r:
                    below = w
                    break
                if r < least:
                    least = r
                    last[v] = 0
                e += 1
            rank[v] = least
            cursor[depth] = e
            if below >= 0:
                depth += 1
                path[depth] = below
                cursor[depth] = start[below]
                rank[below] = clock
                last[below] = 1
                clock += 1
                continue
            depth -= 1
            if not last[v]:
                stack[top] = v
                top += 1
                continue
            clock -= 1
            while top and rank[stack[top - 1]] >= least:
                top -= 1
                w = stack[top]
                rank[w] = name
                order[done] = w
                last[w] = 0
                done += 1
                clock -= 1
            rank[v] = name
            order[done] = v
            done += 1
            name -= 1
    return done, name


def judge(edges, demands, parts, count, tally):
    """Which components a fair cycle can fill: their members get a flag in `fair`. Returns how many nodes must
    be looked at again.

    A component without an edge is none. It must meet every demanded mask; a weak group must be taken in it or
    disabled somewhere, a strong one taken in it or disabled everywhere: the nodes where it is enabled leave,
    and the rest is cut anew (Emerson and Lei 1987, the algorithm for Streett conditions). What is settled
    without being fair gets the rank `dead`, what is to be cut anew rank 0.
    """
    start, to, by = edges
    base_start, base_by, base, group, strong, masks, all_of = demands
    order, last, rank, fair, dead = parts
    enabled, taken, seen, touched = tally
    again = 0
    begin = 0
    plain = len(base) == 0
    while begin < count:
        end = begin
        while not last[order[end]]:
            end += 1
        end += 1
        if plain and end == begin + 1:  # a state alone: only stuttering, which is looked at elsewhere
            rank[order[begin]] = dead
            begin = end
            continue
        inner = 0
        marks = 0
        touches = 0
        for i in range(begin, end):
            v = order[i]
            marks |= masks[v]
            own = rank[v]
            for e in range(start[v], start[v + 1]):
                g = group[by[e]]
                if (not inner or (g >= 0 and not taken[g])) and rank[
                    to[e]
                ] == own:  # memory is read only where it can matter
                    inner = 1
                    if g >= 0:
                        taken[g] = 1
                if plain and g >= 0 and seen[g] != v + 1:
                    if not enabled[g]:
                        touched[touches] = g
                        touches += 1
                    seen[g] = v + 1
                    enabled[g] += 1
            if not plain:
                b = base[v]
                for e in range(base_start[b], base_start[b + 1]):
                    g = group[base_by[e]]
                    if g >= 0 and seen[g] != v + 1:
                        if not enabled[g]:
                            touched[touches] = g
                            touches += 1
                        seen[g] = v + 1
                        enabled[g] += 1
        good = inner and marks & all_of == all_of
        cut = 0
        for i in range(touches):
            g = touched[i]
            if not taken[g]:
                if strong[g]:
                    cut += 1
                elif enabled[g] == end - begin:
                    good = False
        for i in range(begin, end):
            v = order[i]
            if good and not cut:
                fair[v] = 1
                continue
            keep = good
            if keep:
                b = v if plain else base[v]
                for e in range(base_start[b], base_start[b + 1]):
                    g = group[base_by[e]]
                    if g >= 0 and strong[g] and not taken[g]:
                        keep = False
            if keep:
                again += 1
            rank[v] = 0 if keep else dead
        for i in range(touches):
            g = touched[i]
            enabled[g] = 0
            taken[g] = 0
            seen[g] = 0
        begin = end
    return again


def follow_renamings(edges, parts, begin, end, renamings, around):
    """See the component `order[begin:end]` as its first node does: which groups come back as each other on
    the way around it. Returns whether any do.

    Fills `through`; `met[p]` becomes begin + 1 where renaming p is met on the way around. `root` and `weight`
    change where groups come back as others: before, each group is its own root.
    """
    start, to, by = edges
    order, _, rank, _, _ = parts
    size, products, inverse, image, groups = renamings
    through, queue, root, weight, met = around
    first = order[begin]
    own = rank[first]
    for i in range(begin, end):
        through[order[i]] = size
    through[first] = 0
    queue[0] = first
    tail = 1
    head = 0
    mixed = 0
    while head < tail:
        v = queue[head]
        head += 1
        for e in range(start[v], start[v + 1]):
            w = to[e]
            if rank[w] != own:
                continue
            after = products[by[e] % size * size + through[v]]
            if through[w] == size:
                through[w] = after
                queue[tail] = w
                tail += 1
            elif through[w] != after:
                back = products[inverse[through[w]] * size + after]
                if met[back] != begin + 1:
                    met[back] = begin + 1
                    mixed = 1
                    for g in range(groups):
                        a = g
                        while root[a] != a:
                            a = root[a]
                        b = image[back * groups + g]
                        while root[b] != b:
                            b = root[b]
                        root[max(a, b)] = min(a, b)
    if mixed:
        for g in range(groups):
            weight[g] = 0
        for g in range(groups):
            root[g] = root[root[g]]  # roots are lower than what they are roots of
            weight[root[g]] += 1
    return mixed


def count_groups(edges, demands, parts, begin, end, renamings, around, tally):
    """Count in the component `order[begin:end]` what each group's root does: `taken[g]` is up where an edge
    of the component takes it, `enabled[g]` counts its members over the nodes where they are enabled. Returns
    how many groups are enabled anywhere; `touched` begins with them.
    """
    start, to, by = edges
    base_start, base_by, base, group, _, _, _ = demands
    order, _, rank, _, _ = parts
    _, _, inverse, image, groups = renamings
    through, _, root, _, _ = around
    enabled, taken, seen, touched = tally
    plain = len(base) == 0
    own = rank[order[begin]]
    touches = 0
    for i in range(begin, end):
        v = order[i]
        back = inverse[through[v]] * groups
        for e in range(start[v], start[v + 1]):
            g = group[by[e]]
            if g >= 0 and rank[to[e]] == own:
                taken[root[image[back + g]]] = 1
        b = v if plain else base[v]
        for e in range(base_start[b], base_start[b + 1]):
            g = group[base_by[e]]
            if g >= 0:
                a = image[back + g]
                if seen[a] != v + 1:
                    if not seen[a]:
                        touched[touches] = a
                        touches += 1
                    seen[a] = v + 1
                    enabled[root[a]] += 1
    return touches


def judge_symmetric(edges, demands, parts, count, tally, renamings, around):
    """`judge` for a graph of representatives: an edge of label b ends with renaming b % size, which what
    comes after is seen through.

    From the first node of a component on, `through[v]` is what renames up to v along some path; two paths to
    v differ by a renaming that goes around the component, and a group may come back as another. Groups that
    may come back as each other (one `root`, `weight` of them) are followed together: each is taken or
    disabled on the way if and only if some node or edge does that to one of them as it is named there
    (Emerson and Sistla 1997).
    """
    start, to, _ = edges
    base_start, base_by, base, group, strong, masks, all_of = demands
    order, last, rank, fair, dead = parts
    enabled, taken, seen, touched = tally
    _, _, inverse, image, groups = renamings
    through, _, root, weight, _ = around
    again = 0
    begin = 0
    mixed = 1
    plain = len(base) == 0
    while begin < count:
        end = begin
        while not last[order[end]]:
            end += 1
        end += 1
        first = order[begin]
        alone = end == begin + 1
        if alone:
            for e in range(start[first], start[first + 1]):
                if to[e] == first:
                    alone = False
            if alone:  # only stuttering, which is looked at elsewhere
                rank[first] = dead
                begin = end
                continue
        marks = 0
        for i in range(begin, end):
            marks |= masks[order[i]]
        if mixed:
            for g in range(groups):
                root[g] = g
                weight[g] = 1
        mixed = follow_renamings(edges, parts, begin, end, renamings=renamings, around=around)
        touches = count_groups(
            edges, demands, parts, begin, end, renamings=renamings, around=around, tally=tally
        )
        good = marks & all_of == all_of
        cut = 0
        for i in range(touches):
            g = root[touched[i]]
            if not taken[g]:
                if strong[g]:
                    cut += 1
                elif enabled[g] == (end - begin) * weight[g]:
                    good = False
        for i in range(begin, end):
            v = order[i]
            if good and not cut:
                fair[v] = 1
                continue
            keep = good
            if keep:
                back = inverse[through[v]] * groups
                b = v if plain else base[v]
                for e in range(base_start[b], base_start[b + 1]):
                    g = group[base_by[e]]
                    if g >= 0 and strong[g] and not taken[root[image[back + g]]]:
                        keep = False
            if keep:
                again += 1
            rank[v] = 0 if keep else dead
        for i in range(touches):
            g = touched[i]
            enabled[root[g]] = 0
            taken[root[g]] = 0
            seen[g] = 0
        begin = end
    return again


def begin(alive, number, rank, dead):
    """Rank 0 for the nodes to look at, `dead` for all others and for what lies outside."""
    count = 0
    for v in range(number):
        rank[v] = 0 if alive[v] else dead
        count += 1 if alive[v] else 0
    rank[number] = dead
    return count


def pending(nodes, count, rank, out):
    """Those of some nodes whose rank is 0; how many."""
    left = 0
    for i in range(count):
        if not rank[nodes[i]]:
            out[left] = nodes[i]
            left += 1
    return left


def quiet(start, by, group, number, out):
    """Marks the nodes where nothing fair is enabled: there a behaviour may stutter for ever."""
    for v in range(number):
        out[v] = 1
        for e in range(start[v], start[v + 1]):
            if group[by[e]] >= 0:
                out[v] = 0
                break
