"""A model of one sub-core: in-order warps, stall counts and scoreboards as encoded, the pipes of instruction_model, barriers
among the warps of a block, groups of cp.async, fixed latencies. An estimate, never compared with a counter on a device."""
import collections
import re

from instruction_model import category, cost

LATENCIES = dict(ldsm=33, lds=29, shfl=24, mufu=22, glob=400, local=80, other=20, bar=20)

_L1_SHARE = 4                      # four sub-cores share the path to L1 and shared memory: each sees it four times slower
_QUEUES = {'l1': 48, 'xu': 16}     # cycles of work that a pipe takes in advance


class _Warp:
    def __init__(self, block, ready):
        self.block = block
        self.ready = ready
        self.position = self.iteration = 0
        self.scoreboards = [[] for _ in range(6)]
        self.copies = []            # arrival times of groups of cp.async
        self.at_barrier = False
        self.begin = self.end = None  # of the measured iterations


class _SubCore:
    def __init__(self, path, machine, blocks, warps_per_block, iterations, warm_up):
        self.path = [(instruction, cost(instruction, machine)) for instruction in path]
        self.stalls = sum(max(1, i.stall) for i in path)
        self.warps = [_Warp(n // warps_per_block, n // warps_per_block * self.stalls // max(1, blocks))
                      for n in range(blocks * warps_per_block)]
        self.warps_per_block, self.iterations, self.warm_up = warps_per_block, iterations, warm_up
        self.free = collections.defaultdict(float)
        self.arrived = collections.Counter()
        self.now, self.last = -1.0, None

    def run(self):
        budget = len(self.path) * len(self.warps) * self.iterations * 3
        while any(w.iteration < self.iterations for w in self.warps) and budget:
            budget -= 1
            self._issue(self._choose())

    def _choose(self):
        """Greedy, then youngest; no warp runs two iterations ahead of another on a tie."""
        slowest = min(w.iteration for w in self.warps) + 1
        candidates = [((self._earliest(w), w.iteration > slowest, 0 if n == self.last else 1, -n), n)
                      for n, w in enumerate(self.warps) if not w.at_barrier]
        key, chosen = min(candidates)
        self.now, self.last = key[0], chosen
        return self.warps[chosen]

    def _earliest(self, warp):
        instruction, cycles = self.path[warp.position]
        time = warp.ready
        for n in range(6):
            if instruction.wait_mask >> n & 1 and warp.scoreboards[n]:
                time = max(time, max(warp.scoreboards[n]))
        match = re.search(r'SB(\d), 0x([0-9a-f]+)', instruction.operands) if instruction.base == 'DEPBAR' else None
        if match:
            pending = int(match[2], 16)
            if len(warp.copies) > pending:
                time = max(time, sorted(warp.copies)[len(warp.copies) - pending - 1])
        for pipe in cycles:
            time = max(time, self.free[pipe] - _QUEUES.get(pipe, 0))
        return max(time, self.now + 1)

    def _issue(self, warp):
        instruction, cycles = self.path[warp.position]
        if warp.position == 0 and warp.iteration == self.warm_up:
            warp.begin = self.now
        self._release_scoreboards(warp, instruction, self._occupy_pipes(cycles))
        if instruction.base == 'LDGDEPBAR':
            warp.copies = [t for t in warp.copies if t > self.now] + [self.now + LATENCIES['glob']]
        warp.ready = self.now + max(1, instruction.stall)
        warp.position += 1
        if instruction.base == 'BAR' and {'SYNC', 'RED'} & set(instruction.modifiers) and not instruction.is_off:
            self._arrive(warp)
        if warp.position == len(self.path):
            warp.position = 0
            warp.iteration += 1
            warp.end = self.now

    def _occupy_pipes(self, cycles):
        end = self.now
        for pipe, time in cycles.items():
            begin = max(self.now, self.free[pipe])
            time *= _L1_SHARE if pipe == 'l1' else 1
            self.free[pipe] = begin + time
            end = max(end, begin + (time if pipe != 'tensor' else 0))
        return end

    def _release_scoreboards(self, warp, instruction, end):
        if instruction.is_off:
            return
        release = ((instruction.write_barrier, end + _latency(instruction)), (instruction.read_barrier, end + 10))
        for n, time in release:
            if n < 6:
                warp.scoreboards[n] = [t for t in warp.scoreboards[n] if t > self.now] + [time]

    def _arrive(self, warp):
        if self.warps_per_block == 1:
            return
        self.arrived[warp.block] += 1
        warp.at_barrier = True
        if self.arrived[warp.block] < self.warps_per_block:
            return
        self.arrived[warp.block] = 0
        for other in self.warps:
            if other.block == warp.block and other.at_barrier:
                other.at_barrier = False
                other.ready = max(other.ready, self.now + LATENCIES['bar'])


def _latency(instruction):
    kind = category(instruction)
    if kind in ('ldsm', 'lds'):
        return LATENCIES[kind] - 4
    names = {'sts': 'lds', 'global': 'glob'}
    latency = LATENCIES.get(names.get(kind, kind if kind in ('shfl', 'local', 'mufu') else 'other'))
    return latency - 8 if kind == 'mufu' else latency


def simulate(path, machine, blocks, warps_per_block, iterations=8, warm_up=3):
    """(utilisation of the tensor pipe, cycles of an iteration) with `blocks` blocks of which `warps_per_block` warps each run
    on this sub-core. The rate is each warp's own over its measured iterations: all run until the slowest is through."""
    core = _SubCore(path, machine, blocks, warps_per_block, iterations, warm_up)
    core.run()
    tensor = sum(cycles.get('tensor', 0) for _, cycles in core.path)
    last_stall = max(1, core.path[-1][0].stall)
    measured = [w for w in core.warps if w.begin is not None and w.iteration > warm_up]
    utilisation = sum(tensor * (w.iteration - warm_up) / max(1.0, w.end + last_stall - w.begin) for w in measured)
    cycles = sum((w.end - w.begin) / max(1, w.iteration - warm_up) for w in core.warps if w.begin is not None)
    return utilisation, cycles / len(core.warps)
