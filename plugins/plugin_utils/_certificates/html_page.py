# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list as one page that needs nothing else. Pure."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import ENDS, Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import html_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_table import bullets, text

_COLUMNS = ("Days", "State", "Host", "Path", "Subject", "Names", "Issuer", "Used by", "Differs")
# Days of what does not end: after all that does.
_NEVER = 10**6


def page(listing: Listing) -> str:
    """The whole page."""
    intro = [
        f'<p class="dim">Looked at <time>{text(listing.time)}</time>. What has less than {listing.days} days left is a fault.</p>',
        f"<p>{text(listing.summary())}</p>",
        _verdict(listing),
    ]
    return html_table.page(
        title=f"Certificates of {listing.cluster}", intro=intro, columns=_COLUMNS, rows=(_row(entry) for entry in listing.entries)
    )


def _verdict(listing: Listing) -> str:
    faults = listing.faults
    count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
    head = f'<p class="bad">{count}</p>' if faults else '<p class="good">No fault</p>'
    notes = [*([f"Left out by --limit: {', '.join(listing.left_out)}"] if listing.left_out else []), *listing.notes]
    return "\n".join([head, bullets(faults, "bad"), bullets(notes, "warn")])


def _row(entry: Entry) -> str:
    days = "–" if entry.days_left is None else str(entry.days_left)
    # Texts are compared as numbers where they have some, but know no sign: all are moved above zero.
    order = _NEVER + (_NEVER if entry.days_left is None else entry.days_left)
    style = "bad" if entry.state in ENDS else "good" if entry.state == "ok" else "warn"
    cells = [
        f'<td class="number" data-sort="{order}" title="{text(_period(entry))}">{days}</td>',
        f'<td class="{style}">{text(entry.state)}</td>',
        f"<td>{text(entry.host)}</td>",
        f'<td><code>{text(entry.path)}</code><br><span class="dim">{text(_kind(entry))}</span></td>',
        f'<td title="{text(_identity(entry))}">{text(entry.subject)}<br><span class="dim">{text(entry.details)}</span></td>',
        f"<td>{bullets(entry.alternative_names, 'plain')}</td>",
        f'<td>{text(entry.issuer)}<br><span class="dim">{text(entry.issuer_fingerprint)}</span></td>',
        f"<td>{bullets(entry.used_by, 'plain')}</td>",
        f"<td>{bullets(entry.differences, 'plain')}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _kind(entry: Entry) -> str:
    named = f"; names {entry.ends_with}" if entry.ends_with else ""
    return f"{entry.kind}{f': {entry.name}' if entry.name else ''}{named}"


def _period(entry: Entry) -> str:
    return f"from {entry.not_before} to {entry.not_after}" if entry.not_after else "it does not end"


def _identity(entry: Entry) -> str:
    if not entry.fingerprint:
        return ""
    return f"SHA-256 {entry.fingerprint}, key {entry.key_fingerprint}, serial {entry.serial}, usages {', '.join(entry.usages) or 'any'}"
