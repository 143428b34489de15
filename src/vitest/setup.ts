import { isMainThread } from 'node:worker_threads'
import { expect } from 'vitest'
import { toMeetSLO } from './matchers.ts'
import { toKeepAnswers } from './to-keep-answers.ts'
import { toHoldAgainst } from './to-hold-against.ts'
import { toHoldBaseline } from './to-hold-baseline.ts'

expect.extend({
  toMeetSLO: toMeetSLO as never,
  toHoldAgainst: toHoldAgainst as never,
  toHoldBaseline: toHoldBaseline as never,
  toKeepAnswers: toKeepAnswers as never,
})

// Ctrl-C reaches every process of the terminal. The plugin's process ends the run in order; this one waits to be told,
// or what it has measured would be lost. Threads have no signals of their own.
if (isMainThread && process.listenerCount('SIGINT') === 0) process.on('SIGINT', () => undefined)
