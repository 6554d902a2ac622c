from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import ProofError
from audit.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root,
    verify_consistency,
    verify_inclusion,
)
from audit.tree import Growth, restore, stored_nodes

# Leaves and roots published with RFC 6962's reference implementation (Certificate Transparency).
PUBLISHED_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
PUBLISHED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count):
    return [leaf_hash(str(place).encode()) for place in range(count)]


def defined_root(hashes):
    """
    The recursive definition of RFC 9162, section 2.1.1, written down once more.
    """
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(defined_root(hashes[:split]), defined_root(hashes[split:]))


def grown(hashes):
    growth, tiles = Growth(), {}
    for leaf in hashes:
        tiles |= {(tile.level, tile.number): tile.nodes for tile in growth.add(leaf)}
    return growth, tiles


def nodes_of(hashes):
    _, tiles = grown(hashes)
    return stored_nodes(lambda: len(hashes), lambda level, number: tiles[level, number], hashes.__getitem__)


def test_roots_are_the_published_ones():
    """
    The eight trees of the Certificate Transparency test vectors have their published roots.
    """
    growth = Growth()
    computed = []
    for data in PUBLISHED_LEAVES:
        growth.add(leaf_hash(bytes.fromhex(data)))
        computed.append(growth.root().hex())

    assert PUBLISHED_ROOTS == computed


def test_every_proof_up_to_70_leaves_verifies():
    """
    All inclusion and consistency proofs of all trees up to 70 leaves, exhaustively.
    """
    hashes = leaves(70)
    nodes = nodes_of(hashes)
    roots = [defined_root(hashes[:size]) for size in range(71)]

    for size in range(71):
        assert roots[size] == root(size, nodes)
        for index in range(size):
            verify_inclusion(hashes[index], index, size, prove_inclusion(index, size, nodes), roots[size])
        for old in range(size + 1):
            verify_consistency(old, size, roots[old], roots[size], prove_consistency(old, size, nodes))


@pytest.mark.parametrize("size", [255, 256, 257, 511, 65_535, 65_536, 65_537, 70_000])
def test_a_tree_restored_from_its_tiles_is_the_same(size):
    """
    The right edge rebuilt from stored tiles equals the one that grew leaf by leaf.
    """
    hashes = leaves(size)
    growth, tiles = grown(hashes)

    def children(level, start, stop):
        return hashes[start:stop] if level == 0 else [tiles[level - 1, at][-32:] for at in range(start, stop)]

    restored = restore(size, children)

    assert growth.root() == restored.root()
    assert growth.levels == restored.levels


@given(st.integers(1, 1000), st.data())
def test_a_proof_of_something_else_is_refused(size, data):
    """
    Another leaf, place, size or root, a hash more or less: no proof survives any of them.
    """
    hashes = leaves(size)
    nodes = nodes_of(hashes)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, nodes)
    top = root(size, nodes)
    false = [
        (leaf_hash(b"other"), index, size, proof, top),
        (hashes[index], index, size, (*proof, top), top),
        (hashes[index], index, size, proof, leaf_hash(b"")),
        (hashes[index], size, size, proof, top),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        false += [
            (hashes[index], index, size, proof[:-1], top),
            (hashes[index], index, size, (*proof[:at], flipped, *proof[at + 1 :]), top),
        ]

    for arguments in false:
        with pytest.raises(ProofError):
            verify_inclusion(*arguments)


@given(st.lists(st.integers(1, 600), min_size=2, max_size=2, unique=True).map(sorted), st.data())
def test_a_rewritten_past_is_not_consistent(sizes, data):
    """
    If any leaf of the old tree changes, no consistency proof of the new tree accepts the old root.
    """
    old, new = sizes
    hashes = leaves(new)
    changed = hashes.copy()
    changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"other")
    was, now = nodes_of(hashes), nodes_of(changed)

    with pytest.raises(ProofError):
        verify_consistency(old, new, root(old, was), root(new, now), prove_consistency(old, new, now))
    with pytest.raises(ProofError):
        verify_consistency(old, new, root(old, was), root(new, now), prove_consistency(old, new, was))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_there_is_no_proof_outside_the_tree(index, size):
    """
    Asking for a leaf that is not there is a typed error.
    """
    with pytest.raises(ProofError):
        prove_inclusion(index, size, nodes_of(leaves(3)))


def test_an_old_tree_cannot_be_larger_than_the_new_one():
    """
    Consistency runs forward only.
    """
    with pytest.raises(ProofError):
        prove_consistency(3, 2, nodes_of(leaves(3)))


def test_tiles_are_complete_once_per_256_leaves():
    """
    A tree of 70,000 leaves leaves 273 tiles on level 0 and one on level 1, numbered from the left.
    """
    _, tiles = grown(leaves(70_000))
    numbers = [number for level, number in sorted(tiles) if level == 0]

    assert list(range(273)) == numbers
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert (1, 0) in tiles
    assert {255 * 32} == {len(nodes) for nodes in tiles.values()}
