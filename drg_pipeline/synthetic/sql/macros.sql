-- Every chance is a hash of the seed, the claim and what it is drawn for, so that neither threads nor
-- the order of months can change it.
create or replace macro draw(i, what) as hash(hash(i, what), getvariable('seed'));
create or replace macro chance(i, what) as (draw(i, what) >> 12)::double / 4503599627370496.0;
create or replace macro below(i, what, n) as (draw(i, what) % n)::integer;
create or replace macro normal(i, what) as
    sqrt(-2 * ln(greatest(chance(i, what || '/1'), 1e-12))) * cos(2 * pi() * chance(i, what || '/2'));

-- The n-th working day strictly after a day; n = 0 is the day itself.
create or replace macro working_day_after(d, n) as case
    when n = 0 then d
    else list_extract(
        getvariable('workdays'),
        list_extract(getvariable('workday_number'), date_diff('day', getvariable('calendar_first'), d) + 1) + n
    )
end;

create or replace macro own_settled(i) as
    getvariable('month_first') + below(i, 'settled', getvariable('month_days'));
create or replace macro settling_days(i) as greatest(below(i, 'settling', 20) - 16, 0);
create or replace macro own_discharge(i) as own_settled(i) - settling_days(i);

create or replace macro yuan(cents) as
    (cents // 100)::varchar || '.' || lpad((cents % 100)::varchar, 2, '0');
create or replace macro moment(d, seconds) as d::timestamp + to_seconds(seconds);
