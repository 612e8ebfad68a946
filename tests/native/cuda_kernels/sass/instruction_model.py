"""What an instruction is and what it costs: categories, pipes, cycles.

Cycles of a sub-core for one instruction of a warp; a multiprocessor has four sub-cores, each of which issues one a cycle.
Sources: [G] CUDA C++ Programming Guide, throughput of native arithmetic instructions (a warp's instruction costs 32 * 4 /
rate); [W] the A100 and H100 white papers; [M] public microbenchmarks (Luo et al., arXiv 2402.13499); [S] stall counts that
ptxas itself emits; [?] not confirmed. All are recalled or derived; none was measured here.

                                            sm_80 (A100)            sm_90 (H100)
 dense tensor FLOP/clk/SM fp16, bf16        2048 [W]                4096 [W], only by wgmma
   int8 x2, fp8 x2 (sm_90), tf32 x1/2, int4 x4 (sm_80), fp64 128 / 256
 so HMMA.16816 / IMMA.16832                 8    [W][S]             6.4: mma.sync reaches 62% of the peak [M][S]
 FFMA FADD FMUL                             2    [G]                1 [G]
 IMAD (.WIDE twice), on the FMA pipe        2    [G]                2 of half the pipe [G]
 HFMA2 HADD2 HMUL2 (bf16: twice on sm_80)   1    [G][W]             1 [G]
 integer, logic, compare, select, F2FP      2    [G]                2 [G]; F2FP [?]
 MUFU, F2F F2I I2F FRND POPC                8    [G]                8 [G]
 L1 and shared memory, per multiprocessor   128 B/clk [W]           128 B/clk; SHFL one warp a clock [G]
 uniform datapath (U*)                      issue slot only
 DFMA                                       4    [G]                2 [G]
"""
import collections
import re

Machine = collections.namedtuple(
    'Machine', 'name tensor_flop mma_share fma imad bf16x2 shared_bytes fp64 tensor_flop_fp64')
MACHINES = {80: Machine('A100', 2048.0, 1.0, 2, 2, 2, 164 << 10, 4, 128.0),
            90: Machine('H100', 4096.0, 0.62, 1, 1, 1, 228 << 10, 2, 256.0)}

TENSOR = {'HMMA', 'IMMA', 'DMMA', 'BMMA', 'QMMA', 'OMMA', 'HGMMA', 'IGMMA', 'QGMMA', 'BGMMA', 'DGMMA'}

_SHAPES = {'16816': (16, 8, 16), '1688': (16, 8, 8), '1684': (16, 8, 4), '884': (8, 8, 4), '16832': (16, 8, 32),
           '8816': (8, 8, 16), '8832': (8, 8, 32), '16864': (16, 8, 64), '168128': (16, 8, 128),
           '168256': (16, 8, 256), '88128': (8, 8, 128)}

_CATEGORIES = [
    ('tensor', TENSOR),
    ('ldsm', {'LDSM', 'STSM'}),
    ('lds', {'LDS'}),
    ('sts', {'STS', 'ATOMS'}),
    ('global', {'LDG', 'STG', 'LDGSTS', 'UBLKCP', 'UTMALDG', 'UTMASTG', 'UTMAREDG', 'UBLKRED', 'RED', 'REDG', 'ATOM',
                'ATOMG', 'LD', 'ST'}),
    ('local', {'LDL', 'STL'}),
    ('mufu', {'MUFU'}),
    ('fp32', {'FFMA', 'FMUL', 'FADD', 'FFMA32I', 'FMUL32I', 'FADD32I', 'DFMA', 'DADD', 'DMUL', 'FFMA2'}),
    ('half2', {'HFMA2', 'HADD2', 'HMUL2', 'HFMA2_32I', 'HADD2_32I', 'HMUL2_32I', 'HMNMX2'}),
    ('fcmp', {'FMNMX', 'FSEL', 'FSET', 'FSWZADD', 'FCHK'}),
    ('cvt', {'F2F', 'F2FP', 'F2I', 'I2F', 'I2FP', 'F2IP', 'I2IP', 'FRND', 'I2I'}),
    ('shfl', {'SHFL', 'VOTE', 'VOTEU', 'REDUX', 'MATCH'}),
    ('bar', {'BAR', 'DEPBAR', 'LDGDEPBAR', 'SYNCS', 'ARRIVES', 'MEMBAR', 'ERRBAR', 'WARPGROUP', 'FENCE', 'CCTL',
             'UTMACMDFLUSH', 'B2R', 'R2B', 'WARPSYNC', 'UCGABAR_ARV', 'UCGABAR_WAIT'}),
    ('pred_br', {'ISETP', 'FSETP', 'HSETP2', 'DSETP', 'PSETP', 'PLOP3', 'P2R', 'R2P', 'UISETP', 'UPLOP3', 'UP2UR',
                 'UR2UP', 'BRA', 'JMP', 'BSSY', 'BSYNC', 'BREAK', 'EXIT', 'CALL', 'RET', 'BRX', 'BMOV', 'YIELD',
                 'NANOSLEEP', 'ELECT'}),
    ('nop', {'NOP'}),
]
CATEGORIES = [name for name, _ in _CATEGORIES] + ['int']
_CATEGORY_OF = {base: name for name, bases in _CATEGORIES for base in bases}

_XU = {'MUFU', 'F2F', 'F2I', 'I2F', 'FRND', 'POPC', 'FLO', 'BREV', 'I2I'}
_MEMORY = {'LDS', 'STS', 'LDG', 'STG', 'LDL', 'STL', 'LD', 'ST', 'LDGSTS', 'ATOMS', 'RED', 'ATOM', 'ATOMG'}
_FP32 = {'FFMA', 'FMUL', 'FADD', 'FFMA32I', 'FMUL32I', 'FADD32I'}
_ISSUE_ONLY = {'BRA', 'BSSY', 'BSYNC', 'EXIT', 'CALL', 'RET', 'S2R', 'S2UR', 'CS2R', 'R2UR', 'JMP', 'BREAK', 'BMOV',
               'YIELD', 'LDC', 'ULDC', 'VOTE'}


def category(instruction):
    return _CATEGORY_OF.get(instruction.base, 'int')


# shape: as printed; flop: of one warp's share; rate: the type's speed against fp16, 0 for fp64; warpgroup: is it wgmma?
TensorWork = collections.namedtuple('TensorWork', 'shape flop rate warpgroup')


def tensor_work(instruction):
    """None for anything but a tensor instruction."""
    if instruction.base not in TENSOR:
        return None
    modifiers = instruction.modifiers[1:]
    shape = next((m for m in modifiers if re.fullmatch(r'\d+x\d+x\d+', m)), None)
    warpgroup = shape is not None
    if warpgroup:
        m, n, k = map(int, shape.split('x'))
        flop = 2 * m * n * k // 4  # one of the four warps
    else:
        shape = next((m for m in modifiers if m in _SHAPES), None)
        m, n, k = _SHAPES.get(shape, (0, 0, 0))
        flop = 2 * m * n * k
    rate = 1.0
    if instruction.base in ('IMMA', 'IGMMA', 'QMMA', 'QGMMA'):
        rate = 4.0 if {'S4', 'U4'} & set(modifiers) else 2.0
    elif instruction.base in ('BMMA', 'BGMMA'):
        rate = 8.0
    if 'TF32' in modifiers:
        rate = 0.5
    if instruction.base == 'DMMA':
        rate = 0.0
    if 'SP' in modifiers:
        rate *= 2
    types = '.'.join(m for m in modifiers if not m[0].isdigit() and m not in ('SAT', 'ROW', 'COL'))
    return TensorWork(f'{instruction.base}.{shape}.{types}', flop, rate, warpgroup)


def dense_rate(work, machine):
    """FLOP per cycle of a sub-core at the chip's peak for this type."""
    return (machine.tensor_flop * work.rate if work.rate else machine.tensor_flop_fp64) / 4


def access_bytes(instruction):
    for modifier in instruction.modifiers[1:]:
        if modifier in ('128', '64'):
            return int(modifier) // 8
        if modifier in ('U8', 'S8'):
            return 1
        if modifier in ('U16', 'S16'):
            return 2
    return 4


def cost(instruction, machine):
    """pipe -> cycles of a sub-core ('l1': of the multiprocessor) for one instruction of a warp."""
    base = instruction.base
    if instruction.is_off:
        return {}
    if work := tensor_work(instruction):
        return _tensor_cost(instruction, work, machine)
    if base in ('LDSM', 'STSM'):
        return {'l1': {'4': 4, '2': 2}.get(instruction.modifiers[-1], 1)}
    if base in _MEMORY:
        return {'l1': access_bytes(instruction) * 32 / 128}
    if base in ('SHFL', 'REDUX'):
        return {'l1': 1}
    if base in _XU:
        return {'xu': 16 if '64' in ''.join(instruction.modifiers) else 8}
    if base in _FP32:
        return {'fma': machine.fma}
    if base in ('IMAD', 'IMUL', 'IDP'):
        return {'fma': machine.imad * (2 if {'WIDE', 'HI'} & set(instruction.modifiers) else 1)}
    if base.startswith(('HFMA2', 'HADD2', 'HMUL2')):
        return {'fma': machine.bf16x2 if 'BF16' in instruction.opcode else 1}
    if base in ('DFMA', 'DADD', 'DMUL', 'DSETP'):
        return {'fp64': machine.fp64}
    if category(instruction) in ('bar', 'nop') or base.startswith('U') or base in _ISSUE_ONLY:
        return {}
    return {'alu': 2}


def _tensor_cost(instruction, work, machine):
    share = 1.0 if work.warpgroup or not work.rate else machine.mma_share
    cycles = {'tensor': work.flop / dense_rate(work, machine) / share}
    if work.warpgroup:  # reads b, and a unless it is in registers, from shared memory
        m, n, k = map(int, re.search(r'(\d+)x(\d+)x(\d+)', instruction.opcode).groups())
        elements = n * k + (0 if re.match(r'R\d+, R\d+', instruction.operands) else m * k)
        cycles['l1'] = elements * (2 / work.rate) / 128 / 4
    return cycles
