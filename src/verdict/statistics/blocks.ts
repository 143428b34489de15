/** Into how many blocks a run's requests, or its time, are cut: 10 to 30 are enough, for more make each too short to hold a correlation. */
export const BLOCKS = 20

/** Fewer blocks than these say too little. */
const LEAST_BLOCKS = 8

/** A block of fewer requests is no block. */
const LEAST_IN_BLOCK = 5

/** Block of a request that is in none. */
export const NO_BLOCK = 255

/**
 * Which block each item belongs to, in order of time: blocks of equally many items. Items of the same time stand in their own order.
 * @param times in ns, one an item; NaN where the item belongs to no block
 * @returns undefined where there are too few for blocks that say anything
 */
export function blocksByTime(times: Float64Array): Uint8Array | undefined {
  const ordered = new Float64Array(times.length)
  let count = 0
  for (let i = 0; i < times.length; i++) if (!Number.isNaN(times[i]!)) ordered[count++] = apart(times[i]!, i)
  const blocks = Math.min(BLOCKS, Math.floor(count / LEAST_IN_BLOCK))
  if (blocks < LEAST_BLOCKS) return undefined
  ordered.subarray(0, count).sort()
  const begins = Array.from({ length: blocks }, (_, block) => ordered[Math.floor((block * count) / blocks)]!)
  const of = new Uint8Array(times.length)
  for (let i = 0; i < times.length; i++) of[i] = Number.isNaN(times[i]!) ? NO_BLOCK : blockAt(begins, apart(times[i]!, i))
  return of
}

/** A hundredth of a nanosecond keeps items of the same time apart, and moves no other. */
function apart(time: number, item: number): number {
  return time + item / 100
}

function blockAt(begins: readonly number[], time: number): number {
  let [low, high] = [0, begins.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (time < begins[middle]!) high = middle
    else low = middle
  }
  return low
}

/**
 * Standard error of a ratio Σs / Σc by batch means: s and c are sums over blocks that follow one another, long enough that what
 * correlates neighbouring requests is within them. With r = Σs / Σc and dᵦ = (sᵦ − r·cᵦ) × B / Σc, the deviation of one of B blocks,
 * its square is Σ(dᵦ₊₁ − dᵦ)² / (2 (B − 1) B). Of a mean, s is a sum and c a count.
 *
 * Differences of neighbours are taken rather than those from the mean, so that a drift over the run (ramp-up, a queue that grows),
 * which every run repeats, does not count as chance.
 *
 * Sources: B. Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30 (1982), for the blocks;
 * J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart, "The mean square successive difference", Annals of Mathematical
 * Statistics 12 (1941), for the differences.
 * @returns in the unit of s / c; undefined where fewer than eight blocks hold anything
 */
export function blockedError(sums: ArrayLike<number>, counts: ArrayLike<number>): number | undefined {
  let [sum, count, blocks] = [0, 0, 0]
  for (let block = 0; block < sums.length; block++) {
    sum += sums[block]!
    count += counts[block]!
    if (counts[block]! > 0) blocks++
  }
  if (blocks < LEAST_BLOCKS) return undefined
  const ratio = sum / count
  let squares = 0
  let last: number | undefined
  for (let block = 0; block < sums.length; block++) {
    if (counts[block] === 0) continue
    const deviation = ((sums[block]! - ratio * counts[block]!) * blocks) / count
    if (last !== undefined) squares += (deviation - last) ** 2
    last = deviation
  }
  return Math.sqrt(squares / (2 * (blocks - 1) * blocks))
}
