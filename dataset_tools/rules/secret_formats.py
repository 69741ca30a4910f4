"""Formats of secrets, as their vendors document them.

A well-known prefix, an alphabet and a length make a format; nothing is guessed from randomness or
from words such as "password" nearby. detect-secrets, the light detector in use, scans line by line
with patterns of character classes, some of which guess so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NOT_BEFORE = r"(?<![A-Za-z0-9_-])"
_NOT_AFTER = r"(?![A-Za-z0-9_-])"


@dataclass(frozen=True, slots=True)
class SecretFormat:
    """One kind of secret; every text that matches holds one of `needles`."""

    kind: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A secret's kind and place, and what may be shown of it."""

    kind: str
    start: int  # characters
    length: int  # characters
    prefix: str  # the documented part that all secrets of the kind begin with


def _format(kind: str, needles: str, pattern: str) -> SecretFormat:
    """A format whose pattern has the documented prefix for a group of its own."""
    return SecretFormat(kind, tuple(needles.split()), re.compile(pattern))


def _token(kind: str, needles: str, prefix: str, rest: str) -> SecretFormat:
    return _format(kind, needles, f"{_NOT_BEFORE}({prefix}){rest}{_NOT_AFTER}")


FORMATS = (
    # AWS IAM user guide, unique identifiers: AKIA for keys, ASIA for temporary ones
    _token("an AWS access key id", "AKIA ASIA", "A[KS]IA", "[A-Z2-7]{16}"),
    # GitHub docs, "About authentication to GitHub": token formats
    _token("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", "gh[pousr]_", "[A-Za-z0-9]{36,251}"),
    _token("a GitHub token", "github_pat_", "github_pat_", "[A-Za-z0-9_]{82}"),
    # GitLab docs, token overview: token prefixes
    _token("a GitLab token", "glpat-", "glpat-", r"[A-Za-z0-9_.-]{20,}"),
    # Hugging Face docs, user access tokens
    _token("a Hugging Face token", "hf_", "hf_", "[A-Za-z0-9]{34,}"),
    # OpenAI: project, service account and admin keys; the older ones carry a fixed middle
    _token("an OpenAI key", "sk-", "sk-(?:proj|svcacct|admin)-", r"[A-Za-z0-9_-]{40,}"),
    _token("an OpenAI key", "T3BlbkFJ", "sk-", r"[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"),
    # Anthropic's API keys and admin keys
    _token("an Anthropic key", "sk-ant-", r"sk-ant-[a-z]+\d\d-", r"[A-Za-z0-9_-]{80,}"),
    # Replicate docs, API tokens
    _token("a Replicate token", "r8_", "r8_", "[A-Za-z0-9]{37}"),
    # Google Cloud docs, API keys
    _token("a Google API key", "AIza", "AIza", r"[A-Za-z0-9_-]{35}"),
    # Slack docs, token types
    _token("a Slack token", "xox", "xox[abeoprs]-", r"(?=[A-Za-z-]*\d)[A-Za-z0-9-]{20,}"),
    _token("a Slack token", "xapp-", r"xapp-\d-", r"[A-Za-z0-9-]{20,}"),
    _format(
        "a Slack webhook",
        "hooks.slack.com",
        r"(https://hooks\.slack\.com/services/)T\w{6,}/B\w{6,}/\w{16,}",
    ),
    # Stripe docs, API keys: secret and restricted keys of live mode
    _token("a Stripe key", "sk_live_ rk_live_", "[sr]k_live_", "[A-Za-z0-9]{24,}"),
    # SendGrid docs, API keys
    _token("a SendGrid key", "SG.", r"SG\.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    # npm docs and the GitHub blog on npm's token format
    _token("an npm token", "npm_", "npm_", "[A-Za-z0-9]{36}"),
    # PyPI: a macaroon that begins with the location pypi.org
    _token("a PyPI token", "pypi-AgE", "pypi-", r"AgE[A-Za-z0-9_-]{50,}"),
    # RFC 7519: three base64url parts, of which the first two encode JSON objects
    _token(
        "a JSON Web Token",
        "eyJ",
        "eyJ",
        r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    ),
    # RFC 7468, OpenSSH and OpenPGP: the block's head, and all up to its foot if there is one
    _format(
        "a private key",
        "-----BEGIN",
        r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----)\s+[A-Za-z0-9+/=:,\- \s]{40,}",
    ),
)
NEEDLES = tuple(dict.fromkeys(needle for each in FORMATS for needle in each.needles))

_PLACEHOLDER = re.compile(r"example|(.)\1{7}", re.IGNORECASE)  # AKIAIOSFODNN7EXAMPLE, sk-xxxxxxxx


def find_secrets(text: str) -> Iterator[FoundSecret]:
    """All secrets in the text, format by format; placeholders of documentation are none."""
    for each in FORMATS:
        if not any(needle in text for needle in each.needles):
            continue
        for match in each.pattern.finditer(text):
            if not _PLACEHOLDER.search(match[0][match.end(1) - match.start() :]):
                yield FoundSecret(each.kind, match.start(), len(match[0]), match[1])
