import type { Progress } from '../../metrics/progress.ts'
import { PHASES } from '../phases.ts'
import { PROGRESS_CELLS } from './shared-load.ts'

/** How far one worker is, as far as it adds up. */
export type WorkerProgress = Pick<Progress, 'phase' | 'started' | 'completed' | 'failed' | 'outputTokens'>

/** Tells the lead how far a worker is. */
export function writeProgress(cells: Float64Array, worker: number, progress: WorkerProgress): void {
  const { phase, started, completed, failed, outputTokens } = progress
  cells.set([PHASES.findIndex((name) => name === phase), started, completed, failed, outputTokens], worker * PROGRESS_CELLS)
}

/** How far the workers other than the lead are. */
export function readProgress(cells: Float64Array): WorkerProgress[] {
  return Array.from({ length: cells.length / PROGRESS_CELLS - 1 }, (_, i) => {
    const [phase, started, completed, failed, outputTokens] = cells.subarray((i + 1) * PROGRESS_CELLS)
    return { phase: PHASES[phase!] ?? 'loading', started: started!, completed: completed!, failed: failed!, outputTokens: outputTokens! }
  })
}

/** How far the whole load is: the lead's progress with that of the others. Once every request is sent, it drains. */
export function wholeProgress(lead: Progress, others: readonly WorkerProgress[]): Progress {
  const sum = (count: Exclude<keyof WorkerProgress, 'phase'>): number => others.reduce((total, other) => total + other[count], lead[count])
  const started = sum('started')
  const earliest = Math.min(...[lead, ...others].map(({ phase }) => PHASES.findIndex((name) => name === phase)))
  const sending = PHASES[earliest] === 'ramp-up' || PHASES[earliest] === 'running'
  return {
    ...lead,
    phase: sending && lead.unit === 'requests' && started === lead.total ? 'draining' : (PHASES[earliest] ?? lead.phase),
    started,
    completed: sum('completed'),
    failed: sum('failed'),
    outputTokens: sum('outputTokens'),
  }
}
