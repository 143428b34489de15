import { availableParallelism } from 'node:os'
import type { ServedWorkloadSpec } from '../../dsl/workload-spec.ts'

/**
 * What one worker carries before its own delays show in the figures, with a margin: docs/fidelity.md has the measurements that a
 * single core was good for.
 */
const STREAMS_A_WORKER = 256
const REQUESTS_PER_SECOND_A_WORKER = 250

/**
 * How many workers share a load. `'auto'`: as many as it needs, of the cores that this process may use (affinity and limits of the
 * cgroup counted) less one, which is left to the server and the test process. Never more than there is work to be dealt.
 * @param sharesMachine whether the server runs on the client's own cores: then `'auto'` takes none from it
 */
export function workerCount(spec: ServedWorkloadSpec, sharesMachine: boolean, cores: number = availableParallelism()): number {
  const auto = sharesMachine ? 1 : Math.min(neededFor(spec), cores - 1)
  return Math.max(1, Math.min(spec.workers === 'auto' ? auto : spec.workers, shares(spec)))
}

function neededFor(spec: ServedWorkloadSpec): number {
  if (spec.kind === 'clients') return Math.ceil(spec.n / STREAMS_A_WORKER)
  if (spec.kind === 'rollout') return Math.ceil(Math.min(callsOfBatch(spec), spec.maxConcurrency) / STREAMS_A_WORKER)
  const { rate, maxConcurrency = Infinity } = spec
  return Math.min(Math.ceil(rate / REQUESTS_PER_SECOND_A_WORKER), Math.ceil(maxConcurrency / STREAMS_A_WORKER))
}

/** What is dealt to workers in turn: clients, arrivals, calls of a batch. */
function shares(spec: ServedWorkloadSpec): number {
  if (spec.kind === 'clients') return spec.n
  return spec.kind === 'rollout' ? callsOfBatch(spec) : (spec.requests ?? Infinity)
}

/** Requests of a rollout's batch. */
export function callsOfBatch({ batch, n, nPerRequest }: { batch: number; n: number; nPerRequest: boolean }): number {
  return batch * (nPerRequest ? 1 : n)
}
