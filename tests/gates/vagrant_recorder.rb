# SPDX-License-Identifier: GPL-3.0-or-later
# frozen_string_literal: true

# usage: ruby vagrant_recorder.rb VAGRANTFILE [VAGRANT ARGUMENT…]
# Evaluates a Vagrantfile and prints, as JSON, what it sets: stands in for Vagrant's configuration objects, and for nothing else.

require "json"

# Remembers assignments, calls with arguments, and what blocks set.
class Recorder
  def initialize
    @settings = {}
    @calls = []
    @children = {}
  end

  def method_missing(name, *arguments, **options)
    if name.end_with?("=")
      @settings[name.to_s.chomp("=")] = arguments.first
    elsif arguments.empty? && options.empty?
      @children[name.to_s] ||= Recorder.new
    else
      call = { "name" => name.to_s, "arguments" => arguments, "options" => options }
      if block_given?
        child = Recorder.new
        # the second is where Vagrant lets a provider's block override other settings
        yield child, Recorder.new
        call["block"] = child
      end
      @calls << call
    end
  end

  def respond_to_missing?(*)
    true
  end

  def to_h
    { "settings" => @settings, "calls" => @calls.map { |call| plain(call) }, "children" => @children.transform_values(&:to_h) }
  end

  private

  def plain(call)
    call.key?("block") ? call.merge("block" => call["block"].to_h) : call
  end
end

# What a Vagrantfile calls: no plugin is there, and its configuration is recorded.
module Vagrant
  def self.has_plugin?(_name)
    false
  end

  def self.configure(_version)
    recorder = Recorder.new
    yield recorder
    puts JSON.pretty_generate(recorder.to_h)
  end
end

load File.expand_path(ARGV.shift)
