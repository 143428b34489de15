import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { PythonEngineSpec } from '../../dsl/python-engines.ts'
import { secretsIn, secretsInEnvironment } from '../../dsl/redact.ts'
import { LlmBenchError } from '../../errors.ts'
import type { BatchCase } from '../../metrics/record.ts'
import type {
  Engine,
  EngineAnswer,
  EngineInfo,
  EngineNeeds,
  EngineRequest,
  GenerateOptions,
  LoadContext,
  OneBatchInput,
} from '../engine.ts'
import { ensureTinyFolder, TINY_MODEL_NAME } from '../llama/tiny-model.ts'
import { DriverProcess } from './driver-process.ts'
import { commandText, findInterpreter, OTHER_PYTHON } from './interpreter.ts'
import { PROTOCOL } from './protocol.ts'
import type { AnswerReport, CaseReport, Command, LoadedReport, Report } from './protocol.ts'

/** An engine of many processes frees its devices before it ends. */
const CLOSE_MS = 30_000

/**
 * Loads an engine in a Python process, through its driver.
 * @throws {LlmBenchError} `ENGINE` where the interpreter, a package or the model is missing, or the driver fails; `CANCELLED` where
 * the signal aborts
 */
export async function loadPythonEngine(spec: PythonEngineSpec, needs: EngineNeeds, context: LoadContext): Promise<Engine> {
  const { driver, loaded } = await startDriver(spec, needs, context)
  return new PythonEngine(spec, needs, context, driver, loaded)
}

interface Started {
  readonly driver: DriverProcess
  readonly loaded: LoadedReport
}

async function startDriver(spec: PythonEngineSpec, needs: EngineNeeds, context: LoadContext): Promise<Started> {
  const { root, signal, logFolder } = context
  const { kind, python, env, devices, ...options } = spec
  const model = await modelOf(spec, root)
  const interpreter = findInterpreter(python, process.env)
  const startedNs = process.hrtime.bigint()
  const driver = new DriverProcess({
    interpreter,
    file: `${kind}_driver.py`,
    called: calledOf(kind),
    env: { ...(devices === undefined ? {} : { CUDA_VISIBLE_DEVICES: devices }), ...env },
    cwd: root,
    secrets: [...secretsInEnvironment({ ...process.env, ...env }), ...secretsIn(options)],
    logFolder,
  })
  const { promise, resolve: loadedWith, reject } = Promise.withResolvers<LoadedReport>()
  const cancel = (): void => reject(new LlmBenchError('CANCELLED', `loading ${calledOf(kind)} was cancelled`))
  driver.listen((report) => {
    if (report.type === 'hello') {
      const problem = helloProblem(report, startedNs)
      if (problem !== undefined) reject(driver.error(problem))
    } else if (report.type === 'error') {
      reject(
        report.kind === 'missing'
          ? missingPackage(spec, report, commandText(interpreter))
          : driver.error(`can't load ${model}: ${report.message}`),
      )
    } else if (report.type === 'loaded') {
      loadedWith(report)
    }
  }, reject)
  driver.send({ type: 'load', spec: { ...options, model, ...(needs.schedule && { maxSequences: needs.schedule.together }) }, needs })
  if (signal?.aborted) cancel()
  else signal?.addEventListener('abort', cancel, { once: true })
  try {
    return { driver, loaded: await promise }
  } catch (error) {
    await driver.close(0)
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

/** The call that makes an engine's spec: two names are also those of targets. */
function calledOf(kind: PythonEngineSpec['kind']): string {
  return kind === 'sglang' || kind === 'lmdeploy' ? `${kind}Engine()` : `${kind}()`
}

/** A driver's clock must be ours, or no time of it could be set against one of ours. */
function helloProblem({ protocol, nowNs }: Extract<Report, { type: 'hello' }>, startedNs: bigint): string | undefined {
  if (protocol !== PROTOCOL) return `speaks version ${protocol} of the protocol, and this package ${PROTOCOL}`
  const now = BigInt(nowNs)
  if (now >= startedNs && now <= process.hrtime.bigint()) return undefined
  return "has another monotonic clock than Node (Python's time.monotonic_ns): its times could not be set against the run's"
}

function missingPackage({ kind }: PythonEngineSpec, report: Extract<Report, { kind: 'missing' }>, command: string): LlmBenchError {
  return new LlmBenchError(
    'ENGINE',
    `${calledOf(kind)} needs the Python package ${report.module}, which ${report.python} does not have: install it by \`${command} -m ${report.install}\`, or ${OTHER_PYTHON}.`,
  )
}

/** The model's folder where there is one; else a name that the engine knows. */
async function modelOf({ model }: PythonEngineSpec, root: string): Promise<string> {
  if (model === undefined) return ensureTinyFolder()
  const path = resolve(root, model)
  return existsSync(path) ? path : model
}

/** Requests that a driver has not answered yet. */
interface OpenCall {
  readonly take: (report: AnswerReport | CaseReport) => void
  readonly onTokens: ((count: number) => void) | undefined
  readonly fail: (error: LlmBenchError) => void
}

class PythonEngine implements Engine {
  readonly info: EngineInfo
  readonly #spec: PythonEngineSpec
  readonly #needs: EngineNeeds
  readonly #context: LoadContext
  /** A driver that has failed is replaced when it is next needed. */
  #driver: Promise<DriverProcess>
  readonly #open = new Map<number, OpenCall>()
  #nextId = 1
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  constructor(spec: PythonEngineSpec, needs: EngineNeeds, context: LoadContext, driver: DriverProcess, loaded: LoadedReport) {
    this.#spec = spec
    this.#needs = needs
    this.#context = context
    this.#driver = Promise.resolve(this.#listenTo(driver))
    this.info = {
      name: spec.kind,
      version: loaded.version,
      model: spec.model === undefined ? TINY_MODEL_NAME : basename(spec.model),
      ...(loaded.contextLength === null ? {} : { contextLength: loaded.contextLength }),
      device: loaded.device,
      streams: loaded.streams,
      ...(loaded.outputLength === null ? {} : { outputLength: loaded.outputLength }),
      ...(loaded.noSeed === null ? {} : { noSeed: loaded.noSeed }),
      ...(loaded.noOneBatch === null ? {} : { noOneBatch: loaded.noOneBatch }),
    }
  }

  async generate(requests: readonly EngineRequest[], options: GenerateOptions): Promise<EngineAnswer[]> {
    const { originNs, signal, onTokens, onAnswer, keepTokens = false } = options
    const answers: EngineAnswer[] = []
    if (requests.length === 0) return answers
    const { promise: done, resolve: finish } = Promise.withResolvers<void>()
    let missing = requests.length
    const set = (index: number, answer: EngineAnswer): void => {
      answers[index] = answer
      onAnswer?.(index, answer)
      if (--missing === 0) finish()
    }
    const call: OpenCall = {
      take: (report) => {
        if (report.type === 'answer') set(report.index, answerOf(report))
      },
      onTokens,
      fail: (error) => {
        const nowNs = Number(process.hrtime.bigint() - originNs)
        for (const index of requests.keys()) if (answers[index] === undefined) set(index, lostAnswer(nowNs, error))
      },
    }
    const command = { type: 'generate', id: this.#nextId++, originNs: String(originNs), requests, keepTokens } as const
    await this.#exchange(command, signal, call, done)
    return answers
  }

  async oneBatch(input: OneBatchInput, signal: AbortSignal): Promise<BatchCase> {
    const { batch, inputLength, outputLength } = input
    const lengths = { batch, inputLength, outputLength }
    const assertGoing = (): void => {
      if (signal.aborted || this.#closing.signal.aborted) throw new LlmBenchError('CANCELLED', 'the static batch was cancelled')
    }
    assertGoing()
    const { promise: done, resolve: finish } = Promise.withResolvers<void>()
    const id = this.#nextId++
    let measured: CaseReport = { type: 'case', id }
    const end = (report: CaseReport): void => {
      measured = report
      finish()
    }
    const call: OpenCall = {
      take: (report) => {
        if (report.type === 'case') end(report)
      },
      onTokens: undefined,
      // The case is lost with its driver; the next one gets another.
      fail: ({ message }) => end({ type: 'case', id, error: message }),
    }
    await this.#exchange({ type: 'oneBatch', id, ...input }, signal, call, done)
    assertGoing()
    const skipped = measured.skipped ?? measured.error
    if (skipped !== undefined) return { ...lengths, decodeNs: [], skipped }
    return {
      ...lengths,
      prefillNs: measured.prefillNs ?? undefined,
      decodeNs: measured.decodeNs ?? [],
      sequencesPerDecode: measured.sequences ?? [],
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end())
  }

  async #end(): Promise<void> {
    this.#closing.abort()
    const driver = await this.#driver.catch(() => undefined)
    await driver?.close(CLOSE_MS)
    this.#failAll(new LlmBenchError('ENGINE', `${calledOf(this.#spec.kind)} was closed`))
  }

  /**
   * A driver that works. One that has failed is replaced, for the next case or batch may well run; where the next one can't be
   * loaded, that is the end of it: to try again would cost every request as long, and end alike.
   * @throws {LlmBenchError} `ENGINE` where another one can't be loaded; `CANCELLED`
   */
  async #usable(): Promise<DriverProcess> {
    const seen = this.#driver
    const driver = await seen
    if (driver.failure === undefined) return driver
    if (this.#closing.signal.aborted) throw new LlmBenchError('ENGINE', `${calledOf(this.#spec.kind)} was closed`)
    // Those that find it dead at the same time share the next one.
    if (this.#driver === seen) this.#driver = this.#replace(driver)
    return this.#driver
  }

  async #replace(failed: DriverProcess): Promise<DriverProcess> {
    // Its memory is the next one's.
    await failed.close(0)
    const { signal } = this.#context
    const closing = this.#closing.signal
    const context = { ...this.#context, signal: signal === undefined ? closing : AbortSignal.any([signal, closing]) }
    try {
      return this.#listenTo((await startDriver(this.#spec, this.#needs, context)).driver)
    } catch (error) {
      if (!(error instanceof LlmBenchError) || error.code === 'CANCELLED') throw error
      throw new LlmBenchError('ENGINE', `${calledOf(this.#spec.kind)} went down and can't be loaded again: ${error.message}`)
    }
  }

  #listenTo(driver: DriverProcess): DriverProcess {
    const take = (report: Report): void => {
      if (report.type === 'tokens') this.#open.get(report.id)?.onTokens?.(report.count)
      else if (report.type === 'answer' || report.type === 'case') this.#open.get(report.id)?.take(report)
    }
    driver.listen(take, (error) => this.#failAll(error))
    return driver
  }

  #failAll(error: LlmBenchError): void {
    for (const call of this.#open.values()) call.fail(error)
  }

  /** Sends a command and waits for all of its reports; an abort is passed on, and the reports still come. */
  async #exchange(command: OpenCommand, signal: AbortSignal, call: OpenCall, done: Promise<void>): Promise<void> {
    const { id } = command
    let driver: DriverProcess
    try {
      driver = await this.#usable()
    } catch (error) {
      // What the engine has done before it was lost is worth keeping.
      if (!(error instanceof LlmBenchError)) throw error
      return call.fail(error)
    }
    const cancel = (): void => driver.send({ type: 'cancel', id })
    this.#open.set(id, call)
    if (driver.failure !== undefined) call.fail(driver.failure)
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    driver.send(command)
    try {
      await done
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#open.delete(id)
    }
  }
}

type OpenCommand = Extract<Command, { type: 'generate' | 'oneBatch' }>

function answerOf(report: AnswerReport): EngineAnswer {
  const { text, sentNs, firstNs, gapsNs, promptTokens, outputTokens, tokens, finishReason, error } = report
  const lastNs = firstNs === null ? report.endNs : gapsNs.reduce((at, gap) => at + gap, firstNs)
  return {
    text,
    sentNs,
    ...(firstNs === null ? {} : { firstTokenNs: firstNs }),
    ...(lastNs === undefined || lastNs === null ? {} : { lastTokenNs: lastNs }),
    gapsMs: Float32Array.from(gapsNs, (gap) => gap / 1e6),
    promptTokens,
    outputTokens,
    ...(tokens === null ? {} : { tokens }),
    ...(error === undefined ? { finishReason } : { error }),
  }
}

/** The answer to a request that went down with its driver. */
function lostAnswer(sentNs: number, { message }: LlmBenchError): EngineAnswer {
  return { text: '', sentNs, gapsMs: new Float32Array(0), promptTokens: 0, outputTokens: 0, error: message }
}
