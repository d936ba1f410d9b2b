"""How work ends, its steps and results, and the commands that run it."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
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
    "intake.respelled": (
        '  {cells:,} cells came in another spelling than they are read in; see: drg sql "{query}"',
        '  {cells:,} 个单元格改按规范写法读入；明细见：drg sql "{query}"',
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
    "warning": ("warning: {says} ({count}):", "警告：{says}（{count}）："),
    "warning.all": ("  all of them: {file}", "  全部见：{file}"),
    "stands": (
        "Nothing new since {at}: {span} stands as it was computed then. --again computes it once more.",
        "自 {at} 起无新数据、无变更：{span} 的结果保持不变。加 --again 可重新计算。",
    ),
    "stands.changed": ("  changed since the last run: {what}", "  上次运行后有变更：{what}"),
    "stands.altered": (
        "warning: {file} does not hold the rows that were published there; it is computed again.",
        "警告：{file} 中的数据与发布时不符，将重新计算。",
    ),
    "stands.closed": (
        "warning: {file} is of a closed period and stays as it is: prove it with drg replay.",
        "警告：{file} 属于已封账期间，保持原样；请用 drg replay 核验。",
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
    "report.written": ("The page is in {file}.", "页面已写入 {file}。"),
    "page.mark": ("{mark}: worked under an overlay of today's law", "{mark}：按现行规定回溯计算"),
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
    "demo.instead": (
        "There is nothing in {inbox} yet, and no folder is named: this is the demo in {demo}.",
        "{inbox} 中尚无数据，也未指定目录：以下使用 {demo} 中的演示数据。",
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
    "demo.next_close": (
        "  {close}\n                 close the year's months; what is paid can then be proved and replayed",
        "  {close}\n                 对各月封账；此后所付金额可以证明、可以重放",
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
    # ui
    "ui.address": (
        "Dagster with the tables of {region} in {lake}: {address} (ready in about 15 s; Ctrl-C ends it)",
        "Dagster 界面（{region}，{lake}）：{address}（约 15 秒后可用，Ctrl-C 结束）",
    ),
    "ui.open": (
        "Others reach {host}, and nobody asks who they are: put it behind a log-in (deploy/README.md).",
        "其他机器可访问 {host}，且不验证身份：请置于登录验证之后（见 deploy/README.md）。",
    ),
}
