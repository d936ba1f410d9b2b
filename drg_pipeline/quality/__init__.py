"""Great Expectations as the judge of quality rules.

A rule is a column that SQL computed, of three states: true where a row fails it, false where it passes, null
where it does not apply. The catalogue (policy) says what the rule is called and how severe it is. Nothing
here computes a rule.
"""
