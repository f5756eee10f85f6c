"""The benchmark: `python -m tests.bench`, or `make bench`. docs/performance.md says how to read it.

What belongs here: measurements of the whole system from outside, with public tools, beside its peers in the same run.
What does not: assertions on time, which no test makes.
"""
