/*---
describe: Every file taken in, with its counts; its records are the accepted and the rejected ones together.
grain: [month, delivery, file]
partition: month
nullable: [encoding, note]
checks:
  - id: records_reconcile
    expect: records = accepted + rejected
    describe: The records of a file are its accepted and rejected ones together.
law: [JY-31, SD-14, GD-7]
---*/
select
    folder_month as month,
    delivery,
    file,
    encoding,
    sha256,
    bytes,
    physical_lines,
    blank_lines,
    records,
    accepted,
    rejected,
    odd_field_count,
    note
from landing.file
