"""Stats: counts who sends and who watches.

Owns the figures in Redis. Hears facts of encoders, origins and packagers, by one durable consumer. Says
nothing on the bus. Decides nothing about a broadcast: to lose Redis, or all of stats, costs counts.
"""
