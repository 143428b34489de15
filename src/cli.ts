#!/usr/bin/env node
/**
 * The command line.
 * @module
 */
import { serve, serveHelp } from './cli/serve.ts'
import { LlmBenchError } from './errors.ts'
import { thisPackage } from './this-package.ts'

const [command, ...args] = process.argv.slice(2)

try {
  switch (command) {
    case 'serve':
      await serve(args)
      break
    case '--version':
    case '-v':
      process.stdout.write(`${thisPackage().version}\n`)
      break
    case undefined:
    case '--help':
    case '-h':
      process.stdout.write(`${serveHelp()}\n`)
      break
    default:
      throw new LlmBenchError('USAGE', `vitest-llm-bench has no command ${JSON.stringify(command)}: it takes serve, --version, --help`)
  }
  process.exit(0)
} catch (error) {
  if (!(error instanceof LlmBenchError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
