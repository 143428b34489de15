// The command line, as a user runs it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCommand } from './run-cli.ts'
import { project, REPOSITORY } from './run-vitest.ts'

/** Runs a command that serves, up to its address. */
function run(args: readonly string[], cwd?: string) {
  const command = runCommand(args, cwd)
  return { ...command, url: () => command.says(/http:\/\/\S+/).then(([url]) => url) }
}

const POST = { method: 'POST', body: JSON.stringify({ prompt: '#id=1 x', max_tokens: 3 }) }

test('serve --simulate says where it serves, and Ctrl-C ends it with its log written', async () => {
  const folder = await project({})
  const args = [
    'serve',
    '--simulate',
    '--port',
    '0',
    '--ttft',
    '5',
    '--itl=1ms',
    '--model',
    'm',
    '--faults',
    'stall=0',
    '--truth-log',
    't.log',
  ]
  const { child, ended, url } = run(args, folder)
  const answer = await fetch(`${await url()}/completions`, POST)
  expect(await answer.json()).toMatchObject({ model: 'm', usage: { completion_tokens: 3 } })
  child.kill('SIGINT')
  const { code, output } = await ended
  expect(code).toBe(0)
  expect(output).toMatch(/^simulator \d\S* serves m on http:\/\/127\.0\.0\.1:\d+\/v1 /)
  expect(await readFile(join(folder, 't.log'), 'utf8')).toMatch(/^1 \d+ \d+ \d+ 3\n$/)
})

test('serve serves the embedded engine', async () => {
  const { child, ended, url } = run(['serve', '--port', '0', '--parallel', '2'])
  const answer = await fetch(`${await url()}/completions`, POST)
  expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 3 } })
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})

test('--help lists every option with its default, --version the version', async () => {
  const help = await run(['serve', '--help']).ended
  expect(help.code).toBe(0)
  for (const text of ['--ttft', '(default: 20)', '--step-ms', '--faults', '--context-size', '(default: 16384; 65536 for the tiny model)']) {
    expect(help.output).toContain(text)
  }
  const compare = await run(['compare', '--help']).ended
  expect(compare.output).toMatch(/^ {2}--metric … .*(?<!default: )\)$/m)
  expect(compare.output).toContain('text, md or json (default: text)')
  const overview = await run(['--help']).ended
  expect(overview.output).toMatch(/^ {2}serve +serve the embedded engine/m)
  expect(await run([]).ended).toEqual(overview)
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string }
  expect(await run(['--version']).ended).toMatchObject({ code: 0, output: `${version}\n` })
})

describe('bad input is one clear line and exit code 2', () => {
  const bad: [string[], string][] = [
    [['srve'], 'vitest-llm-bench has no command "srve": did you mean serve?'],
    [['plot'], 'vitest-llm-bench has no command "plot": it takes serve, '],
    [['serve', '8000'], 'vitest-llm-bench serve has no use for "8000"'],
    [['serve', '--simulate', '--ttf', '3'], 'vitest-llm-bench serve --simulate has no option --ttf: did you mean --ttft?'],
    [['serve', '--simulate', '--ttft=-3'], '`ttft` is -3: expected a number of milliseconds from 0'],
    [['serve', '--simulate', '--ttft'], '--simulate --help'],
    [['serve', '--simulate', '--port', '99999'], '--port is 99999: expected a whole number from 0 to 65535'],
    [['serve', '--simulate', '--faults', 'rset=1%'], 'has no option `faults.rset`: did you mean `reset`?'],
    [['serve', '--simulate', '--faults', '{"reset"'], '--faults is no JSON'],
    [['serve', '--model', 'missing.gguf'], 'missing.gguf'],
  ]
  test.for(bad)('%j', async ([args, message]) => {
    const { code, output } = await run(args).ended
    expect(output).toContain(message)
    expect(output.trimEnd().split('\n')).toHaveLength(1)
    expect(code).toBe(2)
  })

  test('a port that is taken', async () => {
    const first = run(['serve', '--simulate', '--port', '0'])
    const { port } = new URL(await first.url())
    const { code, output } = await run(['serve', '--simulate', '--port', port]).ended
    expect([code, output]).toEqual([2, expect.stringContaining(`can't listen on port ${port}`)])
  })
})
