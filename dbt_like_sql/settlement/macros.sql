-- Formulas of the settlement, for its tables, the clearing's and the account of a claim.

-- The published value of a point: what fee and budget leave for points, (F - U + B) / P; null without points.
create or replace macro point_value_of(fee, fund, budget, points) as
    quotient_6((cents(fee) - cents(fund) + cents(budget)) * 100, tenthousandths(points));
