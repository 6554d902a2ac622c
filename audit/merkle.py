"""
The Merkle tree of RFC 6962 and RFC 9162: hashes, roots, inclusion and consistency proofs.

Pure functions over hashes. `Nodes` gives the hash of a *complete* subtree by height and index:
``nodes(h, i)`` covers the leaves ``i * 2**h`` up to ``(i + 1) * 2**h``. Whoever stores the tree
provides it; a prover needs O(log n) of them.

References
----------
RFC 9162, section 2.1 (the tree, 2.1.1; inclusion, 2.1.3; consistency, 2.1.4).
"""

import hashlib
from collections.abc import Callable, Sequence

from audit.errors import ProofError

Nodes = Callable[[int, int], bytes]

LEAF, NODE = b"\x00", b"\x01"  # domain separation, RFC 9162 section 2.1.1
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(NODE + left + right).digest()


def node_hashes(hashes: Sequence[bytes]) -> list[bytes]:
    """Hashes of the inner nodes above neighbours, two and two; an even number of them."""
    pairs, sha256 = iter(hashes), hashlib.sha256  # `node_hash`, without a call for each of millions
    return [sha256(NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]


def root(size: int, nodes: Nodes) -> bytes:
    """Root of the tree over the first `size` leaves."""
    return _range_hash(0, size, nodes) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """
    Audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards.

    Raises
    ------
    ProofError
        If there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_range_hash(middle, stop, nodes))
            stop = middle
        else:
            path.append(_range_hash(start, middle, nodes))
            start = middle
    return tuple(reversed(path))


def prove_consistency(old: int, new: int, nodes: Nodes) -> tuple[bytes, ...]:
    """
    Proof that the tree of `old` leaves is a prefix of the tree of `new`, RFC 9162 section 2.1.4.1.

    Raises
    ------
    ProofError
        If `old` is larger than `new`.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {old} is not a prefix of a tree of {new}")
    if old in (0, new):
        return ()
    proof: list[bytes] = []
    start, stop, is_whole = 0, new, True
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_range_hash(middle, stop, nodes))
            stop = middle
        else:
            proof.append(_range_hash(start, middle, nodes))
            start, is_whole = middle, False
    if not is_whole:  # otherwise the old root itself is the first node, and the verifier has it
        proof.append(_range_hash(start, stop, nodes))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: tuple[bytes, ...], root_hash: bytes) -> None:
    """
    Check an audit path, RFC 9162 section 2.1.3.2.

    Raises
    ------
    ProofError
        If the path does not lead from the leaf's hash to the root.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    position, last, running = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if position & 1 or position == last:
            running = node_hash(step, running)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            running = node_hash(running, step)
        position, last = position >> 1, last >> 1
    if last or running != root_hash:
        raise ProofError(f"leaf {index} is not in the tree of {size} with this root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: tuple[bytes, ...]
) -> None:
    """
    Check that the new tree extends the old one, RFC 9162 section 2.1.4.2.

    Raises
    ------
    ProofError
        If it does not, or the proof is malformed.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {old} is not a prefix of a tree of {new}")
    if old in (0, new):
        is_same = old_root == (EMPTY_ROOT if old == 0 else new_root)
        if proof or not is_same:
            raise ProofError(f"two different trees of {old} leaves")
        return
    path = proof if old & (old - 1) else (old_root, *proof)
    if not path or _climb(old - 1, new - 1, path) != (old_root, new_root):
        raise ProofError(f"the tree of {new} does not extend the tree of {old}")


def _climb(position: int, last: int, path: tuple[bytes, ...]) -> tuple[bytes, bytes] | None:
    """Both roots the path leads to, or nothing if its length is wrong."""
    while position & 1:
        position, last = position >> 1, last >> 1
    old_running = new_running = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old_running, new_running = node_hash(step, old_running), node_hash(step, new_running)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_running = node_hash(new_running, step)
        position, last = position >> 1, last >> 1
    return None if last else (old_running, new_running)


def _range_hash(start: int, stop: int, nodes: Nodes) -> bytes:
    """Hash of the subtree over leaves start..stop, where start is a multiple of its capacity."""
    peaks = []
    while start < stop:
        height = (stop - start).bit_length() - 1
        peaks.append(nodes(height, start >> height))
        start += 1 << height
    running = peaks.pop()
    while peaks:
        running = node_hash(peaks.pop(), running)
    return running


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
