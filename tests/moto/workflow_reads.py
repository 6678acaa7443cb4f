"""Reads of events, workflows and identity pools that moto lacks, with the writes that plant what is read."""

import json

from flask import Flask, request
from moto.cognitoidentity.responses import CognitoIdentityResponse
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.events.responses import EventsHandler
from moto.moto_server.werkzeug_app import DomainDispatcherApplication


# By name: global endpoints. By user pool: reactions to risk. By identity pool: roles, and whether the old flow works.
endpoints, risks, roles, classic = {}, {}, {}, {}


def create_endpoint(self):
    name, account = self._get_param("Name"), self.current_account
    arn = f"arn:aws:events:{self.region}:{account}:endpoint/{name}"
    given = {key: self._get_param(key) for key in ["RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn"]}
    endpoints[name] = {"Name": name, "Arn": arn, "State": "ACTIVE", **given}
    return json.dumps(endpoints[name]), self.response_headers


def list_endpoints(self):
    return json.dumps({"Endpoints": list(endpoints.values())}), self.response_headers


def set_risk_configuration(self):
    kinds = ["CompromisedCredentialsRiskConfiguration", "AccountTakeoverRiskConfiguration"]
    risks[self._get_param("UserPoolId")] = {kind: self._get_param(kind) for kind in kinds}
    return describe_risk_configuration(self)


def describe_risk_configuration(self):
    pool = self._get_param("UserPoolId")
    return json.dumps({"RiskConfiguration": {"UserPoolId": pool, **risks.get(pool, {})}})


plain_create = CognitoIdentityResponse.create_identity_pool
plain_describe = CognitoIdentityResponse.describe_identity_pool


def create_identity_pool(self):
    pool = json.loads(plain_create(self))
    classic[pool["IdentityPoolId"]] = self._get_param("AllowClassicFlow")
    return json.dumps(pool)


def describe_identity_pool(self):
    pool = json.loads(plain_describe(self))
    return json.dumps(pool | {"AllowClassicFlow": bool(classic.get(pool["IdentityPoolId"]))})


def set_identity_pool_roles(self):
    roles[self._get_param("IdentityPoolId")] = self._get_param("Roles")
    return ""


def get_identity_pool_roles(self):
    pool = self._get_param("IdentityPoolId")
    return json.dumps({"IdentityPoolId": pool, "Roles": roles.get(pool, {})})


def registries():
    """The schema registries of an account, a service that moto does not have at all."""
    app, kept = Flask("schemas"), {}
    account = "123456789012"

    @app.get("/v1/registries")
    def list_registries():
        return {"Registries": [registry for registry, _ in kept.values()]}

    @app.post("/v1/registries/name/<name>")
    def create_registry(name):
        region = request.headers["Authorization"].split("/")[2]
        registry = {"RegistryName": name, "RegistryArn": f"arn:aws:schemas:{region}:{account}:registry/{name}"}
        kept[name] = (registry, None)
        return registry, 201

    @app.put("/v1/policy")
    def put_resource_policy():
        name = request.args["registryName"]
        kept[name] = (kept[name][0], request.get_json()["Policy"])
        return {"Policy": kept[name][1], "RevisionId": "1"}

    @app.get("/v1/policy")
    def get_resource_policy():
        policy = kept[request.args["registryName"]][1]
        if policy is None:
            return {"Code": "NotFoundException", "Message": "there is no policy"}, 404, {"x-amzn-errortype": "NotFoundException"}
        return {"Policy": policy, "RevisionId": "1"}

    return app


def install():
    EventsHandler.create_endpoint = create_endpoint
    EventsHandler.list_endpoints = list_endpoints
    CognitoIdpResponse.set_risk_configuration = set_risk_configuration
    CognitoIdpResponse.describe_risk_configuration = describe_risk_configuration
    CognitoIdentityResponse.create_identity_pool = create_identity_pool
    CognitoIdentityResponse.describe_identity_pool = describe_identity_pool
    CognitoIdentityResponse.set_identity_pool_roles = set_identity_pool_roles
    CognitoIdentityResponse.get_identity_pool_roles = get_identity_pool_roles

    schemas, plain_application = registries(), DomainDispatcherApplication.get_application

    def get_application(self, environ):
        signed_for = environ.get("HTTP_AUTHORIZATION", "").split("/")[3:4]
        return schemas if signed_for == ["schemas"] else plain_application(self, environ)

    DomainDispatcherApplication.get_application = get_application
