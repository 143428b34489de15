/** How far a run is; sent at most four times a second. */
export interface Progress {
  /** What is happening: `loading`, `ramp-up`, `running`, `draining`, … */
  readonly phase: string
  readonly started: number
  readonly completed: number
  readonly failed: number
  /** Requests or seconds in all; absent where unknown. */
  readonly total?: number | undefined
  readonly unit: 'requests' | 'seconds' | 'cases'
  readonly outputTokens: number
  /** Since the load began; before that, since the run did. */
  readonly elapsedSeconds: number
}
