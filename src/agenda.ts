/** Something that is to happen at a time. */
export interface Appointment {
  /** When, on the agenda's clock; not to be changed while it stands in the agenda. */
  dueNs: number
  /** Where it stands in the agenda; −1 where it does not. Start with −1, and leave it to the agenda. */
  place: number
  /** Of those that are due at one time, the one that was added first comes first. The agenda's to set. */
  order?: number
  /** Called once, no earlier than due; it may make appointments, this one again among them. */
  due(nowNs: number): void
}

/** Appointments in the order of their times: a binary heap. */
export class Agenda {
  readonly #heap: Appointment[] = []
  #added = 0

  get next(): Appointment | undefined {
    return this.#heap[0]
  }

  add(item: Appointment): void {
    item.order = this.#added++
    this.#heap.push(item)
    this.#rise(item, this.#heap.length - 1)
  }

  /** Does nothing where the item is not in the agenda. */
  remove(item: Appointment): void {
    const { place } = item
    if (place === -1) return
    item.place = -1
    const last = this.#heap.pop()!
    if (last === item) return
    this.#rise(last, place)
    this.#sink(last, last.place)
  }

  /** Keeps the appointments that are due by now: as many as there are, for each may make others that are due at once. */
  runDue(nowNs: number): void {
    for (let left = this.#heap.length; left > 0; left--) {
      const item = this.#heap[0]
      if (item === undefined || item.dueNs > nowNs) return
      this.remove(item)
      item.due(nowNs)
    }
  }

  #rise(item: Appointment, from: number): void {
    const heap = this.#heap
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = heap[above]!
      if (isBefore(other, item)) break
      heap[place] = other
      other.place = place
      place = above
    }
    heap[place] = item
    item.place = place
  }

  #sink(item: Appointment, from: number): void {
    const heap = this.#heap
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
      const other = heap[below]!
      if (isBefore(item, other)) break
      heap[place] = other
      other.place = place
      place = below
    }
    heap[place] = item
    item.place = place
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.order! < b.order!)
}
