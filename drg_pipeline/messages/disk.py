"""What a disk, or the memory that was given, did not allow."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "disk.unnamed": ("a file that the system does not name", "系统未指明的文件"),
    "disk.room": (
        "There is no room to write {where}: {what}.\n"
        "What was published before stands as it was. Make room there, or lift the limit on file sizes, then "
        "run the same command again.",
        "空间不足，无法写入 {where}：{what}。\n"
        "此前已发布的数据保持不变。请腾出空间或放宽文件大小限制，再运行同一命令。",
    ),
    "disk.right": (
        "There is no right to use {where}: {what}.\n"
        "What was published before stands as it was. Give the pipeline's user the right to it, then run "
        "the same command again.",
        "没有权限使用 {where}：{what}。\n此前已发布的数据保持不变。请为运行用户授权，再运行同一命令。",
    ),
    "disk.failed": (
        "The disk or network folder failed at {where}: {what}.\n"
        "What was published before stands as it was. It may be full, gone for a moment or broken: look at "
        "it, then run the same command again.",
        "磁盘或网络目录出错，位置 {where}：{what}。\n"
        "此前已发布的数据保持不变。可能已满、暂时中断或损坏：请检查后再运行同一命令。",
    ),
    "disk.memory": (
        "The memory that was given does not suffice: {what}.\n"
        "What was published before stands as it was. Give more by DRG_MEMORY_LIMIT (as 6GB) or fewer "
        "DRG_THREADS, see that the lake's disk has room for what does not fit into memory, or ask for "
        "less at once.",
        "内存不足：{what}。\n此前已发布的数据保持不变。请调高 DRG_MEMORY_LIMIT（如 6GB）或减少 DRG_THREADS，"
        "并确认数据湖所在磁盘有余量，或一次少取一些。",
    ),
}
