"""Runs in the peer's own environment: as many jobs as asked for, each seventh of which fails."""

import os
import sys

from redis import Redis
from rq import Queue, SimpleWorker


def generate(number: int) -> str:
    if number % 7 == 0:
        raise ValueError(f"Task {number} failed: no credits")
    return f"https://example.app/{number}.mp4"


if __name__ == "__main__":
    redis = Redis.from_url(os.environ["REDIS_URL"])
    queue = Queue("videos", connection=redis)
    for number in range(int(sys.argv[1])):
        queue.enqueue("fill_rq.generate", number, result_ttl=-1, failure_ttl=-1)
    SimpleWorker([queue], connection=redis).work(burst=True, logging_level="CRITICAL")
    print(queue.failed_job_registry.get_job_ids()[0])
