import { rate, streams } from './load.ts'
import type { Load } from './load.ts'
import type { Disturbance } from './measure.ts'

/** Circumstances under which runs are judged. */
export interface Condition {
  readonly name: string
  readonly loaded: boolean
  /** Left out: the newcomer's suite. */
  readonly load?: Load
  readonly disturbance?: Disturbance
}

const FEW = streams(50, { requests: 250, tokens: 32, rampUp: 1 })
const SOME = streams(200, { requests: 600, tokens: 64, rampUp: 1 })
const PAUSED = streams(100, { requests: 500, tokens: 32, rampUp: 1 })

/** Unloaded ones, and ones in which the client can't keep up. */
export const CONDITIONS: readonly Condition[] = [
  { name: 'a newcomer’s first suite, embedded engine, all cores shared', loaded: false },
  { name: '20 streams', loaded: false, load: streams(20, { requests: 200, tokens: 32, rampUp: 1 }) },
  { name: '50 streams, TTFT 30 ms', loaded: false, load: { ...FEW, ttftMs: 30, itlMs: 10, requests: 500 } },
  { name: '50 streams, TTFT 500 ms', loaded: false, load: { ...FEW, ttftMs: 500, tokens: 16 } },
  { name: '100 streams', loaded: false, load: streams(100, { requests: 500, tokens: 32, rampUp: 1 }) },
  { name: '200 streams, TTFT 50 ms', loaded: false, load: { ...SOME, ttftMs: 50 } },
  { name: '400 streams', loaded: false, load: streams(400, { requests: 1600, tokens: 64, rampUp: 1 }) },
  { name: '20 requests/s, TTFT 30 ms', loaded: false, load: rate(20, 5, { tokens: 16, ttftMs: 30, itlMs: 10 }) },
  { name: '200 requests/s', loaded: false, load: rate(200, 5, { tokens: 16, ttftMs: 100, itlMs: 10 }) },
  { name: '1 hog, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 1 } },
  { name: '2 hogs, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 2 } },
  { name: '4 hogs, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 4 } },
  { name: '1 hog of low priority, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 1, nice: 10 } },
  { name: '2 hogs, 200 streams', loaded: true, load: SOME, disturbance: { hogs: 2 } },
  { name: '2 hogs, 50 streams, TTFT 500 ms', loaded: true, load: { ...FEW, ttftMs: 500, tokens: 16 }, disturbance: { hogs: 2 } },
  { name: '2 hogs, 100 requests/s', loaded: true, load: rate(100, 5, { tokens: 16, ttftMs: 100, itlMs: 10 }), disturbance: { hogs: 2 } },
  { name: '800 streams', loaded: true, load: streams(800, { requests: 2400, tokens: 64, rampUp: 1 }) },
  { name: '1,600 streams', loaded: true, load: streams(1600, { requests: 3200, tokens: 64, rampUp: 1 }) },
  { name: '400 streams at once', loaded: true, load: streams(400, { requests: 1600, tokens: 64, rampUp: 0 }) },
  { name: '2,000 requests/s', loaded: true, load: rate(2000, 4, { tokens: 8 }) },
  {
    name: 'stopped for 10 ms, five times a second',
    loaded: true,
    load: PAUSED,
    disturbance: { pause: { ms: 10, times: 15, everyMs: 200 } },
  },
  { name: 'stopped for 40 ms, five times', loaded: true, load: PAUSED, disturbance: { pause: { ms: 40, times: 5, everyMs: 500 } } },
  { name: 'stopped for 200 ms', loaded: true, load: PAUSED, disturbance: { pause: { ms: 200, times: 1, everyMs: 200 } } },
  { name: 'stopped for 1,500 ms', loaded: true, load: PAUSED, disturbance: { pause: { ms: 1500, times: 1, everyMs: 1500 } } },
]
