"""Pages and pictures for people: they set what SQL computed and compute nothing.

A figure that a picture shows is a value that a query returned; only places on the paper are worked out here.
"""
