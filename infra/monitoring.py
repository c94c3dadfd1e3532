"""What must wake somebody, and one page to look at then.

Alarms cost ten cents a month each and an alarm nobody acts on costs more, so there are few: each
one says that an event waits for a person, or that events do not get in. An event that is parked
breaks its customer's order, and lies among the dead letters: one alarm says both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aws_cdk import CfnCondition, CfnParameter, Duration, Fn
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.api import Api
from infra.functions import Functions
from infra.queues import Queues

# `shared/observability.py` counts in this namespace, without dimensions.
NAMESPACE = "paysignal"
_FIVE_MINUTES = Duration.minutes(5)
_OLDEST_SECONDS = 900


class Monitoring(Construct):
    """Alarms to a topic, an email subscribed to it if one is given, and a dashboard."""

    def __init__(
        self, scope: Construct, name: str, *, queues: Queues, api: Api, functions: Functions
    ) -> None:
        super().__init__(scope, name)
        self._topic = self._topic_with_email()
        for source, dead in queues.dead_letters.items():
            self._alarm(
                f"{source}DeadLetters",
                dead.metric_approximate_number_of_messages_visible(
                    period=_FIVE_MINUTES, statistic="Maximum"
                ),
                "Messages the consumer gave up on: look with `paysignal doctor`, mend, redrive.",
            )
        self._alarm(
            "EventsWaiting",
            queues.events.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES),
            "Events wait for 15 minutes: the processor is failing or throttled.",
            above=_OLDEST_SECONDS,
        )
        self._alarm(
            "Quarantined", _count("Quarantined"), "Events nobody can accept: see quarantine."
        )
        self._alarm(
            "DoorErrors",
            _of_api("5xx", api),
            "Requests answered 5xx: providers will try again, for three days at most.",
            above=5,
        )
        self._dashboard(queues, api, functions)

    def _topic_with_email(self) -> sns.Topic:
        email = CfnParameter(
            self, "AlarmEmail", default="", description="Address that alarms are sent to, if any"
        )
        email.override_logical_id("AlarmEmail")
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        subscription = sns.CfnSubscription(
            self,
            "Email",
            topic_arn=topic.topic_arn,
            protocol="email",
            endpoint=email.value_as_string,
        )
        subscription.cfn_options.condition = CfnCondition(
            self,
            "HasEmail",
            expression=Fn.condition_not(Fn.condition_equals(email.value_as_string, "")),
        )
        return topic

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, description: str, *, above: int = 0
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=description,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _dashboard(self, queues: Queues, api: Api, functions: Functions) -> None:
        """Lay out the page: what comes in, what waits, what it costs in time, what went wrong."""
        sources = (queues.events, queues.history, queues.calls, queues.automations)
        graph = partial(cloudwatch.GraphWidget, width=12, height=6)
        page = cloudwatch.Dashboard(self, "Dashboard")
        page.add_widgets(
            graph(title="Requests", left=[_of_api(name, api) for name in ("Count", "4xx", "5xx")]),
            graph(
                title="Events",
                left=[_count(name) for name in ("EventsApplied", "Quarantined", "OrderBroken")],
            ),
        )
        page.add_widgets(
            graph(
                title="Waiting",
                left=[each.metric_approximate_number_of_messages_visible() for each in sources],
                right=[each.metric_approximate_age_of_oldest_message() for each in sources],
            ),
            graph(
                title="Dead letters",
                left=[
                    each.metric_approximate_number_of_messages_visible()
                    for each in queues.dead_letters.values()
                ],
            ),
        )
        made = functions.made.items()
        page.add_widgets(
            graph(
                title="Duration, 99th percentile",
                left=[each.metric_duration(statistic="p99", label=name) for name, each in made],
            ),
            graph(
                title="Errors and throttles",
                left=[each.metric_errors(label=name) for name, each in made],
                right=[each.metric_throttles(label=name) for name, each in made],
            ),
        )


def _metric(
    namespace: str, name: str, dimensions: dict[str, str] | None = None
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=_FIVE_MINUTES,
    )


_count: Callable[[str], cloudwatch.Metric] = partial(_metric, NAMESPACE)


def _of_api(name: str, api: Api) -> cloudwatch.Metric:
    return _metric("AWS/ApiGateway", name, {"ApiId": api.http.api_id})
