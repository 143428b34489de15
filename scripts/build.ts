// Compiles src/ and reporters/ into dist/, and copies the Python drivers there. Stale output is removed first, so that a deleted module can't be imported.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { summaryJSONSchema } from '../reporters/json/schema.ts'

rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
cpSync('src/engines/python/drivers', 'dist/src/engines/python/drivers', {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
})
writeFileSync('dist/summary.schema.json', `${JSON.stringify(summaryJSONSchema(), null, 2)}\n`)
