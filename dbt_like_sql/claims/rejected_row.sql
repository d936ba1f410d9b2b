/*---
describe: Every record that could not be read or typed, with the place where it stands. Never dropped, never guessed.
grain: [month, file, line]
partition: month
nullable: [raw]
law: [JY-31, SD-14, GD-7]
---*/
select
    folder_month as month,
    file,
    line,
    column_name,
    raw,
    reason
from landing.rejected_row
