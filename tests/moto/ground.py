"""The ground on which an estate is planted: clients, words, policies, and what each check must find."""

import io
import json
import random
import sys
import zipfile

import boto3
from botocore.config import Config

ENDPOINT, REGION = sys.argv[1:3]
ACCOUNT = "123456789012"
PARTNER = "210987654321"
STRANGER = "999999999999"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
GATEWAY = f"arn:aws:apigateway:{REGION}::"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"

# The same words on every run, and none that a scanner of this repository would take for a secret.
chance = random.Random(20261121)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
canaries = []
expected = {}


def client(service, region=REGION):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=region,
        aws_access_key_id="planter",
        aws_secret_access_key="planter",
        config=Config(retries={"max_attempts": 1}, max_pool_connections=1),
    )


def word(length):
    return "".join(chance.choice(LETTERS) for _ in range(length))


def canary(text):
    """A text that must never be seen again, and that is not found anywhere by chance."""
    assert len(text) >= 9, text
    canaries.append(text)
    return text


def judge(check, uid, fails):
    """Notes that `check` applies to `uid`, and whether it must fail there."""
    found = expected.setdefault(check, [])
    if fails:
        found.append(uid)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def package():
    """The smallest deployment package, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), "def handler(event, context):\n    return {}\n")
    return buffer.getvalue()
