import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const BEGIN = '<!-- measured -->\n'
const END = '<!-- end -->'

/** Writes a report: in place of the one before, where the file has lines that say where it stands, else as the whole file. */
export function writeReport(file: string, report: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const content = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [before, after] = [content.indexOf(BEGIN), content.indexOf(END)]
  const whole = before === -1 || after < before ? report : `${content.slice(0, before + BEGIN.length)}${report}${content.slice(after)}`
  writeFileSync(file, whole)
}
