import { counted } from '../counted.ts'
import { createRandom } from '../datasets/sampling.ts'
import type { ChatMessage } from '../datasets/dataset.ts'
import type { ClientsSpec } from '../dsl/workload-spec.ts'
import type { Answer } from '../targets/target.ts'
import { Timekeeper } from '../timekeeper.ts'
import type { Call } from './answer-rows.ts'
import type { Driver } from './driver.ts'
import { sendCall } from './driver.ts'
import { answerLength } from './lengths.ts'
import type { LoopOutcome, LoopResult, Span } from './loop-result.ts'
import { isMine } from './pool/shared-load.ts'
import { conversationHead, expectedTokens, preparePrompts } from './prompts.ts'
import { RequestLog } from './request-log.ts'
import { STREAMS, seedFor } from './seeds.ts'
import { createSequences } from './sequences.ts'
import type { Turn } from './sequences.ts'
import { sleepUntil } from './sleep-until.ts'

/** How long a client waits after a refused request, for each such request in a row, and at most. */
const REFUSED_PAUSE_NS = 0.1e9
const LONGEST_PAUSE_NS = 1e9

/** What one worker's closed loop alone knows. Times are in nanoseconds since the run's origin. */
export interface ClosedFacts {
  readonly startNs: number
  readonly sent: number
  readonly rowsDrawn: number
  /** Clients whose time to start did not come. */
  readonly keptOut: number
  /** Clients that started and had nothing to send. */
  readonly idle: number
  /** When the last client started that had. */
  readonly lastStartNs: number
  readonly firstFinishNs: number
  readonly cancelled: boolean
}

/**
 * A fixed number of clients, each of which sends, waits for the whole answer, thinks and sends again. Client i starts at
 * `i × rampUp / n` after the load, by the clock and whatever the others do, and lives in worker i modulo their number.
 *
 * Where only time ends the load, a client that is refused pauses: a server that is gone would else be asked, and counted as
 * failing, as often as the machine can.
 */
export async function closedLoop(driver: Driver<ClientsSpec>): Promise<LoopOutcome<ClosedFacts>> {
  const { spec, dataset, clock, progress, shared, signal } = driver
  const { rows } = dataset
  const log = new RequestLog(Math.ceil((spec.requests ?? 1024) / shared.share.of), driver.counter, spec.keepAnswers)
  const prompts = preparePrompts(dataset, spec.systemPrompt)
  const sequences = createSequences({
    clients: spec.n,
    requests: spec.requests,
    queue: spec.order === 'shared' ? shared.queue(spec.requests ?? Infinity) : undefined,
    rows: rows.length,
    turnsOf: (row) => rows[row]!.userTurns.length,
    random: (stream) => createRandom(spec.seed, STREAMS.order, stream),
  })

  const times = new Timekeeper(clock)
  const ids = Array.from({ length: spec.n }, (_, id) => id).filter((id) => isMine(shared.share, id))
  const startNs = await driver.start()
  if (spec.duration === undefined) progress.begin('ramp-up', 'requests', spec.requests)
  else progress.begin('ramp-up', 'seconds', spec.duration)
  const lastSendNs = startNs + 1e9 * Math.min(spec.duration ?? Infinity, spec.stopAfter ?? Infinity)
  let waiting = ids.length
  let keptOut = 0
  let idle = 0
  let lastStartNs = startNs
  let firstFinishNs = Infinity

  const client = async (id: number): Promise<void> => {
    let readyNs = startNs + (id * spec.rampUp * 1e9) / spec.n
    let lastAnswerNs = startNs
    let refusals = 0
    const sequence = sequences.of(id)
    /** Waits until it is this client's turn to send; false where its time is over. */
    const ready = async (): Promise<boolean> => {
      if (readyNs >= lastSendNs) return false
      await sleepUntil(times, clock, readyNs, signal)
      return !signal.aborted && clock.now() < lastSendNs
    }
    const converse = async (turns: readonly Turn[]): Promise<void> => {
      let history: readonly ChatMessage[] = []
      for (const [i, turn] of turns.entries()) {
        if (i > 0 && !(await ready())) return
        const { messages, expected } = ask(turn, history, i)
        const call: Call = {
          client: id,
          promptIndex: turn.row,
          messages,
          length: answerLength(spec, expected),
          seed: seedFor(spec.seed, turn.row, turn.ordinal),
          scheduledNs: readyNs,
          ...(spec.turns === 1 ? {} : { turn: turn.turn }),
          keepText: i + 1 < turns.length,
        }
        const answer = await sendCall(driver, call)
        log.add(call, answer)
        lastAnswerNs = answer.endNs
        refusals = isRefused(answer) ? refusals + 1 : 0
        const pauseNs = spec.requests === undefined ? Math.min(refusals * REFUSED_PAUSE_NS, LONGEST_PAUSE_NS) : 0
        readyNs = lastAnswerNs + Math.max(spec.thinkTime * 1e9, pauseNs)
        if (answer.error !== undefined) return sequence.giveBack(turns.length - i - 1)
        if (call.keepText === true) history = [...messages, { role: 'assistant', content: saidOf(answer) }]
      }
    }

    const started = await ready()
    if (--waiting === 0 && progress.phase === 'ramp-up') progress.phase = 'running'
    if (!started) keptOut++
    let turns = started ? sequence.next(spec.turns) : []
    // A client that has nothing to send is no part of the load.
    if (turns.length === 0) {
      if (started) idle++
      return
    }
    lastStartNs = Math.max(lastStartNs, clock.now())
    do {
      await converse(turns)
      turns = sequence.next(spec.turns)
    } while (turns.length > 0 && (await ready()))
    firstFinishNs = Math.min(firstFinishNs, lastAnswerNs)
    if (clock.now() >= lastSendNs) progress.phase = 'draining'
  }

  /** The messages of a turn, after the conversation so far. */
  const ask = (
    turn: Turn,
    history: readonly ChatMessage[],
    i: number,
  ): { messages: readonly ChatMessage[]; expected: number | undefined } => {
    if (spec.turns === 1) return { messages: prompts[turn.row]!.messages, expected: prompts[turn.row]!.expectedTokens }
    const row = rows[turn.row]!
    const head = i === 0 ? conversationHead(row, spec.systemPrompt) : history
    const content = row.userTurns[turn.turn] ?? row.messages.at(-1)!.content
    return { messages: [...head, { role: 'user', content }], expected: expectedTokens(row, turn.turn) }
  }

  await Promise.all(ids.map(client))
  return {
    log,
    facts: {
      startNs,
      sent: progress.started,
      rowsDrawn: sequences.rowsDrawn(),
      keptOut,
      idle,
      lastStartNs,
      firstFinishNs,
      cancelled: signal.aborted,
    },
  }
}

/**
 * What the workers' closed loops come to.
 * @param rows rows of the dataset
 * @param span first send and last response of all of them
 */
export function closedResult(spec: ClientsSpec, facts: readonly ClosedFacts[], rows: number, span: Span | undefined): LoopResult {
  const sum = (count: 'sent' | 'rowsDrawn' | 'keptOut' | 'idle'): number => facts.reduce((total, worker) => total + worker[count], 0)
  const partial = facts.some(({ cancelled }) => cancelled)
  const lastStartNs = Math.max(...facts.map((worker) => worker.lastStartNs))
  const firstFinishNs = Math.min(...facts.map((worker) => worker.firstFinishNs))
  const keptOut = sum('keptOut')
  // Fewer clients than asked for are no steady load, however evenly they run.
  const steady = keptOut === 0 && firstFinishNs > lastStartNs && firstFinishNs < Infinity
  return {
    span: span && [Math.min(...facts.map(({ startNs }) => startNs)), span[1]],
    steadyNs: steady ? [lastStartNs, firstFinishNs] : undefined,
    wrapped: sum('rowsDrawn') > rows,
    partial,
    notes: partial
      ? []
      : [...idleNote(sum('idle'), spec), ...stopNote(sum('sent'), spec), ...(steady ? [] : [noSteadyNote(keptOut, spec.n)])],
  }
}

/** What a client keeps of an answer: not its reasoning, but where it never came out of that. */
function saidOf({ choices: [choice] }: Answer): string {
  const { text = '', reasoningLength = 0 } = choice ?? {}
  return text.slice(reasoningLength) || text
}

/** Whether a server took the request no further than its door. */
function isRefused({ error, choices }: Answer): boolean {
  return (error?.kind === 'connect' || error?.kind === 'reset') && choices.every(({ chunks }) => chunks === 0)
}

function idleNote(idle: number, { n, requests = Infinity }: ClientsSpec): string[] {
  if (idle === 0) return []
  const why = requests < n ? `requests (${requests}) is below n` : 'the others had sent all requests before they started'
  return [`${idle} of ${counted(n, 'client')} had nothing to send: ${why}.`]
}

function stopNote(sent: number, { stopAfter, requests, duration }: ClientsSpec): string[] {
  if (stopAfter === undefined) return []
  const early = `stopAfter ended the load at ${stopAfter} s`
  if (requests !== undefined) return sent < requests ? [`${early}: ${sent} of ${counted(requests, 'request')} were sent.`] : []
  return stopAfter < duration! ? [`${early}, before its duration of ${duration} s was over.`] : []
}

function noSteadyNote(keptOut: number, clients: number): string {
  if (keptOut === 0) return 'There is no steady window: the first client was done before the last one had started.'
  return `There is no steady window: the load was over before ${keptOut} of ${counted(clients, 'client')} had started (rampUp).`
}
