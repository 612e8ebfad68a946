"""Basic blocks and natural loops of a kernel's machine code."""
import collections
import re

_ENDS_BLOCK = {'BRA', 'JMP', 'CALL', 'EXIT', 'RET', 'BSYNC', 'BRX', 'JMX', 'KILL', 'BPT'}
_NAMES_BLOCK = {'BRA', 'JMP', 'CALL', 'BSSY'}
_ROOT = -1  # a block before all entries


class Loop:
    def __init__(self, head, blocks):
        self.head = head
        self.blocks = blocks
        self.parent = None
        self.depth = 0
        self.is_innermost = True


class ControlFlow:
    """blocks: [begin, end) of instructions; successors of each; entries; loops; a reverse postorder of the blocks."""

    def __init__(self, instructions):
        self.instructions = instructions
        self._index = {instruction.address: n for n, instruction in enumerate(instructions)}
        self._jumps = {n for n, i in enumerate(instructions)
                       if i.base == 'CALL' and i.target() in self._index and not self._returns(i.target())}
        self.indirect_jumps = 0
        self._cut_blocks()
        self._link_blocks()
        self._order_blocks()
        self._find_dominators()
        self._find_loops()

    def block_instructions(self, block):
        return self.instructions[slice(*self.blocks[block])]

    def address(self, loop):
        return self.instructions[self.blocks[loop.head][0]].address

    def _returns(self, address):
        """Whether code at an address reaches a RET. If not, a CALL.REL.NOINC to it is a mere jump."""
        to_do, seen = [self._index[address]], set()
        while to_do:
            n = to_do.pop()
            if n in seen or n >= len(self.instructions):
                continue
            seen.add(n)
            i = self.instructions[n]
            conditional = i.predicate not in ('', 'PT')
            if i.base == 'RET':
                return True
            if i.base in ('BRA', 'JMP', 'CALL') and i.target() in self._index and not _is_aside(i):
                to_do.append(self._index[i.target()])
            leaves = (i.base in ('EXIT', 'BRA', 'JMP', 'KILL') and not conditional and not _uniform_condition(i)
                      and not _is_aside(i))
            if not leaves:
                to_do.append(n + 1)
        return False

    def _cut_blocks(self):
        leaders, entries = {0}, [0]
        for n, i in enumerate(self.instructions):
            if i.base in _ENDS_BLOCK and n + 1 < len(self.instructions):
                leaders.add(n + 1)
            if i.base in _NAMES_BLOCK and i.target() in self._index:
                leaders.add(self._index[i.target()])
                if i.base == 'CALL' and n not in self._jumps:
                    entries.append(self._index[i.target()])
        begins = sorted(leaders)
        self.blocks = list(zip(begins, begins[1:] + [len(self.instructions)]))
        self._block_at = {begin: block for block, begin in enumerate(begins)}
        self.entries = [self._block_at[n] for n in dict.fromkeys(entries)]

    def _link_blocks(self):
        self.successors = []
        reconvergence = {}  # barrier register -> address after BSYNC
        for block, (begin, end) in enumerate(self.blocks):
            for i in self.instructions[begin:end]:
                if i.base == 'BSSY':
                    reconvergence[i.operands.split(',')[0].strip()] = i.target()
            self.successors.append(self._successors_of(block, end - 1, reconvergence))

    def _successors_of(self, block, last, reconvergence):
        i = self.instructions[last]
        following = [block + 1] if block + 1 < len(self.blocks) else []
        conditional = i.is_conditional

        def at(address):
            return [self._block_at[self._index[address]]] if address in self._index else []

        if _is_aside(i):
            out = following
        elif i.base in ('BRA', 'JMP') or last in self._jumps:
            if {'U', 'CONV'} & set(i.modifiers) or _uniform_condition(i):
                conditional = True
            out = at(i.target()) + (following if conditional else [])
        elif i.base == 'BSYNC':
            out = at(reconvergence.get(i.operands.strip()))
            if conditional or not out:
                out = out + following
        elif i.base in ('EXIT', 'RET', 'KILL', 'BPT'):
            out = following if conditional else []
        elif i.base in ('BRX', 'JMX'):
            self.indirect_jumps += 1
            out = []
        else:
            out = following
        return list(dict.fromkeys(out))

    def _order_blocks(self):
        seen, postorder = set(), []
        for entry in self.entries:
            if entry in seen:
                continue
            seen.add(entry)
            stack = [(entry, iter(self.successors[entry]))]
            while stack:
                block, rest = stack[-1]
                successor = next((s for s in rest if s not in seen), None)
                if successor is None:
                    stack.pop()
                    postorder.append(block)
                else:
                    seen.add(successor)
                    stack.append((successor, iter(self.successors[successor])))
        self.order = postorder[::-1]
        self.position = {block: n for n, block in enumerate(self.order)}
        self.position[_ROOT] = -1

    def _find_dominators(self):
        self._predecessors = collections.defaultdict(list)
        for block in self.order:
            for successor in self.successors[block]:
                self._predecessors[successor].append(block)
        for entry in self.entries:
            self._predecessors[entry].append(_ROOT)
        self._dominator = {_ROOT: _ROOT}
        changed = True
        while changed:
            changed = False
            for block in self.order:
                new = None
                for predecessor in self._predecessors[block]:
                    if predecessor in self._dominator:
                        new = predecessor if new is None else self._common_dominator(predecessor, new)
                if self._dominator.get(block) != new:
                    self._dominator[block] = new
                    changed = True

    def _common_dominator(self, a, b):
        while a != b:
            while self.position[a] > self.position[b]:
                a = self._dominator[a]
            while self.position[b] > self.position[a]:
                b = self._dominator[b]
        return a

    def _dominates(self, a, b):
        while b not in (a, _ROOT):
            b = self._dominator[b]
        return a == b

    def _find_loops(self):
        """A loop is made of back edges, to a block that dominates the branch: ptxas also moves bodies of `if` in front of a
        loop, and a branch back from there is no loop."""
        bodies, self.irreducible_edges = {}, 0
        for block in self.order:
            for head in self.successors[block]:
                if self.position[head] > self.position[block]:
                    continue
                if not self._dominates(head, block):
                    self.irreducible_edges += 1
                    continue
                body = bodies.setdefault(head, {head})
                to_do = [block]
                while to_do:
                    member = to_do.pop()
                    if member not in body and member != _ROOT:
                        body.add(member)
                        to_do += self._predecessors[member]
        self.loops = [Loop(head, body) for head, body in bodies.items()]
        for loop in self.loops:
            around = [other for other in self.loops if other is not loop and loop.blocks < other.blocks]
            loop.parent = min(around, key=lambda other: len(other.blocks), default=None)
        for loop in self.loops:
            outer = loop.parent
            while outer:
                loop.depth += 1
                outer = outer.parent
            loop.is_innermost = not any(other.parent is loop for other in self.loops)


def _is_aside(instruction):
    """What lanes do one after another if they have parted before they vote or exchange, and then come back."""
    return instruction.base == 'BRA' and 'DIV' in instruction.modifiers


def _uniform_condition(instruction):
    return re.match(r'!?U?P\d', instruction.operands) is not None
