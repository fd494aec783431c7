// Workers that hash and encode drawings while the page stays free: each runs the page's own script, from a Blob.
"use strict";
const SCRIPT = globalThis.document?.currentScript.textContent, MAX_WORKERS = 4, ROWS_AT_ONCE = 200;

/** Hash drawings, or encode jobs as rows of their own; what a worker does, or the page where it may have none. */
function perform({ drawings, jobs }, fixed) {
  if (drawings) return drawings.map(drawing_hash);
  const [{ row: first }] = jobs, last = jobs.at(-1), rows = encoded_rows(last.row + last.stop - last.start - first, fixed);
  for (const job of jobs) encode_copies({ ...job, row: job.row - first }, fixed, rows);
  return rows;
}

class Crew {
  /** Workers for a model, at most one for each lesson. */
  constructor({ made_of, fixed }, n_lessons) {
    this.address = URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" }));
    this.fixed = fixed;
    this.workers = [];
    try {
      while (this.workers.length < Math.min(MAX_WORKERS, navigator.hardwareConcurrency, n_lessons)) {
        const worker = new Worker(this.address);
        worker.onerror = () => {
          worker.is_broken = true;
          worker.give_up?.();
        };
        worker.postMessage({ made_of });
        this.workers.push(worker);
      }
    } catch { // a page that may have none
    }
  }

  /** Carry out tasks, each by whoever is free; gives the results in order. */
  async carry_out(tasks, note = () => {}) {
    const waiting = tasks.entries(), results = [];
    const work = async (worker) => {
      for (const [at, task] of waiting) note(at, results[at] = await this.ask(worker, task));
    };
    await Promise.all((this.workers.length ? this.workers : [null]).map(work));
    return results;
  }

  async ask(worker, task) {
    const found = worker && !worker.is_broken && await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.give_up = resolve;
      worker.postMessage(task);
    });
    if (found) return found;
    await new Promise((done) => setTimeout(done));
    return perform(task, this.fixed);
  }

  /** Hashes of drawings. */
  async hash(drawings) {
    const tasks = [];
    for (let at = 0; at < drawings.length; at += ROWS_AT_ONCE) tasks.push({ drawings: drawings.slice(at, at + ROWS_AT_ONCE) });
    return (await this.carry_out(tasks)).flat();
  }

  /** Encode jobs into their rows of a store; `progress` is told the share done. */
  async encode(jobs, store, progress) {
    const tasks = [], n_rows = ({ start, stop }) => stop - start, size = Math.max(1, Math.trunc(ROWS_AT_ONCE / n_rows(jobs[0])));
    let n_done = 0;
    for (let at = 0; at < jobs.length; at += size) tasks.push({ jobs: jobs.slice(at, at + size) });
    await this.carry_out(tasks, (at, rows) => {
      for (const name in rows) store[name].set(rows[name], tasks[at].jobs[0].row * store.size_of(name));
      progress((n_done += tasks[at].jobs.length) / jobs.length);
    });
  }

  end() {
    for (const worker of this.workers) worker.terminate();
    URL.revokeObjectURL(this.address);
  }
}

if (!globalThis.document) {
  let fixed;
  globalThis.onmessage = ({ data }) => {
    if (data.made_of) {
      ({ fixed } = new Recall(...data.made_of));
      return;
    }
    const found = perform(data, fixed);
    globalThis.postMessage(found, data.jobs ? Object.values(found).map(({ buffer }) => buffer) : []);
  };
}
