-- Formulas of the points of a case, used by the tables and by the account of a claim. Base points and coefficients
-- are whole ten-thousandths (units), fees whole cents; each formula is rounded once, at its end.

-- The coefficient of a hospital for a group: the level's with the hospital's uplifts, times the institution's own; a
-- basic group has neither of the two. The share of Chinese medicine raises any of them.
create or replace macro units_of_coefficient(level_units, is_basic, uplift, institution, share_uplift) as
    half_up(
        case
            when is_basic then level_units * 10000
            else (level_units + tenthousandths(coalesce(uplift, 0))) * tenthousandths(coalesce(institution, 1))
        end * (10000 + tenthousandths(coalesce(share_uplift, 0))),
        100000000
    );

-- DuckDB divides decimals as doubles: a fee times this factor is compared with the limits, and nothing is divided.
create or replace macro factor_of_fee(mean_denominator) as cast(mean_denominator as hugeint) * 10000;
-- A multiple or a share of the level mean, times the same factor.
create or replace macro limit_of_band(multiple, mean_numerator) as
    tenthousandths(multiple) * cast(mean_numerator as hugeint);
-- Strictly above the one limit, at or below the other.
create or replace macro is_above_high(compared_fee, high_limit) as compared_fee > high_limit;
create or replace macro is_within_low(compared_fee, low_limit) as compared_fee <= low_limit;

-- The fee over the mean fee of all retained cases, times the unit of points. The weight is what all cases of a month
-- share of it.
create or replace macro weight_of_fee(all_n, unit_scale) as cast(all_n as hugeint) * unit_scale;
create or replace macro points_of_fee(fee_cents, fee_weight, all_cents) as quotient_4(fee_cents * fee_weight, all_cents);

-- b c
create or replace macro points_of_normal(base_units, coefficient_units) as
    from_tenthousandths(half_up(base_units * coefficient_units, 10000));

-- b c + (f / M - k) b c, over one denominator. The ten-thousandths that are wanted cancel against it, so that a
-- large case of a large group stays within 38 digits.
create or replace macro points_of_high(base_units, coefficient_units, compared_fee, high_limit, mean_numerator) as
    from_tenthousandths(half_up(
        base_units * coefficient_units * (compared_fee + 10000 * mean_numerator - high_limit),
        mean_numerator * cast(100000000 as hugeint)
    ));

-- The points of the fee, at most the base point.
create or replace macro points_of_low(fee_points, base_point) as least(fee_points, base_point);

-- Whether a part is more than a share of the whole; of a whole that is nothing or less it never is.
create or replace macro is_above_share(part, whole, share) as
    cents(whole) > 0 and cents(part) * 10000 > tenthousandths(share) * cents(whole);

-- The points of a day, as often as the stay has days.
create or replace macro points_of_days(day_units, days) as from_tenthousandths(day_units * cast(days as hugeint));
