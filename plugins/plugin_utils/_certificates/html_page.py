# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list as one page that needs nothing else. Pure."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import ENDS, Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import html_page
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_page import Section, bullets, cell, text

# Days of what does not end: after all that does.
_NEVER = 10**6


def page(listing: Listing) -> str:
    """The whole page."""
    intro = [
        f'<p class="dim">Looked at <time>{text(listing.time)}</time>. What has less than {listing.days} days left is a fault.</p>',
        f"<p>{text(listing.summary())}</p>",
        _verdict(listing),
    ]
    sections = [Section("certificates", "Certificates", (table(listing.entries, tuple(_CELLS)),))]
    return html_page.page(title=f"Certificates of {listing.cluster}", intro=intro, sections=sections)


def table(entries: c.Iterable[Entry], columns: c.Sequence[str]) -> str:
    """A table with some of the columns, by their names."""
    rows = [html_page.row(*(_CELLS[column](entry) for column in columns)) for entry in entries]
    return html_page.table(label="Certificates", columns=columns, rows=rows)


def _verdict(listing: Listing) -> str:
    faults = listing.faults
    count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
    head = f'<p class="bad">{count}</p>' if faults else '<p class="good">No fault</p>'
    notes = [*([f"Left out by --limit: {', '.join(listing.left_out)}"] if listing.left_out else []), *listing.notes]
    return "\n".join([head, bullets(faults, "bad"), bullets(notes, "warn")])


def _days(entry: Entry) -> str:
    days = "–" if entry.days_left is None else str(entry.days_left)
    return cell(days, style="number", order=_NEVER if entry.days_left is None else entry.days_left, title=_period(entry))


def _state(entry: Entry) -> str:
    return cell(text(entry.state), style="bad" if entry.state in ENDS else "good" if entry.state == "ok" else "warn")


def _path(entry: Entry) -> str:
    return cell(f'<code>{text(entry.path)}</code><br><span class="dim">{text(_kind(entry))}</span>')


def _subject(entry: Entry) -> str:
    return cell(f'{text(entry.subject)}<br><span class="dim">{text(entry.details)}</span>', title=_identity(entry))


def _issuer(entry: Entry) -> str:
    return cell(f'{text(entry.issuer)}<br><span class="dim">{text(entry.issuer_fingerprint)}</span>')


# By the names of the columns, in their order.
_CELLS: dict[str, c.Callable[[Entry], str]] = {
    "Days": _days,
    "State": _state,
    "Host": lambda entry: cell(text(entry.host)),
    "Path": _path,
    "Subject": _subject,
    "Names": lambda entry: cell(bullets(entry.alternative_names, "plain")),
    "Issuer": _issuer,
    "Used by": lambda entry: cell(bullets(entry.used_by, "plain")),
    "Differs": lambda entry: cell(bullets(entry.differences, "plain")),
}


def _kind(entry: Entry) -> str:
    named = f"; names {entry.ends_with}" if entry.ends_with else ""
    return f"{entry.kind}{f': {entry.name}' if entry.name else ''}{named}"


def _period(entry: Entry) -> str:
    return f"from {entry.not_before} to {entry.not_after}" if entry.not_after else "it does not end"


def _identity(entry: Entry) -> str:
    if not entry.fingerprint:
        return ""
    return f"SHA-256 {entry.fingerprint}, key {entry.key_fingerprint}, serial {entry.serial}, usages {', '.join(entry.usages) or 'any'}"
