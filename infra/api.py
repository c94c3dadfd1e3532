"""The public face: one HTTP API for webhooks, reads, writes and the documentation.

Callers are authorised inside the Lambdas (providers by signature, others by key), so that a door
can prove a sender on the raw bytes. Floods stop here, route by route. Access logs name routes and
codes, never paths: a path may hold a customer's email.
"""

from __future__ import annotations

import json

from aws_cdk import CfnCondition, CfnParameter, Fn, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.doors import Doors
from infra.exceptions import accept
from infra.functions import Functions

_METHODS = gateway.HttpMethod
# Requests per second and burst. A provider that is told 429 sends again later.
_WEBHOOK_LIMIT = (500, 1000)
_API_LIMIT = (100, 200)
# The gateway gives up at 30 s.
_TIMEOUT_SECONDS = 29
_QUERY_SETTINGS = ("TABLE_NAME", "LOG_BUCKET", "BODIES_BUCKET", "CONFIG_CACHE_SECONDS")
_MANAGE_SETTINGS = (
    "TABLE_NAME",
    "PARAMETER_PREFIX",
    "ENDPOINT_PREFIX",
    "EVENTS_QUEUE_URL",
    "HISTORY_QUEUE_URL",
    "AUTOMATIONS_QUEUE_URL",
    "BODIES_BUCKET",
    "LOG_BUCKET",
    "CONFIG_CACHE_SECONDS",
)
# What is only asked, but too long for a query string; the narrower route wins over `{proxy+}`.
_ASKED_BY_POST = ("/v1/segments/preview", "/v1/contacts/search", "/v1/reports/custom")
_LOGGED = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "latency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
    "error": "$context.error.message",
}


class Api(Construct):
    """`query` and `manage`, and the routes to them and to the doors."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        functions: Functions,
        doors: Doors,
        cors_origins: tuple[str, ...],
    ) -> None:
        super().__init__(scope, name)
        # DuckDB works in memory with files it keeps on disk: all of `current/`, and what it spills.
        self.query = _api_function(
            self, functions, "query", _QUERY_SETTINGS, memory_mb=2048, storage_mb=2048
        )
        self.manage = _api_function(self, functions, "manage", _MANAGE_SETTINGS)
        self.http = gateway.HttpApi(
            self, "Http", create_default_stage=False, cors_preflight=_cors(cors_origins)
        )
        self._limits: dict[str, tuple[int, int]] = {}
        self._routes: list[gateway.HttpRoute] = []
        for provider, door in doors.by_provider.items():
            path = f"/webhooks/{provider}/{{connection_id}}"
            self._route(path, door, _WEBHOOK_LIMIT, _METHODS.POST)
        self._route("/v1/{proxy+}", self.query, _API_LIMIT, _METHODS.GET)
        self._route(
            "/v1/{proxy+}", self.manage, _API_LIMIT, _METHODS.PUT, _METHODS.POST, _METHODS.DELETE
        )
        self._route("/docs", self.query, _API_LIMIT, _METHODS.GET)
        for path in _ASKED_BY_POST:
            self._route(path, self.query, _API_LIMIT, _METHODS.POST)
        self.stage = self._stage()
        self._generated_host = Fn.select(2, Fn.split("/", self.http.api_endpoint))
        host = self._custom_domain()
        self.url = f"https://{host}"
        # The generated one answers beside a domain of one's own.
        self.hosts = f"{host},{self._generated_host}"

    def _route(
        self,
        path: str,
        function: lambda_.Function,
        limit: tuple[int, int],
        *methods: gateway.HttpMethod,
    ) -> None:
        integration = HttpLambdaIntegration(function.node.id, function)
        for route in self.http.add_routes(
            path=path, methods=list(methods), integration=integration
        ):
            self._routes.append(route)
            accept(
                route,
                "APIG4",
                reason="Authorised inside: doors by signature on the raw bytes, others by API key.",
            )
        for method in methods:
            self._limits[f"{method.value} {path}"] = limit

    def _stage(self) -> gateway.CfnStage:
        """Return the one stage: deployed on every change, limited and logged per route."""
        log_group = logs.LogGroup(
            self,
            "AccessLog",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        stage = gateway.CfnStage(
            self,
            "Stage",
            api_id=self.http.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=gateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=json.dumps(_LOGGED)
            ),
            default_route_settings=gateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=_API_LIMIT[0], throttling_burst_limit=_API_LIMIT[1]
            ),
            # Free JSON to the CDK, so in CloudFormation's own words.
            route_settings={
                key: {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
                for key, (rate, burst) in self._limits.items()
            },
        )
        # Limits name routes, which must exist before the stage does.
        stage.node.add_dependency(*self._routes)
        return stage

    def _custom_domain(self) -> str:
        """Return the host that answers: a domain of one's own where the parameters name one.

        With it, webhook URLs given to providers survive even the stack's replacement.
        """
        domain = CfnParameter(
            self, "DomainName", default="", description="Host name of your own for the API, if any"
        )
        certificate = CfnParameter(
            self, "CertificateArn", default="", description="ACM certificate for that host name"
        )
        for parameter in (domain, certificate):
            parameter.override_logical_id(parameter.node.id)
        wanted = CfnCondition(
            self,
            "HasDomain",
            expression=Fn.condition_not(Fn.condition_equals(domain.value_as_string, "")),
        )
        own = gateway.CfnDomainName(
            self,
            "Domain",
            domain_name=domain.value_as_string,
            domain_name_configurations=[
                gateway.CfnDomainName.DomainNameConfigurationProperty(
                    certificate_arn=certificate.value_as_string,
                    endpoint_type="REGIONAL",
                    security_policy="TLS_1_2",
                )
            ],
        )
        mapping = gateway.CfnApiMapping(
            self, "Mapping", api_id=self.http.api_id, domain_name=own.ref, stage=self.stage.ref
        )
        own.cfn_options.condition = wanted
        mapping.cfn_options.condition = wanted
        return Fn.condition_if(
            wanted.logical_id, domain.value_as_string, self._generated_host
        ).to_string()


def _api_function(
    scope: Construct,
    functions: Functions,
    name: str,
    settings: tuple[str, ...],
    *,
    memory_mb: int = 512,
    storage_mb: int = 512,
) -> lambda_.Function:
    return functions.add(
        scope,
        name,
        settings=settings,
        memory_mb=memory_mb,
        storage_mb=storage_mb,
        timeout_seconds=_TIMEOUT_SECONDS,
    )


def _cors(origins: tuple[str, ...]) -> gateway.CorsPreflightOptions | None:
    if not origins:
        return None
    return gateway.CorsPreflightOptions(
        allow_origins=list(origins),
        allow_methods=[
            gateway.CorsHttpMethod.GET,
            gateway.CorsHttpMethod.PUT,
            gateway.CorsHttpMethod.POST,
            gateway.CorsHttpMethod.DELETE,
        ],
        allow_headers=["authorization", "content-type"],
    )
