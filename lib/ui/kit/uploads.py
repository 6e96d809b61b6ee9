"""What Streamlit holds in memory of the files that people have chosen on pages."""

from __future__ import annotations

from streamlit.runtime import exists, get_instance
from streamlit.runtime.stats import CacheStat


def held_bytes() -> int:
    """Of all sessions; a session's end, and another choice, free them."""
    if not exists():
        return 0
    families = get_instance().uploaded_file_mgr.get_stats().values()
    return sum(stat.byte_length for stats in families for stat in stats if isinstance(stat, CacheStat))
