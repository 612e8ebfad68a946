"""All figures of one kernel: what its main loop consists of, and what bounds it."""
import collections
import re

from control_flow import ControlFlow
from instruction_model import (CATEGORIES, MACHINES, TENSOR, access_bytes, category, cost, dense_rate, tensor_work)
from main_loop import find_main_loop, paths
from simulation import simulate


class PathSummary:
    """Counts along one path through a loop, for one warp."""

    def __init__(self, path, machine):
        self.instructions = len(path)
        self.categories, self.pipes, self.shapes = (collections.Counter() for _ in range(3))
        self.stalls = self.tensor = self.flop = self.global_bytes = 0
        for i in path:
            self.categories[category(i)] += 1
            self.stalls += max(1, i.stall)
            for pipe, cycles in cost(i, machine).items():
                self.pipes[pipe] += cycles
            if (work := tensor_work(i)) and not i.is_off:
                self.tensor += 1
                self.shapes[work.shape] += 1
                self.flop += work.flop
            if i.base in ('LDG', 'LDGSTS') and not i.is_off:
                self.global_bytes += 32 * access_bytes(i)


def occupancy(registers, warps, shared_bytes, machine):
    """Blocks that share a multiprocessor, and what limits them."""
    registers_of_warp = (registers + 7) // 8 * 8 * 32
    limits = {'regs': (65536 // registers_of_warp) // warps if registers_of_warp else 99, 'warps': 64 // warps,
              'blocks': 32, 'smem': machine.shared_bytes // (shared_bytes + 1024)}
    limit = min(limits, key=limits.get)
    return max(limits[limit], 0), limit


def _registers_in(instructions):
    text = ' '.join(f'{i.opcode} {i.operands}' for i in instructions)
    return 1 + max([int(n) for n in re.findall(r'\bR(\d+)\b', text)] + [0])


def analyse(kernel, architecture=None, threads=None, dynamic_shared=0, label=None, main_threads=None, loop_address=None,
            trips=None, shortest=False, with_simulation=True):
    """A dictionary of figures. shortest: those of the shortest path through the loop rather than the longest, for loops whose
    optional parts are rarely taken."""
    instructions, trips = kernel.instructions, trips or {}
    while instructions and instructions[-1].base == 'NOP':
        instructions.pop()
    machine = MACHINES[architecture or (90 if kernel.architecture >= 90 else 80)]
    flow = ControlFlow(instructions)
    main, work = find_main_loop(flow, trips, loop_address)
    registers = kernel.registers or _registers_in(instructions)
    block_threads = threads or kernel.max_threads or 128
    figures = dict(
        name=kernel.name, label=label or kernel.name[:48], arch=kernel.architecture, machine=machine.name, reg=registers,
        stack=kernel.stack, static_smem=kernel.static_shared, dyn_smem=dynamic_shared, threads=block_threads,
        threads_assumed=not (threads or kernel.max_threads), total=len(instructions),
        tensor_total=sum(i.base in TENSOR for i in instructions),
        ldl_stl_total=sum(category(i) == 'local' for i in instructions), irreducible=flow.irreducible_edges,
        indirect=flow.indirect_jumps,
        loops=[dict(head=hex(flow.address(loop)), depth=loop.depth, instrs=work[loop].instructions,
                    tensor=work[loop].tensor) for loop in sorted(flow.loops, key=flow.address)])
    if main:
        long_path, short_path = paths(flow, main, machine, trips)
        figures.update(main=hex(flow.address(main)), depth=main.depth, static_body=work[main].instructions)
    else:
        long_path = short_path = [i for block in sorted(flow.order) for i in flow.block_instructions(block)]
        figures.update(main='no-loop', static_body=len(long_path))
    path, other = (short_path, long_path) if shortest else (long_path, short_path)
    summary = PathSummary(path, machine)
    figures.update(_path_figures(summary), **{'long_path' if shortest else 'short_path': len(other)})
    blocks, limit = occupancy(registers, (block_threads + 31) // 32, kernel.static_shared + dynamic_shared, machine)
    figures.update(blocks_per_sm=blocks, occ_limit=limit)
    # Where warps are specialised, only some run the main loop.
    warps = int(main_threads or block_threads) // 32 or 1
    figures.update(_bounds(summary, path, machine, blocks, warps, with_simulation))
    return figures, path


def _path_figures(summary):
    return dict(path=summary.instructions, tensor=summary.tensor, shapes=dict(summary.shapes), flop=summary.flop,
                cats={name: summary.categories[name] for name in CATEGORIES}, stall_sum=summary.stalls,
                pipes_per_warp={pipe: round(cycles, 1) for pipe, cycles in summary.pipes.items()},
                global_bytes_per_warp=summary.global_bytes,
                tensor_share=summary.tensor / max(1, summary.instructions),
                per_tensor=summary.instructions / summary.tensor if summary.tensor else None)


def _bounds(summary, path, machine, blocks, warps, with_simulation):
    resident, pipes = blocks * warps, summary.pipes
    cycles = {'issue': resident * summary.instructions / 4}
    cycles.update({pipe: resident * pipes[pipe] / 4 for pipe in ('tensor', 'xu', 'fma', 'alu', 'fp64')})
    cycles.update(l1smem=resident * pipes['l1'], stall=float(summary.stalls))
    figures = dict(sm_cycles={pipe: round(value, 1) for pipe, value in cycles.items()})
    if not resident:
        return figures
    limiter = max(cycles, key=cycles.get)
    second, name = sorted(((value, pipe) for pipe, value in cycles.items()), reverse=True)[1]
    works = [tensor_work(i) for i in path if tensor_work(i) and not i.is_off]
    asynchronous = any(w.warpgroup for w in works)  # wgmma runs beside its warp: neither bounded by stalls nor simulated
    at_peak = sum(w.flop / dense_rate(w, machine) for w in works)  # cycles, had the chip its dense peak
    figures.update(
        limiter=limiter, bound_cycles=cycles[limiter], second=f'{name} {second / cycles[limiter]:.2f}',
        bound_util=resident * at_peak / 4 / cycles[limiter],
        one_warp_util=None if asynchronous else at_peak / max(1, summary.stalls),
        serial_util=at_peak / (pipes['tensor'] + max(0, summary.instructions - summary.tensor)) if pipes['tensor'] else 0)
    if with_simulation and pipes['tensor'] and not asynchronous:
        utilisation, iteration = simulate(path, machine, blocks, max(1, (warps + 3) // 4))
        figures.update(sim_util=utilisation * at_peak / pipes['tensor'], sim_iter_cycles=round(iteration, 1))
    return figures
