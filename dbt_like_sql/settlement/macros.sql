-- Formulas of a month's and of a year's settlement, used by the tables and by the account of a claim. Amounts are yuan.

-- What may be distributed of a year's budget, without the reserve.
create or replace macro distributable_of(amount, reserve_ratio) as
    yuan_times(amount, cast(1 as decimal(18, 6)) - reserve_ratio);

-- What a month spends: its allocation and what the month before left, without what it leaves itself.
create or replace macro budget_used_of(allocation, carry_in, carry_out) as
    cast(allocation + carry_in - carry_out as decimal(18, 2));

-- (F - U + B) / P, to six decimals; null without points.
create or replace macro point_value_of(fee, fund, budget, points) as
    quotient_6((cents(fee) - cents(fund) + cents(budget)) * 100, tenthousandths(points));

-- What a hospital is settled on the sum of its cases: points at the point value, less what patients and other payers
-- bore. Null where there are points and no point value.
create or replace macro settlement_of(points, point_value, fee, fund) as
    cast(case
        when point_value is not null then points_value(points, point_value) - (fee - fund)
        when points = 0 then 0
    end as decimal(18, 2));

-- A single case, for reading: its points at the point value, what of it the fund owes, what it differs from its fee.
create or replace macro standard_of(points, point_value) as points_value(points, coalesce(point_value, 0));
create or replace macro fund_due_of(points, point_value, fee, fund) as
    cast(points_value(points, coalesce(point_value, 0)) - (fee - fund) as decimal(18, 2));
create or replace macro difference_of(points, point_value, fee) as
    cast(points_value(points, coalesce(point_value, 0)) - fee as decimal(18, 2));

-- What is held back of a settlement; nothing of one that is owed by the hospital.
create or replace macro deposit_of(settlement, deposit_rate) as
    case
        when settlement > 0 then yuan_times(settlement, deposit_rate)
        when settlement <= 0 then cast(0 as decimal(18, 2))
    end;

create or replace macro payable_of(settlement, deposit, deduction) as
    cast(settlement - deposit - deduction as decimal(18, 2));
