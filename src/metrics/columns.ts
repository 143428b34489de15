import { FloatBlocks, release } from './float-blocks.ts'

/** Why a request failed; the index in this list is what the `errorKind` column holds (0: it did not). */
export const ERROR_KINDS = [
  '',
  'connect',
  'http',
  'timeout',
  'idle',
  'reset',
  'protocol',
  'truncated',
  'server',
  'empty',
  'cancelled',
] as const

/** A kind of request failure. */
export type ErrorKind = Exclude<(typeof ERROR_KINDS)[number], ''>

/**
 * One run's requests as columns of equal length, one entry a request.
 * Times are nanoseconds since the run's origin, NaN where unknown; counts are −1 where unknown.
 */
export interface RequestColumns {
  readonly length: number
  /** Client of a closed loop; −1 elsewhere. */
  readonly client: Int32Array
  /** Batch of a rollout; −1 elsewhere. */
  readonly batch: Int32Array
  /** Row of the dataset. */
  readonly promptIndex: Int32Array
  /** Which of a prompt's n answers; 0 elsewhere. */
  readonly sampleIndex: Int32Array
  /** When the request was to be sent by plan: open loop; elsewhere the moment it was ready to be sent. */
  readonly scheduledNs: Float64Array
  /** Right before the one write that hands all its bytes to the socket: after it, the server may already have answered. */
  readonly sentNs: Float64Array
  /** When the bytes of the first token of any kind were read. */
  readonly firstTokenNs: Float64Array
  /** When the bytes of the first token of the answer (not of reasoning) were read. */
  readonly firstAnswerNs: Float64Array
  /** When the bytes of the last token were read. */
  readonly lastTokenNs: Float64Array
  /** How long opening the connection took (a duration); NaN where one was reused, and for further answers to one request. */
  readonly connectNs: Float64Array
  readonly promptTokens: Int32Array
  readonly outputTokens: Int32Array
  /** Chunks that carried tokens. */
  readonly chunks: Int32Array
  /** 1 completed, 0 failed. */
  readonly completed: Uint8Array
  /** Index into {@link ERROR_KINDS}. */
  readonly errorKind: Uint8Array
  /** Index into `finishReasons`; 0 where there is none. */
  readonly finishReason: Uint8Array
  /** Index into `targets`. */
  readonly target: Uint8Array
  /** All requests' gaps between token-bearing chunks, in ms, in the order of the requests. */
  readonly gapsMs: Float32Array
  /** Request i's gaps are `gapsMs[gapOffsets[i]]` to `gapsMs[gapOffsets[i + 1] − 1]`; one entry more than requests. */
  readonly gapOffsets: Float64Array
  /** Texts that `finishReason` points to; the first is ''. */
  readonly finishReasons: readonly string[]
  /** What `target` points to: base URLs without secrets, or the engine's name. */
  readonly targets: readonly string[]
}

/** One request as it is appended to the columns; what is left out is unknown. */
export interface RequestRow {
  client?: number | undefined
  batch?: number | undefined
  promptIndex: number
  sampleIndex?: number | undefined
  scheduledNs: number
  sentNs?: number | undefined
  firstTokenNs?: number | undefined
  firstAnswerNs?: number | undefined
  lastTokenNs?: number | undefined
  connectNs?: number | undefined
  promptTokens?: number | undefined
  outputTokens?: number | undefined
  chunks?: number | undefined
  completed: boolean
  errorKind?: ErrorKind | undefined
  finishReason?: string | undefined
  target?: string | undefined
  /** Gaps in ms; copied. */
  gapsMs?: ArrayLike<number> | undefined
}

const ROW_TIMES = ['scheduledNs', 'sentNs', 'firstTokenNs', 'firstAnswerNs', 'lastTokenNs'] as const

/** A request moved in time; durations stay. */
export function movedRow(row: RequestRow, byNs: number): RequestRow {
  const moved = { ...row }
  for (const name of ROW_TIMES) {
    const time = row[name]
    if (time !== undefined) moved[name] = time + byNs
  }
  return moved
}

const NUMBERS = ['scheduledNs', 'sentNs', 'firstTokenNs', 'firstAnswerNs', 'lastTokenNs', 'connectNs'] as const
const COUNTS = ['client', 'batch', 'promptTokens', 'outputTokens'] as const

/** Collects requests into columns, growing by doubling; gaps, which are most of a run, in blocks. */
export class ColumnBuilder {
  #length = 0
  #capacity: number
  #times: Record<(typeof NUMBERS)[number], Float64Array<ArrayBuffer>>
  #counts: Record<(typeof COUNTS)[number] | 'promptIndex' | 'sampleIndex' | 'chunks', Int32Array<ArrayBuffer>>
  #bytes: Record<'completed' | 'errorKind' | 'finishReason' | 'target', Uint8Array<ArrayBuffer>>
  #gapOffsets: Float64Array<ArrayBuffer>
  readonly #gaps = new FloatBlocks()
  readonly #finishReasons = new Labels([''])
  readonly #targets = new Labels([])

  constructor(capacity = 1024) {
    const n = Math.max(1, capacity)
    this.#capacity = n
    this.#times = {
      scheduledNs: f64(n),
      sentNs: f64(n),
      firstTokenNs: f64(n),
      firstAnswerNs: f64(n),
      lastTokenNs: f64(n),
      connectNs: f64(n),
    }
    this.#counts = {
      client: i32(n),
      batch: i32(n),
      promptTokens: i32(n),
      outputTokens: i32(n),
      promptIndex: i32(n),
      sampleIndex: i32(n),
      chunks: i32(n),
    }
    this.#bytes = { completed: u8(n), errorKind: u8(n), finishReason: u8(n), target: u8(n) }
    this.#gapOffsets = f64(n + 1)
  }

  get length(): number {
    return this.#length
  }

  append(row: RequestRow): void {
    if (this.#length === this.#capacity) this.#grow()
    const i = this.#length++
    for (const name of NUMBERS) this.#times[name][i] = row[name] ?? Number.NaN
    for (const name of COUNTS) this.#counts[name][i] = row[name] ?? -1
    this.#counts.promptIndex[i] = row.promptIndex
    this.#counts.sampleIndex[i] = row.sampleIndex ?? 0
    this.#counts.chunks[i] = row.chunks ?? 0
    this.#bytes.completed[i] = row.completed ? 1 : 0
    this.#bytes.errorKind[i] = row.errorKind === undefined ? 0 : ERROR_KINDS.indexOf(row.errorKind)
    this.#bytes.finishReason[i] = this.#finishReasons.indexOf(row.finishReason ?? '')
    this.#bytes.target[i] = this.#targets.indexOf(row.target ?? '')
    if (row.gapsMs !== undefined) this.#gaps.append(row.gapsMs)
    this.#gapOffsets[i + 1] = this.#gaps.length
  }

  /** Hands the columns over: what was built is not copied, so that nothing may be appended any more. */
  finish(): RequestColumns {
    const n = this.#length
    return {
      length: n,
      ...mapValues(this.#times, (column) => column.subarray(0, n)),
      ...mapValues(this.#counts, (column) => column.subarray(0, n)),
      ...mapValues(this.#bytes, (column) => column.subarray(0, n)),
      gapsMs: this.#gaps.take(),
      gapOffsets: this.#gapOffsets.subarray(0, n + 1),
      finishReasons: this.#finishReasons.list(),
      targets: this.#targets.list(),
    }
  }

  #grow(): void {
    const n = this.#capacity * 2
    this.#times = mapValues(this.#times, (column) => grown(column, f64(n)))
    this.#counts = mapValues(this.#counts, (column) => grown(column, i32(n)))
    this.#bytes = mapValues(this.#bytes, (column) => grown(column, u8(n)))
    this.#gapOffsets = grown(this.#gapOffsets, f64(n + 1))
    this.#capacity = n
  }
}

/** The ArrayBuffers of columns, for transfer to another thread without a copy. */
export function buffersOf(columns: RequestColumns): ArrayBuffer[] {
  return Object.values(columns).flatMap((column) => (ArrayBuffer.isView(column) ? [column.buffer as ArrayBuffer] : []))
}

class Labels {
  readonly #labels: string[]
  readonly #index: Map<string, number>

  constructor(labels: string[]) {
    this.#labels = labels
    this.#index = new Map(labels.map((label, i) => [label, i]))
  }

  indexOf(label: string): number {
    let index = this.#index.get(label)
    if (index === undefined) {
      if (this.#labels.length > 255) return 255
      index = this.#labels.push(label) - 1
      this.#index.set(label, index)
    }
    return index
  }

  list(): string[] {
    return [...this.#labels]
  }
}

const f64 = (n: number): Float64Array<ArrayBuffer> => new Float64Array(n)
const i32 = (n: number): Int32Array<ArrayBuffer> => new Int32Array(n)
const u8 = (n: number): Uint8Array<ArrayBuffer> => new Uint8Array(n)

function grown<Column extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
  from: Column,
  to: Column,
): Column {
  to.set(from)
  release(from)
  return to
}

function mapValues<Key extends string, From, To>(record: Record<Key, From>, map: (value: From) => To): Record<Key, To> {
  return Object.fromEntries(Object.entries<From>(record).map(([key, value]) => [key, map(value)])) as Record<Key, To>
}
