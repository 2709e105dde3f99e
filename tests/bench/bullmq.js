// SPDX-License-Identifier: Apache-2.0
//
// BullMQ with delayed jobs that are all due at one instant and do nothing:
//
//   node bullmq.js FOLDER PORT JOBS PROCESSES CONCURRENCY LEAD_MS
//
// FOLDER has node_modules with bullmq, PORT is a Redis on 127.0.0.1. Adds the jobs, starts the workers,
// each in a process of its own, and prints what came of it: {"seconds": .., "done": ..}, from the instant,
// LEAD_MS from the start on, to the last job. Exit code 3: not all was ready by then.

'use strict';

const { createRequire } = require('module');
const { fork } = require('child_process');

const QUEUE = 'bench';
const CHUNK = 1000;
const START_MS = 1000; // what the workers need to start
const TELL_MS = 20;
const NOT_READY = 3;

const argv = process.argv.slice(2);
const [folder, port, jobs, processes, concurrency, leadMs] = [argv[0], ...argv.slice(1).map(Number)];
const { Queue, Worker } = createRequire(`${folder}/`)('bullmq');
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };

// Jobs that are done leave nothing behind, which is the least work.
function job(due) {
  const opts = { delay: due - Date.now(), removeOnComplete: true, removeOnFail: true };
  return { name: 'fire', data: {}, opts };
}

async function add(due) {
  const queue = new Queue(QUEUE, { connection });
  for (let n = 0; n < jobs; n += CHUNK) {
    await queue.addBulk(Array.from({ length: Math.min(CHUNK, jobs - n) }, () => job(due)));
  }
  await queue.close();
}

// One worker process, which ends with its parent: tells its parent how many jobs it has done, and when the last was.
function work() {
  let done = 0;
  let last = 0;
  let told = 0;
  const worker = new Worker(QUEUE, async () => {}, { connection, concurrency });
  worker.on('completed', () => {
    done += 1;
    last = Date.now();
  });
  worker.waitUntilReady().then(() => process.send({ done, last }));
  process.on('disconnect', () => process.exit(0));
  setInterval(() => {
    if (done === told) return;
    told = done;
    process.send({ done, last });
  }, TELL_MS);
}

function startWorkers(told) {
  const env = { ...process.env, BENCH_WORKER: '1' };
  return Array.from({ length: processes }, (_, i) => {
    const child = fork(__filename, argv, { env });
    child.on('message', (message) => told(i, message));
    return child;
  });
}

function notReady() {
  process.exit(NOT_READY);
}

// Resolves when all jobs are done; all workers are ready before the instant.
function run(due) {
  return new Promise((resolve) => {
    const states = [];
    const children = startWorkers((i, message) => {
      states[i] = message;
      const done = states.reduce((sum, one) => sum + one.done, 0);
      if (done === 0 && Date.now() > due) notReady();
      if (done < jobs) return;
      children.forEach((child) => child.kill('SIGKILL'));
      resolve({ done, seconds: (Math.max(...states.map((one) => one.last)) - due) / 1000 });
    });
  });
}

async function main() {
  const due = Date.now() + leadMs;
  await add(due);
  if (Date.now() > due - START_MS) notReady();
  console.log(JSON.stringify(await run(due)));
  process.exit(0);
}

if (process.env.BENCH_WORKER) {
  work();
} else {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
