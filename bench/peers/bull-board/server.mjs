// bull-board over a queue of BullMQ that holds as many jobs as asked for, each seventh of which failed.
// Environment: PORT, REDIS_PORT, JOBS. Prints the id of a job that failed when it is filled.
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { Queue, Worker } from "bullmq";
import express from "express";
import Redis from "ioredis";

const connection = new Redis(Number(process.env.REDIS_PORT), "127.0.0.1", { maxRetriesPerRequest: null });
const jobs = Number(process.env.JOBS);
const queue = new Queue("videos", { connection });
await queue.addBulk([...Array(jobs).keys()].map((number) => ({ name: "generate", data: { number } })));
const worker = new Worker("videos", async (job) => {
  if (job.data.number % 7 === 0) throw new Error(`Task ${job.data.number} failed: no credits`);
  return `https://example.app/${job.data.number}.mp4`;
}, { connection, concurrency: 10 });
while ((await queue.getJobCounts("wait", "active")).wait + (await queue.getActiveCount()) > 0)
  await new Promise((resolve) => setTimeout(resolve, 100));
await worker.close();

const board = new ExpressAdapter();
board.setBasePath("/board");
createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter: board });
express().use("/board", board.getRouter()).listen(Number(process.env.PORT), "127.0.0.1", async () =>
  console.log((await queue.getFailed(0, 0))[0].id));
