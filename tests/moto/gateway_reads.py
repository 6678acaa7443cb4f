"""Reads of gateways and of what stands in front of them, which moto answers less fully than AWS does.

What is deployed is what the draft was when it was deployed: a document of OpenAPI 3 with API Gateway's extensions.
"""

import json
from uuid import uuid4

from moto.apigateway.models import APIGatewayBackend
from moto.apigateway.responses import APIGatewayResponse
from moto.apigateway.urls import url_paths as gateway_paths
from moto.apigatewayv2.models import ApiGatewayV2Backend
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.apigatewayv2.urls import url_paths as newer_paths
from moto.appsync.models import GraphqlAPIKey
from moto.appsync.responses import AppSyncResponse
from moto.appsync.urls import url_paths as appsync_paths
from moto.core.responses import ActionResult
from moto.wafv2.models import wafv2_backends
from moto.wafv2.responses import WAFV2Response

ANY = "x-amazon-apigateway-any-method"
SIGNATURE = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}


def present(**fields):
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def rest_integration(integration):
    answers = {
        answer.selection_pattern or "default": present(
            statusCode=answer.status_code,
            responseParameters=answer.response_parameters,
            responseTemplates=answer.response_templates,
        )
        for answer in (integration.integration_responses or {}).values()
    }
    return present(
        type=integration.integration_type.lower(),
        uri=integration.uri,
        httpMethod=integration.http_method,
        credentials=integration.credentials,
        connectionType=integration.connection_type,
        tlsConfig=integration.tls_config,
        requestTemplates=integration.request_templates,
        requestParameters=integration.request_parameters,
        responses=answers,
    )


def rest_document(api):
    paths, schemes = {}, {}
    for resource in api.resources.values():
        for verb, method in resource.resource_methods.items():
            security = []
            if method.authorization_type == "AWS_IAM":
                schemes["sigv4"] = SIGNATURE
                security.append({"sigv4": []})
            elif method.authorization_type != "NONE":
                authorizer = api.authorizers[method.authorizer_id]
                own = present(type=authorizer.type.lower(), providerARNs=authorizer.provider_arns)
                kind = {"x-amazon-apigateway-authtype": authorizer.type.lower(), "x-amazon-apigateway-authorizer": own}
                schemes[authorizer.name] = {"type": "apiKey", "name": "Authorization", "in": "header", **kind}
                security.append({authorizer.name: []})
            if method.api_key_required:
                schemes["api_key"] = KEY
                security.append({"api_key": []})
            operation = present(security=security)
            operation["responses"] = {"200": {"description": "200 response"}}
            if method.method_integration:
                operation["x-amazon-apigateway-integration"] = rest_integration(method.method_integration)
            if method.request_validator_id:
                validator = api.request_validators[method.request_validator_id]
                operation["x-amazon-apigateway-request-validator"] = validator.name
            paths.setdefault(resource.get_path(), {})[ANY if verb == "ANY" else verb.lower()] = operation
    document = {
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": "2026-01-01T00:00:00Z"},
        "paths": paths,
        "components": present(securitySchemes=schemes, schemas={"Empty": {"type": "object"}}),
    }
    validators = {
        validator.name: {
            "validateRequestBody": validator.validate_request_body,
            "validateRequestParameters": validator.validate_request_parameters,
        }
        for validator in api.request_validators.values()
    }
    document |= present(**{"x-amazon-apigateway-request-validators": validators})
    if api.policy:
        document["x-amazon-apigateway-policy"] = json.loads(api.policy)
    return document


deployed = {}
plain_deployment = APIGatewayBackend.create_deployment


def create_deployment(self, function_id, *given, **named):
    deployment = plain_deployment(self, function_id, *given, **named)
    deployed[function_id, deployment.id] = json.dumps(rest_document(self.get_rest_api(function_id)))
    return deployment


def get_export(self):
    _, _, api, _, stage, _, kind = self.path.split("/")
    assert kind == "oas30"
    deployment = self.backend.get_stage(api, stage).deployment_id
    return 200, {"Content-Type": "application/octet-stream"}, deployed[api, deployment]


def get_client_certificates(self):
    return json.dumps({"item": []})


def http_document(api):
    paths, schemes = {}, {}
    for route in api.routes.values():
        verb, _, path = route.route_key.rpartition(" ")
        operation = {}
        if route.authorization_type == "AWS_IAM":
            schemes["sigv4"] = SIGNATURE
            operation["security"] = [{"sigv4": []}]
        elif route.authorization_type not in (None, "NONE"):
            authorizer = api.authorizers[route.authorizer_id]
            own = present(type=authorizer.authorizer_type.lower(), jwtConfiguration=authorizer.jwt_config)
            schemes[authorizer.name] = {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": own}
            operation["security"] = [{authorizer.name: []}]
        if route.target:
            behind = api.integrations[route.target.split("/")[1]]
            operation["x-amazon-apigateway-integration"] = present(
                type=behind.integration_type.lower(),
                uri=behind.integration_uri,
                httpMethod=behind.integration_method,
                connectionType=behind.connection_type,
                connectionId=behind.connection_id,
                tlsConfig=behind.tls_config,
                payloadFormatVersion=behind.payload_format_version,
            )
        if path == "$default":
            operation["isDefaultRoute"] = True
        key = ANY if verb in ("", "ANY") else verb.lower()
        paths.setdefault(path if path.startswith("/") else f"/{path}", {})[key] = operation
    return {
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": "2026-01-01 00:00:00UTC"},
        "paths": paths,
        "components": present(securitySchemes=schemes),
        "x-amazon-apigateway-importexport-version": "1.0",
    }


plain_stage = ApiGatewayV2Backend.create_stage


def create_stage(self, api_id, config):
    stage = plain_stage(self, api_id, config)
    deployed[api_id, stage.name] = json.dumps(http_document(self.get_api(api_id)))
    return stage


def export_api(self):
    api = self.path.split("/apis/")[1].split("/")[0]
    stage = self._get_param("stageName")
    draft = json.dumps(http_document(self.apigatewayv2_backend.get_api(api)))
    return 200, {"Content-Type": "application/octet-stream"}, deployed[api, stage] if stage else draft


# A custom domain leads to APIs of both kinds; moto keeps two lists of domains.
def get_api_mappings(self):
    from moto.apigateway.models import apigateway_backends

    domain = self.path.split("/")[-2]
    older = apigateway_backends[self.current_account][self.region].base_path_mappings.get(domain, {})
    mappings = [{"apiId": one.rest_api_id, "apiMappingKey": one.base_path, "stage": one.stage} for one in older.values()]
    return 200, {}, json.dumps({"items": mappings})


def list_resources_for_web_acl(self):
    # User pools and services keep what stands in front of them to themselves.
    kinds = {"COGNITO_USER_POOL": ":userpool/", "APP_RUNNER_SERVICE": ":apprunner:"}
    acl = self.wafv2_backend.get_web_acl(self._get_param("WebACLArn"), None, None)
    part = kinds[self._get_param("ResourceType")]
    return 200, {}, json.dumps({"ResourceArns": [arn for arn in acl.associated_resources if part in arn]})


# What else was asked for when an API was created, and the data sources of each.
asked = {}
sources = {}
plain_create = AppSyncResponse.create_graphql_api
plain_list = AppSyncResponse.list_graphql_apis


def create_graphql_api(self):
    body = json.loads(self.body)
    created = plain_create(self)
    extras = ("introspectionConfig", "queryDepthLimit", "resolverCountLimit")
    asked[created.result["graphqlApi"]["apiId"]] = {name: body[name] for name in extras if name in body}
    return created


def list_graphql_apis(self):
    listed = plain_list(self)
    acls = wafv2_backends[self.current_account][self.region].wacls.values()
    for api in listed.result["graphqlApis"]:
        api |= asked.get(api["apiId"], {})
        api |= {"wafWebAclArn": acl.arn for acl in acls if api["arn"] in acl.associated_resources}
    return listed


def create_data_source(self):
    source = json.loads(self.body)
    sources.setdefault(self.path.split("/")[-2], []).append(source)
    return ActionResult({"dataSource": source})


def list_data_sources(self):
    return ActionResult({"dataSources": sources.get(self.path.split("/")[-2], [])})


made_key = GraphqlAPIKey.__init__


def make_key(self, *settings):
    """A key as long as AWS makes them: moto's six digits are found by chance in any digest that is written down."""
    made_key(self, *settings)
    self.key_id = f"da2-{uuid4().hex[:26]}"


def install():
    GraphqlAPIKey.__init__ = make_key
    APIGatewayBackend.create_deployment = create_deployment
    APIGatewayResponse.get_export = get_export
    APIGatewayResponse.get_client_certificates = get_client_certificates
    ApiGatewayV2Backend.create_stage = create_stage
    ApiGatewayV2Response.export_api = export_api
    ApiGatewayV2Response.get_api_mappings = get_api_mappings
    WAFV2Response.list_resources_for_web_acl = list_resources_for_web_acl
    AppSyncResponse.create_graphql_api = create_graphql_api
    AppSyncResponse.list_graphql_apis = list_graphql_apis
    AppSyncResponse.create_data_source = create_data_source
    AppSyncResponse.list_data_sources = list_data_sources
    gateway_paths["{0}/clientcertificates$"] = APIGatewayResponse.dispatch
    for paths in (gateway_paths, newer_paths):
        paths["{0}/v2/apis/(?P<api_id>[^/]+)/exports/(?P<specification>[^/]+)$"] = ApiGatewayV2Response.dispatch
    appsync_paths["{0}/v1/apis/(?P<apiId>[^/]+)/datasources$"] = AppSyncResponse.dispatch
