"""Reads the machine code of kernels: what cuobjdump prints, as objects."""
import os
import re
import subprocess

CUOBJDUMP = os.environ.get('CUOBJDUMP', 'cuobjdump')

_FIRST_LINE = re.compile(r'^\s*/\*([0-9a-f]{4,6})\*/\s+(.*?)\s*;\s*/\* 0x([0-9a-f]{16}) \*/')
_SECOND_LINE = re.compile(r'^\s*/\* 0x([0-9a-f]{16}) \*/')


class Instruction:
    """One instruction, with the scheduling fields that ptxas encoded in it."""

    def __init__(self, address, text, encoding_high):
        self.address = address
        words = text.split(None, 1)
        self.predicate = ''
        if words[0].startswith('@'):
            self.predicate = words[0][1:]
            words = words[1].split(None, 1)
        self.opcode = words[0]
        self.operands = words[1] if len(words) > 1 else ''
        self.modifiers = self.opcode.split('.')
        self.base = self.modifiers[0]
        control = encoding_high >> 41
        self.stall = control & 15                # cycles before this warp's next instruction
        self.write_barrier = control >> 5 & 7    # scoreboard released when the result is there; 7: none
        self.read_barrier = control >> 8 & 7     # scoreboard released when the operands have been read
        self.wait_mask = control >> 11 & 63      # scoreboards this instruction waits for

    @property
    def is_off(self):
        """Predicated off for good: takes an issue slot and nothing else."""
        return self.predicate == '!PT'

    @property
    def is_conditional(self):
        return self.predicate not in ('', 'PT', '!PT')

    def target(self):
        """The address that a branch names, if it names one."""
        numbers = re.findall(r'0x([0-9a-f]+)', self.operands)
        return int(numbers[-1], 16) if numbers else None


class Kernel:
    def __init__(self, name, architecture):
        self.name = name
        self.architecture = architecture
        self.instructions = []
        self.registers = self.stack = self.local = None  # None: the file does not say
        self.static_shared = 0
        self.max_threads = None


def parse_sass(text):
    """The kernels in the text of `cuobjdump -sass`."""
    kernels, architecture, pending = [], 0, None
    for line in text.splitlines():
        if match := re.search(r'code for sm_(\d+)', line):
            architecture = int(match[1])
        elif match := re.search(r'Function : (\S+)', line):
            kernels.append(Kernel(match[1], architecture))
            pending = None
        elif (match := _FIRST_LINE.match(line)) and kernels:
            pending = int(match[1], 16), match[2]
        elif (match := _SECOND_LINE.match(line)) and pending:
            kernels[-1].instructions.append(Instruction(*pending, int(match[1], 16)))
            pending = None
    return kernels


def _run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f'{" ".join(command)}: {result.stderr.strip()}')
    return result.stdout


def _resources(path):
    """(architecture, kernel) -> registers, stack, shared, local bytes; architecture 0 stands for any."""
    resources, architecture, kernel = {}, 0, None
    for line in _run(CUOBJDUMP, '-res-usage', path).splitlines():
        if match := re.search(r'arch = sm_(\d+)', line):
            architecture = int(match[1])
        if match := re.search(r'Function (\S+):', line):
            kernel = match[1]
            continue
        match = re.search(r'REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)', line)
        if match and kernel:
            usage = tuple(map(int, match.groups()))
            resources.setdefault((architecture, kernel), resources.setdefault((0, kernel), usage))
            kernel = None
    return resources


def _launch_bounds(path):
    """kernel -> threads of a block, as __launch_bounds__ said."""
    bounds, kernel, attribute = {}, None, None
    for line in _run(CUOBJDUMP, '-elf', path).splitlines():
        if match := re.match(r'^\.nv\.info\.(\S+)', line):
            kernel = match[1]
        elif re.match(r'^\.', line):
            kernel = None
        if match := re.search(r'Attribute:\s+(\S+)', line):
            attribute = match[1]
        match = re.search(r'Value:\s+(.*)', line)
        if match and kernel and attribute in ('EIATTR_MAX_THREADS', 'EIATTR_REQNTID'):
            threads = 1
            for length in re.findall(r'0x[0-9a-f]+', match[1])[:3]:
                threads *= max(1, int(length, 16))
            bounds[kernel] = threads
    return bounds


def load(path):
    """The kernels in a cubin, fatbin, object or library, or in the text of `cuobjdump -sass`."""
    with open(path, 'rb') as file:
        head = file.read(4096)
    if b'code for sm_' in head or b'Function :' in head or b'/*0000*/' in head:
        with open(path, errors='replace') as file:
            return parse_sass(file.read())
    kernels = parse_sass(_run(CUOBJDUMP, '-sass', path))
    resources, bounds = _resources(path), _launch_bounds(path)
    for kernel in kernels:
        usage = resources.get((kernel.architecture, kernel.name)) or resources.get((0, kernel.name))
        if usage:
            kernel.registers, kernel.stack, kernel.static_shared, kernel.local = usage
            if kernel.architecture >= 90:  # -res-usage adds the reserved kilobyte
                kernel.static_shared = max(0, kernel.static_shared - 1024)
        kernel.max_threads = bounds.get(kernel.name)
    return kernels
