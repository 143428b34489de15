import { stripVTControlCharacters } from 'node:util'
import type { Progress } from '../../src/metrics/progress.ts'
import { counted } from '../../src/counted.ts'
import { formatNumber } from '../figures.ts'
import { firstLine, shorten } from '../text.ts'

/** How far the run of a bench is. */
export interface ProgressView extends Omit<Progress, 'started'> {
  readonly bench: string
  /** Which of its runs it is, where it has several: `run 2 of 3`. */
  readonly run?: string | undefined
}

/** One line for a terminal that can't be redrawn: `  ⏳ chat  running  412/1024 requests · 3 failed · 1,234 tok/s · 12s`. */
export function renderProgress(progress: ProgressView): string {
  const { bench, run, phase, failed, outputTokens, elapsedSeconds } = progress
  const facts = [
    ...(run === undefined ? [] : [run]),
    ...done(progress),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(outputTokens === 0 || elapsedSeconds === 0 ? [] : [`${formatNumber(Math.round(outputTokens / elapsedSeconds))} tok/s`]),
    ...(progress.unit === 'seconds' ? [] : [duration(elapsedSeconds)]),
  ]
  return `  ⏳ ${shorten(firstLine(bench), 40)}  ${phase}  ${facts.join(' · ')}`
}

/** How far the start of a server is. */
export interface Starting {
  readonly seconds: number
  /** What it printed last. */
  readonly line?: string | undefined
}

/** One line about a server that is not ready yet: `  ⏳ starting vllm… 42s · Loading safetensors checkpoint shards`. */
export function renderStarting(name: string, { seconds, line }: Starting): string {
  const said = line === undefined ? '' : ` · ${shorten(stripVTControlCharacters(firstLine(line)), 80)}`
  return `  ⏳ starting ${shorten(firstLine(name), 40)}… ${duration(seconds)}${said}`
}

function done({ unit, completed, failed, total, elapsedSeconds }: ProgressView): string[] {
  const ended = completed + failed
  if (unit === 'seconds')
    return [total === undefined ? duration(elapsedSeconds) : `${duration(elapsedSeconds)} of ${duration(total)}`, counted(ended, 'request')]
  return [`${ended}${total === undefined ? '' : `/${total}`} ${unit}`]
}

function duration(seconds: number): string {
  if (seconds > 0 && seconds < 0.95) return `${seconds.toFixed(1)}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`
}
