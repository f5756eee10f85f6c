"""The packager: reads the media log, writes the CMAF log.

Owns the program of each broadcast it carries. Hears `onair` and `playback`. Says ticks, segments and facts about the
program. Never talks to encoders or viewers; the origin, in the same folder, is a program of its own.
"""
