import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ChildLog } from '../../child-log.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { present } from '../../metrics/present.ts'
import { scrubber } from '../../targets/wire/secrets.ts'
import { commandText, OTHER_PYTHON } from './interpreter.ts'
import type { Interpreter } from './interpreter.ts'
import { parseReport } from './protocol.ts'
import type { Command, Report } from './protocol.ts'

const LOG_FILE = 'engine.log'
const SHOWN_LINE_LENGTH = 200

export interface DriverOptions {
  readonly interpreter: Interpreter
  /** Name of the driver's file. */
  readonly file: string
  /** For messages: `transformers()`. */
  readonly called: string
  readonly env: Readonly<Record<string, string>>
  /** Absolute folder to run in. */
  readonly cwd: string
  /** What no log and no message may show. */
  readonly secrets: readonly string[]
  /** Absolute folder for its log; without, only the last lines are kept. */
  readonly logFolder?: string | undefined
}

/** A driver's process, in a group of its own, and the line to it. */
export class DriverProcess {
  readonly #child: ChildProcess
  readonly #options: DriverOptions
  readonly #log: ChildLog
  readonly #scrub: (text: string) => string
  readonly #exited: Promise<void>
  #failure: LlmBenchError | undefined
  #closing = false
  /** Commands of this turn of the event loop. */
  #outbox: Command[] = []
  #onReport: (report: Report) => void = () => {}
  #onFailure: (error: LlmBenchError) => void = () => {}

  constructor(options: DriverOptions) {
    this.#options = options
    const { interpreter, file, cwd, env, secrets, logFolder } = options
    const script = fileURLToPath(new URL(`./drivers/${file}`, import.meta.url))
    const child = spawn(interpreter.command, [...interpreter.args, '-B', script], {
      cwd,
      // A group of its own can be ended as a whole, whatever the engine has started.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.#child = child
    this.#scrub = scrubber(secrets)
    const logFile = logFolder === undefined ? undefined : join(logFolder, LOG_FILE)
    this.#log = new ChildLog(logFile, this.#scrub, Math.max(0, ...secrets.map((secret) => secret.length)))
    this.#log.read(child.stderr)
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line))
    // What is written to a driver that has ended breaks the pipe; its end is told of below.
    child.stdin.on('error', () => {})
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid !== undefined) return
        this.#fail(`can't be started: \`${commandText(interpreter)}\`: ${messageOf(error)}; ${OTHER_PYTHON}`)
        this.#log.close()
        resolve()
      })
      child.once('exit', () => this.#killGroup())
      child.once('close', (code, signal) => {
        this.#fail(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
        this.#log.close()
        resolve()
      })
    })
  }

  /** Why it can't be used any more; undefined while it can. */
  get failure(): LlmBenchError | undefined {
    return this.#failure
  }

  /** Says who takes its reports, and the error where it fails: at once where it has failed already. */
  listen(onReport: (report: Report) => void, onFailure: (error: LlmBenchError) => void): void {
    this.#onReport = onReport
    this.#onFailure = onFailure
    if (this.#failure !== undefined) onFailure(this.#failure)
  }

  /**
   * Sends a command. Those of one turn of the event loop arrive together, so that an engine of static batches starts requests that were
   * handed over one by one as one batch.
   */
  send(command: Command): void {
    if (this.#outbox.push(command) === 1) setImmediate(() => this.#flush())
  }

  /**
   * Lets it end by itself, and ends it where it doesn't.
   * @param ms how long it may take
   */
  async close(ms: number): Promise<void> {
    this.#closing = true
    if (this.#failure === undefined) {
      this.#flush()
      this.send({ type: 'close' })
      this.#flush()
      this.#child.stdin!.end()
    }
    const timer = setTimeout(() => this.#killGroup(), ms)
    await this.#exited
    clearTimeout(timer)
  }

  /** An error about it, with the end of its log. */
  error(what: string): LlmBenchError {
    const { logFolder, called } = this.#options
    const lines = this.#log.tail
    const whole = logFolder === undefined ? '' : ` (the whole log: ${join(logFolder, LOG_FILE)})`
    const log = lines.length === 0 ? [] : [`the end of its log${whole}:`, ...lines]
    return new LlmBenchError('ENGINE', [`the driver of ${called} ${this.#scrub(what)}`, ...log].join('\n  '))
  }

  #flush(): void {
    const commands = this.#outbox
    this.#outbox = []
    if (commands.length > 0 && this.#child.stdin!.writable) this.#child.stdin!.write(`${JSON.stringify(commands)}\n`)
  }

  #take(line: string): void {
    if (this.#failure !== undefined || this.#closing) return
    const report = parseReport(line)
    if (report !== undefined) return this.#onReport(this.#scrubbed(report))
    this.#fail(
      `printed what is no message of its protocol: ${JSON.stringify(line.slice(0, SHOWN_LINE_LENGTH))}. ` +
        'It must be started by the interpreter itself: a wrapper may print to stderr only',
    )
    this.#killGroup()
  }

  /** What the engine says of a request or a case goes into reports. */
  #scrubbed(report: Report): Report {
    if (report.type === 'answer' && report.error !== undefined) return { ...report, error: this.#scrub(report.error) }
    if (report.type !== 'case') return report
    const { error, skipped } = report
    return { ...report, ...present({ error: error && this.#scrub(error), skipped: skipped && this.#scrub(skipped) }) }
  }

  #fail(what: string): void {
    if (this.#failure !== undefined) return
    this.#failure = this.error(what)
    this.#onFailure(this.#failure)
  }

  #killGroup(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Windows has no groups; where there are, nobody is left in this one.
      if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    }
  }
}
