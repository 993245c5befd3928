"""The demonstration: sample coverages, told through the newsroom's verbs as an editor would."""

from livefeed.demo.player import Player, Tickets, admit
from livefeed.demo.story import Story, read_coming, read_stories

__all__ = ["Player", "Story", "Tickets", "admit", "read_coming", "read_stories"]
