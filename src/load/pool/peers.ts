import { Worker } from 'node:worker_threads'
import { messageOf, LlmBenchError } from '../../errors.ts'
import type { BatchShare } from '../batch-sender.ts'
import type { LoadPart } from '../load-part.ts'
import { errorOf } from '../plan.ts'
import type { FromPeer, PeerSetup, ToPeer } from './messages.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './peer.ts' : './peer.js', import.meta.url)

/** What all peers are started with; their shares differ. */
type PeersSetup = Omit<PeerSetup, 'share' | 'name'>

/** Who is told of what peers say without being asked. */
interface PeersListener {
  /** `abortOn` ends the run. */
  readonly onHopeless: (reason: string) => void
}

/** The workers of a load other than the lead, which starts and ends them; none where it is alone. */
export class Peers {
  readonly #peers: readonly Peer[]
  readonly #failed = new AbortController()

  /**
   * @param workers in all, the lead among them
   * @param setup absent where the lead is alone
   */
  constructor(bench: string, workers: number, setup: PeersSetup | undefined, listener: PeersListener) {
    this.#peers = Array.from({ length: setup === undefined ? 0 : workers - 1 }, (_, i) => {
      const share = { index: i + 1, of: workers }
      const name = `${bench}: load worker ${i + 2} of ${workers}`
      return new Peer(startOf({ ...setup!, share, name }), name, listener, () => this.#failed.abort())
    })
  }

  get length(): number {
    return this.#peers.length
  }

  /** Aborted where one of them has failed; whatever is asked of it from then on rejects with its error. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Resolves when all have prepared their share. */
  async ready(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.ready))
  }

  /** The load begins then. */
  start(startNs: number): void {
    this.#tell({ type: 'start', startNs })
  }

  /** Has each send its share of a batch. */
  sendBatch(index: number, scheduledNs: number): Promise<BatchShare>[] {
    return this.#peers.map((peer) => peer.sendBatch({ type: 'batch', index, scheduledNs }))
  }

  /** They end their requests and hand over what they have. */
  cancel(): void {
    this.#tell({ type: 'cancel' })
  }

  /** What they hand over, once their shares are sent. */
  async parts(): Promise<LoadPart[]> {
    this.#tell({ type: 'noMore' })
    return Promise.all(this.#peers.map((peer) => peer.part))
  }

  /** Ends them, whatever they do. */
  async close(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()))
  }

  #tell(message: ToPeer): void {
    for (const peer of this.#peers) peer.tell(message)
  }
}

function startOf(setup: PeerSetup): Worker {
  const { target, share } = setup
  const workerData: PeerSetup = { ...setup, target: beginningAt(share.index, target) }
  return new Worker(ENTRY, { name: `llm-bench load ${share.index + 1}`, execArgv: [], workerData })
}

/** Requests take URLs and keys in turn: each worker begins with others, so that they don't all come to the same one at once. */
function beginningAt(first: number, target: PeerSetup['target']): PeerSetup['target'] {
  const turned = <Item>(list: readonly Item[]): Item[] => list.map((_, i) => list[(i + first) % list.length]!)
  return { ...target, baseURLs: turned(target.baseURLs), apiKeys: turned(target.apiKeys) }
}

class Peer {
  readonly #worker: Worker
  readonly #onFailure: () => void
  readonly #ready = Promise.withResolvers<void>()
  readonly #part = Promise.withResolvers<LoadPart>()
  #batch = Promise.withResolvers<BatchShare>()
  #error: LlmBenchError | undefined
  #over = false

  constructor(worker: Worker, name: string, { onHopeless }: PeersListener, onFailure: () => void) {
    this.#worker = worker
    this.#onFailure = onFailure
    worker.on('message', (message: FromPeer) => {
      if (message.type === 'ready') this.#ready.resolve()
      else if (message.type === 'batch') this.#batch.resolve(message.share)
      else if (message.type === 'hopeless') onHopeless(message.reason)
      else if (message.type === 'error') this.#fail(errorOf(message.error))
      else {
        this.#over = true
        this.#part.resolve(message.part)
      }
    })
    const crashed = (reason: string, cause?: unknown): void =>
      this.#fail(new LlmBenchError('RUN_FAILED', `${name} failed: ${reason}`, { cause }))
    worker.once('messageerror', (error) => crashed(messageOf(error), error))
    worker.once('error', (error) => crashed(messageOf(error), error))
    worker.once('exit', (code) => crashed(`it ended with exit code ${code} before the run was over`))
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get part(): Promise<LoadPart> {
    return this.#part.promise
  }

  tell(message: ToPeer): void {
    this.#worker.postMessage(message, [])
  }

  sendBatch(message: ToPeer): Promise<BatchShare> {
    if (this.#error === undefined) this.#batch = Promise.withResolvers()
    this.tell(message)
    return this.#batch.promise
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #fail(error: LlmBenchError): void {
    if (this.#over) return
    this.#over = true
    this.#error = error
    for (const waited of [this.#ready, this.#part, this.#batch]) {
      letFail(waited.promise)
      waited.reject(error)
    }
    this.#onFailure()
  }
}

/** Whether anybody waits for it or not. */
function letFail(promise: Promise<unknown>): void {
  void promise.catch(() => {})
}
