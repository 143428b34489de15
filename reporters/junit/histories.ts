/**
 * What was judged under each key, earlier attempts first, so that the last one stands; what was judged twice in one attempt stands
 * twice.
 */
export function histories<Item extends { readonly attempt: number }>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const byKey = new Map<string, Item[]>()
  const judged = new Map<string, number>()
  for (const item of items.toSorted((a, b) => a.attempt - b.attempt)) {
    const key = keyOf(item)
    const inAttempt = `${item.attempt} ${key}`
    const times = (judged.get(inAttempt) ?? 0) + 1
    judged.set(inAttempt, times)
    const history = `${times} ${key}`
    byKey.set(history, [...(byKey.get(history) ?? []), item])
  }
  return [...byKey.values()]
}
