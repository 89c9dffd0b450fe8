"""Share topics out among workers by how much lies on them, so that one worker's share is not most of the work."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment


def share_out(weights: Mapping[str, int], members: Sequence[str]) -> dict[str, list[str]]:
    """Give each topic to a member: the heaviest first, each to the member that has least so far.

    Args:
        weights: topic → records on it.
        members: who takes part; at least one.

    Returns:
        member → its topics; the same whatever order topics and members come in.
    """
    shares: dict[str, list[str]] = {member: [] for member in sorted(members)}
    held = dict.fromkeys(shares, 0)
    for topic in sorted(weights, key=lambda topic: (-weights[topic], topic)):
        member = min(held, key=lambda member: (held[member], len(shares[member]), member))
        shares[member].append(topic)
        held[member] += weights[topic]
    return shares


class WeighingAssignor(RoundRobinPartitionAssignor):  # type: ignore[misc]  # aiokafka's classes are untyped
    """Kafka's round robin with topics weighed instead of counted; every topic has one partition.

    It keeps that name in the group: members only take what the leader gives them, so workers of an earlier version,
    which offer round robin, and these stay in one group.

    Args:
        weigh: tells how many records lie on each topic, as far as is known; it must not block: the group waits for it.
    """

    def __init__(self, weigh: Callable[[], Mapping[str, int]]) -> None:
        self._weigh = weigh

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Return each member's topics; called on the one member that leads the group."""
        topics = {topic for member in members.values() for topic in member.subscription if cluster.partitions_for_topic(topic)}
        weights = self._weigh()
        shares = share_out({topic: weights.get(topic, 0) for topic in topics}, list(members))
        return {
            member: ConsumerProtocolMemberAssignment(self.version, [(topic, [0]) for topic in sorted(share)], b"")
            for member, share in shares.items()
        }
