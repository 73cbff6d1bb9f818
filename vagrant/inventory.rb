# SPDX-License-Identifier: GPL-3.0-or-later
# frozen_string_literal: true

require "yaml"

# Reads names, addresses and groups from an inventory's hosts.yml, the one place where they are written.
module Barehost
  Host = Struct.new(:name, :address, :memory, :cpus, keyword_init: true)

  DIRECTORY = __dir__

  # What to do is part of the message: Vagrant prints it as it is.
  def self.fail(message)
    raise(message)
  end

  def self.yaml(path)
    YAML.safe_load(File.read(path)) || {}
  end

  # name => {"address" => …, "groups" => […]}; a host may stand in several groups, with its variables in any of them
  def self.collect(groups, found = {})
    (groups || {}).each do |group, contents|
      contents ||= {}
      (contents["hosts"] || {}).each do |name, variables|
        host = (found[name] ||= { "address" => nil, "groups" => [] })
        host["groups"] << group
        host["address"] ||= (variables || {})["ansible_host"]
      end
      collect(contents["children"], found)
    end
    found
  end

  def self.size(groups, sizes)
    known = groups.map { |group| sizes[group] }.compact
    { memory: known.map { |size| size["memory"] }.max, cpus: known.map { |size| size["cpus"] }.max }
  end

  # The hosts of an inventory directory, in its order.
  def self.hosts(inventory)
    path = File.join(inventory, "hosts.yml")
    File.file?(path) || fail("#{path} is not there: set BAREHOST_INVENTORY to a directory under inventories/")
    sizes = yaml(File.join(DIRECTORY, "sizes.yml"))
    collect(yaml(path)).map do |name, host|
      size = size(host["groups"], sizes)
      host["address"] || fail("#{path}: #{name} has no ansible_host; give it the address of its virtual machine")
      size[:memory] || fail("#{path}: #{name} is in none of the groups #{sizes.keys.join(', ')} that vagrant/sizes.yml knows")
      Host.new(name: name, address: host["address"], **size)
    end
  end

  # {"url" => …, "sha256" => … or nil} for an EL release and a provider
  def self.box(release, provider)
    boxes = yaml(File.join(DIRECTORY, "boxes.yml"))
    boxes.key?(release) || fail("BAREHOST_EL=#{release} is none of #{boxes.keys.join(', ')} in vagrant/boxes.yml")
    box = boxes[release][provider] || fail("vagrant/boxes.yml has no box of EL #{release} for #{provider}")
    box.merge("sha256" => ENV["BAREHOST_BOX_SHA256"] || box["sha256"])
  end
end
