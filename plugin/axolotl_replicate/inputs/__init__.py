"""Replicate's training inputs as Axolotl configuration."""
