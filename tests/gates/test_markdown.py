# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of pages, on which the gates of the documents stand."""

from __future__ import annotations

from .. import markdown

PAGE = """\
<!-- a comment. It is no sentence. -->
# Heading with `code`, and more

One [link](other.md#there) and `a b c`. Two
words! Three

- item one. Item two
  goes on

| a table | is. no sentence |

1. Do this:

   ```bash
   # a remark
   make one \\
     --two   # of it
   make three
   ```

```yaml
a: 1
# not a heading
```
"""


def test_sentences_and_words() -> None:
    found = markdown.sentences(PAGE)
    assert found == ["One link and code.", "Two words!", "Three", "item one.", "Item two goes on", "Do this:"]
    assert [markdown.words(sentence) for sentence in found] == [4, 2, 1, 2, 4, 2]
    assert markdown.words("a - b, (c) …") == 3


def test_commands_and_blocks() -> None:
    assert markdown.commands(PAGE) == ["make one \\\n  --two", "make three"]
    assert markdown.code_blocks(PAGE, "yaml") == ["a: 1\n# not a heading"]


def test_links_anchors_and_code() -> None:
    assert markdown.links(PAGE) == ["other.md#there"]
    assert markdown.anchors(PAGE) == {"heading-with-code-and-more"}
    assert markdown.code(PAGE) == ["code", "a b c"]
