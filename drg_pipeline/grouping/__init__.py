"""Grouping schemes: folders of plain tables that say which case belongs to which group.

`scheme.py` finds, reads and fills schemes, `scheme_import.py` takes a folder in; `scheme_head.py`,
`scheme_table.py` and `scheme_checks.py` hold what a folder has to fulfil. How a case is grouped is
arithmetic and does not stand here.
"""
