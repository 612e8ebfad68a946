#!/usr/bin/env python3
"""Static figures of the main loop of CUDA kernels, from machine code alone (no GPU needed).

A real control-flow graph is built, with dominators and natural loops; the main loop is the innermost one with the most tensor
instructions (main_loop.py says what happens otherwise). The loop tree is printed: look at it, and use --loop and --trip.
Figures are for one warp and one iteration along the path with the most tensor work, and of those the longest, so that an
optional part of the loop counts as taken; --shortest takes the shortest instead.

bound: per multiprocessor, cycles of one iteration of all resident warps; the slowest of issue slots, pipes, shared memory and
       a warp's own stall counts. The utilisation beside it is an upper limit for the tensor cores, relative to the dense peak
       (on sm_90 that of wgmma, of which mma.sync reaches 62%).
one warp alone: what one warp per sub-core could reach if nothing but its stall counts delayed it.
sim:   simulation.py. An estimate, not a bound: differences under ten points mean nothing.

Predicates, bank conflicts, global memory and clocks are not in any of these. Costs and their sources: instruction_model.py.
"""
import argparse
import json
import re

from analysis import analyse
from instruction_model import CATEGORIES, category
from sass_text import load
from simulation import LATENCIES

_COLUMNS = {  # heading -> value
    'kernel': lambda f: f['label'],
    'regs/stack': lambda f: f'{f["reg"]}/{f["stack"]}',
    'threads x blocks/SM': lambda f: f'{f["threads"]}x{f["blocks_per_sm"]}',
    'instructions': lambda f: str(f['path']) + (' (no loop)' if f['main'] == 'no-loop' else ''),
    'tensor': lambda f: f['tensor'],
    'instructions/mma': lambda f: f'{f["per_tensor"] or 0:.2f}',
    **{name: (lambda f, name=name: f['cats'][name]) for name in CATEGORIES if name not in ('tensor', 'nop')},
    'stalls': lambda f: f['stall_sum'],
    'limiter (second)': lambda f: f'{f.get("limiter")} ({f.get("second")})',
    'bound': lambda f: f'{f.get("bound_util", 0):.1%}',
    'one warp': lambda f: f'{f.get("one_warp_util") or 0:.1%}',
    'sim': lambda f: f'{f.get("sim_util", 0):.1%}',
}


def print_table(all_figures):
    print('| ' + ' | '.join(_COLUMNS) + ' |')
    print('|' + '---|' * len(_COLUMNS))
    for figures in all_figures:
        print('| ' + ' | '.join(str(value(figures)) for value in _COLUMNS.values()) + ' |')


def print_figures(f):
    counts = f['cats']
    print(f'== {f["label"]}  [sm_{f["arch"]} on {f["machine"]}]')
    print(f'   {f["name"][:150]}')
    print(f'   regs {f["reg"]}  stack {f["stack"]} B  LDL/STL in kernel {f["ldl_stl_total"]}'
          f'  shared {f["static_smem"]} + {f["dyn_smem"]} B  threads {f["threads"]}'
          f'{" (ASSUMED)" if f["threads_assumed"] else ""}  -> {f["blocks_per_sm"]} blocks/SM (by {f["occ_limit"]})'
          f'   instructions {f["total"]}, tensor {f["tensor_total"]}')
    if f['irreducible'] or f['indirect']:
        print(f'   irreducible edges {f["irreducible"]}, indirect jumps {f["indirect"]}')
    for loop in f['loops']:
        print(f'   {"  " * loop["depth"]}loop {loop["head"]}: {loop["instrs"]} instrs, {loop["tensor"]} tensor'
              f'{"   <- main" if loop["head"] == f["main"] else ""}')
    other = f'short {f["short_path"]}' if 'short_path' in f else f'long {f["long_path"]}'
    print(f'   main {f["main"]}: path {f["path"]} ({other}, static body {f["static_body"]}), tensor {f["tensor"]}'
          f' {f["shapes"]} = {f["flop"]} FLOP/warp, {f["tensor_share"]:.1%} of issue slots'
          + (f', {f["per_tensor"]:.2f} instructions per mma' if f['per_tensor'] else ''))
    print('   ' + ' '.join(f'{name}:{counts[name]}' for name in CATEGORIES if counts[name]))
    print(f'   stall sum {f["stall_sum"]}  pipes/warp {f["pipes_per_warp"]}'
          f'  global->SM {f["global_bytes_per_warp"]} B/warp/iter')
    if 'limiter' in f:
        one_warp = 'n/a (wgmma)' if f['one_warp_util'] is None else f'{f["one_warp_util"]:.1%}'
        print(f'   SM cycles/iter {f["sm_cycles"]}')
        print(f'   bound: {f["bound_cycles"]:.0f} by {f["limiter"]} (next: {f["second"]}) -> tensor utilisation <= '
              f'{f["bound_util"]:.1%}; one warp alone <= {one_warp}'
              + (f'; sim {f["sim_util"]:.1%} ({f["sim_iter_cycles"]} cycles/iter)' if 'sim_util' in f else ''))


def print_path(path):
    for i in path:
        predicate = f'@{i.predicate} ' if i.predicate else ''
        print(f'{i.address:05x} S{i.stall:02d} {category(i):7s} {predicate}{i.opcode} {i.operands}')


def settings_of(kernel, configurations):
    """The settings of the first `RE:key=value,...` whose expression matches the kernel's name."""
    names = dict(threads=('threads', int), dsmem=('dynamic_shared', int), label=('label', str),
                 mainthreads=('main_threads', int))
    for configuration in configurations:
        expression, _, settings = re.match(r'(.*?)(:)((?:threads|dsmem|label|mainthreads)=.*)', configuration).groups()
        if re.search(expression, kernel.name):
            pairs = (setting.split('=', 1) for setting in re.split(r',(?=\w+=)', settings))
            return {names[key][0]: names[key][1](value) for key, value in pairs}
    return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('files', nargs='+', help='cubin, fatbin, object or library, or the text of `cuobjdump -sass`')
    parser.add_argument('--kernel', help='only those whose name matches this expression')
    parser.add_argument('--arch', type=int, choices=[80, 90], help="machine of the model; default: the code's own")
    parser.add_argument('--cfg', action='append', default=[], metavar='RE:threads=128,dsmem=65536,label=x,mainthreads=64',
                        help='of kernels that match: threads of a block (default: the launch bound), dynamic shared memory'
                        ' in bytes, label, threads that run the main loop')
    parser.add_argument('--loop', type=lambda x: int(x, 16), help='the main loop, by the address of its head')
    parser.add_argument('--trip', action='append', default=[], metavar='0xADDR=N', help='trip count of an inner loop')
    parser.add_argument('--lat', action='append', default=[], metavar='ldsm=33', help=f'latencies: {LATENCIES}')
    parser.add_argument('--shortest', action='store_true', help='figures of the shortest path through the loop')
    parser.add_argument('--all', action='store_true', help='kernels of fewer than 40 instructions too')
    parser.add_argument('--no-sim', action='store_true')
    for output in ('table', 'json', 'dump'):
        parser.add_argument('--' + output, action='store_true')
    args = parser.parse_args()
    LATENCIES.update((name, int(value)) for name, value in (setting.split('=') for setting in args.lat))
    trips = {int(address, 16): int(count) for address, count in (trip.split('=') for trip in args.trip)}

    results = []
    for kernel in (kernel for file in args.files for kernel in load(file)):
        wanted = not args.kernel or re.search(args.kernel, kernel.name)
        if not wanted or len(kernel.instructions) < (1 if args.all else 40):
            continue
        figures, path = analyse(kernel, args.arch, loop_address=args.loop, trips=trips, shortest=args.shortest,
                                with_simulation=not args.no_sim, **settings_of(kernel, args.cfg))
        if args.dump:
            print_path(path)
        results.append(figures)
    if args.json:
        print(json.dumps(results, indent=1))
    elif args.table:
        print_table(results)
    else:
        for figures in results:
            print_figures(figures)


if __name__ == '__main__':
    main()
