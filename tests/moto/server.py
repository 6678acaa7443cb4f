"""The stand-in for AWS: moto's server, with what it lacks of the reads that a scan makes.

    server.py PORT

Each addition answers as the provider documents it, from what was planted through moto's own API. The version is
pinned in tools/requirements.txt, because this reaches into moto.
"""

import json
import sys
from types import SimpleNamespace
from urllib.parse import unquote

import data_reads
import function_reads
import gateway_reads
import guard_reads
import workflow_reads
from moto import server
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.awslambda import urls
from moto.awslambda.models import LambdaBackend
from moto.awslambda.policy import Policy
from moto.awslambda.responses import LambdaResponse


def list_function_url_configs(self):
    name = unquote(self.path.split("/")[-2])
    function = self.backend.get_function(name)
    configs = [function.url_config.to_dict()] if function.url_config else []
    return json.dumps({"FunctionUrlConfigs": configs})


def get_account_settings(self):
    functions = list(self.backend.list_functions())
    limits = {
        "TotalCodeSize": 80530636800,
        "CodeSizeUnzipped": 262144000,
        "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000,
        "UnreservedConcurrentExecutions": 900,
    }
    usage = {"TotalCodeSize": sum(f.code_size for f in functions), "FunctionCount": len(functions)}
    return json.dumps({"AccountLimit": limits, "AccountUsage": usage})


def signed_functions(self):
    return [f for f in self.backend.list_functions() if f.code_signing_config_arn]


def list_code_signing_configs(self):
    profile = f"arn:aws:signer:{self.region}:{self.current_account}:/signing-profiles/shop/abcdefghij"
    configs = [
        {
            "CodeSigningConfigArn": arn,
            "CodeSigningConfigId": arn.split(":")[-1],
            "AllowedPublishers": {"SigningProfileVersionArns": [profile]},
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
            "LastModified": "2026-01-01T00:00:00Z",
        }
        for arn in sorted({f.code_signing_config_arn for f in signed_functions(self)})
    ]
    return json.dumps({"CodeSigningConfigs": configs})


def list_functions_by_code_signing_config(self):
    arn = unquote(self.path.split("/code-signing-configs/")[1]).removesuffix("/functions")
    arns = [f.function_arn for f in signed_functions(self) if f.code_signing_config_arn == arn]
    return json.dumps({"FunctionArns": arns})


def get_authorizers(self):
    api = self.apigatewayv2_backend.get_api(self.path.split("/apis/")[1].split("/")[0])
    return json.dumps({"items": [authorizer.to_json() for authorizer in api.authorizers.values()]})


LambdaResponse.list_function_url_configs = list_function_url_configs
LambdaResponse.get_account_settings = get_account_settings
LambdaResponse.list_code_signing_configs = list_code_signing_configs
LambdaResponse.list_functions_by_code_signing_config = list_functions_by_code_signing_config
ApiGatewayV2Response.get_authorizers = get_authorizers
urls.url_paths.update({
    r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/urls$": LambdaResponse.dispatch,
    r"{0}/(?P<api_version>[^/]+)/account-settings$": LambdaResponse.dispatch,
    r"{0}/(?P<api_version>[^/]+)/account-settings/$": LambdaResponse.dispatch,
    r"{0}/(?P<api_version>[^/]+)/code-signing-configs/?$": LambdaResponse.dispatch,
    r"{0}/(?P<api_version>[^/]+)/code-signing-configs/(?P<arn>.+)/functions$": LambdaResponse.dispatch,
})


# A layer of another account is known by its ARN alone.
own_layer = LambdaBackend.layers_versions_by_arn


def layer_by_arn(self, arn):
    if arn.split(":")[4] == self.account_id:
        return own_layer(self, arn)
    return SimpleNamespace(arn=arn, code_size=1024)


LambdaBackend.layers_versions_by_arn = layer_by_arn


# Statements as Lambda writes them: an account as its root, the kind of a function URL as a condition.
plain_principal = Policy.principal_formatter
plain_conditions = Policy.condition_merge


def principal(self, value):
    if isinstance(value, str) and value.isdigit():
        return {"AWS": f"arn:aws:iam::{value}:root"}
    if isinstance(value, str) and value.endswith(".amazon.com"):
        return {"Service": value}
    return plain_principal(self, value)


def conditions(self, statement):
    kind, token = statement.pop("FunctionUrlAuthType", None), statement.pop("EventSourceToken", None)
    plain_conditions(self, statement)
    if token:
        equals = statement.setdefault("Condition", {}).setdefault("StringEquals", {})
        equals["lambda:EventSourceToken"] = token
    if kind:
        equals = statement.setdefault("Condition", {}).setdefault("StringEquals", {})
        equals["lambda:FunctionUrlAuthType"] = kind


plain_removal = Policy.remove_if_set


def remove_if_set(self, statement, keys):
    # The token of an event source becomes a condition.
    plain_removal(self, statement, [key for key in keys if key != "EventSourceToken"])


Policy.remove_if_set = remove_if_set
Policy.principal_formatter = principal
Policy.condition_merge = conditions


# JSON is declared as JSON, where moto leaves it at Flask's default of a page.
plain_app = server.create_backend_app


def create_app(service):
    app = plain_app(service)

    @app.after_request
    def declare(answer):
        if answer.mimetype == "text/html" and answer.get_data()[:1] in (b"{", b"["):
            answer.mimetype = "application/json"
        return answer

    return app


server.create_backend_app = create_app
data_reads.install()
function_reads.install()
gateway_reads.install()
guard_reads.install()
workflow_reads.install()

server.main(["-H", "127.0.0.1", "-p", sys.argv[1]])
