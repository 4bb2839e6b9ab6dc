# SPDX-License-Identifier: BSD-2-Clause-Patent
"""
Stack use of a function from its instructions, for code that no compiler report describes.

The depth of the stack is followed along every path from the entry: pushes, pops, constant moves of
RSP, a frame pointer.  A `ret` at any depth but zero, or a move of RSP that is not understood, is an
error, so a wrong reading cannot pass in silence.
"""
import re

ALIGN_MAX = 64
ALLOCATIONS_MAX = 4  # run-time sized ones in one frame


class Unknown(Exception):
    pass


def constant(text):
    m = re.fullmatch(r"\$(-?)0x([0-9a-f]+)", text)
    if not m:
        return None
    value = int(m.group(2), 16)
    if value >= 1 << 63:
        value -= 1 << 64
    return -value if m.group(1) else value


def displacement(text, base):
    m = re.fullmatch(rf"(-?)(?:0x([0-9a-f]+))?\(%{base}\)", text)
    if not m:
        return None
    value = int(m.group(2) or "0", 16)
    return -value if m.group(1) else value


def allocations_apart(a, b, dynamic):
    """Whether two depths of one place differ by nothing but run-time sized allocations."""
    return a == b or (bool(dynamic) and abs(a - b) % dynamic == 0
                      and abs(a - b) <= ALLOCATIONS_MAX * dynamic)


class Frame:
    """depth: most bytes below the return address; calls: [(target address or None, depth)]."""

    def __init__(self):
        self.depth = 0
        self.calls = []
        self.dynamic = False
        self.indirect_jump = False


def analyse(code, extent, begin, dynamic, noreturn):
    """
    `extent`: (begin, end) of the function around an address.
    `dynamic`: bytes allowed to each run-time sized allocation, None when there may be none.
    `noreturn`: addresses of functions that do not come back.
    """
    frame = Frame()
    seen = {}
    # Assembly jumps into the middle of other functions: their code is then part of this one.
    regions = [extent(begin)]
    # depth, and the depth that RBP stands for when it is a frame pointer
    work = [(begin, 0, None)]

    def inside(at):
        return any(low <= at < high for low, high in regions)

    def visit():
        while work:
            at, depth, rbp = work.pop()
            while inside(at):
                if at in seen:
                    # What was allocated at run time stays until the frame goes: the most counts.
                    if not allocations_apart(depth, seen[at], dynamic):
                        raise Unknown(f"{at:x}: reached with {depth} and with {seen[at]} bytes")
                    if depth <= seen[at]:
                        break
                if at not in code:
                    raise Unknown(f"{at:x}: no instruction")
                seen[at] = depth
                after, name, operands = code[at]
                step = instruction(frame, at, name, operands, depth, rbp, dynamic)
                depth, rbp, target, goes_on = step
                if name == "call" and frame.calls[-1][0] in noreturn:
                    break
                frame.depth = max(frame.depth, depth)
                if target is not None:
                    if not inside(target) and extent(target)[0] != target:
                        regions.append(extent(target))
                    if inside(target):
                        work.append((target, depth, rbp))
                    else:
                        frame.calls.append((target, depth))
                if not goes_on:
                    break
                at = after

    visit()
    # Blocks that only a jump table reaches: at the depth of that jump.
    # When there are none it was a call that does not come back here.
    if frame.indirect_jump:
        reached = len(seen)
        at, end = regions[0]
        while at < end and at in code:
            if at not in seen:
                work.append((at, frame.jump_depth, frame.jump_rbp))
                visit()
            at = code[at][0]
        if len(seen) == reached:
            frame.calls.append((None, frame.jump_depth))
    return frame


def instruction(frame, at, name, operands, depth, rbp, dynamic):
    """(depth, rbp, jump target or None, whether the next instruction follows)"""
    if name in ("push", "pushq", "pushf", "pushfq"):
        return depth + 8, rbp, None, True
    if name in ("pop", "popq", "popf", "popfq"):
        return depth - 8, None if operands == "%rbp" else rbp, None, True
    if name in ("call", "callq"):
        target = None if operands.startswith("*") else int(operands, 16)
        frame.calls.append((target, depth))
        return depth, rbp, None, True
    if name in ("ret", "retq"):
        if depth != 0:
            raise Unknown(f"{at:x}: returns with {depth} bytes on the stack")
        return depth, rbp, None, False
    if name in ("hlt", "ud2"):
        return depth, rbp, None, False
    if name in ("jmp", "jmpq"):
        if operands.endswith("(%rip)"):
            frame.calls.append((None, depth))
            return depth, rbp, None, False
        if operands.startswith("*"):
            frame.indirect_jump = True
            frame.jump_depth, frame.jump_rbp = depth, rbp
            return depth, rbp, None, False
        return depth, rbp, int(operands, 16), False
    if name.startswith("j") or name.startswith("loop"):
        return depth, rbp, int(operands, 16), True
    if name in ("leave", "leaveq"):
        if rbp is None:
            raise Unknown(f"{at:x}: leave without a frame pointer")
        return rbp - 8, None, None, True
    if operands == "%rsp,%rbp" and name == "mov":
        return depth, depth, None, True
    if operands.endswith(",%rsp"):
        return move_stack_pointer(frame, at, name, operands[:-5], depth, rbp, dynamic), rbp, None, True
    if operands.endswith(",%rbp") and name not in ("cmp", "test", "cmpq", "testq", "bt"):
        return depth, None, None, True
    return depth, rbp, None, True


def move_stack_pointer(frame, at, name, operand, depth, rbp, dynamic):
    if name in ("cmp", "test", "cmpq", "testq"):
        return depth
    value = constant(operand)
    if name in ("sub", "subq") and value is not None:
        return depth + value
    if name in ("add", "addq") and value is not None:
        return depth - value
    if name in ("and", "andq") and value is not None and -ALIGN_MAX <= value < 0:
        return depth + -value - 1
    if name == "lea":
        value = displacement(operand, "rsp")
        if value is not None:
            return depth - value
        value = displacement(operand, "rbp")
        if value is not None and rbp is not None:
            return rbp - value
    if name == "mov" and operand == "%rbp" and rbp is not None:
        return rbp
    if name in ("sub", "subq") and operand.startswith("%") and dynamic is not None:
        frame.dynamic = True
        return depth + dynamic
    raise Unknown(f"{at:x}: {name} {operand},%rsp")
