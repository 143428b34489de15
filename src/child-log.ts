import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { messageOf } from './errors.ts'

/** Lines that an error shows. */
const TAIL_LINES = 40
const TAIL_LINE_LENGTH = 1000
/** Longer lines are taken in pieces. */
const LONGEST_LINE = 64 * 1024

/**
 * What a server or an engine prints: to a file as it comes, line by line and without secrets, and its end for messages. Several
 * streams go into one file in the order in which they are read.
 */
export class ChildLog {
  readonly #scrub: (text: string) => string
  /** Characters of a piece that are held back: a secret may go on in the next. */
  readonly #heldBack: number
  readonly #tail: string[] = []
  readonly #listeners = new Set<(line: string) => void>()
  #file: number | undefined

  /**
   * @param path without, only the last lines are kept
   * @param scrub takes secrets out of a text
   * @param longestSecret characters of the longest one
   */
  constructor(path: string | undefined, scrub: (text: string) => string, longestSecret: number) {
    this.#scrub = scrub
    this.#heldBack = Math.max(0, longestSecret - 1)
    if (path === undefined) return
    this.#write(() => {
      mkdirSync(dirname(path), { recursive: true })
      this.#file = openSync(path, 'a')
    })
  }

  /** Takes in all that a stream brings. */
  read(stream: Readable): void {
    const decoder = new StringDecoder('utf8')
    let rest = ''
    const take = (text: string): void => {
      // Progress bars go back to the start of their line.
      const lines = (rest + text).split(/\r?\n|\r/)
      rest = lines.pop()!
      for (const line of lines) this.#add(line)
      if (rest.length > LONGEST_LINE) {
        const scrubbed = this.#scrub(rest)
        const end = scrubbed.length - this.#heldBack
        this.#add(scrubbed.slice(0, end))
        rest = scrubbed.slice(end)
      }
    }
    stream.on('data', (bytes: Buffer) => take(decoder.write(bytes)))
    stream.once('end', () => {
      take(decoder.end())
      if (rest !== '') this.#add(rest)
    })
    // The child's end breaks its pipes; whoever waits for the process is told.
    stream.on('error', () => {})
  }

  /** The last lines. */
  get tail(): readonly string[] {
    return this.#tail
  }

  /** Calls back for each line from now on, until the function that it returns is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    const file = this.#file
    this.#file = undefined
    if (file !== undefined) closeSync(file)
  }

  #add(raw: string): void {
    const line = this.#scrub(raw)
    const file = this.#file
    if (file !== undefined) this.#write(() => writeSync(file, `${line}\n`))
    if (line.trim() !== '') this.#keep(line)
    for (const listener of this.#listeners) listener(line)
  }

  #keep(line: string): void {
    this.#tail.push(line.slice(0, TAIL_LINE_LENGTH))
    if (this.#tail.length > TAIL_LINES) this.#tail.shift()
  }

  /** A disk that is full ends the file, and not the child. */
  #write(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#file = undefined
      this.#keep(`(no further line is in the log file: ${messageOf(error)})`)
    }
  }
}
