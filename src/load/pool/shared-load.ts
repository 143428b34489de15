import { ConcurrencyGate } from './concurrency-gate.ts'
import { OneQueue } from './turn-queue.ts'

/** Which of a load's workers this is, of how many. The lead is 0. */
export interface Share {
  readonly index: number
  readonly of: number
}

/** Whether a client, arrival or call is this worker's. */
export function isMine({ index, of }: Share, number: number): boolean {
  return number % of === index
}

/** What all workers of a load see, in shared memory: plain data, which crosses to a thread as it is. */
export interface SharedCells {
  /** Requests in flight, and the most that there were. */
  readonly inFlight: Int32Array
  /** Requests that have ended, where their number lets others start. */
  readonly ended: Int32Array
  /** What `abortOn` goes by. */
  readonly failures: Int32Array
  /** The queue that clients pull from together. */
  readonly queue: BigInt64Array
  /** How far each worker is. */
  readonly progress: Float64Array
}

const IN_FLIGHT = 0
const MOST = 1

/** A worker's view of what it shares with the others. All of it costs something for each request, nothing for each token. */
export class SharedLoad {
  readonly share: Share
  readonly cells: SharedCells

  constructor(share: Share, cells: SharedCells) {
    this.share = share
    this.cells = cells
  }

  /** A request of this worker is sent. */
  start(): void {
    const { inFlight } = this.cells
    const now = Atomics.add(inFlight, IN_FLIGHT, 1) + 1
    for (let most = Atomics.load(inFlight, MOST); now > most;) {
      const seen = Atomics.compareExchange(inFlight, MOST, most, now)
      if (seen === most) return
      most = seen
    }
  }

  /** One of them has ended, however. */
  end(): void {
    Atomics.sub(this.cells.inFlight, IN_FLIGHT, 1)
  }

  /** The most requests that were in flight at once, over all workers. */
  get mostInFlight(): number {
    return Atomics.load(this.cells.inFlight, MOST)
  }

  /** What lets this load's requests go, in their order, `max` at a time. */
  gate(max: number): ConcurrencyGate {
    return new ConcurrencyGate(this.cells.ended, max, this.share.of > 1)
  }

  /** The queue of so many requests that all clients pull from. */
  queue(requests: number): OneQueue {
    return new OneQueue(this.cells.queue, requests)
  }
}

/** Shared memory for a load of so many workers. */
export function sharedCells(workers: number): SharedCells {
  return {
    inFlight: ints(2),
    ended: ints(1),
    failures: ints(3),
    queue: new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)),
    progress: new Float64Array(new SharedArrayBuffer(workers * PROGRESS_CELLS * Float64Array.BYTES_PER_ELEMENT)),
  }
}

function ints(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
}

/** What `shared-progress.ts` keeps of each worker. */
export const PROGRESS_CELLS = 5
