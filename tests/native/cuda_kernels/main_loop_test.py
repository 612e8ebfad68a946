"""Holds the main loop of a compiled kernel to what its design promises. Figures are those of a tile of keys that all queries
see; a tile on the diagonal, which costs more, is the longest path through the same loop.

usage: main_loop_test.py CUBIN --shared BYTES --blocks N --sim PERCENT --instructions PER_MMA
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / 'sass'))
from analysis import analyse  # noqa: E402
from sass_text import load  # noqa: E402
from sassloop import print_figures  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('cubin')
    parser.add_argument('--shared', type=int, required=True, help='dynamic shared memory of a block')
    parser.add_argument('--blocks', type=int, required=True, help='that share a multiprocessor')
    parser.add_argument('--sim', type=float, required=True, help='least modelled utilisation of the tensor cores, in percent')
    parser.add_argument('--instructions', type=float, required=True, help='most instructions for one mma')
    args = parser.parse_args()
    kernel, = load(args.cubin)
    figures, _ = analyse(kernel, dynamic_shared=args.shared, shortest=True)
    print_figures(figures)
    promises = {
        'one loop does all the tensor work': figures['tensor'] == figures['tensor_total'] > 0,
        'no local memory': figures['ldl_stl_total'] == 0 and figures['stack'] == 0,
        'blocks on a multiprocessor': figures['blocks_per_sm'] == args.blocks,
        'sim': 100 * figures['sim_util'] >= args.sim,
        'instructions per mma': figures['per_tensor'] <= args.instructions,
    }
    broken = [promise for promise, kept in promises.items() if not kept]
    if broken:
        raise SystemExit('broken: ' + ', '.join(broken))


if __name__ == '__main__':
    main()
