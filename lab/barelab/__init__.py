# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: real hosts on one development machine, with everything that a cluster downloads."""
