"""Share topics out among workers by how much lies on them, so that one worker's share is not most of the work."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from faust.assignor.partition_assignor import PartitionAssignor

if TYPE_CHECKING:
    from exchange_hub.views.worker.driver import PollApp

log = logging.getLogger(__name__)


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


class WeighingAssignor(PartitionAssignor):
    """Faust's assignor, which gives every worker as many topics as the others, with topics weighed instead of counted."""

    def _protocol_assignments(self, assignments: Any, changelogs: Any, _distribution: Any, groups: Any) -> Any:
        topics = {topic for assignment in assignments.values() for topic in assignment.actives}
        try:
            weights = cast("PollApp", self.app).weigh()
        except Exception as error:  # noqa: BLE001 — whatever the reason, topics must be given to somebody
            log.warning("could not weigh the topics, sharing them out by number: %s", error)
            weights = {}
        shares = share_out({topic: weights.get(topic, 0) for topic in topics}, list(assignments))
        for member, assignment in assignments.items():
            assignment.actives = {topic: [0] for topic in shares[member]}
        return super()._protocol_assignments(assignments, changelogs, self._get_external_topic_distribution(assignments), groups)
