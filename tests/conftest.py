"""For every test: no way to a real AWS account, the bundled Node, and patient property tests."""

import os

from hypothesis import settings

from infra.synth import bundled_node

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Read when aws_cdk is imported.
    "JSII_NODE": str(bundled_node()),
}

# How long an example takes says more about a busy machine than about the code. The same examples
# every time, so that `make test` says the same of the same code; `make explore` draws new ones.
settings.register_profile("steady", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("explore" if os.environ.get("PAYSIGNAL_EXPLORE") else "steady")
