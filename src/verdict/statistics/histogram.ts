/** Bins an octave of a {@link Histogram}: the seven bits of a float's mantissa that stand in its upper half. */
const FINE = 128

/** Bins an octave of a {@link BinnedSample}. */
const COARSE = 32

/** How wide a bin of a {@link BinnedSample} is at most, as a share of its lower end. */
export const BIN_WIDTH = 1 / COARSE

/** How many values of a sample lie where. JSON-safe, and a line of text even where there are millions. */
export interface BinnedSample {
  count: number
  /**
   * Bins that hold anything, ascending: lower end, `:` and count, as in `20:15 20.5:300`. An octave, from a power of two to the next, is
   * cut into 32 bins of equal width; a bin ends where the next such begins.
   */
  bins: string
}

/** Counts values from 0 up in bins that are {@link FINE} to an octave, by the upper half of their bits as 32-bit floats. */
export class Histogram {
  readonly #counts = new Uint32Array(0x8000)
  readonly #value = new Float32Array(1)
  readonly #bits = new Uint32Array(this.#value.buffer)
  #count = 0

  add(value: number): void {
    // Below 0 there is nothing but the noise of clocks.
    this.#value[0] = value > 0 ? value : 0
    this.#counts[this.#bits[0]! >>> 16]!++
    this.#count++
  }

  /** Adds a stretch of values. */
  addStretch(values: Float32Array, from: number, to: number): void {
    const [counts, value, bits] = [this.#counts, this.#value, this.#bits]
    for (let k = from; k < to; k++) {
      value[0] = values[k]! > 0 ? values[k]! : 0
      counts[bits[0]! >>> 16]!++
    }
    this.#count += to - from
  }

  /** The value below which a share of the sample lies, on a straight line through its bin. */
  valueAt(share: number): number {
    let left = Math.min(1, Math.max(0, share)) * this.#count
    for (const [bin, count] of this.#counts.entries()) {
      if (count > 0 && left <= count) return this.#edge(bin) + (left / count) * (this.#edge(bin + 1) - this.#edge(bin))
      left -= count
    }
    return Number.NaN
  }

  toBinnedSample(): BinnedSample {
    const together = FINE / COARSE
    const bins: string[] = []
    for (let bin = 0; bin < this.#counts.length; bin += together) {
      let count = 0
      for (let part = 0; part < together; part++) count += this.#counts[bin + part]!
      if (count > 0) bins.push(`${this.#edge(bin)}:${count}`)
    }
    return { count: this.#count, bins: bins.join(' ') }
  }

  #edge(bin: number): number {
    this.#bits[0] = bin << 16
    return this.#value[0]!
  }
}

/**
 * A percentile of a binned sample, on a straight line through its bin: within {@link BIN_WIDTH} of the sample's own.
 * @param p 0 to 100
 * @returns undefined for an empty sample
 */
export function binnedPercentile({ count, bins }: BinnedSample, p: number): number | undefined {
  let left = (p / 100) * count
  for (const { from, to, count: inside } of binsOf(bins)) {
    if (left <= inside) return from + (left / inside) * (to - from)
    left -= inside
  }
  return undefined
}

/** The bins of a sample, with both ends. */
export function binsOf(bins: string): { from: number; to: number; count: number }[] {
  if (bins === '') return []
  return bins.split(' ').map((bin) => {
    const [from, count] = bin.split(':').map(Number) as [number, number]
    return { from, to: from + widthAt(from), count }
  })
}

function widthAt(from: number): number {
  return from > 0 ? 2 ** Math.floor(Math.log2(from)) / COARSE : 0
}
