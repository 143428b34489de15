import { z } from 'zod'
import { builtin, datasetOption } from '../datasets.ts'
import { engineOption } from '../engines.ts'
import type { EngineSpec } from '../engines.ts'
import { numberWithin, parseOptions, wholeNumber } from '../options.ts'
import { repeatsOption } from '../repeats.ts'
import type { RepeatOptions } from '../repeats.ts'
import { warmupOption } from '../run-control.ts'
import type { WarmupOption } from '../run-control.ts'
import { workload } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { OfflineSpec } from '../workload-spec.ts'
import { lengthsFit, samplingFields } from './sampling-options.ts'
import type { SamplingOptions } from './sampling-options.ts'

const offlineOptions = z
  .strictObject({
    ...samplingFields,
    repeats: repeatsOption,
    requests: wholeNumber(1).default(64),
    concurrency: wholeNumber(1).optional(),
    mode: z.enum(['naive', 'offline', 'online'], { error: "expected 'naive', 'offline' or 'online'" }).optional(),
    maxBatchSize: wholeNumber(1).optional(),
    engine: engineOption.optional(),
    warmup: warmupOption.default({ requests: 16 }),
    temperature: numberWithin(0).default(0),
    dataset: datasetOption.default(builtin('conversations')),
  })
  .refine(...lengthsFit)
  .refine(({ mode, concurrency }) => mode === undefined || concurrency === undefined, {
    error: 'expected only one of `mode` and `concurrency`',
    path: ['concurrency'],
  })
  .refine(({ mode, maxBatchSize }) => mode !== undefined || maxBatchSize === undefined, {
    error: "applies where a `mode` is named: `'online'` decodes so many requests together",
    path: ['maxBatchSize'],
  })

/** Options of {@link offline}. */
export interface OfflineOptions extends SamplingOptions, RepeatOptions {
  /** Requests in all (default: 64). */
  requests?: number
  /** Requests in flight at most: so many workers pull from one queue (default: all are submitted at once). */
  concurrency?: number
  /**
   * Scheduling, to be compared: `'naive'`, one request after another; `'offline'`, all in one batch to the end; `'online'`, at
   * most `maxBatchSize` together, the next joining as one ends (default: as the engine does).
   */
  mode?: 'naive' | 'offline' | 'online'
  /** Requests that `'online'` decodes together at most; the other modes take no notice of it (default: 8). */
  maxBatchSize?: number
  /** The engine (default: the plugin's, else llama.cpp with the tiny model). */
  engine?: EngineSpec
  /** Short requests before the clock starts: how many, or `{ duration }` (default: 16). */
  warmup?: WarmupOption
}

/**
 * Offline throughput: requests submitted to an engine, without a server, all at once unless `concurrency` or `mode` say otherwise.
 * @example offline({ requests: 1000, dataset: shareGPT('sharegpt.json'), engine: llama({ model: 'model.gguf' }) })
 * @example
 * const modes = (['naive', 'offline', 'online'] as const).map((mode) => bench(mode, offline({ mode, requests: 16 })))
 * await bench.compare(...modes)
 */
export function offline(options: OfflineOptions = {}): Workload<OfflineSpec> {
  const { maxBatchSize, ...rest } = parseOptions(offlineOptions, options, 'offline()')
  return workload({ kind: 'offline', ...rest, ...(rest.mode === 'online' ? { maxBatchSize: maxBatchSize ?? 8 } : {}) })
}
