"""How topics are shared out among workers."""

from hypothesis import given
from hypothesis import strategies as st

from exchange_hub.views.worker.sharing import share_out

WEIGHTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 10_000), max_size=30)
MEMBERS = st.lists(st.text("xyz", min_size=1, max_size=3), min_size=1, max_size=5, unique=True)


@given(WEIGHTS, MEMBERS)
def test_every_topic_has_one_worker(weights: dict[str, int], members: list[str]) -> None:
    """Each topic is given to exactly one member, and the order of topics and members changes nothing."""
    shares = share_out(weights, members)
    assert sorted(topic for topics in shares.values() for topic in topics) == sorted(weights)
    assert set(shares) == set(members)
    assert shares == share_out(dict(reversed(weights.items())), members[::-1])


@given(WEIGHTS, MEMBERS)
def test_no_worker_has_more_than_another_but_for_one_topic(weights: dict[str, int], members: list[str]) -> None:
    """A member's lightest topic is all that it has more than the least burdened one."""
    shares = share_out(weights, members)
    sums = {member: sum(weights[topic] for topic in topics) for member, topics in shares.items()}
    for member, topics in shares.items():
        if topics:
            assert sums[member] - min(weights[topic] for topic in topics) <= min(sums.values())


def test_topics_without_records_are_shared_by_number() -> None:
    """Before anything was published every member has as many topics as the others, give or take one."""
    shares = share_out(dict.fromkeys("abcdefg", 0), ["x", "y"])
    assert sorted(map(len, shares.values())) == [3, 4]
