import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LlmBenchError, messageOf } from '../src/errors.ts'

/**
 * Writes a report whole or not at all.
 * @throws {LlmBenchError} `RESULTS`: names the file and the way out.
 */
export async function writeReport(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(unfinished, text)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw new LlmBenchError(
      'RESULTS',
      `The report ${path} can't be written (${messageOf(error)}): make its folder writable, or name another one ` +
        "(llmBench()'s `results` option, or the reporter's `outputFile`).",
      { cause: error },
    )
  }
}
