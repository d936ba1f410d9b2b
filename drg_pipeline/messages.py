"""What the command line says, in both languages: one entry a sentence or heading.

Only words stand here. Errors speak for themselves (`errors.py`), names of pools, hospitals and ledger lines
come from the law and the reference files, and headings of result tables from `data/interface`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

LANGUAGES = ("en", "zh")

# key: (English, Chinese)
_TEXTS: dict[str, tuple[str, str]] = {
    # how it ended
    "error.stopped": ("", "未完成："),
    "error.wrong_use": ("", "用法有误："),
    "error.usage": ("Wrong use: {what}", "用法有误：{what}"),
    "error.help": ("{command} --help says what it takes.", "用法见：{command} --help"),
    "error.file": ("{where}: {what}.", "{where}：{what}。"),
    "error.file_state": (
        "What was published before stands as it was.",
        "此前已发布的数据保持不变。",
    ),
    "error.unexpected": (
        "Unexpected: {what}. What was published before stands as it was. "
        "This is a fault of the program: set DRG_DEBUG=1 and run again to see where.",
        "意外错误：{what}。此前已发布的数据保持不变。这是程序的错误：设 DRG_DEBUG=1 后重新运行可见出错位置。",
    ),
    "interrupted": (
        "Interrupted. What was published stands, whole and checked; nothing half-written is ever read. "
        "The same command goes on where this one stopped.",
        "已中断。已发布的数据完整有效，未写完的文件不会被读取。重新运行同一命令即可继续。",
    ),
    # steps
    "step.take_in": ("deliveries, reference files and calendar", "接收上传批次、基础资料与工作日历"),
    "step.history": ("history {span}", "历史月份 {span}"),
    "step.calibration": ("calibration {span}", "基准点数测算 {span}"),
    "step.months": ("months {span}", "月度预结算 {span}"),
    "step.clearing": ("clearing {span}", "年度清算 {span}"),
    "step.done": ("{step}: {tables} tables, {seconds:.1f} s", "{step}：{tables} 张表，{seconds:.1f} 秒"),
    "step.brought": ("{step}: {seconds:.1f} s", "{step}：{seconds:.1f} 秒"),
    "step.stopped": ("{step}: stopped after {tables} tables", "{step}：完成 {tables} 张表后停止"),
    "step.table": (
        "  {table}: {partitions} partitions, {rows:,} rows",
        "  {table}：{partitions} 个分区，{rows:,} 行",
    ),
    "intake.none": ("  nothing new to take in", "  没有新的上传批次"),
    "intake.sum": (
        "  {deliveries} new deliveries: {accepted:,} records taken in, {rejected:,} rejected",
        "  新接收 {deliveries} 个批次：入库 {accepted:,} 条，拒收 {rejected:,} 条",
    ),
    "intake.rejected": (
        "  {label}: {rejected:,} of {records:,} records rejected",
        "  {label}：{records:,} 条中拒收 {rejected:,} 条",
    ),
    "intake.see": (
        '  See why: drg sql "{query}" with the same --region and --lake',
        '  原因见：drg sql "{query}"（同样的 --region 和 --lake）',
    ),
    "intake.notes": (
        "  notes on the inbox and the reference files: {count} (-v shows them)",
        "  收件目录与基础资料另有 {count} 条说明，加 -v 可见",
    ),
    "done": (
        "Done in {seconds:.0f} s: {steps} steps. The tables are in {lake}.",
        "完成，用时 {seconds:.0f} 秒，共 {steps} 步。数据表在 {lake}。",
    ),
    "through": ("{table}: {partitions} months, {rows:,} rows", "{table}：{partitions} 个月，{rows:,} 行"),
    # what holds of the results
    "law.mark": (
        "{mark} (retrospective demonstration): {span} is worked under today's law ({reason}).",
        "{mark}：{span} 按现行办法演示（{reason}）。",
    ),
    "law.stale": (
        "Provisional for {span}: nobody has confirmed {count} parameters up to its end (earliest {day}). "
        "Look for newer texts, then extend confirmed_until.",
        "{span} 的结果为暂定：{count} 个参数未确认至期末（最早到 {day}）。"
        "请查有无新文件，再延长 confirmed_until。",
    ),
    "table.more": ("… and {count} more rows", "……另有 {count} 行"),
    "proof.holds": (
        "{what}: holds for all {checked}, to the cent.",
        "{what}：{checked}全部成立，分毫不差。",
    ),
    "proof.broken": (
        "{what}: broken in {broken} of {checked}.",
        "{what}：{checked}中有 {broken} 项不成立。",
    ),
    # demo
    "demo.made_up": (
        "A made-up region: {claims:,} claims of {hospitals} made-up hospitals, {first} … {last}. "
        "No figure above is a real person's or hospital's.",
        "以上为虚构地区：{hospitals} 家虚构医院，{first} 至 {last} 共 {claims:,} 份结算清单，"
        "不涉及任何真实个人或医院。",
    ),
    "demo.there": (
        "The deliveries are there already: {inbox}",
        "上传批次已存在：{inbox}",
    ),
    "demo.next": ("What to open next:", "接下来可以看："),
    "demo.next_ui": (
        "  {drg} ui        the assets, their law, checks and lineage in the browser",
        "  {drg} ui        在浏览器中查看数据资产、依据条款、校核与血缘",
    ),
    "demo.next_tables": (
        "  {drg} sql --lake {lake}        all tables",
        "  {drg} sql --lake {lake}        全部数据表",
    ),
    "demo.next_law": (
        "  {drg} policy show        the law in force, value by value",
        "  {drg} policy show        逐项查看现行政策参数",
    ),
    # where
    "where.listed": ("Folders of the region {region}", "统筹区 {region} 的目录"),
    "where.kind": ("kind", "类别"),
    "where.place": ("where", "位置"),
    "where.state": ("state", "状态"),
    "where.there": ("there", "有"),
    "where.missing": ("not there yet", "尚无"),
    "where.home": ("home", "主目录"),
    "where.program": ("program", "程序"),
    "where.inbox": ("inbox", "上传批次"),
    "where.reference": ("reference", "基础资料"),
    "where.policy": ("policy", "政策参数"),
    "where.schemes": ("schemes", "分组方案"),
    "where.lake": ("lake", "数据湖"),
    "where.key": ("key", "化名密钥"),
    "where.closings": ("closings", "封存与操作轨迹"),
    "where.move": (
        "{variable} names another home; options and DRG_* variables name single folders.",
        "主目录由 {variable} 指定；单个目录可用选项或 DRG_* 变量指定。",
    ),
    # close, reopen, replay
    "close.closed": (
        "{period} closed ({number}): {tables} tables sealed, {deliveries} deliveries, {size:.1f} MB, "
        "{seconds:.1f} s\n  manifest {digest}",
        "{period} 已封存（第 {number} 次）：{tables} 张结果表，{deliveries} 个批次，{size:.1f} MB，"
        "{seconds:.1f} 秒\n  清单摘要 {digest}",
    ),
    "close.already": (
        "{period} already closed ({number}) on {at}, unchanged\n  manifest {digest}",
        "{period} 已于 {at} 封存（第 {number} 次），未变\n  清单摘要 {digest}",
    ),
    "close.difference": (
        "  what differs from closing {number}: {report}",
        "  与第 {number} 次封存的差异：{report}",
    ),
    "close.restored": (
        "{period}: {count} sealed tables put back into the lake",
        "{period}：已将 {count} 张封存表放回数据湖",
    ),
    "close.reopened": (
        "{period} is open again; closing {number} stays as it is.",
        "{period} 已重新开放，第 {number} 次封存保持不变。",
    ),
    "close.reopened_next": (
        "Next: {drg} {verb} {kind} {span}, look at the result, close again; the closing says what differs.",
        "下一步：{drg} {verb} {kind} {span}，核对结果后再次封存，封存时列明差异。",
    ),
    "replay.identical": (
        "{period} ({number}): identical - {tables} tables, {steps} partitions computed in {seconds:.1f} s",
        "{period}（第 {number} 次）：完全一致，{tables} 张表，重算 {steps} 个分区，{seconds:.1f} 秒",
    ),
    "replay.differs": (
        "{period} ({number}): DIFFERS - manifest {digest}, {steps} partitions computed in {seconds:.1f} s",
        "{period}（第 {number} 次）：不一致，清单摘要 {digest}，重算 {steps} 个分区，{seconds:.1f} 秒",
    ),
    "replay.changed": ("changed since it was sealed: {what}", "封存后被改动：{what}"),
    "replay.stopped": ("could not be computed to the end: {why}", "未能重算完成：{why}"),
    "replay.code": (
        "the program's models are others today for {count} tables: {tables}",
        "现行程序有 {count} 张表的模型与封存时不同：{tables}",
    ),
    "replay.version": ("{name} {then} then, {now} now", "{name}：封存时 {then}，现在 {now}"),
    "replay.not_computed": (
        "{table}: was not computed; likely cause: {causes}",
        "{table}：未能重算；可能原因：{causes}",
    ),
    "replay.table": (
        "{table}: rows only sealed {sealed:,}, only computed {now:,}, differing {differing:,}; "
        "likely cause: {causes}",
        "{table}：仅封存有 {sealed:,} 行，仅重算有 {now:,} 行，不同 {differing:,} 行；可能原因：{causes}",
    ),
    "replay.row": ("row", "行"),
    "replay.column": ("first differing column", "首个不同列"),
    "replay.sealed": ("sealed", "封存值"),
    "replay.computed": ("computed", "重算值"),
    "replay.differ": (
        "{count} of {all} closings do not come out as they were sealed.",
        "{all} 个封存中有 {count} 个重算不一致。",
    ),
    "replay.same": ("identical closings: {count}", "完全一致的封存：{count} 个"),
    # the report of differences, in Chinese
    "difference.title": (
        "{period}: closing {after} against closing {before}",
        "{period} 第 {after} 次封存与第 {before} 次封存的差异",
    ),
    "difference.when": (
        "Closed on {before}, again on {after}. Reason: {reason}",
        "前次封存于 {before}，本次于 {after}。重新开放的理由：{reason}",
    ),
    "difference.causes": ("What has changed underneath", "变动来源"),
    "difference.kind": ("kind", "类别"),
    "difference.what": ("what", "名称"),
    "difference.detail": ("detail", "变动"),
    "difference.value": (
        "{content} from {valid_from}, published {published} ({law})",
        "{content}，{valid_from} 起，{published} 发布（{law}）",
    ),
    "difference.hospitals": ("Hospitals", "医疗机构"),
    "difference.claims": ("Claims", "病例"),
    "difference.total": ("total", "合计"),
    "difference.none": ("No difference.", "无差异。"),
    "difference.claims_of": ("{table}: {count:,} {change}", "{table}：{change} {count:,} 例"),
    "difference.table": ("table", "数据表"),
    "difference.row": ("claim", "病例"),
    "difference.change": ("change", "变动"),
    "difference.values": ("values", "数值"),
    "difference.change.added": ("added", "新增"),
    "difference.change.removed": ("removed", "移出"),
    "difference.change.changed": ("changed", "变更"),
    "difference.more": ("and {count:,} more, see difference.json", "另有 {count:,} 项，见 difference.json"),
    "difference.more_claims": ("and {count:,} more claims, see {file}", "另有 {count:,} 例，见 {file}"),
    "difference.kind.data": ("delivery", "上传批次"),
    "difference.kind.policy": ("law", "政策参数"),
    "difference.kind.scheme": ("grouping scheme", "分组方案"),
    "difference.kind.calendar": ("calendar", "工作日历"),
    "difference.kind.reference": ("reference", "基础资料"),
    "difference.kind.taken": ("settled elsewhere", "其他期间结果"),
    "difference.kind.code": ("model", "计算模型"),
    "difference.kind.closing": ("closing", "封存"),
    # sql
    "sql.tables": ("Tables of {region} in {lake}", "{lake} 中 {region} 的数据表"),
    "sql.none": (
        "No table of {region} is published in {lake} yet.",
        "{lake} 中尚无 {region} 的已发布数据表。",
    ),
    "sql.table": ("table", "数据表"),
    "sql.partitions": ("partitions", "分区"),
    "sql.from": ("from", "起"),
    "sql.to": ("to", "止"),
    "sql.rows": ("rows", "行数"),
    "sql.cut": (
        "rows: the first {count:,}; --limit 0 shows all, --format csv writes them.",
        "仅显示前 {count:,} 行；--limit 0 显示全部，--format csv 输出为文件。",
    ),
    "sql.count": ("rows: {count:,}", "{count:,} 行"),
    "sql.welcome": (
        "Read-only. End a query with ; · tables lists the tables · exit leaves",
        "只读查询，以 ; 结束；tables 列出数据表，exit 退出",
    ),
    "sql.written": ("rows: {count:,}, in {out}", "{count:,} 行，已写入 {out}"),
    "sql.interrupted": ("interrupted", "已中断"),
    # lineage
    "lineage.up": ("What {column} came from", "{column} 的来源"),
    "lineage.down": ("What came of {column}", "{column} 的去向"),
    "lineage.folded": ("see above", "见上文"),
    "lineage.cut": ("more than --depth shows", "超出 --depth，未展开"),
    "lineage.law": ("law", "依据"),
    "lineage.rows_up": (
        "The tree shows the columns whose values enter. Which rows count is decided for each table as a "
        "whole by further columns, whose own origin the tree leaves out (drg lineage shows it for each):",
        "上图只列取值来源。哪些行计入由下列字段按整表决定，其自身来源不在上图内（可逐项再查 drg lineage）：",
    ),
    "lineage.rows_down": (
        "The tree shows where its values go. Besides, it or what came of it decides which rows these tables "
        "have (what follows from that is not in the tree):",
        "上图只列取值去向。此外，该字段及其派生字段还决定下列各表的行（由此产生的后续影响不在上图内）：",
    ),
    "lineage.role.filter": ("rows kept by", "筛选"),
    "lineage.role.join": ("rows matched by", "连接"),
    "lineage.role.group": ("rows put together by", "分组汇总"),
    "lineage.role.rows": ("whole rows of", "取整行"),
    "lineage.clauses": ("Clauses", "依据条款"),
    "lineage.columns": ("Columns", "字段"),
    "lineage.tables": ("Tables", "数据表"),
    "lineage.describe": ("what it is", "说明"),
    "lineage.origin.computed": (
        "no column: a count or a constant of the query itself",
        "无来源字段：计数或固定值",
    ),
    "lineage.origin.delivered": ("delivered file {name}, field {field}", "上传文件 {name} 字段 {field}"),
    "lineage.origin.recorded": ("recorded when a delivery is taken in", "接收批次时登记"),
    "lineage.origin.reference": (
        "reference file {name}.csv, column {field}",
        "基础资料 {name}.csv 列 {field}",
    ),
    "lineage.origin.calendar": (
        "statutory calendar, with the days that {name}.csv adds",
        "法定工作日历，另加 {name}.csv 所列日期",
    ),
    "lineage.origin.scheme": (
        "grouping scheme, file {name}.csv, column {field}",
        "分组方案 {name}.csv 列 {field}",
    ),
    "lineage.origin.law": ("parameter {name} of the law [{law}]", "政策参数 {name} [{law}]"),
    "lineage.origin.period": ("the period that the law is read for", "政策适用期间"),
    "lineage.written": ("{tables} tables drawn in {file}", "已绘制 {tables} 张表：{file}"),
    "lineage.picture_note": (
        "Lines show where values come from. Which rows count is decided for each table by further columns.",
        "连线表示取值来源；哪些行计入由各表的筛选、连接和分组字段另行决定。",
    ),
    "lineage.column": ("column", "字段"),
    "lineage.type": ("type", "类型"),
    "lineage.meaning": ("meaning", "含义"),
    "lineage.entry": ("enters as", "来源"),
    "lineage.table": ("table", "数据表"),
    "lineage.rows": ("which rows count", "行的取舍"),
    # audit
    "audit.unbroken": (
        "Unbroken: {count:,} entries in {file}; {anchors} heads noted by closings and --anchor, all found.",
        "操作轨迹完整：{file} 共 {count:,} 条；封存与 --anchor 记录的核对点 {anchors} 个，全部相符。",
    ),
    "audit.head": (
        "The last entry is {sequence}:{digest} (noted outside, it proves this state later: --anchor).",
        "末条 {sequence}:{digest}（另行记下此值，日后可用 --anchor 核对）。",
    ),
    "audit.torn": (
        "Writers that were stopped in mid-line, set down by the entry after each: {count}.",
        "写入中断的记录 {count} 处，均已由其后一条如实登记。",
    ),
    "audit.empty": ("There is no entry in {folder} yet.", "{folder} 中尚无操作轨迹。"),
    "audit.none": ("No such entry in {folder}.", "{folder} 中没有符合条件的操作轨迹。"),
    "audit.broken": (
        "This trail is not as it was written: drg audit verify says where.",
        "操作轨迹已被改动：位置见 drg audit verify。",
    ),
    "audit.listed": ("The trail {file} (times in UTC)", "操作轨迹 {file}（时间为 UTC）"),
    "audit.sequence": ("entry", "序号"),
    "audit.time": ("time", "时间"),
    "audit.event": ("event", "事项"),
    "audit.period": ("period", "期间"),
    "audit.user": ("user", "操作人"),
    "audit.subject": ("subject", "内容"),
    "audit.reason": ("reason", "理由"),
    "audit.stated": ("as {name}", "自称 {name}"),
    "audit.event.closed": ("closed", "封存"),
    "audit.event.reopened": ("reopened", "重开"),
    "audit.event.replayed": ("replayed", "重演"),
    "audit.event.exported": ("exported", "导出"),
    "audit.event.simulated": ("simulated", "模拟"),
    "audit.event.torn": ("writer was stopped", "写入中断"),
    "audit.event.broken": ("found broken", "发现改动"),
    # explain
    "explain.title": ("Claim {claim}", "病例结算说明 {claim}"),
    "explain.of": ("month {month}, version of {version}", "结算月份 {month}，版本 {version}"),
    "explain.mark": (
        "{mark} (retrospective demonstration): worked under today's law.",
        "{mark}：该月按现行办法演示。",
    ),
    "explain.path": ("Path through the scheme {scheme}: {answer}", "分组方案 {scheme} 的路径：{answer}"),
    "explain.stored": ("≠ stored {stored}", "≠ 已存储 {stored}"),
    "explain.differs": (
        "{count} figures that were computed again are not what is stored.",
        "有 {count} 项重新计算的结果与已存储的数据不一致。",
    ),
    "explain.missing": ("Not computed in this lake", "本数据湖尚未计算"),
    "explain.laws": ("Law cited", "依据条款"),
    "explain.written": ("The page is in {file}.", "说明页已写入 {file}。"),
    # policy
    "policy.pack": ("{title} ({folder})", "{title}（{folder}）"),
    "policy.counts": (
        "  {topics} topics, {parameters} parameters with {values} dated values, {tables} tables",
        "  {topics} 个专题，{parameters} 个参数，{values} 个带日期的取值，{tables} 张表",
    ),
    "policy.instruments": (
        "  {cited} documents cited, {clauses} clauses of theirs: {numbers}",
        "  引用 {cited} 份文件的 {clauses} 个条款：{numbers}",
    ),
    "policy.confirmed": (
        "  confirmed until {day}; past that day a result is provisional",
        "  已确认至 {day}；此后的结果为暂定",
    ),
    "policy.stale": (
        "  STALE on {today}: {count} parameters: {names}. Look for newer texts, then extend confirmed_until.",
        "  {today} 已过确认期：{count} 个参数：{names}。请查有无新文件，再延长 confirmed_until。",
    ),
    "policy.ended": (
        "  PAST ITS END on {day}: {number} {title}. Look for what replaces it.",
        "  已于 {day} 到期：{number} {title}。请查有无替代文件。",
    ),
    "policy.to_confirm": ("  to be confirmed: {number}: {what}", "  待核实：{number}：{what}"),
    "policy.open": (
        "  {count} values in force on {today} are choices that the law leaves open; each says why",
        "  {today} 有 {count} 项取值为办法未定、本地自选，均注明理由",
    ),
    "policy.good": ("The pack can be used.", "政策包可用。"),
    "policy.parameter": ("parameter", "参数"),
    "policy.value": ("value", "取值"),
    "policy.unit": ("unit", "单位"),
    "policy.since": ("in force since", "生效日"),
    "policy.published": ("published", "发布日"),
    "policy.law": ("law", "依据"),
    "policy.document": ("document", "文件"),
    "policy.reason": ("reason", "理由"),
    "policy.in_force": ("in force", "现行"),
    "policy.rows": ("{count} rows", "{count} 行"),
    "policy.empty": ("none", "无"),
    "policy.repealed": ("repealed", "已废止"),
    "policy.yes": ("yes", "是"),
    "policy.listed": ("The law on {on} as known on {known_on}", "{on} 适用、{known_on} 已知的政策参数"),
    "policy.of_month": ("The law of {month}", "{month} 适用的政策参数"),
    "policy.phase": ("In force: on {on}, as known on {known_on}", "现行：{on} 适用、{known_on} 已知"),
    "policy.history": ("{name}: {describe}", "{name}：{describe}"),
    "policy.open_law": (
        "open: left open by the law and chosen here; NAME shows why",
        "open：办法未定、本地自选，加参数名可见理由",
    ),
    "policy.rows_of": ("{name} since {day}", "{name}，{day} 起"),
    # scheme
    "scheme.head": ("{title} ({name}, {folder})", "{title}（{name}，{folder}）"),
    "scheme.from": (
        "  version {version}, issued by {issuer}; digest {digest}",
        "  版本 {version}，发布方 {issuer}；摘要 {digest}",
    ),
    "scheme.what": ("what", "内容"),
    "scheme.count": ("count", "数量"),
    "scheme.count.mdc": ("MDC", "主要诊断大类（MDC）"),
    "scheme.count.adrg": ("ADRG", "核心疾病诊断相关组（ADRG）"),
    "scheme.count.drg": ("DRG", "细分组（DRG）"),
    "scheme.count.fallback_drg": ("ADRG taken as DRG", "以 ADRG 代码入组"),
    "scheme.count.ambiguous_group": ("ambiguous groups", "歧义组（QY）"),
    "scheme.count.code_set": ("code sets", "编码集合"),
    "scheme.count.diagnosis": ("diagnosis codes", "诊断编码"),
    "scheme.count.procedure": ("procedure codes", "手术操作编码"),
    "scheme.count.mcc": ("MCC codes", "MCC 编码"),
    "scheme.count.cc": ("CC codes", "CC 编码"),
    "scheme.note": ("  note: {note}", "  说明：{note}"),
    "scheme.good": ("  can be used", "  可以使用"),
    "scheme.broken": ("{folder}: cannot be used, {count} faults", "{folder}：不能使用，{count} 处错误"),
    "scheme.broken_row": (
        "cannot be used: {count} faults (drg scheme check)",
        "不能使用：{count} 处错误（drg scheme check 可见）",
    ),
    "scheme.left_out": (
        "Not files of the layout, left out: {count}",
        "不属于方案文件，未复制：{count} 项",
    ),
    "scheme.imported": ("Imported as {name}: {folder}", "已导入为 {name}：{folder}"),
    "scheme.replaced": (
        "Imported as {name}, replacing what was there: {folder}",
        "已导入并替换 {name}：{folder}",
    ),
    "scheme.there": (
        "{name} is already there with this content: {folder}",
        "{name} 已存在且内容相同：{folder}",
    ),
    "scheme.none": ("There is no scheme in {folder}.", "{folder} 中没有分组方案。"),
    "scheme.listed": ("Grouping schemes in {folder}", "{folder} 中的分组方案"),
    "scheme.name": ("name", "名称"),
    "scheme.version": ("version", "版本"),
    "scheme.title": ("title", "标题"),
    "scheme.digest": ("digest", "摘要"),
    # group
    "group.by": (
        "Grouped by {title} ({name}, version {version})",
        "分组方案：{title}（{name}，版本 {version}）",
    ),
    "group.status": ("status", "入组状态"),
    "group.cases": ("cases", "病例数"),
    "group.share": ("share", "占比"),
    "group.status.grouped": ("grouped", "入组"),
    "group.status.ambiguous": ("ambiguous", "歧义"),
    "group.status.ungrouped": ("ungrouped", "未入组"),
    "group.status.invalid_input": ("invalid input", "输入无效"),
    "group.speed": (
        "{rows:,} cases in {seconds:.1f} s, {speed:,} a second",
        "共 {rows:,} 例，用时 {seconds:.1f} 秒，每秒 {speed:,} 例",
    ),
    "group.progress": ("{done:,} of {rows:,} cases", "已完成 {done:,} / {rows:,} 例"),
    "group.nothing_expected": (
        "The file has expected columns, and no row says what is expected.",
        "文件有预期结果列，但没有填写任何预期结果。",
    ),
    "group.all_agree": (
        "All {rows:,} cases with an expected answer agree.",
        "{rows:,} 例有预期结果，全部一致。",
    ),
    "group.agreement": (
        "{count:,} of {rows:,} cases with an expected answer differ from it (information, not a fault).",
        "{rows:,} 例有预期结果，其中 {count:,} 例不一致（仅供参考，不视为错误）。",
    ),
    "group.column": ("column", "列"),
    "group.agree": ("agree", "一致"),
    "group.differ": ("differ", "不一致"),
    "group.row": ("row", "行"),
    "group.expected": ("expected", "预期"),
    "group.found": ("found", "实际"),
    "group.first": ("The first cases that differ", "首批不一致病例"),
    "group.absent": (
        "Columns that the file does not have, missing for every case: {names}",
        "文件中没有的列（所有病例均为缺失）：{names}",
    ),
    "group.unread": (
        "Columns of the file that are not looked at: {names}",
        "文件中未使用的列：{names}",
    ),
    "group.written": ("The answers are in {out}.", "结果已写入 {out}。"),
    "group.step.mdc": (
        "MDC gate {name} (alternative {alternative})",
        "MDC 入口 {name}（条件组 {alternative}）",
    ),
    "group.step.adrg": ("ADRG {name} (alternative {alternative})", "ADRG {name}（条件组 {alternative}）"),
    "group.step.drg": ("DRG {name} (alternative {alternative})", "DRG {name}（条件组 {alternative}）"),
    "group.step.complications": ("MCC and CC among the other diagnoses", "其他诊断中的 MCC 与 CC"),
    "group.step.passed": (
        "none of its ADRGs takes the case: on to the next MDC",
        "其下无 ADRG 收入该病例，继续查找下一个 MDC",
    ),
    "group.step.no_gate": ("the gate of no MDC holds", "不满足任何 MDC 的入口条件"),
    "group.step.no_rule": ("DRG {name}: it has no rule and never holds", "DRG {name}：无规则，永不成立"),
    "group.step.retry": (
        "the whole list of procedures finds no group; this one alone does: {code}",
        "按全部手术操作未能入组，单独按此项入组：{code}",
    ),
    "group.step.no_retry": (
        "no further procedure alone finds a group either",
        "逐一按其他手术操作单独分组，仍未能入组",
    ),
    "group.counts": ("{kind} {code}: counts", "{kind} {code}：计入"),
    "group.excluded": (
        "{kind} {code}: excluded by the principal diagnosis (exclusion table {table})",
        "{kind} {code}：因主要诊断被排除（排除表 {table}）",
    ),
    "group.met": ("{what}: {met}", "{what}：{met}"),
    "group.not": ("not: {what}", "非：{what}"),
    "group.none": ("none", "无"),
    "group.missing": ("missing", "缺失"),
    "group.more": ("and {count} more", "另有 {count} 项"),
    "group.predicate.always": ("always", "无附加条件"),
    "group.predicate.principal_diagnosis_in": (
        "principal diagnosis in {criterion}",
        "主要诊断属于 {criterion}",
    ),
    "group.predicate.any_diagnosis_in": ("any diagnosis in {criterion}", "任一诊断属于 {criterion}"),
    "group.predicate.other_diagnosis_in": ("other diagnosis in {criterion}", "其他诊断属于 {criterion}"),
    "group.predicate.principal_procedure_in": (
        "principal procedure in {criterion}",
        "主要手术操作属于 {criterion}",
    ),
    "group.predicate.any_procedure_in": ("any procedure in {criterion}", "任一手术操作属于 {criterion}"),
    "group.predicate.other_procedure_in": ("other procedure in {criterion}", "其他手术操作属于 {criterion}"),
    "group.predicate.any_diagnosis_class_count": (
        "number of classes of the diagnoses, {criterion}",
        "诊断涉及的类别数 {criterion}",
    ),
    "group.predicate.has_mcc": ("has an MCC", "有 MCC"),
    "group.predicate.has_cc": ("has a CC", "有 CC"),
    "group.predicate.age_years": ("age in years in {criterion}", "年龄（岁）属于 {criterion}"),
    "group.predicate.age_days": ("age in days in {criterion}", "日龄属于 {criterion}"),
    "group.predicate.newborn_weight_g": ("weight in grams in {criterion}", "体重（克）属于 {criterion}"),
    "group.predicate.los_days": ("length of stay in days in {criterion}", "住院天数属于 {criterion}"),
    "group.predicate.icu_hours": ("hours in intensive care in {criterion}", "重症监护小时数属于 {criterion}"),
    "group.predicate.sex": ("sex is {criterion}", "性别为 {criterion}"),
    "group.predicate.department": ("department is one of {criterion}", "科室为 {criterion} 之一"),
    "group.predicate.discharge_disposition": (
        "discharge disposition is one of {criterion}",
        "离院方式为 {criterion} 之一",
    ),
    "group.reason.sex is neither 1 nor 2": ("sex is neither 1 nor 2", "性别既非 1 也非 2"),
    "group.reason.age_years is missing": ("age_years is missing", "缺少年龄（岁）"),
    "group.reason.age_days is missing for age_years 0": (
        "age_days is missing for age_years 0",
        "年龄为 0 岁，缺少日龄",
    ),
    "group.reason.newborn_weight_g is missing for a new-born": (
        "newborn_weight_g is missing for a new-born",
        "新生儿缺少体重",
    ),
    # simulate
    "simulate.title": ("Simulation: {region}, {span}", "模拟：{region}，{span}"),
    "simulate.banner": (
        "SIMULATED. This is no settlement: nobody is paid by it, and nothing of the lake was changed.",
        "模拟结果，不是结算：不作拨付依据，原有数据未作任何改动。",
    ),
    "simulate.tried": ("What is tried", "试算内容"),
    "simulate.head.table": ("table", "数据表"),
    "simulate.head.row": ("row", "行"),
    "simulate.head.column": ("column", "项目"),
    "simulate.head.old": ("in force", "现行"),
    "simulate.head.new": ("simulated", "模拟"),
    "simulate.head.periods": ("periods", "期间"),
    "simulate.head.law": ("departs from", "所偏离的依据"),
    "simulate.no_row": ("no row", "无此行"),
    "simulate.open_law": ("open: a choice of our own", "办法未定、本地自选"),
    "simulate.of_files": ("reference file or scheme", "基础资料或分组方案"),
    "simulate.nothing_tried": (
        "Nothing differs from what the lake was computed with.",
        "与原有计算所用的参数和基础资料没有差别。",
    ),
    "simulate.unchanged": (
        "Nothing changes: every figure that is compared is the same.",
        "没有变化：所比较的各项数据全部相同。",
    ),
    "simulate.typed": ("As typed: {typed}", "输入：{typed}"),
    "simulate.caveat": (
        "The lake was not current: {count} partitions would come out differently without any change "
        "({first}). Part of the differences may be theirs: drg run or drg clear brings them up to date.",
        "原有数据不是最新：{count} 个分区即使不作改动也会变化（{first}）。"
        "部分差额可能由此产生；先用 drg run 或 drg clear 更新。",
    ),
    "simulate.base": ("{figure}, in force", "{figure}（现行）"),
    "simulate.simulated": ("{figure}, simulated", "{figure}（模拟）"),
    "simulate.difference": ("{figure} ±", "{figure} 差额"),
    "simulate.change": ("{figure} ± %", "{figure} 变动"),
    "simulate.made": (
        "Made on {day}, from what was published then.",
        "{day} 试算，以当日已发布的数据为基准。",
    ),
    "simulate.versions": (
        "base {base}, arithmetic {code}, law confirmed until {confirmed}",
        "基准数据摘要 {base}，算法摘要 {code}，政策参数已确认至 {confirmed}",
    ),
    "simulate.totals": ("Totals", "总额"),
    "simulate.charts": ("Charts", "图示"),
    "simulate.tables": ("Tables", "明细"),
    "simulate.rows": ("{count:,} rows", "{count:,} 行"),
    "simulate.working": ("simulating", "正在模拟"),
    "simulate.done": (
        "Simulated in {seconds:.1f} s: {tables} tables, {partitions} partitions computed.",
        "模拟完成，用时 {seconds:.1f} 秒，重算 {tables} 张表、{partitions} 个分区。",
    ),
    "simulate.written": ("Written: {path}", "已写入：{path}"),
    "simulate.kept": ("Kept: drg sql --lake {lake}", "已保留：drg sql --lake {lake}"),
    # ui
    "ui.address": (
        "Dagster with the tables of {region} in {lake}: {address} (ready in about 15 s; Ctrl-C ends it)",
        "Dagster 界面（{region}，{lake}）：{address}（约 15 秒后可用，Ctrl-C 结束）",
    ),
}


def text(key: str, lang: str, **values: object) -> str:
    """The message in a language; values are put in as `str.format` does."""
    return _TEXTS[key][LANGUAGES.index(lang)].format(**values)


def known(key: str) -> bool:
    return key in _TEXTS


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """Chinese where the locale is, else English."""
    env = os.environ if environ is None else environ
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
