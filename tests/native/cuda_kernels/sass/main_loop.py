"""Finds the loop that a kernel spends its time in, and the paths through one iteration of it."""
import math

from instruction_model import TENSOR, cost


class LoopWork:
    """Instructions and tensor instructions of a loop's body, those of inner loops counted as often as `trips` says."""

    def __init__(self, flow, loop, trips):
        self.loop = loop
        self.instructions = sum(len(flow.block_instructions(block)) for block in loop.blocks)
        inner = [other for other in flow.loops if other.blocks < loop.blocks]
        self.tensor = 0
        for block in loop.blocks:
            times = math.prod(trips.get(flow.address(other), 1) for other in inner if block in other.blocks)
            self.tensor += times * sum(i.base in TENSOR and not i.is_off for i in flow.block_instructions(block))


def find_main_loop(flow, trips, forced_address=None):
    """The innermost loop with the most tensor instructions, or one around it that holds more than three times as many: up
    to three times may be a peeled prologue and epilogue. Without tensor instructions, the largest innermost loop; None if
    straight-line code outweighs it."""
    work = {loop: LoopWork(flow, loop, trips) for loop in flow.loops}
    if forced_address is not None:
        loop = next((loop for loop in flow.loops if flow.address(loop) == forced_address), None)
        if loop is None:
            raise SystemExit(f'no loop at {forced_address:#x}')
        return loop, work
    if not flow.loops:
        return None, work
    with_tensor = [loop for loop in flow.loops if work[loop].tensor]
    if with_tensor:
        innermost = [loop for loop in with_tensor if not any(other.blocks < loop.blocks for other in with_tensor)]
        main = max(innermost, key=lambda loop: (work[loop].tensor, -work[loop].instructions))
        while main.parent and work[main.parent].tensor > 3 * work[main].tensor:
            main = main.parent
        return main, work
    main = max(flow.loops, key=lambda loop: (loop.is_innermost, work[loop].instructions))
    return (main if work[main].instructions >= 0.25 * len(flow.instructions) else None), work


def paths(flow, loop, machine, trips):
    """The longest and the shortest of the paths from the loop's head back to it that do the most tensor work, as lists of
    instructions, with the bodies of inner loops as often as `trips` says."""
    return [_path(flow, loop, machine, trips, sign) for sign in (1, -1)]


def _path(flow, loop, machine, trips, sign):
    inner = [other for other in flow.loops if other.blocks < loop.blocks]
    weight = {}
    for block in loop.blocks:
        body = flow.block_instructions(block)
        times = math.prod(trips.get(flow.address(other), 1) for other in inner if block in other.blocks)
        weight[block] = (times * sum(cost(i, machine).get('tensor', 0) for i in body), sign * times * len(body))
    best, previous = {loop.head: weight[loop.head]}, {}
    for block in sorted(loop.blocks, key=flow.position.get):
        if block not in best:
            continue
        for successor in flow.successors[block]:
            if successor not in loop.blocks or flow.position[successor] <= flow.position[block]:
                continue
            value = tuple(a + b for a, b in zip(best[block], weight[successor]))
            if successor not in best or value > best[successor]:
                best[successor] = value
                previous[successor] = block
    latches = [block for block in loop.blocks if loop.head in flow.successors[block] and block in best]
    block = max(latches or best, key=best.get)
    chain = [block]
    while block != loop.head:
        block = previous[block]
        chain.append(block)
    return _unroll(flow, chain[::-1], sorted(inner, key=lambda other: -len(other.blocks)), trips)


def _unroll(flow, chain, inner, trips):
    out, n = [], 0
    while n < len(chain):
        loop = next((other for other in inner if chain[n] in other.blocks), None)
        if loop is None:
            out += flow.block_instructions(chain[n])
            n += 1
            continue
        end = n
        while end < len(chain) and chain[end] in loop.blocks:
            end += 1
        nested = [other for other in inner if other is not loop]
        for _ in range(trips.get(flow.address(loop), 1)):
            out += _unroll(flow, chain[n:end], nested, trips)
        n = end
    return out
