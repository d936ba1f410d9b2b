/*---
describe: The settlement list of each claim version, as uploaded.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [mdtrt_id, fixmedins_code, fixmedins_name, psn_no, gend, brdy, age, nwb_age, nwb_adm_wt, insutype, insuplc, adm_time, dscg_time, setl_end_date, act_ipt_days, dscg_way, dscg_caty, ipt_med_type, hi_paymtd, psn_selfpay, psn_ownpay, acct_pay, psn_cashpay]
reads:
  landing.setlinfo: {deliveries_of: claims.version_index}
---*/
select
    i.settlement_month as month,
    l.setl_id,
    l.dcla_time,
    l.mdtrt_id,
    l.fixmedins_code,
    l.fixmedins_name,
    l.psn_no,
    l.gend,
    l.brdy,
    l.age,
    l.nwb_age,
    l.nwb_adm_wt,
    l.insutype,
    l.insuplc,
    l.adm_time,
    l.dscg_time,
    l.setl_end_date,
    l.act_ipt_days,
    l.dscg_way,
    l.dscg_caty,
    l.ipt_med_type,
    l.hi_paymtd,
    l.medfee_sumamt,
    l.psn_selfpay,
    l.psn_ownpay,
    l.acct_pay,
    l.psn_cashpay,
    l.line,
    l.fields_found,
    l.fields_expected
from claims.version_index as i
inner join landing.setlinfo as l
    on l.setl_id = i.setl_id and l.dcla_time = i.dcla_time and l.delivery = i.delivery and i.line = l.line
