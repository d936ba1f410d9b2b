/*---
describe: >-
  Each of them among the versions of its claim; how often it came is no check that refuses it.
---*/
select distinct
    setl_id,
    dcla_time,
    1 as copies_in_delivery,
    false as is_foreign,
    is_after_upload
from claims.twin_version
