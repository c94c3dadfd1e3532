"""The HTTP API, by the template: the emulator ignores limits, logs and CORS."""

import json
from collections.abc import Callable

from infra.bundle import ROOT
from tests.infra.templates import Template, functions, properties, resources

_MANAGED = {"PUT /v1/{proxy+}", "POST /v1/{proxy+}", "DELETE /v1/{proxy+}"}
_QUERIED = {
    "GET /v1/{proxy+}",
    "GET /docs",
    "POST /v1/segments/preview",
    "POST /v1/contacts/search",
    "POST /v1/reports/custom",
}


def test_every_door_has_its_route_and_nothing_else_is_public(template: Template) -> None:
    doors = {
        f"POST /webhooks/{door.parent.name.removeprefix('ingest_')}/{{connection_id}}"
        for door in (ROOT / "functions").glob("ingest_*/handler.py")
    }

    assert doors
    assert set(_routes(template)) == doors | _MANAGED | _QUERIED


def test_routes_lead_to_the_right_lambdas(template: Template) -> None:
    names = {name: folder for folder, (name, _) in functions(template).items()}

    for key, target in _routes(template).items():
        expected = (
            f"ingest_{key.split('/')[2]}"
            if "/webhooks/" in key
            else "manage"
            if key in _MANAGED
            else "query"
        )
        assert names[target] == expected


def test_every_route_is_limited_and_webhooks_apart_from_the_api(template: Template) -> None:
    (stage,) = resources(template, "AWS::ApiGatewayV2::Stage").values()

    limits = stage["Properties"]["RouteSettings"]

    assert set(limits) == set(_routes(template))
    for key, limit in limits.items():
        rate, burst = (500, 1000) if "/webhooks/" in key else (100, 200)
        assert limit == {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100
    # Limits of a route that does not exist yet fail the deploy.
    assert set(resources(template, "AWS::ApiGatewayV2::Route")) <= set(stage["DependsOn"])


def test_access_logs_name_routes_and_never_a_path_or_an_address(template: Template) -> None:
    (stage,) = properties(template, "AWS::ApiGatewayV2::Stage")

    logged = json.loads(stage["AccessLogSettings"]["Format"])

    assert stage["AccessLogSettings"]["DestinationArn"]
    assert logged["routeKey"] == "$context.routeKey"
    private = ("path", "sourceip", "useragent", "authorizer", "query")
    assert not any(word in json.dumps(logged).lower() for word in private)


def test_other_origins_may_not_call_it_unless_they_are_named(
    template: Template, synth: Callable[..., Template]
) -> None:
    (closed,) = properties(template, "AWS::ApiGatewayV2::Api")
    (opened,) = properties(
        synth(cors_origins=["https://dashboard.example.com"]), "AWS::ApiGatewayV2::Api"
    )

    assert "CorsConfiguration" not in closed
    assert opened["CorsConfiguration"]["AllowOrigins"] == ["https://dashboard.example.com"]
    assert opened["CorsConfiguration"]["AllowMethods"] == ["GET", "PUT", "POST", "DELETE"]
    assert opened["CorsConfiguration"]["AllowHeaders"] == ["authorization", "content-type"]
    assert not opened["CorsConfiguration"].get("AllowCredentials")


def test_a_domain_of_ones_own_is_made_when_it_is_named(template: Template) -> None:
    (domain,) = resources(template, "AWS::ApiGatewayV2::DomainName").values()
    (mapping,) = resources(template, "AWS::ApiGatewayV2::ApiMapping").values()

    assert template["Parameters"]["DomainName"]["Default"] == ""
    assert template["Parameters"]["CertificateArn"]["Default"] == ""
    assert domain["Condition"] == mapping["Condition"]
    assert template["Conditions"][domain["Condition"]] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "DomainName"}, ""]}]
    }
    assert domain["Properties"]["DomainNameConfigurations"][0]["SecurityPolicy"] == "TLS_1_2"
    assert "Fn::If" in json.dumps(template["Outputs"]["ApiUrl"])


def _routes(template: Template) -> dict[str, str]:
    """Return the Lambda behind each route, by logical id."""
    found = {}
    for route in properties(template, "AWS::ApiGatewayV2::Route"):
        integration = route["Target"]["Fn::Join"][1][1]["Ref"]
        uri = template["Resources"][integration]["Properties"]["IntegrationUri"]
        found[route["RouteKey"]] = uri["Fn::GetAtt"][0]
    return found


def test_who_posts_to_endpoints_knows_our_own_hosts(template: Template) -> None:
    """The one of the domain, where there is one, and the generated one that answers beside it."""
    (api,) = resources(template, "AWS::ApiGatewayV2::Api")
    _, run = functions(template)["run_automations"]

    separator, (own, *rest) = run["Environment"]["Variables"]["API_HOSTS"]["Fn::Join"]

    generated = json.dumps({"Fn::GetAtt": [api, "ApiEndpoint"]})
    assert separator == ""
    assert rest[0] == ","
    assert own["Fn::If"][1] == {"Ref": "DomainName"}
    assert generated in json.dumps(own["Fn::If"][2])
    assert generated in json.dumps(rest[1])
