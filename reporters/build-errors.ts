import { relative, sep } from 'node:path'
import type { SerializedError } from 'vitest'
import type { ErrorCode } from '../src/errors.ts'
import type { ErrorModel } from './model.ts'
import { plainText } from './text.ts'

/** Errors that say that a run could not be measured or judged, as against one that was and fell short. */
const RUN_CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  'INVALID_OPTION',
  'USAGE',
  'RUN_FAILED',
  'CLIENT_BOUND',
  'TARGET',
  'DATASET',
  'ENGINE',
  'SERVER',
  'TOKENIZER',
  'CANCELLED',
  'METRIC_ABSENT',
  'FEW_SAMPLES',
  'INVALID_THRESHOLD',
  'UNKNOWN_METRIC',
  'BASELINE',
])

const THRESHOLD_ERRORS: ReadonlySet<unknown> = new Set(['SLOBreachError', 'HoldBreachError'])

interface Frame {
  readonly method: string
  readonly file: string
  readonly line: number
  readonly column: number
}

/** An error as reports hold it. */
export function errorModel(error: SerializedError, root: string, file?: string): ErrorModel {
  const frames = error.stacks?.length ? error.stacks : framesOf(error.stack ?? '')
  const own = frames.find((frame) => isInside(root, frame.file))
  const stack = frames.map((frame) => {
    const place = `${shownFile(root, frame.file)}:${frame.line}:${frame.column}`
    return frame.method === '' ? `    at ${place}` : `    at ${frame.method} (${place})`
  })
  return {
    name: error.name ?? 'Error',
    ...(error.name === 'LlmBenchError' && typeof error['code'] === 'string' ? { code: error['code'] } : {}),
    message: plainText(error.message ?? '') || (error.name ?? 'Error'),
    ...(own === undefined ? {} : { at: `${shownFile(root, own.file)}:${own.line}:${own.column}` }),
    ...(stack.length === 0 ? {} : { stack: stack.join('\n') }),
    cause: causeOf(error),
    ...(file === undefined ? {} : { file }),
  }
}

function causeOf(error: SerializedError): ErrorModel['cause'] {
  if (THRESHOLD_ERRORS.has(error.name)) return 'threshold'
  return RUN_CODES.has(error['code']) ? 'run' : 'other'
}

const FRAME = /^\s*at (?:(.*?) \()?(?:file:\/\/)?(.+?):(\d+):(\d+)\)?$/

/** Frames of a stack as V8 prints it: errors that Vitest has not parsed. */
function framesOf(stack: string): Frame[] {
  return plainText(stack)
    .split('\n')
    .flatMap((line) => {
      const match = FRAME.exec(line)
      return match ? [{ method: match[1] ?? '', file: match[2]!, line: Number(match[3]), column: Number(match[4]) }] : []
    })
}

function isInside(root: string, file: string): boolean {
  return file.startsWith(root.endsWith(sep) ? root : `${root}${sep}`) && !file.includes('/node_modules/')
}

function shownFile(root: string, file: string): string {
  return isInside(root, file) ? posix(relative(root, file)) : posix(file)
}

/** A path with `/`. */
export function posix(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/')
}
