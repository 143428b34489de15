import { once, setMaxListeners } from 'node:events'
import { loadDataset } from '../datasets/load-dataset.ts'
import { loadTokenizer } from '../datasets/load-tokenizer.ts'
import type { Tokenizer } from '../datasets/tokenizer.ts'
import type { RolloutSpec, ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import { RolloutFiles } from '../files/rollout-files.ts'
import { startClock } from '../metrics/clock.ts'
import type { Clock } from '../metrics/clock.ts'
import type { RequestRecord } from '../metrics/record.ts'
import { checkCarried, seedNotes } from './carried.ts'
import { clientFacts, openFileLimit } from './client-facts.ts'
import { closedLoop, closedResult } from './closed-loop.ts'
import type { ClosedFacts } from './closed-loop.ts'
import type { Driver } from './driver.ts'
import { FailureWatch } from './failure-watch.ts'
import { runShare } from './load-part.ts'
import type { LoadPart } from './load-part.ts'
import type { LoopResult, Span } from './loop-result.ts'
import { openLoop, openResult } from './open-loop.ts'
import type { OpenFacts } from './open-loop.ts'
import { openTarget } from './open-target.ts'
import type { RunPlan } from './plan.ts'
import { Peers } from './pool/peers.ts'
import { sharedCells, SharedLoad } from './pool/shared-load.ts'
import { readProgress, wholeProgress } from './pool/shared-progress.ts'
import { workerCount } from './pool/worker-count.ts'
import { Profile } from './profile.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { mergeRequestParts } from './request-part.ts'
import { recordOf } from './request-record.ts'
import { resumedRollout } from './resumed-rollout.ts'
import { rolloutLoop, rolloutResult } from './rollout.ts'
import type { RolloutFacts } from './rollout.ts'
import type { RestoredBatch } from './restored-batches.ts'
import { followServerTokens } from './server-tokens.ts'
import { syntheticLimit } from './synthetic-rows.ts'
import { TokenCounter } from './token-counter.ts'
import { warmUp } from './warm-up.ts'

/** What a run on a server is told, and tells. */
interface ServedRunHooks {
  readonly progress: ProgressMeter
  /** Called right before the load begins, whose code has been rehearsed or not. */
  readonly onLoad: (isRehearsed: boolean) => void
  readonly signal: AbortSignal
}

/**
 * Runs a workload against a live server, or an engine in its place: loads and prepares everything, then drives the load.
 * @throws {LlmBenchError} `USAGE`, `DATASET`, `TOKENIZER`, `TARGET`, `ENGINE`, `RESULTS`, `RUN_FAILED`; `CANCELLED` before the load began
 */
export async function runServed(
  plan: RunPlan,
  spec: ServedWorkloadSpec,
  { progress, onLoad, signal }: ServedRunHooks,
): Promise<RequestRecord> {
  const tokenizerPath = spec.tokenizer ?? plan.target?.tokenizer ?? plan.tokenizer
  const tokenizer = loadedOnce(() => loadTokenizer(tokenizerPath, plan.root))
  // A path that the user gave is tried before the load; a rollout counts between batches, where loading would cost time.
  if (tokenizerPath !== undefined || spec.kind === 'rollout') await tokenizer()
  const dataset = await loadDataset(spec.dataset, { root: plan.root, tokenizer, ...wanted(spec) })
  const { restored, notes: resumeNotes } = await resumedRollout(plan, spec, dataset)

  // Restored batches lie before this session on one clock, so that its origin is as much earlier as they took.
  const clock = startClock(process.hrtime.bigint() - BigInt(Math.ceil(restored?.endNs ?? 0)))
  const target = await openTarget(plan, spec, { clock, onTokens: progress.tokenCounter() }, { dataset, tokenizer }, signal)
  let peers: Peers | undefined
  try {
    const carriedNotes = checkCarried(spec, target, dataset)
    const { model, version, device, streams = true, noSeed } = await target.prepare(signal)
    if (signal.aborted) throw cancelledBefore(plan)
    // An engine is driven from its own process.
    const workers = plan.target === undefined ? 1 : workerCount(spec, plan.sharesMachine === true)
    const shared = new SharedLoad({ index: 0, of: workers }, sharedCells(workers))
    const failures = new FailureWatch(spec.abortOn, shared.cells.failures)
    const base = { dataset, target, clock, counter: new TokenCounter(tokenizer), progress, failures, shared, signal }
    const warmupNotes = await warmUp({ ...base, spec })
    if (signal.aborted) throw cancelledBefore(plan)

    peers = new Peers(
      plan.bench,
      workers,
      plan.target && {
        spec,
        target: model === undefined ? plan.target : { ...plan.target, model },
        rows: dataset.rows,
        originNs: clock.originNs,
        tokenizer: tokenizerPath,
        root: plan.root,
        cells: shared.cells,
      },
      { onHopeless: (reason) => failures.end(reason) },
    )
    progress.shown = (own) => wholeProgress(own, readProgress(shared.cells.progress))
    const ends = AbortSignal.any([signal, failures.signal, peers.failed])
    // Every request in flight listens.
    setMaxListeners(0, ends)
    ends.addEventListener('abort', () => peers?.cancel())
    // What an earlier session did is in the answers' count and not in this session's.
    const serverTokens = restored === undefined ? await followServerTokens(target, signal) : undefined
    const profile = new Profile(target, progress, signal)
    const start = async (isRehearsed = false): Promise<number> => {
      await profile.start()
      return commonStart(plan, { clock, peers: peers!, onLoad: () => onLoad(isRehearsed), signal })
    }
    const parts = await drive(plan, spec, { ...base, signal: ends, start }, peers, restored?.batches ?? [])
      .then(async (own) => [own, ...(await peers!.parts())])
      .finally(() => profile.stop())

    const requests = mergeRequestParts(parts)
    const result = resultOf(spec, parts, dataset.rows.length, requests.log.span)
    const { latenessNs } = result
    const load = { maxInFlight: maxInFlight(spec), mostInFlight: shared.mostInFlight, latenessNs, openFiles: await openFileLimit() }
    return recordOf(
      {
        ...result,
        notes: [...carriedNotes, ...seedNotes(spec, noSeed), ...resumeNotes, ...warmupNotes, ...profile.notes, ...result.notes],
      },
      requests,
      {
        bench: plan.bench,
        clock,
        dataset,
        model,
        version,
        device,
        targetNotes: [...new Set(parts.flatMap(({ targetNotes }) => targetNotes))],
        streamed: spec.stream && streams,
        openLoop: spec.kind === 'requestRate',
        endedEarly: failures.reason,
        serverCounted: await serverTokens?.(),
        // Between an engine and the loop there is nothing that could lag.
        client:
          plan.target &&
          clientFacts(
            parts.map(({ client }) => client),
            load,
            requests.columns,
          ),
      },
    )
  } finally {
    await Promise.all([target.close(), peers?.close()])
  }
}

/** How long before the load begins all workers are told when: a message reaches a thread within it, though the machine be busy. */
const START_LEAD_NS = 50e6

interface LoadStart {
  readonly clock: Clock
  readonly peers: Peers
  /** Called right before the load begins. */
  readonly onLoad: () => void
  readonly signal: AbortSignal
}

/** When the load begins, in all workers, which are told so once they are ready. */
async function commonStart(plan: RunPlan, { clock, peers, onLoad, signal }: LoadStart): Promise<number> {
  if (peers.length > 0 && !signal.aborted) await Promise.race([peers.ready(), once(signal, 'abort')])
  if (plan.target !== undefined) onLoad()
  if (peers.length === 0) return clock.now()
  if (signal.aborted) throw cancelledBefore(plan)
  const startNs = clock.now() + START_LEAD_NS
  peers.start(startNs)
  return startNs
}

function cancelledBefore({ bench }: RunPlan): LlmBenchError {
  return new LlmBenchError('CANCELLED', `${bench}: cancelled before the load began`)
}

function drive(
  plan: RunPlan,
  spec: ServedWorkloadSpec,
  driver: Omit<Driver, 'spec'>,
  peers: Peers,
  restored: readonly RestoredBatch[],
): Promise<LoadPart> {
  if (spec.kind === 'clients') return runShare({ ...driver, spec }, closedLoop)
  if (spec.kind === 'requestRate') return runShare({ ...driver, spec }, openLoop)
  return driveRollout(plan, { ...driver, spec }, peers, restored)
}

async function driveRollout(
  plan: RunPlan,
  driver: Driver<RolloutSpec>,
  peers: Peers,
  restored: readonly RestoredBatch[],
): Promise<LoadPart> {
  const { folder, bench, workloadDigest } = plan
  const { dataset, spec } = driver
  const files = await RolloutFiles.open({ folder, bench, workloadDigest, datasetDigest: dataset.digest, details: spec.details })
  let complete = false
  try {
    const part = await runShare(driver, (ready) =>
      rolloutLoop(ready, {
        restored,
        appendBatch: (batch) => files.appendBatch(batch),
        others: (batch, scheduledNs) => peers.sendBatch(batch, scheduledNs),
      }),
    )
    complete = !part.facts.partial
    return part
  } finally {
    await files.close({ complete })
  }
}

function resultOf(spec: ServedWorkloadSpec, parts: readonly LoadPart[], rows: number, span: Span | undefined): LoopResult {
  // Each worker runs the loop of this kind of workload.
  const facts = parts.map((part) => part.facts)
  if (spec.kind === 'clients') return closedResult(spec, facts as ClosedFacts[], rows, span)
  if (spec.kind === 'requestRate') return openResult(facts as OpenFacts[], rows, span)
  return rolloutResult(facts as RolloutFacts[], span)
}

function maxInFlight(spec: ServedWorkloadSpec): number | undefined {
  return spec.kind === 'clients' ? spec.n : spec.maxConcurrency
}

/** Rows and turns that the workload uses. */
function wanted(spec: ServedWorkloadSpec): { limit?: number | undefined; turns?: number } {
  if (spec.kind === 'rollout') return { limit: spec.limit }
  // Rows of other datasets are prompts by themselves, which follow one another in a conversation.
  const conversations = spec.dataset.kind === 'sharegpt' || spec.dataset.kind === 'builtin'
  const limit = syntheticLimit(spec.dataset, spec.requests)
  return { limit, ...(spec.kind === 'clients' && conversations ? { turns: spec.turns } : {}) }
}

function loadedOnce(load: () => Promise<Tokenizer>): () => Promise<Tokenizer> {
  let loaded: Promise<Tokenizer> | undefined
  return () => (loaded ??= load())
}
