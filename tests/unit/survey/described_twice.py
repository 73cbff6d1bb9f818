# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles of hosts describe, evaluated by Jinja alone and by Ansible. A program of its own, because Ansible's finder of collections
has to be there before anything of a collection is imported.

The first argument is the path of an inventory. Prints a JSON object: for each host the number of texts that both evaluated, those of which
the results differ, and those that Jinja could not evaluate alone.
"""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

from ansible.plugins.loader import init_plugin_loader

ROOT = pathlib.Path(__file__).parents[3]
init_plugin_loader([str(ROOT / ".collections")])

from ansible.cli import CLI  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.playbook.play import Play  # noqa: E402
from ansible.template import Templar, trust_as_template  # noqa: E402
from ansible.vars.hostvars import HostVars  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import role_jinja  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import order_of_roles  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site  # noqa: E402

COMPONENT = "barehost.kubernetes.component"


def _facts(address: str) -> dict[str, t.Any]:
    """What role balancer gathers of the network."""
    return {"ansible_interfaces": ["eth0"], "ansible_eth0": {"ipv4": {"address": address, "netmask": "255.255.255.0"}}}


class Compared:
    """The texts of one host."""

    def __init__(self) -> None:
        self.texts = 0
        self.different: list[str] = []
        self.left_to_ansible: list[str] = []

    def both(self, what: str, by_jinja: t.Callable[[], t.Any], by_ansible: t.Callable[[], t.Any]) -> t.Any:
        wanted = plain(by_ansible())
        self.texts += 1
        try:
            found = by_jinja()
        except Exception as error:  # this is what is to be told
            self.left_to_ansible.append(f"{what}: {type(error).__name__} {error}")
            return wanted
        # as JSON: True is not 1, and a mapping keeps its order
        if json.dumps(found) != json.dumps(wanted):
            self.different.append(f"{what}: {found!r} by Jinja, {wanted!r} by Ansible")
        return wanted


class Inventory:
    """Reads an inventory as ansible-playbook does, and resolves the spec."""

    def __init__(self, path: str) -> None:
        self.loader = DataLoader()
        CLI.setup_vault_secrets(self.loader, [], auto_prompt=False)
        self._inventory = InventoryManager(loader=self.loader, sources=[path])
        self._manager = VariableManager(loader=self.loader, inventory=self._inventory)
        self._play = Play().load({"hosts": "all", "gather_facts": False}, variable_manager=self._manager, loader=self.loader)
        self.hosts = [host.name for host in self._inventory.get_hosts()]
        plays = self.loader.load_from_file(str(ROOT / "playbooks/site.yml"), trusted_as_template=True)
        (self._of_the_survey,) = (task["vars"] for play in plays for task in play.get("tasks") or [] if task["name"] == "Survey the host")
        self._cluster: dict[str, t.Any] = {}

    def site(self, host: str) -> Site:
        variables = {
            **self._manager.get_vars(play=self._play, host=self._inventory.get_host(host)),
            **self._of_the_survey,
            "ansible_check_mode": False,
            "hostvars": HostVars(inventory=self._inventory, variable_manager=self._manager, loader=self.loader),
            "ansible_play_hosts_all": self.hosts,
        }
        templar = Templar(loader=self.loader, variables=variables)
        self._cluster = self._cluster or templar.template(trust_as_template("{{ lookup('barehost.kubernetes.cluster_spec') }}"))
        given = self._of_the_survey
        site = Site(host=host, templar=templar, loader=self.loader, variables=variables, check_mode=True, of_task=given)
        gathered = {"ansible_facts": _facts(self._cluster["nodes"][host]["address"])}
        return site.with_variables({**variables, "cluster": self._cluster, "barehost_balancer_facts": gathered})

    def roles(self, host: str) -> list[str]:
        return order_of_roles.of_host(self.site(host).cluster, host)

    def compare(self, host: str) -> Compared:
        found = Compared()
        roles = self.roles(host)
        shared = role_tasks.seen_by(roles, self.site(host))
        for role in roles:
            for task in role_tasks.tasks_of(role, COMPONENT):
                _compare(found, role, task, shared.with_task(task.variables))
        return found


def _compare(found: Compared, role: str, task: role_tasks.RoleTask, site: Site) -> None:
    scope, ansible = site.templates.scope, AnsibleTemplates(site.templar, site.variables, site.loader)

    def condition_holds(condition: str | bool) -> bool:
        return bool(found.both(f"{role}: when", lambda: role_jinja.holds(condition, scope), lambda: ansible.holds(condition)))

    def option(name: str) -> t.Any:
        data = task.options[name]
        return found.both(f"{role}: {name}", lambda: role_jinja.value(data, scope), lambda: ansible.value(data))

    if not all(map(condition_holds, task.conditions)):
        return
    for items in map(option, task.options):
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and item.get("template"):
                _compare_file(found, f"{role}: {item['template']}", task.find("templates", item["template"]), item, site)


def _compare_file(found: Compared, what: str, path: str, item: dict[str, t.Any], site: Site) -> None:
    given = {"ansible_managed": "managed", **(item.get("vars") or {})}
    source = pathlib.Path(path).read_text(encoding="utf-8")
    ansible = AnsibleTemplates(site.templar, site.variables, site.loader)
    inner = site.templates.scope.inner(given)
    found.both(what, lambda: str(role_jinja.text(source, inner)), lambda: ansible.text(path, given))


def main() -> None:
    inventory = Inventory(sys.argv[1])
    # One host of those that have the same roles, which differ in their names and addresses alone.
    by_roles = {tuple(inventory.roles(host)): host for host in reversed(inventory.hosts)}
    print(json.dumps({host: vars(inventory.compare(host)) for host in by_roles.values()}))


if __name__ == "__main__":
    main()
