/**
 * A further load worker: sends its share of a load that the lead has prepared, hands over what it measured, and ends.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { loadTokenizer } from '../../datasets/load-tokenizer.ts'
import type { RolloutSpec } from '../../dsl/workload-spec.ts'
import { startClock } from '../../metrics/clock.ts'
import type { RequestRow } from '../../metrics/columns.ts'
import { createTarget } from '../../targets/create-target.ts'
import { BatchSender, callsOf } from '../batch-sender.ts'
import type { BatchShare } from '../batch-sender.ts'
import { closedLoop } from '../closed-loop.ts'
import type { Driver } from '../driver.ts'
import { FailureWatch } from '../failure-watch.ts'
import { partBuffers, runShare } from '../load-part.ts'
import type { LoadPart } from '../load-part.ts'
import type { LoopOutcome } from '../loop-result.ts'
import { openLoop } from '../open-loop.ts'
import { workerError } from '../plan.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { preparePrompts } from '../prompts.ts'
import { RequestLog } from '../request-log.ts'
import type { RolloutFacts } from '../rollout.ts'
import { TokenCounter } from '../token-counter.ts'
import type { FromPeer, PeerSetup, ToPeer } from './messages.ts'
import { SharedLoad } from './shared-load.ts'
import { writeProgress } from './shared-progress.ts'

type Batch = Extract<ToPeer, { type: 'batch' }>

if (parentPort === null) throw new Error('a further load worker is started by the lead')
const port = parentPort
const post = (message: FromPeer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

const cancel = new AbortController()
const started = Promise.withResolvers<number>()
let nextBatch = Promise.withResolvers<Batch | undefined>()
port.on('message', (message: ToPeer) => {
  if (message.type === 'cancel') cancel.abort()
  else if (message.type === 'start') started.resolve(message.startNs)
  else nextBatch.resolve(message.type === 'batch' ? message : undefined)
})

const setup = workerData as PeerSetup
try {
  const part = await run(setup)
  post({ type: 'done', part }, partBuffers(part))
} catch (error) {
  post({ type: 'error', error: workerError(error, setup.name) })
} finally {
  port.close()
}

async function run({ spec, share, cells, rows, originNs, tokenizer, root, ...setup }: PeerSetup): Promise<LoadPart> {
  const clock = startClock(originNs)
  const progress = new ProgressMeter()
  const failures = new FailureWatch(spec.abortOn, cells.failures)
  failures.signal.addEventListener('abort', () => post({ type: 'hopeless', reason: failures.reason! }))
  const signal = AbortSignal.any([cancel.signal, failures.signal])
  // Every request in flight listens.
  setMaxListeners(0, signal)
  const target = await createTarget(setup.target, { clock, root, onTokens: progress.tokenCounter() })
  const driver = {
    dataset: { name: '', digest: '', notes: [], rows },
    target,
    clock,
    counter: new TokenCounter(() => loadTokenizer(tokenizer, root)),
    progress,
    failures,
    signal,
    shared: new SharedLoad(share, cells),
    start: () => {
      post({ type: 'ready' })
      return started.promise
    },
  }
  // A module of the user's own may make itself ready there; all others know what the lead has found.
  if (setup.target.kind === 'custom') await target.prepare(signal)
  const stop = progress.reportTo((own) => writeProgress(cells.progress, share.index, own))
  try {
    if (spec.kind === 'clients') return await runShare({ ...driver, spec }, closedLoop)
    if (spec.kind === 'requestRate') return await runShare({ ...driver, spec }, openLoop)
    return await runShare({ ...driver, spec }, sendBatches)
  } finally {
    stop()
    await target.close()
  }
}

/** Sends its share of one batch after the other, as the lead tells it, which keeps their rows. */
async function sendBatches(driver: Driver<RolloutSpec>): Promise<LoopOutcome<RolloutFacts>> {
  const prompts = preparePrompts(driver.dataset)
  const sender = new BatchSender(driver)
  await driver.start()
  driver.progress.begin('running', 'requests', undefined)
  for (let batch = await nextBatch.promise; batch !== undefined; batch = await nextBatch.promise) {
    nextBatch = Promise.withResolvers()
    const share = await sender.send(callsOf(driver.spec, prompts, batch.index), batch.scheduledNs)
    post({ type: 'batch', share: withOwnGaps(share) })
  }
  return { log: new RequestLog(1, driver.counter, false), facts: { batches: [], partial: false, notes: [] }, readNs: sender.readNs }
}

/** Gaps are the beginning of a larger buffer, all of which would be sent. */
function withOwnGaps({ exchanges, cut }: BatchShare): BatchShare {
  return { exchanges: exchanges.map(({ rows, ...rest }) => ({ ...rest, rows: rows.map(compact) })), cut }
}

function compact(row: RequestRow): RequestRow {
  return { ...row, gapsMs: Float32Array.from(row.gapsMs ?? []) }
}
