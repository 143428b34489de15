import { setFlagsFromString } from 'node:v8'

/** How many calls of a function V8 sees before it compiles it with Maglev and with TurboFan. The usual ones are those of V8 12 to 14. */
const CALLS = {
  early: { maglev: 100, turbofan: 300 },
  usual: { maglev: 400, turbofan: 3000 },
  seldom: { maglev: 4000, turbofan: 30_000 },
} as const

/**
 * Sets when V8 compiles functions for speed, in all threads of this process: early while a load is rehearsed, and seldom once it
 * begins. What compiles takes the core from the load for some ms at a time where there is no other.
 */
export function tierUp(when: keyof typeof CALLS): void {
  const { maglev, turbofan } = CALLS[when]
  setFlagsFromString(`--invocation-count-for-maglev=${maglev}`)
  setFlagsFromString(`--invocation-count-for-turbofan=${turbofan}`)
}
