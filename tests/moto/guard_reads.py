"""Reads of what guards and deploys functions that moto lacks, with the writes that plant what is read."""

import json

from flask import Flask, request
from moto.budgets.responses import BudgetsResponse
from moto.ce.responses import CostExplorerResponse
from moto.cloudformation.models import Stack
from moto.cloudtrail.responses import CloudTrailResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.signer import urls as signer
from moto.signer.responses import SignerResponse

ACCOUNT = "123456789012"


def describe_budget_notifications_for_account(self):
    budgets = self.backend.budgets[self._get_param("AccountId")]
    entries = [
        {"BudgetName": name, "Notifications": [notification.details for notification in budget.notifications]}
        for name, budget in budgets.items()
        if budget.notifications
    ]
    return json.dumps({"BudgetNotificationsForAccount": entries})


def get_anomaly_monitors(self):
    return json.dumps({"AnomalyMonitors": []})


def get_anomaly_subscriptions(self):
    return json.dumps({"AnomalySubscriptions": []})


def list_event_data_stores(self):
    return json.dumps({"EventDataStores": []})


def list_signing_profiles(self):
    return json.dumps({"profiles": [profile.to_dict() for profile in self.signer_backend.signing_profiles.values()]})


def parameter_list(stack):
    """Asterisks for hidden parameters, which moto looks for among the values in place of the names."""
    hidden = stack.resource_map.no_echo_parameter_keys
    parameters = stack.resource_map.resolved_parameters.items()
    return [{"ParameterKey": key, "ParameterValue": "****" if key in hidden else value} for key, value in parameters]


def arn(service, rest):
    region = request.headers["Authorization"].split("/")[2]
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


def xray():
    app, settings = Flask("xray"), {"Type": "NONE", "Status": "ACTIVE"}

    @app.post("/EncryptionConfig")
    def get_encryption_config():
        return {"EncryptionConfig": settings}

    @app.post("/PutEncryptionConfig")
    def put_encryption_config():
        settings.update(request.get_json())
        return {"EncryptionConfig": settings}

    @app.post("/Groups")
    def get_groups():
        return {"Groups": [{"GroupName": "Default", "GroupARN": arn("xray", "group/Default")}]}

    return app


def amplify():
    app, kept = Flask("amplify"), {}

    @app.get("/apps")
    def list_apps():
        return {"apps": [kept_app for kept_app, _ in kept.values()]}

    @app.post("/apps")
    def create_app():
        name = request.get_json()["name"]
        kept[name] = ({"appId": name, "appArn": arn("amplify", f"apps/{name}"), **request.get_json()}, [])
        return {"app": kept[name][0]}

    @app.post("/apps/<name>/branches")
    def create_branch(name):
        branch = {"branchArn": arn("amplify", f"apps/{name}/branches/main"), **request.get_json()}
        kept[name][1].append(branch)
        return {"branch": branch}

    @app.get("/apps/<name>/branches")
    def list_branches(name):
        return {"branches": kept[name][1]}

    return app


def apprunner():
    app, kept = Flask("apprunner"), {}

    @app.post("/")
    def act():
        action, given = request.headers["X-Amz-Target"].split(".")[1], json.loads(request.data)
        if action == "CreateService":
            name = given["ServiceName"]
            service = {"ServiceArn": arn("apprunner", f"service/{name}/1"), "Status": "RUNNING", **given}
            kept[service["ServiceArn"]] = service
            return {"Service": service, "OperationId": "1"}
        if action == "DescribeService":
            return {"Service": kept[given["ServiceArn"]]}
        told = ["ServiceArn", "ServiceName", "Status"]
        return {"ServiceSummaryList": [{key: service[key] for key in told} for service in kept.values()]}

    return app


def codeartifact():
    app, domains, repositories, packages = Flask("codeartifact"), {}, {}, {}

    @app.post("/v1/domain")
    def create_domain():
        name = request.args["domain"]
        domain = {"name": name, "owner": ACCOUNT, "arn": arn("codeartifact", f"domain/{name}"), **request.get_json()}
        domains[name] = domain
        return {"domain": domain}

    @app.post("/v1/repository")
    def create_repository():
        domain, name = request.args["domain"], request.args["repository"]
        owner = {"domainName": domain, "domainOwner": ACCOUNT}
        repository = {"name": name, "arn": arn("codeartifact", f"repository/{domain}/{name}"), **owner}
        repositories[name], packages[name] = repository, []
        return {"repository": repository}

    @app.post("/v1/package")
    def put_package_origin_configuration():
        given = request.get_json()["restrictions"]
        package = {key: request.args[key] for key in ["format", "package"]}
        packages[request.args["repository"]].append({**package, "originConfiguration": {"restrictions": given}})
        return {"originConfiguration": {"restrictions": given}}

    @app.post("/v1/domains")
    def list_domains():
        return {"domains": list(domains.values())}

    @app.post("/v1/repositories")
    def list_repositories():
        return {"repositories": list(repositories.values())}

    @app.post("/v1/packages")
    def list_packages():
        wanted = {key: request.args[key] for key in ["publish", "upstream"] if key in request.args}
        of = packages[request.args["repository"]]
        return {"packages": [one for one in of if wanted.items() <= one["originConfiguration"]["restrictions"].items()]}

    return app


def serverlessrepo():
    app = Flask("serverlessrepo")

    @app.get("/applications")
    def list_applications():
        return {"applications": []}

    return app


def install():
    BudgetsResponse.describe_budget_notifications_for_account = describe_budget_notifications_for_account
    CostExplorerResponse.get_anomaly_monitors = get_anomaly_monitors
    CostExplorerResponse.get_anomaly_subscriptions = get_anomaly_subscriptions
    CloudTrailResponse.list_event_data_stores = list_event_data_stores
    Stack.parameter_list = property(parameter_list)
    SignerResponse.list_signing_profiles = list_signing_profiles
    signer.url_paths["{0}/signing-profiles$"] = SignerResponse.dispatch

    # Services that moto does not have at all, or, as X-Ray, not without another package.
    apps = {app.name: app for app in [amplify(), apprunner(), codeartifact(), serverlessrepo(), xray()]}
    plain_application = DomainDispatcherApplication.get_application

    def get_application(self, environ):
        signed_for = environ.get("HTTP_AUTHORIZATION", "").split("/")[3:4]
        app = apps.get(signed_for[0]) if signed_for else None
        return app or plain_application(self, environ)

    DomainDispatcherApplication.get_application = get_application
