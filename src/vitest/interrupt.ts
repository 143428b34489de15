import type { Reporter, Vitest } from 'vitest/node'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 }

/**
 * Lets a run that is interrupted by Ctrl-C or SIGTERM end in order: what was measured is kept and marked as partial, reports
 * are written, the exit code tells. A second signal ends the process at once.
 */
export function interruptible(vitest: Vitest): Reporter {
  // Vitest's own listeners end the process without reports; they are back in place once the run is over.
  const replaced = new Map<(typeof SIGNALS)[number], NodeJS.SignalsListener[]>()
  let interrupted = false
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = EXIT_CODES[signal as (typeof SIGNALS)[number]]
    if (interrupted) process.exit(code)
    interrupted = true
    process.exitCode = code
    vitest.logger.log('\nInterrupted: ending the run and writing partial reports. Press Ctrl-C again to end at once.\n')
    void vitest.cancelCurrentRun('keyboard-input').finally(() => {
      process.exitCode = code
    })
  }
  const restore = (): void => {
    for (const [signal, listeners] of replaced) {
      process.off(signal, onSignal)
      for (const listener of listeners) process.on(signal, listener)
    }
    replaced.clear()
  }
  return {
    onTestRunStart() {
      restore()
      for (const signal of SIGNALS) {
        replaced.set(signal, process.listeners(signal))
        process.removeAllListeners(signal)
        process.on(signal, onSignal)
      }
    },
    onTestRunEnd() {
      // Reports are still to be written by the reporters after this one: only a run that went well is over now.
      if (!interrupted) restore()
    },
  }
}
