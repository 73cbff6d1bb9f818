# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page of the documents holds: its sentences, its commands, its links, its names in code."""

from __future__ import annotations

import re

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w{}]*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?P<text>[^]]*)\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ITEM = re.compile(r"^ *(?:[-*]|\d+\.) ")
SENTENCE_END = re.compile(r"(?<=[.!?])[*_)\"]*\s+")


def without_code_blocks(text: str) -> str:
    return FENCE.sub("", COMMENT.sub("", text))


def code_blocks(text: str, language: str) -> list[str]:
    found = []
    for match in FENCE.finditer(text):
        if match["language"] == language:
            lines = match["code"].splitlines()
            found.append("\n".join(line.removeprefix(match["indent"]) for line in lines))
    return found


def commands(text: str) -> list[str]:
    """The commands of the blocks of shell, each whole: with its continuation lines, without its comment."""
    found = []
    for block in code_blocks(text, "bash"):
        for command in re.split(r"(?<!\\)\n", block):
            bare = re.sub(r"\s{2,}# .*$", "", command).strip()
            if bare and not bare.startswith("#"):
                found.append(bare)
    return found


def anchors(text: str) -> set[str]:
    """The anchors that a hosting site makes of a page's headings."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    """The targets of the links that lead to other files or headings of the checkout."""
    targets = [match["target"] for match in LINK.finditer(without_code_blocks(text))]
    return [target for target in targets if not re.match(r"https?://", target)]


def code(text: str) -> list[str]:
    """What stands between backticks, in text and tables."""
    return CODE.findall(without_code_blocks(text))


def paragraphs(text: str) -> list[str]:
    """Running text and items of lists, each in one line. Headings, tables and code are none."""
    found: list[str] = [""]
    for line in without_code_blocks(text).splitlines():
        if not line.strip() or line.startswith(("#", "|")):
            found.append("")
        elif ITEM.match(line):
            found.append(ITEM.sub("", line).strip())
        else:
            found[-1] = f"{found[-1]} {line.strip()}".strip()
    return [paragraph for paragraph in found if paragraph]


def sentences(text: str) -> list[str]:
    """The sentences of a page. A name in code counts as one word, a link as its text."""
    found = []
    for paragraph in paragraphs(text):
        plain = CODE.sub("code", LINK.sub(lambda match: match["text"], paragraph))
        found += [sentence for sentence in SENTENCE_END.split(plain) if sentence]
    return found


def words(sentence: str) -> int:
    return sum(1 for word in sentence.split() if re.search(r"\w", word))
