import { movedRow } from '../metrics/columns.ts'
import type { RequestRow } from '../metrics/columns.ts'
import type { BatchTime } from '../metrics/record.ts'

/** A finished batch of the session that this one goes on from. */
export interface RestoredBatch extends BatchTime {
  readonly rows: readonly RequestRow[]
}

/** The batches moved in time so that the last of them ends at `endNs`: the wall time is then theirs and the new session's. */
export function endingAt(endNs: number, batches: readonly RestoredBatch[]): RestoredBatch[] {
  const last = batches.reduce((latest, batch) => Math.max(latest, batch.endNs), 0)
  const byNs = endNs - last
  return batches.map(({ index, startNs, endNs, rows }) => ({
    index,
    startNs: startNs + byNs,
    endNs: endNs + byNs,
    rows: rows.map((row) => movedRow(row, byNs)),
  }))
}
