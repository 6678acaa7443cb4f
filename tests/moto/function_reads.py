"""Reads of Lambda that moto lacks.

What moto cannot be told in the provider's own words is told by tags of a function: `updates` says how its runtime is
updated, `loops` whether it may trigger itself, `dead-letters` where its failures go. Web functions, MicroVMs and
capacity providers cannot be planted at all: there are always the same few.
"""

import json
from urllib.parse import unquote

from moto.awslambda import urls
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse


def tag(self, name):
    function = self.backend.get_function(unquote(self.path.split("/")[3]))
    return (function.tags or {}).get(name)


def get_runtime_management_config(self):
    return json.dumps({"UpdateRuntimeOn": tag(self, "updates") or "Auto", "RuntimeVersionArn": None})


def get_function_recursion_config(self):
    return json.dumps({"RecursiveLoop": tag(self, "loops") or "Terminate"})


def list_provisioned_concurrency_configs(self):
    return json.dumps({"ProvisionedConcurrencyConfigs": []})


# Dead letters are kept with the function and left out of its configuration.
plain_configuration = LambdaFunction.get_configuration


def configuration(self, on_create=False):
    told = plain_configuration(self, on_create)
    target = (self.tags or {}).get("dead-letters")
    return told | {"DeadLetterConfig": {"TargetArn": target}} if target else told


# A function that was created from bytes says where Lambda keeps them.
plain_code = LambdaFunction.get_code


def code(self):
    told = plain_code(self)
    told.setdefault("Code", {"RepositoryType": "S3", "Location": "https://awslambda.example/code?X-Amz-Signature=1"})
    return told


ACCOUNT = "123456789012"
MICROVM = "/2025-09-09"
WEB = "/2025-03-07"


def beside(region):
    """What Lambda runs beside functions, by path."""
    lambda_arn, roles = f"arn:aws:lambda:{region}:{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}:role"
    image = {name: f"{lambda_arn}:microvm-image:{name}" for name in ["sandbox", "notebook"]}
    web = {name: f"{lambda_arn}:web-function/{name}" for name in ["site", "shop"]}
    connector = f"{lambda_arn}:network-connector:private"
    internet = f"arn:aws:lambda:{region}:aws:network-connector:aws-network-connector:INTERNET_EGRESS"
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeWebFunctionEndpoint", "Resource": "*"}
    partner = everybody | {"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}
    versions = {
        "sandbox": {"logging": {"cloudWatch": {"logGroup": "/microvms/sandbox"}}, "additionalOsCapabilities": []},
        "notebook": {"logging": {"disabled": {}}, "additionalOsCapabilities": ["ALL"]},
    }
    running = {
        "m-1": {"imageArn": image["sandbox"], "executionRoleArn": f"{roles}/shop-reader", "egressNetworkConnectors": [connector]},
        "m-2": {"imageArn": image["notebook"], "executionRoleArn": f"{roles}/shop-inline-admin", "egressNetworkConnectors": [internet]},
    }
    answers = {
        "/2025-11-30/capacity-providers": {
            "CapacityProviders": [{"CapacityProviderArn": f"{lambda_arn}:capacity-provider:large", "State": "Active"}]
        },
        f"{MICROVM}/microvm-images": {
            "items": [{"imageArn": arn, "name": name, "latestActiveImageVersion": "1.0"} for name, arn in image.items()]
        },
        f"{MICROVM}/microvms": {
            "items": [{"microvmId": id, "imageArn": vm["imageArn"], "state": "RUNNING"} for id, vm in running.items()]
        },
        f"{WEB}/web-functions": {"functions": [{"functionName": name, "functionArn": arn} for name, arn in web.items()]},
        f"{WEB}/web-functions/site/list-endpoints": {"endpoints": [{"endpointName": "prod", "authType": "ApplicationManaged"}]},
        f"{WEB}/web-functions/shop/list-endpoints": {"endpoints": [{"endpointName": "prod", "authType": "IamAuth"}]},
        f"{WEB}/resource-policy/{web['site']}": {"Policy": json.dumps({"Statement": [everybody]})},
        f"{WEB}/resource-policy/{web['shop']}": {"Policy": json.dumps({"Statement": [partner]})},
    }
    for name, version in versions.items():
        answers[f"{MICROVM}/microvm-images/{image[name]}/versions/1.0"] = {"imageVersion": "1.0", **version}
    for id, vm in running.items():
        answers[f"{MICROVM}/microvms/{id}"] = {"microvmId": id, "state": "RUNNING", **vm}
    return answers


def answer_beside(request, full_url, headers):
    region = request.headers["Authorization"].split("/")[2]
    answer = beside(region).get(unquote(request.path))
    if answer is None:
        missing = {"__type": "ResourceNotFoundException", "message": "no such thing"}
        return 404, {"x-amzn-errortype": "ResourceNotFoundException"}, json.dumps(missing)
    return 200, {"Content-Type": "application/json"}, json.dumps(answer)


def install():
    LambdaResponse.get_runtime_management_config = get_runtime_management_config
    LambdaResponse.get_function_recursion_config = get_function_recursion_config
    LambdaResponse.list_provisioned_concurrency_configs = list_provisioned_concurrency_configs
    LambdaFunction.get_configuration = configuration
    LambdaFunction.get_code = code
    function = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)"
    for part in ["runtime-management-config", "recursion-config", "provisioned-concurrency"]:
        urls.url_paths[f"{function}/{part}$"] = LambdaResponse.dispatch
    for path in [
        "/2025-11-30/capacity-providers$",
        f"{MICROVM}/microvm-images$",
        f"{MICROVM}/microvm-images/(?P<image>.+)/versions/(?P<version>[^/]+)$",
        f"{MICROVM}/microvms$",
        f"{MICROVM}/microvms/(?P<microvm>[^/]+)$",
        f"{WEB}/web-functions$",
        f"{WEB}/web-functions/(?P<web_function>[^/]+)/list-endpoints$",
        f"{WEB}/resource-policy/(?P<arn>.+)$",
    ]:
        urls.url_paths["{0}" + path] = answer_beside
