-- What hospitals know of a group in this month's year: its mean at each level and the multiple that makes a case high.
-- Both come from the fees of the years before, or from what is expected where there are none.
insert into known_mean
with now as (
    select year(first) as year from this_month
),
past as (
    select h.number, h.level, sum(h.n) as n, sum(h.cents) as cents
    from fee_history as h
    inner join now as n on h.year between n.year - getvariable('habits').years and n.year - 1
    group by h.number, h.level
),
expected as (
    select
        g.number,
        l.level,
        100 * exp(
            g.ln_cost + g.sigma ** 2 / 2
            + ln(1 + getvariable('yearly_growth')) * (n.year - getvariable('last_year'))
        ) as mean,
        mean * l.cost as level_mean
    from demo_group as g
    cross join level_cost as l
    cross join now as n
),
of_group as (
    select e.number, coalesce(sum(p.cents) / sum(p.n), any_value(e.mean)) as mean
    from expected as e
    left join past as p on p.number = e.number and p.level = e.level
    group by e.number
),
overall as (
    select coalesce(sum(cents) / sum(n), 100 * getvariable('expected_fee')) as mean from past
)
select
    e.number,
    e.level,
    coalesce(p.cents / p.n, e.level_mean) as level_mean,
    list_max(list_transform(
        list_filter(getvariable('habits').high, lambda h: h.base_point_above = 0 or g.mean * 100 > h.base_point_above * o.mean),
        lambda h: {'above': h.base_point_above, 'multiple': h.multiple}
    )).multiple as multiple
from expected as e
inner join of_group as g on g.number = e.number
cross join overall as o
left join past as p on p.number = e.number and p.level = e.level;
