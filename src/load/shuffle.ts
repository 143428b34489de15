import type { Random } from '../datasets/sampling.ts'

/** A seeded permutation, repeated without end and drawn only as far as it is used: thousands of clients each have one. */
export class Shuffle {
  readonly #size: number
  readonly #random: Random
  readonly #drawn: number[] = []
  readonly #moved = new Map<number, number>()

  constructor(size: number, random: Random) {
    this.#size = size
    this.#random = random
  }

  at(index: number): number {
    const position = index % this.#size
    while (this.#drawn.length <= position) this.#draw()
    return this.#drawn[position]!
  }

  /** One step of the Fisher–Yates shuffle over an array of which only the moved entries exist. */
  #draw(): void {
    const at = this.#drawn.length
    const from = at + this.#random.int(this.#size - at)
    this.#drawn.push(this.#moved.get(from) ?? from)
    this.#moved.set(from, this.#moved.get(at) ?? at)
    this.#moved.delete(at)
  }
}
