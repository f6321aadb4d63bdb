"""Checks of arguments, images as arrays, files that are whole: what everything else stands on."""
