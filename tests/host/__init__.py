# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against one real host."""
