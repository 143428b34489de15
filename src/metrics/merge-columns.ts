import type { RequestColumns } from './columns.ts'

type Column = Float64Array | Float32Array | Int32Array | Uint8Array

/**
 * Puts the columns of several workers behind one another, in the order of the list: with one copy of each, and with none where all
 * but one are empty. Texts that columns point to are numbered anew.
 */
export function mergeColumns(all: readonly RequestColumns[]): RequestColumns {
  const parts = all.filter(({ length }) => length > 0)
  if (parts.length <= 1) return parts[0] ?? all[0]!
  const finishReasons = new Relabelling(parts.map((part) => part.finishReasons))
  const targets = new Relabelling(parts.map((part) => part.targets))
  const joined = <Name extends keyof RequestColumns>(name: Name): RequestColumns[Name] =>
    concat(parts.map((part) => part[name] as Column)) as RequestColumns[Name]
  return {
    length: parts.reduce((sum, { length }) => sum + length, 0),
    client: joined('client'),
    batch: joined('batch'),
    promptIndex: joined('promptIndex'),
    sampleIndex: joined('sampleIndex'),
    scheduledNs: joined('scheduledNs'),
    sentNs: joined('sentNs'),
    firstTokenNs: joined('firstTokenNs'),
    firstAnswerNs: joined('firstAnswerNs'),
    lastTokenNs: joined('lastTokenNs'),
    connectNs: joined('connectNs'),
    promptTokens: joined('promptTokens'),
    outputTokens: joined('outputTokens'),
    chunks: joined('chunks'),
    completed: joined('completed'),
    errorKind: joined('errorKind'),
    finishReason: finishReasons.join(parts.map(({ finishReason }) => finishReason)),
    target: targets.join(parts.map(({ target }) => target)),
    gapsMs: joined('gapsMs'),
    gapOffsets: offsets(parts),
    finishReasons: finishReasons.labels,
    targets: targets.labels,
  }
}

/** Arrays of one kind behind one another; a single one as it is. */
export function concat<Values extends Column>(arrays: readonly Values[]): Values {
  const [first] = arrays
  if (first === undefined) throw new RangeError('nothing to put together')
  if (arrays.length === 1) return first
  const joined = new (first.constructor as new (length: number) => Values)(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    joined.set(array, at)
    at += array.length
  }
  return joined
}

/** Each part's offsets, behind the gaps of the parts before it. */
function offsets(parts: readonly RequestColumns[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 1))
  let row = 0
  let gaps = 0
  for (const { length, gapOffsets, gapsMs } of parts) {
    for (let i = 0; i < length; i++) joined[row + i] = gapOffsets[i]! + gaps
    row += length
    gaps += gapsMs.length
  }
  joined[row] = gaps
  return joined
}

/** As many as a byte can point to; all labels that come later share the last number. */
const MOST_LABELS = 256

/** One list of labels in place of several, and indexes into it. */
class Relabelling {
  readonly labels: readonly string[]
  readonly #byPart: readonly Uint8Array[]

  constructor(lists: readonly (readonly string[])[]) {
    const all = [...new Set(lists.flat())]
    this.labels = all.slice(0, MOST_LABELS)
    this.#byPart = lists.map((list) => Uint8Array.from(list, (label) => Math.min(all.indexOf(label), MOST_LABELS - 1)))
  }

  join(columns: readonly Uint8Array[]): Uint8Array {
    const joined = new Uint8Array(columns.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const [part, column] of columns.entries()) {
      const numbers = this.#byPart[part]!
      for (const index of column) joined[at++] = numbers[index]!
    }
    return joined
  }
}
