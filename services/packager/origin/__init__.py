"""The origin: HLS and LL-HLS over HTTP, out of the CMAF log and the store.

Owns connections of viewers. Hears ticks, and `playback` for what an id means. Says who watched. Writes no media and
keeps no state that the log does not have: any number of origins answer with the same bytes.
"""
