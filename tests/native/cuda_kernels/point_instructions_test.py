"""Holds a fused convolution to the machine instructions that a complex point of its transform may take: all that the warps of a
block issue, over the points of the block. They are counted along the way of a block whose windows are full and are copied as
they are: of the ways that do all the tensor work of the transform, those with most wide copies outside of loops for edges, and
of these the shortest. Before the first barrier, threads find out what their lines are: their warps are counted at their longest,
with all features.

usage: point_instructions_test.py CUBIN --points N --steps N [--trips N...] --limit INSTRUCTIONS
"""
import argparse
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / 'sass'))
from control_flow import ControlFlow  # noqa: E402
from instruction_model import TENSOR, access_bytes  # noqa: E402
from sass_text import load  # noqa: E402

_BLOCK_POINTS = 4096  # that small transforms share
_LINE_POINTS = 256
_LINE_MMA = 6          # of a line's points, in a step of 16: three products, each of two mma


class Walk:
    """The ways of a warp through a kernel, each loop entered once."""

    def __init__(self, kernel, trips):
        self.flow = ControlFlow(kernel.instructions)
        self.times = [1] * len(self.flow.blocks)
        self.edges_only = set()  # blocks of loops without tensor work
        with_tensor = [loop for loop in self.flow.loops if any(self._tensor(block) for block in loop.blocks)]
        innermost = [loop for loop in with_tensor if not any(other.blocks < loop.blocks for other in with_tensor)]
        if trips and len(trips) != len(innermost):
            raise SystemExit(f'{len(innermost)} loops hold tensor instructions, not {len(trips)}')
        for loop, count in zip(sorted(innermost, key=self.flow.address), trips):
            for block in loop.blocks:
                self.times[block] = count
        for loop in self.flow.loops:
            if loop not in with_tensor:
                self.edges_only |= loop.blocks

    def _tensor(self, block):
        return sum(i.base in TENSOR for i in self.flow.block_instructions(block))

    def _wide_copies(self, block):
        copies = (i for i in self.flow.block_instructions(block) if i.base in ('LDGSTS', 'STG'))
        return 0 if block in self.edges_only else sum(access_bytes(i) == 16 for i in copies)

    def _instructions(self, block):
        return self.times[block] * len(self.flow.block_instructions(block))

    def barrier(self):
        """(block, place in it) of the first barrier."""
        for block in sorted(self.flow.order):
            for n, i in enumerate(self.flow.block_instructions(block)):
                if i.base == 'BAR':
                    return block, n
        raise SystemExit('no barrier')

    def ways(self, begin, sign):
        """block -> {tensor instructions: (wide copies, sign * instructions)} of the best ways from a block to the end of each."""
        best = {begin: {0: (0, 0)}}
        for block in self.flow.order:
            if block not in best:
                continue
            tensor = self.times[block] * self._tensor(block)
            best[block] = {have + tensor: (copies + self._wide_copies(block), n + sign * self._instructions(block))
                           for have, (copies, n) in best[block].items()}
            for successor in self.flow.successors[block]:
                if self.flow.position[successor] <= self.flow.position[block]:
                    continue
                to = best.setdefault(successor, {})
                for have, value in best[block].items():
                    to[have] = max(to.get(have, value), value)
        return best

    def exits(self):
        return [block for block in self.flow.order if not self.flow.successors[block]]


def instructions_of_block(kernel, warps, finders, mma, trips):
    """All instructions that the warps of a block issue. finders: warps that find out what lines are."""
    walk = Walk(kernel, trips)
    block, place = walk.barrier()
    length = len(walk.flow.block_instructions(block))
    longest, shortest = (abs(walk.ways(0, sign)[block][0][1]) - length for sign in (1, -1))
    ways = walk.ways(block, -1)
    ends = [ways[end][mma] for end in walk.exits() if mma in ways.get(end, {})]
    if not ends:
        raise SystemExit(f'no way through the kernel has {mma} mma for a warp')
    copies, count = max(ends)
    if copies == 0:
        raise SystemExit('that way copies nothing')
    return finders * longest + (warps - finders) * shortest + warps * -count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('cubin')
    parser.add_argument('--points', type=int, required=True, help='of a transform')
    parser.add_argument('--steps', type=float, required=True, help='of 16 points, forward and backward; one of half the columns: 0.5')
    parser.add_argument('--trips', type=int, nargs='*', default=[], help='turns of the loops with tensor instructions')
    parser.add_argument('--limit', type=float, required=True, help='most instructions for a complex point')
    args = parser.parse_args()
    kernel, = load(args.cubin)
    points = max(args.points, _BLOCK_POINTS)
    warps = kernel.max_threads // 32
    lines = points // _LINE_POINTS
    mma = int(lines * _LINE_MMA * args.steps) // warps
    finders = math.ceil(2 * lines / 32)
    count = instructions_of_block(kernel, warps, finders, mma, args.trips)
    print(f'{kernel.name}, {args.points} points: {count} instructions of a block, {count / points:.3f} for a complex point, '
          f'{warps * mma / points:.4f} mma')
    if count / points > args.limit:
        raise SystemExit(f'more than {args.limit} instructions for a point')


if __name__ == '__main__':
    main()
