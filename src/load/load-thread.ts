import type { WorkerOptions } from 'node:worker_threads'

/**
 * Room for young objects, in MiB. What is left of them is moved whenever it is full, in a pause in which no token is read: with the
 * default of 48 that takes 15 ms now and then, with 4 it is 5 ms at most, for hardly more in all.
 */
const YOUNG_MIB = 4

/** What every thread that sends load is started with; a thread's own threads inherit no limits. */
export const LOAD_THREAD: WorkerOptions = { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } }
