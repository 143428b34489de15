import { expect, test } from 'vitest'
import { Agenda } from '../../../../src/agenda.ts'
import { Scheduler } from '../../../../src/servers/simulator/scheduler.ts'
import type { Outcome, SchedulerOptions, Seat } from '../../../../src/servers/simulator/scheduler.ts'

/** A scheduler over a clock that stands where it is put. */
class World {
  readonly agenda = new Agenda()
  readonly scheduler: Scheduler
  nowMs = 0
  /** `name@ms` of each chunk, in the order they were made. */
  readonly chunks: string[] = []

  constructor(options: Partial<SchedulerOptions> = {}) {
    const times = { add: (item: never) => this.agenda.add(item), remove: (item: never) => this.agenda.remove(item) }
    this.scheduler = new Scheduler({ maxNumSeqs: Infinity, timeFactorUnderLoad: 1, ...options }, times)
  }

  submit(name: string, chunks: number, { firstMs = 20, gapMs = 5, waitsAt = 0 } = {}): Seat {
    let made = 0
    const advance = (due: number): Outcome => {
      const end = Math.min(made + due, chunks)
      for (; made < end; made++) this.chunks.push(`${name}@${Math.round(this.nowMs * 1e6) / 1e6}`)
      if (made === chunks) return 'ended'
      return made === waitsAt ? 'waits' : 'more'
    }
    return this.scheduler.submit({ firstMs, gapMs: () => gapMs, heldTokens: 10, advance }, this.nowMs * 1e6)
  }

  /** Lets time pass, from one appointment to the next. */
  run(untilMs = Infinity): string[] {
    for (let item = this.agenda.next; item !== undefined && item.dueNs <= untilMs * 1e6; item = this.agenda.next) {
      this.nowMs = Math.max(this.nowMs, item.dueNs / 1e6)
      this.agenda.runDue(this.nowMs * 1e6)
    }
    return this.chunks
  }
}

test('chunks come at ttft and then every itl', () => {
  const world = new World()
  world.submit('a', 3)
  expect(world.run()).toEqual(['a@20', 'a@25', 'a@30'])
  expect(world.scheduler.running).toBe(0)
})

test('what is beyond maxNumSeqs queues, and the first that came is taken in as a place is free', () => {
  const world = new World({ maxNumSeqs: 2 })
  for (const [name, chunks] of [
    ['a', 2],
    ['b', 4],
    ['c', 1],
    ['d', 1],
  ] as const)
    world.submit(name, chunks)
  expect([world.scheduler.running, world.scheduler.waiting, world.scheduler.heldTokens]).toEqual([2, 2, 20])
  expect(world.run()).toEqual(['a@20', 'b@20', 'a@25', 'b@25', 'b@30', 'b@35', 'c@45', 'd@55'])
})

test('a sequence that goes away, running or waiting, makes room', () => {
  const world = new World({ maxNumSeqs: 1 })
  const a = world.submit('a', 9)
  const b = world.submit('b', 1)
  world.submit('c', 1)
  world.run(20)
  world.scheduler.leave(b, world.nowMs * 1e6)
  world.scheduler.leave(a, world.nowMs * 1e6)
  world.scheduler.leave(a, world.nowMs * 1e6)
  expect(world.run()).toEqual(['a@20', 'c@40'])
  expect([world.scheduler.running, world.scheduler.waiting]).toEqual([0, 0])
})

test('all running sequences get a chunk at each step; one that is ready between two waits for the next', () => {
  const world = new World({ stepMs: () => 10 })
  world.submit('a', 4)
  world.submit('b', 2, { firstMs: 33 })
  expect(world.run()).toEqual(['a@20', 'a@30', 'a@40', 'b@40', 'a@50', 'b@50'])
})

test('steps bound the throughput at maxNumSeqs a step, and no step begins before the last is over', () => {
  const world = new World({ maxNumSeqs: 4, stepMs: () => 10 })
  for (let i = 0; i < 12; i++) world.submit(`r${i}`, 25, { firstMs: 0 })
  const times = world.run().map((chunk) => Number(chunk.split('@')[1]))
  expect(times).toHaveLength(300)
  for (const time of new Set(times)) {
    expect(time % 10).toBe(0)
    expect(times.filter((other) => other === time).length).toBeLessThanOrEqual(4)
  }
  expect(times.at(-1)).toBe((300 / 4 - 1) * 10)
})

test('under load all times grow linearly to the factor at maxNumSeqs', () => {
  const world = new World({ maxNumSeqs: 3, timeFactorUnderLoad: 2 })
  world.submit('a', 2)
  expect(world.scheduler.loadFactor()).toBe(1)
  world.submit('b', 1)
  expect(world.scheduler.loadFactor()).toBe(1.5)
  world.submit('c', 1)
  expect(world.scheduler.loadFactor()).toBe(2)
  // a was taken in alone; its second chunk was timed while three ran.
  expect(world.run()).toEqual(['a@20', 'b@30', 'a@30', 'c@40'])
})

test('a step takes as long as its batch is large', () => {
  const world = new World({ maxNumSeqs: 3, timeFactorUnderLoad: 2, stepMs: () => 10 })
  for (const name of ['a', 'b', 'c']) world.submit(name, name === 'c' ? 1 : 3, { firstMs: 0 })
  expect(world.run()).toEqual(['a@0', 'b@0', 'c@0', 'a@20', 'b@20', 'a@35', 'b@35'])
})

test.for([undefined, () => 5])('a sequence that waits keeps its place until it is resumed (steps: %o)', (stepMs) => {
  const world = new World({ maxNumSeqs: 1, stepMs })
  const seat = world.submit('a', 3, { waitsAt: 1 })
  world.submit('b', 1)
  expect(world.run()).toEqual(['a@20'])
  world.nowMs = 100
  seat.resume(100e6)
  expect(world.run()).toEqual(['a@20', 'a@100', 'a@105', 'b@125'])
})

test('what was missed goes out in one turn, and later chunks keep to their times', () => {
  const world = new World()
  world.submit('a', 6)
  world.nowMs = 32
  world.run()
  expect(world.chunks).toEqual(['a@32', 'a@32', 'a@32', 'a@35', 'a@40', 'a@45'])
})

test('appointments are kept in order of their times, and those called off are not', () => {
  const agenda = new Agenda()
  const kept: number[] = []
  const items = Array.from({ length: 500 }, (_, i) => ({ dueNs: (i * 7919) % 500, place: -1, due: () => kept.push((i * 7919) % 500) }))
  for (const item of items) agenda.add(item)
  for (const item of items) if (item.dueNs % 3 === 0) agenda.remove(item)
  agenda.remove(items[0]!)
  agenda.runDue(1000)
  expect(kept).toEqual(Array.from({ length: 500 }, (_, i) => i).filter((i) => i % 3 !== 0))
})
