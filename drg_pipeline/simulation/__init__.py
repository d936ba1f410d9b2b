"""Trying out: the same months or year under a changed law or changed reference files, beside what stands.

Everything is computed in lakes of links that are thrown away; nothing of the region's own lake is written.
Which tables are compared is data (`data/interface/simulate.yml`), the arithmetic is the models'.
"""
