"""What is said of one claim, and of what a change would do."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
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
}
