"""What a cold start of each door costs, against the handler most people would write.

Both run as fresh processes from the bare interpreter to the first answer, in turn and in the same
run, with compiled modules, against one stand-in for AWS on loopback. The typical handler is
Powertools (Logger, Metrics, Tracer), boto3's SQS client and Stripe's SDK, and is spared the read of
its secret, which the door makes. Only ratios travel from one machine to another.

    python -m tests.benchmarks.cold_start
"""

from __future__ import annotations

import hashlib
import hmac
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.loopback_aws import LoopbackAws

ROUNDS = 9
SHARE_MAX = 0.20
_ROOT = Path(__file__).parents[2]
_SECRET = "whsec_benchmark"
_BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "data": {"object": {"id": "sub_1", "object": "subscription", "customer": "cus_1"}},
        "padding": "x" * 6_000,
    }
)
_BARE = "import sys"
_DOOR = """
import json, sys
from functions.ingest_stripe.handler import handler
answer = handler(json.load(sys.stdin), None)
assert answer["statusCode"] == 200, answer
"""
_TYPICAL = """
import json, os, sys
import boto3, stripe
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
logger, metrics, tracer = Logger(), Metrics(), Tracer()
sqs = boto3.client("sqs")

@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event, context):
    signature = event["headers"]["stripe-signature"]
    stripe.WebhookSignature.verify_header(event["body"], signature, os.environ["SECRET"], 300)
    body = json.loads(event["body"])
    sqs.send_message(
        QueueUrl=os.environ["EVENTS_QUEUE_URL"], MessageBody=event["body"],
        MessageGroupId=body["data"]["object"]["customer"], MessageDeduplicationId=body["id"],
    )
    metrics.add_metric(name="accepted", unit=MetricUnit.Count, value=1)
    logger.info("accepted", event_id=body["id"])
    return {"statusCode": 200}

class Context:
    function_name, memory_limit_in_mb, aws_request_id = "door", 512, "1"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:111122223333:function:door"

assert handler(json.load(sys.stdin), Context())["statusCode"] == 200
"""


def _event() -> str:
    """Return an HTTP API event that Stripe could have signed just now."""
    at = int(time.time())
    signed = f"{at}.{_BODY}".encode()
    signature = hmac.new(_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return json.dumps(
        {
            "headers": {"stripe-signature": f"t={at},v1={signature}"},
            "pathParameters": {"connection_id": "shop"},
            "requestContext": {"http": {"method": "POST"}},
            "body": _BODY,
            "isBase64Encoded": False,
        }
    )


def _cpu_ms(code: str, environ: dict[str, str]) -> float:
    """Return the CPU time of one fresh process, its own start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-c", code],
        env=environ,
        cwd=_ROOT,
        input=_event(),
        stdout=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1_000


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median CPU in ms of the bare interpreter, the door and the typical handler."""
    programs = {"bare": _BARE, "door": _DOOR, "typical": _TYPICAL}
    aws = LoopbackAws("stripe", _SECRET)
    with aws.server, tempfile.TemporaryDirectory() as compiled:
        environ = {
            **aws.environ,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "SECRET": _SECRET,
            "POWERTOOLS_SERVICE_NAME": "door",
            "POWERTOOLS_METRICS_NAMESPACE": "paysignal",
            # What makes the Tracer take this process for a Lambda.
            "LAMBDA_TASK_ROOT": str(_ROOT),
            "_X_AMZN_TRACE_ID": "Root=1-0-0;Parent=0;Sampled=0",
            "PYTHONPYCACHEPREFIX": compiled,
        }
        for code in programs.values():  # Once unmeasured: it compiles the modules.
            _cpu_ms(code, environ)
        taken: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(rounds):
            for name, code in programs.items():
                taken[name].append(_cpu_ms(code, environ))
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> int:
    """Print the figures; return 1 where the door is over its budget."""
    figures = measure()
    share = figures["door"] / figures["typical"]
    print(f"cold start, CPU from a fresh process to its first answer (medians of {ROUNDS})")
    print(f"  bare interpreter        {figures['bare']:7.1f} ms")
    print(f"  door of Stripe          {figures['door']:7.1f} ms")
    print(f"  typical handler         {figures['typical']:7.1f} ms")
    print(f"  door / typical          {share:7.3f}     budget {SHARE_MAX:.2f}")
    return 0 if share <= SHARE_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
