"""The machinery of the pipeline: it knows no table and no law by name.

Law is data (`data/policy`), arithmetic is SQL (`dbt_like_sql`); what lives here reads both,
runs the one over the other and publishes what passed.
"""
