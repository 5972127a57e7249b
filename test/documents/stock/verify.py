"""Checks messages (JSON on standard input) with the stock libraries. Prints for each whether they accept it."""

import json
import sys

import jwt
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def accepts(message):
    try:
        if "token" in message:
            return jwt.decode(message["token"], message["secret"], algorithms=["HS256"])
        Webhook(message["secret"]).verify(message["body"], message["headers"])
        return True
    except (WebhookVerificationError, jwt.PyJWTError):
        return False


json.dump([accepts(message) for message in json.load(sys.stdin)], sys.stdout)
