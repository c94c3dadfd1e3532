"""What is mutated: the modules that let somebody in or keep something in, and their tests."""

from __future__ import annotations

TARGETS: dict[str, tuple[str, ...]] = {
    "functions.ingest_stripe.signature": (
        "tests/functions/ingest_stripe/test_signature.py",
        "tests/functions/ingest_stripe/test_subject.py",
    ),
    "functions.ingest_paypal.signature": ("tests/functions/ingest_paypal/test_signature.py",),
    "functions.ingest_paypal.certificates": (
        "tests/functions/ingest_paypal/test_certificates.py",
        "tests/functions/ingest_paypal/test_certificate_bounds.py",
    ),
    "functions.ingest_paypal.fetch": ("tests/functions/ingest_paypal/test_fetch.py",),
    "functions.ingest_paykickstart.signature": (
        "tests/functions/ingest_paykickstart/test_signature.py",
    ),
    "functions.ingest_woocommerce.signature": (
        "tests/functions/ingest_woocommerce/test_signature.py",
        "tests/functions/ingest_woocommerce/test_handler.py",
    ),
    "functions.ingest_activecampaign.token": (
        "tests/functions/ingest_activecampaign/test_token.py",
        "tests/functions/ingest_activecampaign/test_handler.py",
    ),
    "shared.domain.webhooks": ("tests/shared/domain/test_webhooks.py",),
    "shared.door": ("tests/shared/test_door.py", "tests/shared/test_door_answers.py"),
    "shared.api.keys": ("tests/shared/api/test_keys.py",),
    "shared.api.access": ("tests/shared/api/test_access.py",),
    "shared.domain.addresses": ("tests/shared/domain/test_addresses.py",),
    "shared.domain.endpoint_urls": ("tests/shared/domain/test_endpoint_urls.py",),
    "shared.domain.host_names": (
        "tests/shared/domain/test_host_names.py",
        "tests/shared/domain/test_endpoint_urls.py",
    ),
    "shared.adapters.outbound_dial": (
        "tests/shared/adapters/test_outbound_dial.py",
        "tests/shared/adapters/test_outbound.py",
        "tests/shared/adapters/test_outbound_answers.py",
        "tests/shared/adapters/test_outbound_tls.py",
        "tests/shared/adapters/test_outbound_ssrf.py",
    ),
    "shared.domain.redaction": ("tests/shared/domain/test_redaction.py",),
    "shared.domain.standard_webhooks": ("tests/shared/domain/test_standard_webhooks.py",),
    "shared.adapters.secrets": ("tests/shared/adapters/test_secrets.py",),
    "shared.observability": ("tests/shared/test_observability.py",),
}
