"""Great Expectations as the judge of quality rules.

A rule is a flag column that SQL computed, true where a row fails it; the catalogue (policy) says what the
rule is called and how severe it is. Nothing here computes a rule.
"""
