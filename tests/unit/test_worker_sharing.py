"""How topics are shared out among workers."""

from hypothesis import given
from hypothesis import strategies as st

from exchange_hub.views.worker.sharing import WeighingAssignor, share_out

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


class Cluster:
    """A cluster where every topic but *missing* has one partition."""

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the topic's partitions as the client's metadata do."""
        return None if topic == "missing" else {0}


def test_the_group_s_leader_gives_the_heavy_topic_to_one_and_the_light_ones_to_the_other() -> None:
    """Members get what the weights say, under round robin's name; a topic without metadata is given to nobody."""
    assignor = WeighingAssignor(lambda: {"a": 900, "b": 10, "c": 20, "d": 30})
    members = {name: assignor.metadata(["a", "b", "c", "d", "missing"]) for name in ("one", "two")}
    given = {name: dict(each.assignment) for name, each in assignor.assign(Cluster(), members).items()}
    assert assignor.name == "roundrobin"
    assert sorted(given.values(), key=len) == [{"a": [0]}, {"b": [0], "c": [0], "d": [0]}]
