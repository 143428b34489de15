import type { Verdict } from './verdict.ts'

/** Thrown by an assertion whose thresholds are broken or can't be judged; the reports know it by its name. */
export class SLOBreachError extends Error {
  readonly verdicts: readonly Verdict[]

  constructor(message: string, verdicts: readonly Verdict[]) {
    super(message)
    this.name = 'SLOBreachError'
    this.verdicts = verdicts
  }
}
