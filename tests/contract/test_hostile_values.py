"""Whatever bytes arrive on a topic, they decode to sound facts or to a named refusal, in bounded memory."""

import io
import random
import resource
import tracemalloc
from collections import Counter

import fastavro
import pytest

from exchange_contracts import codec, codes, registry
from exchange_contracts.codec import DecodeError
from exchange_contracts.primitives import DAY_MAX, ITEMS_MAX, KNOWN, KNOWN_MAX
from exchange_contracts.shape import without_logical_types
from tests.contract.event_strategies import plain_event

REGISTRY = registry.load()
VALUES = [codec.encode(plain_event(contract)) for contract in REGISTRY.contracts()]
CODES = {"unreadable", "unknown_schema", "trailing_bytes", "too_large", "bad_value"}
MEMORY_GROWTH_BYTES_MAX = 16 << 20


def varint(number: int) -> bytes:
    """Return a number in Avro's zigzag code."""
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def refusal(value: bytes) -> DecodeError:
    """Return how a value is refused; fail where it is not."""
    with pytest.raises(DecodeError) as caught:
        codec.decode_facts(value)
    assert caught.value.code in CODES
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.reason)
    return caught.value


def flipped(value: bytes, rng: random.Random) -> bytes:
    """Return the value with one to four bits of its body turned."""
    body = bytearray(value)
    for _ in range(rng.randint(1, 4)):
        body[rng.randrange(5, len(body))] ^= 1 << rng.randrange(8)
    return bytes(body)


def memory_peak_bytes() -> int:
    """Return the largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def outcome(value: bytes) -> str:
    """Return the refusal's code, or ``decoded``; whatever else is raised fails the test."""
    try:
        codec.decode_facts(value)
    except DecodeError as error:
        return error.code
    return "decoded"


def test_turned_bits_never_crash_and_never_grow() -> None:
    """20 000 values with turned bits: a refusal with a known code, or facts that every later stage can take."""
    rng = random.Random(20261031)
    values = [flipped(rng.choice(VALUES), rng) for _ in range(20_000)]
    before = memory_peak_bytes()
    outcomes = Counter(outcome(value) for value in values)
    assert memory_peak_bytes() - before < MEMORY_GROWTH_BYTES_MAX
    assert set(outcomes) <= CODES | {"decoded"}
    assert outcomes["decoded"] > 4_000
    assert outcomes.total() - outcomes["decoded"] > 4_000


def test_texts_that_come_again_are_remembered_within_a_bound() -> None:
    """However many different senders there are, few of their names are kept, and each is read as it is."""
    value = codec.encode(plain_event(REGISTRY.latest("NilReturned"), source="来源00000"))
    before, after = value.split("来源00000".encode())
    for number in range(KNOWN_MAX + 1_000):
        source = f"来源{number:05d}"
        assert codec.decode_facts(before + source.encode() + after)[1]["source"] == source
        assert len(KNOWN) <= KNOWN_MAX
    for bad in (b"\0" * 11, b"\xff" * 11):
        for _ in range(2):
            refusal(before + bad + after)


def test_a_cut_id_is_told_as_no_id() -> None:
    """A value that ends within its own id names the id; one whose id has another length does too."""
    value = VALUES[0]
    for cut in (7, 20, 40):
        assert "event_id" in refusal(value[:cut]).reason
    assert "event_id" in refusal(value[:5] + varint(35) + value[6:]).reason


def test_what_decodes_is_sound_for_every_later_stage() -> None:
    """Facts out of turned bits have a digest, and become a typed event or name their problem."""
    rng = random.Random(1)
    typed = 0
    for _ in range(3_000):
        value = flipped(rng.choice(VALUES), rng)
        if outcome(value) != "decoded":
            continue
        contract, facts = codec.decode_facts(value)
        assert len(codec.facts_digest(contract, facts)) == 16
        if not codes.problem(contract, facts):
            assert codec.facts_digest(contract, facts) == codec.facts_digest(
                *codec.decode_facts(codec.encode(codec.event_of(contract, facts)))
            )
            typed += 1
    assert typed > 300


def test_random_bytes_are_refused() -> None:
    """5 000 random byte strings, with and without a good frame, are all refused or sound."""
    rng = random.Random(7)
    for _ in range(5_000):
        junk = rng.randbytes(rng.randrange(0, 300))
        refusal(b"\1" + junk)
        assert outcome(rng.choice(VALUES)[:5] + junk) in CODES | {"decoded"}


@pytest.mark.parametrize("value", VALUES, ids=[contract.event for contract in REGISTRY.contracts()])
def test_every_truncation_is_refused(value: bytes) -> None:
    """No prefix of a value is a value."""
    for end in range(len(value)):
        assert refusal(value[:end]).code in {"unreadable", "bad_value"}


@pytest.mark.parametrize("value", VALUES[:6])
def test_trailing_bytes_are_refused(value: bytes) -> None:
    """Bytes behind the record are refused, one or many."""
    assert refusal(value + b"\0").code == "trailing_bytes"
    assert refusal(value + value).code == "trailing_bytes"


@pytest.mark.parametrize("schema_id", [0, len(REGISTRY.versions()) + 1, 9_999, 65_536, 2**31, 2**32 - 1])
def test_unknown_schema_ids_are_refused(schema_id: int) -> None:
    """An id that the lock file does not have is named in the refusal."""
    error = refusal(b"\0" + schema_id.to_bytes(4, "big") + VALUES[0][5:])
    assert error.code == "unknown_schema"
    assert str(schema_id) in error.reason


def test_another_contracts_id_never_passes_as_it() -> None:
    """The body of one event under the id of another is refused or holds problems, for every pair of shapes."""
    contracts = REGISTRY.contracts()
    for contract, value in zip(contracts, VALUES, strict=True):
        for other in contracts:
            if [f.shape for f in other.fields] == [f.shape for f in contract.fields]:
                continue
            framed = b"\0" + other.schema_id.to_bytes(4, "big") + value[5:]
            try:
                read, facts = codec.decode_facts(framed)
            except DecodeError:
                continue
            assert read is other
            assert codec.facts_digest(read, facts) != codec.facts_digest(contract, codec.decode_facts(value)[1])


def head(event: str = "NilReturned") -> bytes:
    """Return frame and common part of an event up to, not including, its evidence."""
    contract = REGISTRY.latest(event)
    whole = codec.encode(plain_event(contract, evidence=[], origin=None, corrects=None, reason=None))
    bare = codec.encode(
        plain_event(contract, evidence=[{"kind": "x", "number": "y"}], origin=None, corrects=None, reason=None)
    )
    same = next(index for index, (a, b) in enumerate(zip(whole, bare, strict=False)) if a != b)
    return whole[:same]


@pytest.mark.parametrize(
    "evidence",
    [
        varint(2**40),
        varint(-(2**40)) + varint(2**50),
        varint(2**62),
        varint(-(2**63)),
        varint(5_000) + b"\0\0\0" * 10,
        b"\xff" * 20,
        b"\xff" * 9 + b"\x7f",
        varint(-1) + varint(-5) + b"\0\0\0\0",
        varint(1) + varint(2**61) + b"abc",
        varint(1) + varint(-3) + b"abc",
    ],
)
def test_counts_and_lengths_that_lie_are_refused_without_memory(evidence: bytes) -> None:
    """A count or length beyond the value itself is refused before anything is allocated."""
    tracemalloc.start()
    assert refusal(head() + evidence).code == "unreadable"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_an_array_of_too_many_small_items_is_refused() -> None:
    """More than 10 000 items, in one block or in many, are refused; memory stays bounded by that."""
    item = b"\0\0\0"
    one_block = head() + varint(ITEMS_MAX + 1) + item * (ITEMS_MAX + 1)
    many_blocks = head() + (varint(100) + item * 100) * 200
    tracemalloc.start()
    assert refusal(one_block).code == "bad_value"
    assert refusal(many_blocks).code == "bad_value"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY_GROWTH_BYTES_MAX


def test_values_over_one_mebibyte_are_refused_unread() -> None:
    """The size limit comes before any decoding."""
    assert refusal(VALUES[0] + b"\0" * (1 << 20)).code == "too_large"


def paid(**facts: object) -> bytes:
    """Return a payment whose raw facts (as Avro writes them) are replaced."""
    contract = REGISTRY.latest("SubsidyPaid")
    schema = fastavro.parse_schema(without_logical_types(contract.schema), named_schemas={})
    value = codec.encode(plain_event(contract))
    record = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, schema, record | facts)
    return value[:5] + stream.getvalue()


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("voucher_no", "V\0"),
        ("voucher_no", "号" * 201),
        ("policy_no", "x" * 100_000),
        ("reason", "理" * 20_001),
        ("source", "a" * 10 + "\0"),
        ("category", "家电\0"),
        ("amount", (10**18).to_bytes(8, "big")),
        ("amount", (-(10**18)).to_bytes(8, "big", signed=True)),
        ("amount", b""),
        ("amount", b"\x7f" * 12),
        ("amount", b"\0" * 40),
        ("on", DAY_MAX + 1),
        ("on", -25_568),
        ("occurred_on", 2**30),
        ("recorded_at", 10**16),
        ("event_id", "6F0A5F0E-6A0E-5D55-9A3B-3D1F2C7C1E64"),
        ("event_id", ""),
        ("corrects", "not-a-uuid"),
        ("evidence", [{"kind": "a\0b", "number": "", "sha256": None}]),
    ],
)
def test_values_that_break_a_database_are_refused_by_field(field: str, raw: object) -> None:
    """NUL, overlong texts, 19 digits, dates out of 1900..2199 and loose ids are bad values, with the field named."""
    assert codec.decode_facts(paid())[0].event == "SubsidyPaid"
    error = refusal(paid(**{field: raw}))
    assert error.code == "bad_value"
    assert field in error.reason


def test_the_widest_sound_values_pass() -> None:
    """The limits themselves are allowed: 18 digits, 200 characters, the first and last day."""
    largest = 10**18 - 1
    _, facts = codec.decode_facts(
        paid(amount=largest.to_bytes(8, "big"), voucher_no="号" * 200, on=DAY_MAX, reason="理" * 20_000)
    )
    assert facts["amount"] == largest
    _, facts = codec.decode_facts(paid(amount=b"\xff" * 16, on=-25_567))
    assert facts["amount"] == -1


def test_a_year_beyond_32_bits_is_refused() -> None:
    """Avro's int is written like a long; a wider one is refused."""
    year = varint(1_000_003)
    value = codec.encode(plain_event(REGISTRY.latest("SubsidyPaid"), budget_year=1_000_003))
    assert value.count(year) == 1
    assert refusal(value.replace(year, varint(2**31))).code == "bad_value"
