-- Every chance is a hash of the seed, the claim and what it is drawn for, so that neither threads nor
-- the order of months can change it.
create or replace macro draw(i, what) as hash(hash(i, what), getvariable('seed'));
create or replace macro chance(i, what) as (draw(i, what) >> 12)::double / 4503599627370496.0;
create or replace macro below(i, what, n) as (draw(i, what) % n)::integer;
create or replace macro within(i, what, span) as (span.low + below(i, what, span.high - span.low + 1))::integer;
create or replace macro normal(i, what) as
    sqrt(-2 * ln(greatest(chance(i, what || '/1'), 1e-12))) * cos(2 * pi() * chance(i, what || '/2'));
create or replace macro one_of(i, what, choices) as list_extract(choices, 1 + below(i, what, len(choices)));

-- The n-th working day strictly after a day; n = 0 is the day itself.
create or replace macro working_day_after(d, n) as case
    when n = 0 then d
    else list_extract(
        getvariable('workdays'),
        list_extract(getvariable('workday_number'), date_diff('day', getvariable('calendar_first'), d) + 1) + n
    )
end;

create or replace macro settling_days(i) as if(
    chance(i, 'settled late') < getvariable('stay').settled_late,
    within(i, 'settling', getvariable('stay').settled_late_days),
    0
);

-- Some doctors of a ward bend what they bill, the others never do.
create or replace macro inclined(i, hospital, ward) as
    chance(hash(hospital, ward, below(i, 'doctor', getvariable('habits').doctors)), 'inclined') < getvariable('habits').inclined;

-- One cell of some claims is written in another way, which means the same.
create or replace macro spelling(i) as case
    when chance(i, 'space') < getvariable('spellings').space then 'space'
    when chance(i, 'full width') < getvariable('spellings').full_width then 'full_width'
    when chance(i, 'apostrophe') < getvariable('spellings').apostrophe then 'apostrophe'
    when chance(i, 'point zero') < getvariable('spellings').point_zero then 'point_zero'
    when chance(i, 'small letter') < getvariable('spellings').small_letter then 'small_letter'
end;
create or replace macro spelt_column(i) as one_of(i, 'spelt column', case spelling(i)
    when 'space' then ['insuplc', 'fixmedins_code', 'fund_pay_type', 'drg_code']
    when 'full_width' then ['insuplc', 'fund_pay_type', 'drg_code']
    when 'apostrophe' then ['setl_id', 'psn_no', 'insuplc']
    when 'point_zero' then ['gend', 'insutype', 'insuplc', 'hi_paymtd']
    when 'small_letter' then ['fixmedins_code', 'drg_code']
end);
create or replace macro spelt(i, column_name, meant) as case
    when spelling(i) is null or spelt_column(i) <> column_name then meant
    else case spelling(i)
        when 'space' then meant || ' '
        when 'full_width' then translate(
            meant, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ'
        )
        when 'apostrophe' then '''' || meant
        when 'point_zero' then meant || '.0'
        when 'small_letter' then lower(meant)
    end
end;

create or replace macro yuan(cents) as
    if(cents < 0, '-', '') || (abs(cents) // 100)::varchar || '.' || lpad((abs(cents) % 100)::varchar, 2, '0');
create or replace macro moment(d, seconds) as d::timestamp + to_seconds(seconds);
