-- Exact arithmetic shared by all models. DuckDB divides decimals as doubles, so quotients are taken
-- on whole numbers: money as cents, points and coefficients as ten-thousandths.

-- Whole cents of an amount in yuan. What stands before the point and what behind it are taken apart: so all stays
-- within 64 bits over the whole range of the type. DuckDB divides 128 bits bit by bit, thirty times as slowly.
create or replace macro cents(amount) as
    cast(trunc(cast(amount as decimal(18, 2))) as hugeint) * 100
    + cast((cast(amount as decimal(18, 2)) - trunc(cast(amount as decimal(18, 2)))) * cast(100 as decimal(3, 0)) as bigint);

-- Whole ten-thousandths of points, base points, coefficients, weights and shares, in the same way.
create or replace macro tenthousandths(value) as
    cast(trunc(cast(value as decimal(18, 4))) as hugeint) * 10000
    + cast((cast(value as decimal(18, 4)) - trunc(cast(value as decimal(18, 4)))) * cast(10000 as decimal(5, 0)) as bigint);

-- Whole millionths of rates and factors.
create or replace macro millionths(value) as
    cast(cast(value as decimal(32, 6)) * cast(1000000 as decimal(7, 0)) as hugeint);

-- numerator / denominator (whole numbers) rounded half up, away from zero, to whole units; null when the
-- denominator is 0. Where three times either fits into 64 bits, the quotient is taken there.
create or replace macro half_up(numerator, denominator) as
    (case when (numerator < 0) <> (denominator < 0) then -1 else 1 end)
    * case
        when denominator = 0 then null
        when numerator between -3000000000000000000 and 3000000000000000000
            and denominator between -3000000000000000000 and 3000000000000000000
            then cast(
                (2 * abs(cast(numerator as bigint)) + abs(cast(denominator as bigint)))
                // (2 * abs(cast(denominator as bigint))) as hugeint
            )
        else (2 * abs(cast(numerator as hugeint)) + abs(cast(denominator as hugeint)))
            // (2 * abs(cast(denominator as hugeint)))
    end;

-- The same quotient as yuan (2 decimals), points (4) and point value or ratio (6).
create or replace macro quotient_2(numerator, denominator) as
    cast(cast(half_up(cast(numerator as hugeint) * 100, denominator) as decimal(38, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 2));
create or replace macro quotient_4(numerator, denominator) as
    cast(cast(half_up(cast(numerator as hugeint) * 10000, denominator) as decimal(38, 0)) * cast(0.0001 as decimal(4, 4)) as decimal(18, 4));
create or replace macro quotient_6(numerator, denominator) as
    cast(cast(half_up(cast(numerator as hugeint) * 1000000, denominator) as decimal(38, 0)) * cast(0.000001 as decimal(6, 6)) as decimal(18, 6));

-- Whole cents over a whole number as yuan.
create or replace macro yuan_quotient(whole_cents, denominator) as
    quotient_2(whole_cents, cast(denominator as hugeint) * 100);

-- Yuan from whole cents.
create or replace macro yuan(whole_cents) as
    cast(cast(whole_cents as decimal(38, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 2));

-- Points from whole ten-thousandths.
create or replace macro from_tenthousandths(whole) as
    cast(cast(whole as decimal(38, 0)) * cast(0.0001 as decimal(4, 4)) as decimal(18, 4));

-- An amount times a rate, rounded half up to the cent; the rate has up to 6 decimals.
create or replace macro yuan_times(amount, rate) as
    cast(round(cast(amount as decimal(20, 2)) * cast(rate as decimal(18, 6)), 2) as decimal(18, 2));

-- Points times the published point value, rounded half up to the cent.
create or replace macro points_value(points, point_value) as
    cast(round(cast(points as decimal(20, 4)) * cast(point_value as decimal(18, 6)), 2) as decimal(18, 2));

-- Largest remainder: the whole cents that a row gets of `total` cents, `weight` of `all_weights` (whole
-- numbers, not negative), before the left-over cents are dealt out by `remainder`.
create or replace macro share_floor(total, weight, all_weights) as
    (cast(total as hugeint) * cast(weight as hugeint)) // cast(all_weights as hugeint);
create or replace macro share_remainder(total, weight, all_weights) as
    (cast(total as hugeint) * cast(weight as hugeint)) % cast(all_weights as hugeint);

-- Type-7 quantile of an ascending list of whole numbers, times 1000000: linear interpolation between ranks,
-- taken on whole numbers. `percent` has up to 4 decimals.
create or replace macro quantile_scaled(ascending, percent) as
    (1000000 - ((array_length(ascending) - 1) * tenthousandths(percent)) % 1000000)
        * cast(ascending[cast(((array_length(ascending) - 1) * tenthousandths(percent)) // 1000000 as bigint) + 1] as hugeint)
    + (((array_length(ascending) - 1) * tenthousandths(percent)) % 1000000)
        * cast(ascending[least(
            cast(((array_length(ascending) - 1) * tenthousandths(percent)) // 1000000 as bigint) + 2,
            array_length(ascending)
        )] as hugeint);

-- Bounds of a trim of whole cents, as numerators over `trim_denominator`: a fee is kept when
-- lower <= cents * denominator <= upper. Methods: none, iqr (low, high times the quartile distance),
-- interval (low, high percentile), multiple (low, high times the mean).
create or replace macro trim_denominator(method, ascending) as
    case method
        when 'none' then cast(1 as hugeint)
        when 'iqr' then cast(10000000000 as hugeint)
        when 'interval' then cast(1000000 as hugeint)
        when 'multiple' then cast(10000 as hugeint) * array_length(ascending)
    end;
create or replace macro trim_lower(method, low, ascending) as
    case method
        when 'none' then cast(ascending[1] as hugeint)
        when 'iqr' then
            10000 * quantile_scaled(ascending, 25)
            - tenthousandths(low) * (quantile_scaled(ascending, 75) - quantile_scaled(ascending, 25))
        when 'interval' then quantile_scaled(ascending, low)
        when 'multiple' then tenthousandths(low) * cast(list_sum(ascending) as hugeint)
    end;
create or replace macro trim_upper(method, high, ascending) as
    case method
        when 'none' then cast(ascending[array_length(ascending)] as hugeint)
        when 'iqr' then
            10000 * quantile_scaled(ascending, 75)
            + tenthousandths(high) * (quantile_scaled(ascending, 75) - quantile_scaled(ascending, 25))
        when 'interval' then quantile_scaled(ascending, high)
        when 'multiple' then tenthousandths(high) * cast(list_sum(ascending) as hugeint)
    end;

-- Twice the median of an ascending list of whole numbers (a whole number again).
create or replace macro twice_median(ascending) as
    cast(ascending[(array_length(ascending) + 1) // 2] as hugeint) + cast(ascending[(array_length(ascending) + 2) // 2] as hugeint);

-- Whether left < right * limit^2 in whole numbers, `limit` with 4 decimals. The product is split at 10^8, so that
-- figures of 36 digits do not overflow.
create or replace macro below_squared_limit(left_side, right_side, cv_limit) as
    least(
        greatest(
            left_side - (right_side // 100000000) * (tenthousandths(cv_limit) * tenthousandths(cv_limit)),
            cast(-1 as hugeint)
        ),
        tenthousandths(cv_limit) * tenthousandths(cv_limit) + 1
    ) * 100000000
    < (right_side % 100000000) * (tenthousandths(cv_limit) * tenthousandths(cv_limit));

-- Whether the sample coefficient of variation is below `cv_limit`, from count, sum and sum of squares of whole
-- cents: n (n q - s^2) < limit^2 (n - 1) s^2, without a root and without a division. One case has no deviation
-- and is not below.
create or replace macro cv_below(n, total, squares, cv_limit) as
    case
        when n < 2 then false
        else below_squared_limit(
            cast(n as hugeint) * (cast(n as hugeint) * cast(squares as hugeint) - cast(total as hugeint) * cast(total as hugeint)),
            (cast(n as hugeint) - 1) * cast(total as hugeint) * cast(total as hugeint),
            cv_limit
        )
    end;

-- Bit texts, one bit a place; the first place is 1.
create or replace macro no_bits(places) as cast(repeat('0', places) as bit);
create or replace macro all_bits(places) as cast(repeat('1', places) as bit);
create or replace macro one_bit(places, place) as set_bit(cast(repeat('0', places) as bit), cast(place - 1 as integer), 1);
create or replace macro bit_at(bits, place) as get_bit(bits, cast(place - 1 as integer)) = 1;
-- The places that are 1, in order.
create or replace macro bits_set(bits) as list_filter(range(1, bit_length(bits) + 1), lambda place: bit_at(bits, place));

-- The band of a number: how many of the ascending bounds it reaches; -1 without a number, 0 where nothing is asked.
create or replace macro band(bounds, number) as
    case
        when bounds is null then 0
        when number is null then -1
        else len(list_filter(bounds, lambda bound: bound <= number))
    end;
-- Bands from one up to before another; without an end, all that follow.
create or replace macro in_bands(band_no, first_band, band_after) as
    band_no >= first_band and (band_after is null or band_no < band_after);
-- The place of a text among those that are asked for; 0 for any other and for none.
create or replace macro entry_place(entries, entry) as coalesce(list_position(entries, entry), 0);

-- A new-born's weight is asked for up to the 28th day of life: the layout of schemes says so for all of them.
create or replace macro newborn_days() as 28;

-- The day after a year up to which its claims count, from the law's month and day of it (01-31).
create or replace macro cut_off_of(settled_year, month_and_day) as make_date(
    settled_year + 1,
    cast(split_part(month_and_day, '-', 1) as integer),
    cast(split_part(month_and_day, '-', 2) as integer)
);
