"""Runs in the peer's own environment: a Celery app, and as many tasks as asked for; each seventh fails."""

import os
import sys

from celery import Celery

app = Celery("fill_celery", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(worker_send_task_events=True, task_send_sent_event=True, result_expires=None)


def finish(number: int) -> str:
    if number % 7 == 0:
        raise ValueError(f"Task {number} failed: no credits")
    return f"https://example.app/{number}.mp4"


generate = app.task(name="generate")(finish)

if __name__ == "__main__":
    sent = [generate.delay(number) for number in range(int(sys.argv[1]))]
    for each in sent:
        each.get(propagate=False, timeout=300)
    print(sent[0].id)
