"""What is said of what comes in: deliveries on their way, and what in the inbox is none."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "more": ("… and {count} more", "……另有 {count} 项"),
    # what in the inbox is no delivery
    "inbox.asides": (
        "  In the inbox, not taken in and no delivery by its name: {count}",
        "  收件目录中有 {count} 项不是上传批次，未接收：",
    ),
    "inbox.aside.file_in_inbox": (
        "{where} in the inbox is left alone: a file, where month folders stand",
        "{where}：收件目录下应为月份目录，此处是文件，未处理",
    ),
    "inbox.aside.folder": (
        "{where} in the inbox is left alone: month folders are named YYYY-MM",
        "{where}：月份目录应命名为 YYYY-MM，未处理",
    ),
    "inbox.aside.file_in_month": (
        "{where} in the inbox is left alone: a file, where delivery folders stand",
        "{where}：月份目录下应为批次目录，此处是文件，未处理",
    ),
    "inbox.aside.no_claim_file": (
        "{where} in the inbox is left alone: no file of a delivery has this name",
        "{where}：批次中没有此名称的文件，未处理",
    ),
    # deliveries on their way
    "arriving.waits": (
        "Waiting for deliveries that are still arriving, for at most {longest:.0f} s (--wait 0: not at all):",
        "等待尚在上传的批次，最多 {longest:.0f} 秒（--wait 0 表示不等待）：",
    ),
    "arriving.one": (
        "  {label}: changed {since:.0f} s ago, complete when it has been quiet for {quiet} s",
        "  {label}：{since:.0f} 秒前仍有变动，静止 {quiet} 秒后视为上传完毕",
    ),
}
