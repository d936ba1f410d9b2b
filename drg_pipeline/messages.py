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
        "  make ui        (or: {drg} ui) the assets, their law, checks and lineage in the browser",
        "  make ui        （或 {drg} ui）在浏览器中查看数据资产、依据条款、校核与血缘",
    ),
    "demo.next_tables": (
        "  {drg} sql --lake {lake}        all tables",
        "  {drg} sql --lake {lake}        全部数据表",
    ),
    "demo.next_law": (
        "  {drg} policy show        the law in force, value by value",
        "  {drg} policy show        逐项查看现行政策参数",
    ),
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
    "sql.interrupted": ("interrupted", "已中断"),
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
