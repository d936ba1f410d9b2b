"""What is said of closings, differences and their cause, of reading, lineage and the trail."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
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
    "close.finished.closing": (
        "{period}: closing {number} was in place and not set down as closed; it is now.",
        "{period}：第 {number} 次封存已就位但未登记完成，现已补登。",
    ),
    "close.finished.reopening": (
        "{period}: the reopening of closing {number} was not set down to its end; it is now.",
        "{period}：第 {number} 次封存的重开未登记完成，现已补登。",
    ),
    "close.withdrawn.closing": (
        "{period}: closing {number} was begun and never came into place; it is set down as withdrawn.",
        "{period}：第 {number} 次封存已开始但未就位，现已登记撤回。",
    ),
    "close.withdrawn.reopening": (
        "{period}: the reopening of closing {number} was begun and never came about; it is set down as "
        "withdrawn.",
        "{period}：第 {number} 次封存的重开已开始但未生效，现已登记撤回。",
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
    "replay.record": (
        "All {all} closings come out as they were sealed, but the trail and the closings differ.",
        "{all} 个封存重算一致，但操作轨迹与封存目录不符。",
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
    "lineage.member": ("gathered from {name}: {describe} [{law}]", "汇集自 {name}：{describe} [{law}]"),
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
        "Unbroken: {count:,} entries in {file}, and the {closings} closings that they tell of as they say. "
        "drg audit anchor prints what proves this state later.",
        "操作轨迹完整：{file} 共 {count:,} 条，所载 {closings} 次封存均与目录相符。"
        "drg audit anchor 可输出供日后核对的锚文。",
    ),
    "audit.anchored": (
        "It goes on from the anchor of entry {sequence}, {at}.",
        "与第 {sequence} 条（{at}）的锚文相符。",
    ),
    "audit.signed": (
        "Every closing and reopening is signed, or vouched for, by the key {name}.",
        "各次封存与重开均由密钥 {name} 签名或确认。",
    ),
    "audit.anchor": (
        "Anchor of {region}: entry {sequence} of the trail, {at}, {closings} closings. Keep it away from "
        "this machine, printed or sent; later: drg audit verify --anchor FILE",
        "{region} 锚文：操作轨迹第 {sequence} 条，{at}，累计封存 {closings} 次。"
        "请打印或寄送，存放于本机之外；日后核对：drg audit verify --anchor 文件",
    ),
    "audit.vouched": (
        "The key {name} vouches for the {count:,} entries so far: entry {sequence}.",
        "密钥 {name} 已确认此前 {count:,} 条记录（第 {sequence} 条）。",
    ),
    "audit.key": (
        "{file} signs: name it in DRG_SIGNING_KEY and let nobody else have it. {public} verifies: give it to "
        "whoever audits, and tell its name on another way: {name}",
        "{file} 为私钥：在 DRG_SIGNING_KEY 中指定，勿外传。"
        "{public} 为公钥：交给审核方，并另行告知其名：{name}",
    ),
    "audit.password": ("Password of the key", "密钥口令"),
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
    "audit.event.closing": ("closing", "开始封存"),
    "audit.event.closed": ("closed", "封存"),
    "audit.event.reopening": ("reopening", "开始重开"),
    "audit.event.reopened": ("reopened", "重开"),
    "audit.event.withdrawn": ("withdrawn", "撤回"),
    "audit.event.signed": ("signed", "签名确认"),
    "audit.event.replayed": ("replayed", "重演"),
    "audit.event.exported": ("exported", "导出"),
    "audit.event.simulated": ("simulated", "模拟"),
    "audit.event.torn": ("writer was stopped", "写入中断"),
    "audit.event.broken": ("found broken", "发现改动"),
}
