// SPDX-License-Identifier: GPL-3.0-or-later
// The lab's own small programs for its images. Standard library only.
module barehost.lab/images

go 1.24
