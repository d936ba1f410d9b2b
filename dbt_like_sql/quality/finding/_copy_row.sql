/*---
describe: Files in which another delivery of the same version says something else.
---*/
select setl_id, dcla_time, list_sort(list_distinct(flatten(list(string_split(differing_files, ', '))))) as files
from claims.repeated_version
where differing_files is not null
group by setl_id, dcla_time
