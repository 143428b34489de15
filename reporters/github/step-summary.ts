import { appendFile, stat } from 'node:fs/promises'
import { messageOf } from '../../src/errors.ts'

/** GitHub shows no summary of a step at all that is larger, whoever wrote it. */
const MOST_BYTES = 1024 * 1024

/**
 * Appends a report to the summary of a job's step, where others may have written before.
 * @returns why it is not there, if it is not
 */
export async function appendToSummary(path: string, report: string): Promise<string | undefined> {
  const written = await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  const text = written === 0 ? report : `\n${report}`
  if (written + Buffer.byteLength(text) > MOST_BYTES) {
    return `${path} holds ${written} bytes, and GitHub shows nothing of more than ${MOST_BYTES}`
  }
  // It is there to be read by people: that it can't be written takes nothing from the run.
  return appendFile(path, text).then(() => undefined, messageOf)
}
