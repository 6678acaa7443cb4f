"""Reads of the services that hold data and messages, which moto answers less fully than AWS does."""

from moto.dax.models import DaxNode
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.secretsmanager.models import FakeSecret
from moto.sns.responses import SNSResponse

DAY = 86400


# The ceiling of a table with capacity on demand, as it was asked for.
ceilings = {}
plain_create_table = DynamoHandler.create_table
plain_describe = Table.describe


def create_table(self):
    ceilings[self.body["TableName"]] = self.body.get("OnDemandThroughput")
    return plain_create_table(self)


def describe(self, base_key="TableDescription"):
    described = plain_describe(self, base_key)
    if ceilings.get(self.name):
        described[base_key]["OnDemandThroughput"] = ceilings[self.name]
    return described


# Nodes of a cache are spread over the zones.
plain_node = DaxNode.__init__


def node(self, endpoint, name, index):
    plain_node(self, endpoint, name, index)
    self.availability_zone = f"{endpoint.region}{'abc'[index % 3]}"


# A secret says in its tags how many days ago it was created, and read.
plain_secret = FakeSecret.to_dict


def secret(self):
    told = plain_secret(self)
    tags = {tag["Key"]: int(tag["Value"]) for tag in told.get("Tags", []) if tag["Key"].endswith("days-ago")}
    dates = ["CreatedDate", "LastChangedDate", "NextRotationDate", "LastRotatedDate"]
    for date in [date for date in dates if told.get(date)]:
        told[date] -= tags.get("made-days-ago", 0) * DAY
    if "read-days-ago" in tags:
        told["LastAccessedDate"] = self.created_date - tags["read-days-ago"] * DAY
    return told


# The role that logs deliveries which failed; moto keeps it and does not tell.
plain_topic = SNSResponse.get_topic_attributes


def topic_attributes(self):
    answer = plain_topic(self)
    role = getattr(self.backend.get_topic(self._get_param("TopicArn")), "lambda_failure_feedback_role_arn", None)
    if role:
        answer.result["Attributes"]["LambdaFailureFeedbackRoleArn"] = role
    return answer


def install():
    DynamoHandler.create_table = create_table
    Table.describe = describe
    DaxNode.__init__ = node
    FakeSecret.to_dict = secret
    SNSResponse.get_topic_attributes = topic_attributes
