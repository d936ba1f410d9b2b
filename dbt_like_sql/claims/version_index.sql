/*---
describe: >-
  Every version of every claim that has arrived, with the version that follows it. Each as-of choice goes
  through this table. Of the same version delivered twice the last delivery (by name) and, within it, the
  last row stands. A version of another hospital or person than the claim's is foreign: it is no version of the
  claim, and no choice sees it.
grain: [setl_id, dcla_time]
partition: none
slice: {month: settlement_month, key: setl_id}
nullable: [next_dcla_time, dscg_on, deadline_from]
law: [JY-31-1, SD-13, GD-7]
---*/
with ranked as (
    select
        setl_id,
        dcla_time,
        delivery,
        line,
        folder_month,
        fixmedins_code,
        psn_no,
        cast(dscg_time as date) as dscg_on,
        setl_end_date,
        row_number() over (partition by setl_id, dcla_time order by delivery desc, line desc) as recency,
        -- Peers of a delivery. All windows of a step have one order, so that its rows are sorted once.
        count(*) over (
            partition by setl_id, dcla_time order by delivery desc range between current row and current row
        ) as copies_in_delivery
    from landing.setlinfo
),

-- By month folder: the days that a settlement date may lie after its upload.
bound as (
    select folder_month, settlement_after_upload_days as days from law_of_folder
),

-- Whose claim it is has to be asked only where versions name several hospitals or persons.
contested as materialized (
    select setl_id, dcla_time, fixmedins_code, psn_no
    from ranked
    where recency = 1
        and setl_id in (
            select setl_id
            from landing.setlinfo
            group by setl_id
            having min(fixmedins_code) <> max(fixmedins_code) or min(psn_no) <> max(psn_no)
        )
),

-- The first version that names either; what it leaves empty is filled by the first one that does not contradict it.
begun as (
    select
        setl_id,
        arg_min({'hospital': fixmedins_code, 'person': psn_no}, dcla_time) as named
    from contested
    where fixmedins_code is not null or psn_no is not null
    group by setl_id
),

holder as (
    select
        c.setl_id,
        coalesce(
            any_value(b.named.hospital),
            arg_min(c.fixmedins_code, c.dcla_time) filter (where c.psn_no is null or c.psn_no = b.named.person)
        ) as hospital,
        coalesce(
            any_value(b.named.person),
            arg_min(c.psn_no, c.dcla_time) filter (where c.fixmedins_code is null or c.fixmedins_code = b.named.hospital)
        ) as person
    from contested as c
    inner join begun as b on b.setl_id = c.setl_id
    group by c.setl_id
),

foreign_version as (
    select c.setl_id, c.dcla_time
    from contested as c
    inner join holder as h on h.setl_id = c.setl_id
    where c.fixmedins_code <> h.hospital or c.psn_no <> h.person
),

standing as (
    select
        r.setl_id,
        r.dcla_time,
        r.delivery,
        r.line,
        r.copies_in_delivery,
        r.dscg_on,
        case
            when r.setl_end_date is null then false
            else r.setl_end_date > cast(r.dcla_time as date) + b.days
        end as is_after_upload,
        -- A date that cannot be one tells no month: then that of the folder counts, as where there is none.
        coalesce(
            case when r.setl_end_date <= cast(r.dcla_time as date) + b.days then strftime(r.setl_end_date, '%Y-%m') end,
            r.folder_month
        ) as settlement_month,
        x.setl_id is not null as is_foreign
    from ranked as r
    left join bound as b on b.folder_month = r.folder_month
    left join foreign_version as x on x.setl_id = r.setl_id and x.dcla_time = r.dcla_time
    where r.recency = 1
)

select
    setl_id,
    dcla_time,
    delivery,
    line,
    copies_in_delivery,
    settlement_month,
    is_after_upload,
    is_foreign,
    dscg_on,
    cast(dcla_time as date) as uploaded_on,
    case when not is_foreign
        then lead(dcla_time) over (partition by setl_id, is_foreign order by dcla_time)
    end as next_dcla_time,
    first_value(dcla_time) over (partition by setl_id, is_foreign order by dcla_time) as first_dcla_time,
    -- The discharge date that sets the deadline: that of the earliest version which has one not after its upload.
    case when not is_foreign
        then first_value(case when dscg_on <= cast(dcla_time as date) then dscg_on end ignore nulls) over (
            partition by setl_id, is_foreign order by dcla_time
            rows between unbounded preceding and unbounded following
        )
    end as deadline_from
from standing
