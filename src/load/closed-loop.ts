import { createRandom } from '../datasets/sampling.ts'
import type { ChatMessage } from '../datasets/dataset.ts'
import type { ClientsSpec } from '../dsl/workload-spec.ts'
import type { Call } from './answer-rows.ts'
import type { Driver } from './driver.ts'
import { sendCall } from './driver.ts'
import { answerLength } from './lengths.ts'
import type { LoopResult } from './loop-result.ts'
import { conversationHead, expectedTokens, preparePrompts } from './prompts.ts'
import { RequestLog } from './request-log.ts'
import { STREAMS, seedFor } from './seeds.ts'
import { createSequences } from './sequences.ts'
import type { Turn } from './sequences.ts'
import { sleepUntil } from './timers.ts'

/**
 * A fixed number of clients, each of which sends, waits for the whole answer, thinks and sends again. Client i starts at
 * `i × rampUp / n` after the first one, by the clock and whatever the others do.
 */
export async function closedLoop(driver: Driver<ClientsSpec>): Promise<LoopResult> {
  const { spec, dataset, clock, progress, signal } = driver
  const { rows } = dataset
  const log = new RequestLog(spec.requests ?? 1024, driver.counter)
  const prompts = preparePrompts(dataset, spec.systemPrompt)
  const sequences = createSequences({
    clients: spec.n,
    order: spec.order,
    requests: spec.requests,
    rows: rows.length,
    turnsOf: (row) => rows[row]!.userTurns.length,
    random: (stream) => createRandom(spec.seed, STREAMS.order, stream),
  })

  if (spec.duration === undefined) progress.begin('ramp-up', 'requests', spec.requests)
  else progress.begin('ramp-up', 'seconds', spec.duration)
  const startNs = clock.now()
  const lastSendNs = startNs + 1e9 * Math.min(spec.duration ?? Infinity, spec.stopAfter ?? Infinity)
  let waiting = spec.n
  let lastStartNs = startNs
  let firstFinishNs = Infinity

  const client = async (id: number): Promise<void> => {
    let readyNs = startNs + (id * spec.rampUp * 1e9) / spec.n
    let lastAnswerNs = startNs
    const sequence = sequences.of(id)
    /** Waits until it is this client's turn to send; false where its time is over. */
    const ready = async (): Promise<boolean> => {
      if (readyNs >= lastSendNs) return false
      await sleepUntil(clock, readyNs, signal)
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
          keepText: i + 1 < turns.length,
        }
        const answer = await sendCall(driver, call)
        log.add(call, answer)
        lastAnswerNs = answer.endNs
        readyNs = lastAnswerNs + spec.thinkTime * 1e9
        if (answer.error !== undefined) return sequence.giveBack(turns.length - i - 1)
        if (call.keepText === true) history = [...messages, { role: 'assistant', content: answer.choices[0]?.text ?? '' }]
      }
    }

    const started = await ready()
    if (--waiting === 0) progress.phase = 'running'
    let turns = started ? sequence.next(spec.turns) : []
    // A client that has nothing to send is no part of the load.
    if (turns.length === 0) return
    lastStartNs = Math.max(lastStartNs, clock.now())
    do {
      await converse(turns)
      turns = sequence.next(spec.turns)
    } while (turns.length > 0 && (await ready()))
    firstFinishNs = Math.min(firstFinishNs, lastAnswerNs)
    progress.phase = 'draining'
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

  await Promise.all(Array.from({ length: spec.n }, (_, id) => client(id)))
  const partial = signal.aborted
  const steady = firstFinishNs > lastStartNs && firstFinishNs < Infinity
  return {
    log,
    span: log.span === undefined ? undefined : [startNs, log.span[1]],
    steadyNs: steady ? [lastStartNs, firstFinishNs] : undefined,
    wrapped: sequences.rowsDrawn() > rows.length,
    partial,
    notes: steady || partial ? [] : ['There is no steady window: the first client was done before the last one had started.'],
  }
}
