import { expect, test } from 'vitest'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js'
import { writeDeltas } from '../../../../src/files/parquet/deltas.ts'

let seed = 1
const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647

test.for([
  ['none', []],
  ['one', [7]],
  ['two', [7, 3]],
  ['as many as fill a block, evenly spaced', Array.from({ length: 129 }, (_, i) => i * 1000)],
  ['one more than fill a block', Array.from({ length: 130 }, () => Math.floor(random() * 1000))],
  ['of every width up to 2⁵²', Array.from({ length: 5000 }, (_, i) => Math.floor(random() * 2 ** (i % 53)))],
  ['below the origin and above it', Array.from({ length: 300 }, () => Math.floor((random() - 0.5) * 2 ** 50))],
] as const)('encodes numbers (%s) as big integers are encoded', ([, numbers]) => {
  const origin = 17_280_000_000_000_001n
  const ours = new ByteWriter()
  writeDeltas(ours, Float64Array.from(numbers), origin)
  const theirs = new ByteWriter()
  deltaBinaryPack(
    theirs,
    BigInt64Array.from(numbers, (number) => origin + BigInt(number)),
    'INT64',
  )
  expect(Buffer.from(ours.getBytes()).toString('hex')).toBe(Buffer.from(theirs.getBytes()).toString('hex'))
})
